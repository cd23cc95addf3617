"""Reading what was sent: bounded in size and in time, then checked against its model."""

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage
from pydantic import ValidationError

from miniapp_api import wording
from miniapp_api.problems import RefusedHere
from miniapp_api.shapes import Body, File, Form

MOST_JSON = Body.most_bytes
"""Bytes of a JSON body that says nothing else, and of a form's text fields together."""

MOST_FILES = 10
SECONDS = 120
"""Time to send a body in: twenty megabytes over a poor connection."""

JSON = "application/json"
FORM = "multipart/form-data"
IDENTITY = "identity"
CHUNK = 1 << 16

UNREADABLE = (ValueError, RuntimeError, AssertionError, BadHttpMessage, web.RequestPayloadError)
"""What aiohttp raises where a body is broken; what exactly is wrong with it helps nobody."""


async def read_body(
    request: web.Request,
    model: type[Body] | type[Form] | type[File],
    most_file: int,
    read: bytes | None = None,
) -> Body | Form | File:
    """The body as its model; :class:`RefusedHere` where it cannot be read, ``ValidationError`` where it is wrong.

    ``read`` are its bytes where they were read already (:func:`read_whole`); a form's never are.
    """
    if issubclass(model, Form):
        _must_be(request, FORM)
        with _in_time():
            async with asyncio.timeout(SECONDS):
                return model.model_validate(await _read_form(request, model, most_file))
    if issubclass(model, File):
        data = await read_whole(request, model, most_file) if read is None else read
        return File("", request.content_type, data)
    _must_be(request, JSON)
    data = await read_whole(request, model, most_file) if read is None else read
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        if error.errors(include_url=False, include_input=False)[0]["type"] == "json_invalid":
            raise RefusedHere(400, "not_json", wording.BODY_NOT_JSON) from None
        raise


async def read_whole(request: web.Request, model: type[Body] | type[File], most_file: int) -> bytes:
    """The bytes of a body that is no form; :class:`RefusedHere` where it is too large, too slow or broken off."""
    most = most_file if issubclass(model, File) else model.most_bytes
    _must_be_plain(request)
    if (request.content_length or 0) > most:
        raise _too_large(most)
    data = bytearray()
    try:
        with _in_time():
            async with asyncio.timeout(SECONDS):
                async for chunk in request.content.iter_chunked(CHUNK):
                    data += chunk
                    if len(data) > most:
                        raise _too_large(most)
    except UNREADABLE:
        raise RefusedHere(400, "not_json", wording.BODY_NOT_JSON) from None
    return bytes(data)


@contextmanager
def _in_time() -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        detail = wording.BODY_TOO_SLOW.format(seconds=SECONDS)
        raise RefusedHere(408, "too_slow", detail, {"Connection": "close"}) from None


def _must_be(request: web.Request, right: str) -> None:
    if request.content_type != right:
        detail = wording.WRONG_MEDIA_TYPE.format(right=right)
        raise RefusedHere(415, "wrong_media_type", detail, {"Accept-Post": right})
    _must_be_plain(request)


def _must_be_plain(request: web.Request) -> None:
    if request.headers.get("Content-Encoding", IDENTITY) != IDENTITY:
        # Nobody needs it, and what is packed may be far larger than it looks.
        raise RefusedHere(415, "packed", wording.BODY_PACKED, {"Accept-Encoding": IDENTITY, "Connection": "close"})


async def _read_form(request: web.Request, model: type[Form], most_file: int) -> dict[str, Any]:
    if (request.content_length or 0) > MOST_FILES * most_file + MOST_JSON:
        raise _too_large(most_file)
    values: dict[str, list[Any]] = {}
    left, files = MOST_JSON, 0
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or not part.name:
                raise RefusedHere(400, "not_a_form", wording.BODY_NOT_A_FORM)
            if _is_file(model, part.name):
                files += 1
                if files > MOST_FILES:
                    raise _too_large(most_file)
                data = await _read_part(part, most_file)
                media_type = part.headers.get("Content-Type", "application/octet-stream")
                value: Any = File(_file_name(part.filename), media_type, data)
            else:
                data = await _read_part(part, left)
                left -= len(data)
                value = data.decode()
            values.setdefault(part.name[:100], []).append(value)
    except UNREADABLE:
        raise RefusedHere(400, "not_a_form", wording.BODY_NOT_A_FORM) from None
    return {name: given if _is_list(model, name) else given[-1] for name, given in values.items()}


async def _read_part(part: BodyPartReader, most: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(CHUNK):
        data += chunk
        if len(data) > most:
            raise _too_large(most)
    return bytes(data)


def _is_file(model: type[Form], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and (field.annotation is File or field.annotation == list[File])


def _is_list(model: type[Form], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and field.annotation == list[File]


def _file_name(name: str | None) -> str:
    """The name the file had where it came from, as far as it can be stored."""
    known = (name or "").encode("utf-8", "replace").decode().replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in known if letter.isprintable())[:200]


def _too_large(most: int) -> RefusedHere:
    size = f"{most // 2**20} MB" if most >= 2**20 else f"{most // 1024} KB"
    # The rest of it is not worth reading.
    return RefusedHere(413, "too_large", wording.BODY_TOO_LARGE.format(most=size), {"Connection": "close"})


def digest(*parts: Any) -> str:
    """SHA-256 over models and what they hold: the same for the same request, however its form was written out."""
    whole = hashlib.sha256()
    for part in parts:
        for piece in _pieces(part):
            whole.update(hashlib.sha256(piece).digest())
    return whole.hexdigest()


def _pieces(part: Any) -> list[bytes]:
    if part is None:
        return [b""]
    if isinstance(part, File):
        return [part.data]
    files = {name: value for name, value in part if _holds_files(value)}
    rest = part.model_dump_json(exclude=set(files)).encode()
    contents = [file.data for value in files.values() for file in (value if isinstance(value, list) else [value])]
    return [rest, *contents]


def _holds_files(value: Any) -> bool:
    return isinstance(value, File) or (isinstance(value, list) and any(isinstance(one, File) for one in value))
