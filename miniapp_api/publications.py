"""Results in public, objections and complaints (7.4, 7.5(2), R15)."""

from datetime import date
from typing import Annotated

from pydantic import Field, Json, StringConstraints

from miniapp_api.chapter import Chapter, Rate
from miniapp_api.paging import page_of, place
from miniapp_api.shapes import Answer, Body, File, Form, Given, Id, Moment, Page, Paging, Path, Ref
from models import Objection, ObjectionState, Publication, PublicationState
from standard.outcome import Outcome
from workflow.access import Asker
from workflow.applying import publicity
from workflow.applying.publicity import LONGEST_STATEMENT, SHORTEST_STATEMENT, SupportingFile
from workflow.context import Ports

chapter = Chapter("publicity", "公示、异议与投诉")

SECONDS = 30

Statement = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=SHORTEST_STATEMENT, max_length=LONGEST_STATEMENT)
]


class PublishedElement(Answer):
    element: str
    title: str
    level: str
    level_name: str
    clause: str
    words: str = Field(description="核心依据")


class PublishedPrint(Answer):
    outcome: Outcome
    words: str


class PublishedUpgrade(Answer):
    """The certificate that an upgrade review raises (8.5(3), R18)."""

    number: str
    grade_before: str
    words: str
    applies: bool = Field(description="false：结果没有用于证书，证书等级不变")


class PublicationShown(Answer):
    ref: str
    state: PublicationState = Field(
        description="running 公示中，stopped 异议复核中，confirmed 已确认，overturned 复核后已更改"
    )
    published_at: Moment
    closes_at: Moment
    last_day: date = Field(description="公示最后一天，至当日 24:00")
    firm: str
    uscc: str
    is_sample: bool
    categories: list[str]
    level: str = Field(description="申报等级")
    grade: str
    grade_name: str
    upgrade: PublishedUpgrade | None = Field(None, description="升级复核的公示；评价结果的公示为 null")
    basis: list[PublishedElement]
    print: PublishedPrint = Field(description="合格证赋码印刷")
    conditions: list[str] = Field(description="限制等级的附录 D 条款")
    final: bool = Field(description="true：异议复核后的最终结果")


class Publications(Paging):
    running: bool = Field(False, description="只看公示中的")


class PublicationPath(Path):
    ref: Ref


class Replacing(Given):
    """Which material of the application a file replaces; both empty for an additional proof."""

    kind: str = Field("", max_length=40)
    product_id: Id | None = None


class Objecting(Form):
    statement: Statement
    files: list[File] = Field(default_factory=list, description="证明材料")
    replaces: Json[list[Replacing]] = Field(
        default_factory=list, description="与 files 逐一对应的 JSON 列表：各替换哪项申报资料；不替换则留空"
    )


class Complaining(Body):
    statement: Statement


class ObjectionShown(Answer):
    ref: str
    route: str = Field(description="objection 异议，complaint 投诉")
    state: ObjectionState
    filed_at: Moment
    due_at: Moment | None = Field(description="最迟何时答复")


@chapter.get("/publications", "公示列表，最新的在前", clause="7.4", public_seconds=SECONDS)
async def publications(query: Publications) -> Page[PublicationShown]:
    found = await publicity.publications(place(query), query.limit + 1, running_only=query.running)
    return page_of(query, found, _publication)


@chapter.get("/publications/{ref}", "一项公示", clause="7.4", public_seconds=SECONDS)
async def publication(path: PublicationPath) -> PublicationShown:
    return _publication(await publicity.publication(path.ref))


@chapter.post("/publications/{ref}/objections", "提出异议", status=201, rate=Rate.UPLOAD, clause="7.5(2)")
async def object_to(ports: Ports, asker: Asker, path: PublicationPath, body: Objecting, key: str) -> ObjectionShown:
    replaces = [*body.replaces, *[Replacing()] * len(body.files)]
    files = [
        SupportingFile(file.data, file.name, replaced.kind, replaced.product_id)
        for file, replaced in zip(body.files, replaces, strict=False)
    ]
    return _objection(await publicity.object_to(ports, asker, path.ref, key, body.statement, files))


@chapter.post(
    "/publications/{ref}/complaints",
    "公众投诉",
    status=201,
    rate=Rate.COMPLAINT,
    clause="7.4，8.4(3)",
    note="不登录也可以；登录则收到答复。",
)
async def complain(
    ports: Ports, asker: Asker | None, path: PublicationPath, body: Complaining, key: str
) -> ObjectionShown:
    return _objection(await publicity.complain(ports, path.ref, key, body.statement, asker=asker))


def _publication(row: Publication) -> PublicationShown:
    return PublicationShown.model_validate(
        {
            **row.content,
            "ref": row.ref,
            "state": row.state,
            "published_at": row.published_at,
            "closes_at": row.closes_at,
            "last_day": publicity.window_of(row).deadline.last_day,
        }
    )


def _objection(row: Objection) -> ObjectionShown:
    return ObjectionShown.model_validate(row)
