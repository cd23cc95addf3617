"""The OpenAPI 3.1 document, read off the endpoints and their models."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from miniapp_api import bodies, problems, wording
from miniapp_api.chapter import Chapter, Endpoint, Who
from miniapp_api.problems import Problem
from miniapp_api.shapes import File, Form, Stream

REFERENCE = "#/components/schemas/{model}"

ABOUT = """重点工业产品质量追溯能力评价（T/ZGJDJX—3—2026）的小程序接口。

* 登录：`POST /sessions` 用 wx.login 的 code 换取令牌，此后放在 `Authorization: Bearer …`。
* 出错：`application/problem+json`，`code` 稳定，`detail` 可直接给用户看，`clause` 是据以拒绝的条款。
* 只办一次：新建类请求须带 `Idempotency-Key`；断线后带同一个键重发，得到同一个结果（`Idempotency-Replayed: true`）。
* 翻页：把返回的 `next` 作为 `after` 再请求；`next` 为 null 时没有下一页。
* 频率：`RateLimit-*` 说明还剩多少次，超出时 429 并给出 `Retry-After`。
* 缓存：GET 带 `ETag`，可用 `If-None-Match` 得到 304；变更申报时可用 `If-Match` 确认所见未变。
* 时间一律为 UTC（`2026-11-24T02:00:00Z`），日期为北京时间当日。
"""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands around the endpoints of a door: ``secured`` are the ways in for whom an endpoint asks for."""

    title: str
    prefix: str
    about: str
    schemes: Document
    secured: Mapping[Who, list[Document]]


FOR_PEOPLE = Cover(
    "追溯 API",
    "/api/v1",
    ABOUT,
    {"bearer": {"type": "http", "scheme": "bearer", "description": "POST /sessions 返回的 token"}},
    {Who.SIGNED_IN: [{"bearer": []}], Who.KNOWN_OR_NOT: [{"bearer": []}, {}]},
)

References = dict[tuple[Any, JsonSchemaMode], Document]
"""By model and direction: what is taken, or what is answered."""


def document(chapters: Iterable[Chapter], version: str, cover: Cover = FOR_PEOPLE) -> Document:
    """The whole document as plain data."""
    chapters = list(chapters)
    endpoints = [endpoint for chapter in chapters for endpoint in chapter.endpoints]
    schemas, references = _schemas(endpoints)
    paths: Document = {}
    for chapter in chapters:
        for endpoint in chapter.endpoints:
            operation = _operation(endpoint, chapter.tag, references, cover)
            paths.setdefault(cover.prefix + endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": cover.title,
            "version": version,
            "description": cover.about,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": chapter.tag, "description": chapter.title} for chapter in chapters],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {f"Problem{status}": _problem(status) for status in sorted(_ALWAYS | _SOMETIMES)},
            "headers": HEADERS,
            "securitySchemes": cover.schemes,
        },
    }


def text(made: Document) -> str:
    """The document as it is served and kept."""
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


FILES = ("application/pdf", "image/jpeg", "image/png")
"""What a body that is a file may be."""

_ALWAYS = {405, 429, 500, 503}
_SOMETIMES = {400, 401, 403, 404, 408, 409, 410, 412, 413, 415, 422}


def refusals(endpoint: Endpoint) -> set[int]:
    """The statuses of the problems that an endpoint may answer."""
    found = set(_ALWAYS)
    if endpoint.in_path is not None:
        found |= {404}
    if endpoint.in_query is not None:
        found |= {422}
    if endpoint.who is Who.SIGNED_IN:
        found |= {401, 403, 404}
    if endpoint.who is Who.PARTNER:
        found |= {401, 403}
    if endpoint.method != "GET":
        found |= {403, 409, 410, 422}
    if endpoint.in_body is not None:
        found |= {400, 408, 413, 415}
    if endpoint.once:
        found |= {400}
    if "unchanged" in endpoint.takes:
        found |= {412}
    return found


HEADERS = {
    "RateLimit-Limit": {"description": "每分钟的次数上限", "schema": {"type": "integer"}},
    "RateLimit-Remaining": {"description": "还剩几次", "schema": {"type": "integer"}},
    "RateLimit-Reset": {"description": "几秒后恢复", "schema": {"type": "integer"}},
    "Retry-After": {"description": "几秒后再试", "schema": {"type": "integer"}},
    "ETag": {"description": "内容的指纹", "schema": {"type": "string"}},
    "Idempotency-Replayed": {"description": "true：这是先前同一请求的结果", "schema": {"type": "string"}},
}


def _operation(endpoint: Endpoint, tag: str, references: References, cover: Cover) -> Document:
    description = "\n\n".join(
        part for part in (endpoint.note, f"依据：{endpoint.clause}" if endpoint.clause else "") if part
    )
    operation: Document = {"operationId": endpoint.name, "tags": [tag], "summary": endpoint.summary}
    if description:
        operation["description"] = description
    if endpoint.who is not Who.ANYBODY:
        operation["security"] = cover.secured[endpoint.who]
    if parameters := _parameters(endpoint):
        operation["parameters"] = parameters
    if endpoint.in_body is not None:
        operation["requestBody"] = {"required": True, "content": _content(endpoint.in_body, references)}
    operation["responses"] = {
        str(endpoint.status): _success(endpoint, references),
        **({"304": {"description": wording.TITLES[304]}} if endpoint.tagged else {}),
        **{str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in sorted(refusals(endpoint))},
    }
    return operation


def _content(model: type[BaseModel] | type[File], references: References) -> Document:
    if issubclass(model, File):
        return {media_type: {} for media_type in FILES}
    media_type = bodies.FORM if issubclass(model, Form) else bodies.JSON
    return {media_type: {"schema": references[model, "validation"]}}


def _success(endpoint: Endpoint, references: References) -> Document:
    named = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]
    named += ["ETag"] if endpoint.tagged else []
    named += ["Idempotency-Replayed"] if endpoint.once else []
    made: Document = {
        "description": endpoint.summary,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in named},
    }
    if endpoint.answer in (File, Stream):
        made["content"] = {media_type: {} for media_type in endpoint.media_types}
    elif endpoint.answer is not type(None):
        made["content"] = {bodies.JSON: {"schema": references[endpoint.answer, "serialization"]}}
    return made


def _parameters(endpoint: Endpoint) -> list[Document]:
    made = [*_fields(endpoint.in_path, "path"), *_fields(endpoint.in_query, "query")]
    if endpoint.once:
        made.append(_header("Idempotency-Key", wording.KEY_MISSING, pattern="^[A-Za-z0-9._:-]{16,64}$", required=True))
    if endpoint.tagged:
        made.append(_header("If-None-Match", "上次得到的 ETag"))
    if "unchanged" in endpoint.takes:
        made.append(_header("If-Match", "办理前所见内容的 ETag；内容已变则 412"))
    return made


def _header(name: str, description: str, *, pattern: str = "", required: bool = False) -> Document:
    schema = {"type": "string", **({"pattern": pattern} if pattern else {})}
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}


def _fields(model: type[BaseModel] | None, place: str) -> list[Document]:
    """One parameter a field; their models are flat, so that nothing of them is shared."""
    if model is None:
        return []
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": place,
            "required": place == "path" or name in required,
            **({"description": field["description"]} if "description" in field else {}),
            "schema": {key: value for key, value in field.items() if key not in {"title", "description"}},
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _schemas(endpoints: Iterable[Endpoint]) -> tuple[Document, References]:
    """All models by name, and the references to them."""
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for endpoint in endpoints:
        if endpoint.in_body is not None and not issubclass(endpoint.in_body, File):
            wanted[endpoint.in_body, "validation"] = None
        if endpoint.answer not in (File, Stream, type(None)):
            wanted[endpoint.answer, "serialization"] = None
    references, definitions = models_json_schema(list(wanted), ref_template=REFERENCE)
    schemas = definitions["$defs"]
    return {name: schemas[name] for name in sorted(schemas)}, dict(references.items())


def _problem(status: int) -> Document:
    made: Document = {
        "description": wording.TITLES[status],
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(model="Problem")}}},
    }
    if status in {429, 503}:
        made["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return made
