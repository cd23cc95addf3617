"""Every refusal has one shape, ``application/problem+json``: a stable code, Chinese words, the clause behind it."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from miniapp_api import wording
from workflow.problems import Refused

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """One field that is wrong."""

    field: str = Field(description="哪一项，例如 products.0.name")
    code: str
    detail: str


class Problem(BaseModel):
    """RFC 9457. ``code`` is stable; ``detail`` is a sentence for people, and may change."""

    type: str = Field("about:blank", description="固定为 about:blank：含义见 code")
    title: str
    status: int
    code: str = Field(description="稳定的错误代码")
    detail: str = Field(description="给用户看的一句话：哪里不对、怎么办")
    clause: str | None = Field(None, description="据以拒绝的标准条款")
    rows: list[str] = Field(default_factory=list, description="据以拒绝的解释行（docs/divergences.md）")
    field: str | None = Field(None, description="有误的一项")
    fields: list[FieldProblem] = Field(default_factory=list, description="有误的各项")
    instance: str | None = Field(None, description="这次请求的编号，反馈问题时请附上")


class RefusedHere(Exception):  # a refusal of the API itself; those of use cases are workflow.problems.Refused
    """A request that did not get as far as a use case."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.problem = Problem(title=wording.TITLES[status], status=status, code=code, detail=detail)
        self.headers = dict(headers or {})


def of_refusal(refused: Refused) -> tuple[Problem, dict[str, str]]:
    """What a use case refused, and the headers that go with it."""
    status = refused.kind.status
    problem = Problem(
        title=wording.TITLES[status],
        status=status,
        code=refused.code,
        detail=refused.advice,
        clause=refused.clause,
        rows=list(refused.rows),
        field=refused.field,
    )
    retry = {} if refused.retry_after is None else {"Retry-After": str(max(1, round(refused.retry_after)))}
    return problem, retry


def of_validation(error: ValidationError) -> Problem:
    """What does not fit its model, field by field, without repeating what was given."""
    fields = [_field(one) for one in error.errors(include_url=False, include_input=False)]
    detail = "；".join(wording.FIELD.format(field=one.field, trouble=one.detail) for one in fields[:3])
    return Problem(
        title=wording.TITLES[422], status=422, code="invalid", detail=detail, field=fields[0].field, fields=fields
    )


def _field(error: Any) -> FieldProblem:
    trouble = wording.TROUBLES.get(error["type"], wording.OTHER_TROUBLE).format(**error.get("ctx", {}))
    return FieldProblem(field=".".join(map(str, error["loc"])) or "body", code=error["type"], detail=trouble)


def response(problem: Problem, headers: Mapping[str, str] | None = None) -> web.Response:
    """The problem as it is sent; nobody keeps it."""
    return web.Response(
        body=problem.model_dump_json(exclude_none=True).encode(),
        status=problem.status,
        headers={"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", **(headers or {})},
    )
