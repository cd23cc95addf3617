"""What people send by form: fields and files within their limits, and only from our own pages."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage

from standard.handing_in import Ask
from web.page import PORTS
from workflow.problems import Kind, Refused

log = logging.getLogger(__name__)

DECLARED = "declared."
MOST_FIELDS = 200
MOST_FIELD_BYTES = 32 * 1024
MOST_FILES = 3
"""Largest files that one form may bring together."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as it was sent; ``name`` as the phone called it."""

    name: str
    data: bytes


@dataclass(slots=True)
class Form:
    """Fields by name, in order of their coming, and files by the field they came in; empty files are left out."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[SentFile]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The field without the space around it; empty where it was not sent."""
        return self.fields.get(name, [""])[0].strip()

    def all(self, name: str) -> list[str]:
        """Every value of a field that comes several times."""
        return [value for value in self.fields.get(name, []) if value]

    def file(self, name: str) -> SentFile | None:
        """The first file of that field."""
        return next(iter(self.files.get(name, ())), None)

    def number(self, name: str) -> int | None:
        """The field as a row's number; None where it is none."""
        return row_number(self.text(name))

    def declared(self) -> dict[str, str]:
        """What was stated beside a file (``declared.<name>``), by its name."""
        return {name.removeprefix(DECLARED): self.text(name) for name in self.fields if name.startswith(DECLARED)}


def stated(given: Mapping[str, Any], asks: Iterable[Ask]) -> list[tuple[str, Any]]:
    """What was stated beside a file as people read it: label and value, of what is asked."""
    known = {ask.name: ask for ask in asks}
    return [
        (known[name].label, dict(known[name].choices).get(str(value), value))
        for name, value in given.items()
        if name in known
    ]


def row_number(text: str) -> int | None:
    """``text`` as the number of a row; None where it cannot be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


async def read_form(request: web.Request) -> Form:
    """The form, read to its end; :class:`Refused` where it is not from our pages, unreadable or too large."""
    from_our_pages(request)
    try:
        if request.content_type == "multipart/form-data":
            return await _parts(request, request.app[PORTS].max_bytes)
        posted = await request.post()
    except (ValueError, RuntimeError, BadHttpMessage, web.RequestPayloadError) as problem:
        # A form that cannot be read is no form; what exactly is wrong with it helps nobody.
        log.info("form not read: %s", type(problem).__name__)
        raise Refused(Kind.INVALID, "form_unreadable", "没有收到完整的表单：请返回上一页再提交一次") from None
    form = Form()
    for name, value in posted.items():
        if isinstance(value, str):
            form.fields.setdefault(name, []).append(_storable(value))
    return form


def from_our_pages(request: web.Request) -> None:
    """:class:`Refused` where another site's page sent this: browsers name the origin of every form they post."""
    origin = request.headers.get("Origin")
    if origin is None:
        return
    ours = {request.host, urlsplit(request.app[PORTS].links.base).netloc}
    if _host(origin) not in ours:
        raise Refused(Kind.FORBIDDEN, "foreign_form", "这次提交不是从本站页面发出的：请回到本站页面重新操作")


def _host(origin: str) -> str:
    """The host and port of an origin; empty where there is none, as in ``null``."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


async def _parts(request: web.Request, most_bytes: int) -> Form:
    form, count, room = Form(), 0, MOST_FILES * most_bytes
    async for part in await request.multipart():
        count += 1
        if count > MOST_FIELDS or not isinstance(part, BodyPartReader) or not part.name:
            raise ValueError("not a form of ours")
        if part.filename is None:
            value = (await _read(part, MOST_FIELD_BYTES)).decode("utf-8", "replace")
            form.fields.setdefault(part.name, []).append(_storable(value))
        elif data := await _read(part, min(most_bytes, room)):
            room -= len(data)
            form.files.setdefault(part.name, []).append(SentFile(file_name(part.filename), data))
    return form


async def _read(part: BodyPartReader, most: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(1 << 16):
        data += chunk
        if len(data) > most:
            raise Refused(
                Kind.INVALID,
                "file_too_large",
                f"文件超过 {most // 2**20} MB，没有收下：请压缩后再传，照片可在手机相机里调低分辨率后重拍"
                if part.filename is not None
                else "填写的文字太长，请精简后再提交",
                field=part.name,
            )
    return bytes(data)


def file_name(name: str | None) -> str:
    """The name the file had on the phone, as far as it can be stored."""
    known = (name or "").encode("utf-8", "replace").decode()
    return "".join(letter for letter in known if letter.isprintable())[:200]


def _storable(value: str) -> str:
    """The text without what no database takes and nobody typed; its lines stay."""
    known = value.encode("utf-8", "replace").decode().replace("\r\n", "\n")
    return "".join(letter for letter in known if letter.isprintable() or letter == "\n")
