"""Reading requests: multipart with one file, urlencoded, or JSON, each into a :class:`Form`, under our own size limit.

The limit is ours because the application that mounts the simulator sets one for its own pages.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

FILE_BYTES = 32 * 1024 * 1024


class BadForm(ValueError):
    """A request that lacks something or holds what cannot be read; the text says what, in Chinese."""


@dataclass(frozen=True, slots=True)
class Form:
    """Fields of a request and the file that came with it."""

    fields: Mapping[str, str]
    file: bytes | None = None
    filename: str = ""

    def get(self, name: str, default: str = "") -> str:
        """A field, or ``default`` where it is absent or empty."""
        return self.fields.get(name) or default

    def need(self, name: str) -> str:
        """A field that must be there; :class:`BadForm` where it is not."""
        if value := self.fields.get(name):
            return value
        raise BadForm(f"缺少参数 {name}")

    def number(self, name: str, default: float) -> float:
        """A field as a number; :class:`BadForm` where it is none."""
        try:
            return float(self.fields.get(name) or default)
        except ValueError as error:
            raise BadForm(f"参数 {name} 不是数字") from error

    def flag(self, name: str) -> bool:
        """Whether a field says yes."""
        return self.fields.get(name, "") in {"1", "true", "yes"}

    def extra(self) -> dict[str, Any]:
        """``fields``: a JSON object that is laid over the body, for whatever has no parameter of its own."""
        return json_object(self.get("fields", "{}"))


def refuse(status: int, text: str) -> web.HTTPException:
    """A JSON refusal ``{"error": text}`` to raise."""
    kinds: dict[int, type[web.HTTPException]] = {
        400: web.HTTPBadRequest,
        404: web.HTTPNotFound,
        409: web.HTTPConflict,
    }
    return kinds[status](text=json.dumps({"error": text}, ensure_ascii=False), content_type="application/json")


def answer(body: Any) -> web.Response:
    """HTTP 200 with ``body`` as JSON, in readable UTF-8."""
    return web.Response(text=json.dumps(body, ensure_ascii=False), content_type="application/json")


async def read_form(request: web.Request) -> Form:
    """The request's fields; those of the query string count too, those of the body win."""
    fields = dict(request.query)
    if request.content_type == "multipart/form-data":
        return await _multipart(request, fields)
    if request.content_type == "application/json":
        return Form(fields | {name: _plain(value) for name, value in (await _json_body(request)).items()})
    posted = await request.post()
    return Form(fields | {name: value for name, value in posted.items() if isinstance(value, str)})


async def _multipart(request: web.Request, fields: dict[str, str]) -> Form:
    file, filename = None, ""
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                continue
            if part.filename is None:
                fields[part.name] = (await _bytes(part)).decode()
            else:
                file, filename = await _bytes(part), part.filename
    except (ValueError, AssertionError) as error:
        raise refuse(400, "表单无法读取") from error
    return Form(fields, file, filename)


async def _bytes(part: BodyPartReader) -> bytes:
    read = bytearray()
    while chunk := await part.read_chunk(64 * 1024):
        read += chunk
        if len(read) > FILE_BYTES:
            raise refuse(400, f"文件超过 {FILE_BYTES // 1024 // 1024} MB")
    return bytes(read)


async def _json_body(request: web.Request) -> dict[str, Any]:
    try:
        value = await request.json()
    except ValueError as error:
        raise refuse(400, "不是合法的 JSON") from error
    if not isinstance(value, dict):
        raise refuse(400, "应为 JSON 对象")
    return value


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def json_object(text: str) -> dict[str, Any]:
    """A field that holds a JSON object; else :class:`BadForm`."""
    value = _json(text)
    if not isinstance(value, dict):
        raise BadForm("应为 JSON 对象")
    return value


def json_list(text: str) -> list[Any]:
    """A field that holds a JSON array; else :class:`BadForm`."""
    value = _json(text)
    if not isinstance(value, list):
        raise BadForm("应为 JSON 数组")
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadForm("不是合法的 JSON") from error
