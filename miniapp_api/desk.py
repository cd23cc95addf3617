"""The operator's desk: what only a person may decide, with its clause and deadline."""

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from miniapp_api.chapter import Chapter
from miniapp_api.firms import FirmShown
from miniapp_api.paging import page_of, place
from miniapp_api.shapes import Answer, Body, Moment, Page, Paging, Path, Ref, Said
from models import DeskItem, DeskState
from workflow import decisions, desk
from workflow.access import Asker
from workflow.context import Ports

chapter = Chapter("desk", "运营待办")


class Choice(Answer):
    id: str
    label: str


class Waiting(Answer):
    ref: str
    kind: str
    clause: str
    title: str
    firm: FirmShown | None
    detail: dict[str, Any]
    opened_at: Moment
    due_at: Moment | None
    undated: str = Field(description="没有期限的原因；有期限的、已决定的为空")
    state: DeskState
    decision: str | None
    reason: str | None
    decided_at: Moment | None
    choices: list[Choice] = Field(description="可作的决定；已决定的为空")


class Desk(Paging):
    decided: bool = Field(False, description="看已决定的")


class ItemPath(Path):
    ref: Ref


class Deciding(Body):
    decision: Said = Field(max_length=40, description="choices 之一的 id")
    reason: Said = Field(max_length=decisions.LONGEST_REASON, description="理由，会告知当事人")


@chapter.get("/desk", "待办事项，先到的在前")
async def desk_items(ports: Ports, asker: Asker, query: Desk) -> Page[Waiting]:
    state = DeskState.DECIDED if query.decided else DeskState.OPEN
    found = await desk.desk(asker, state=state, limit=query.limit + 1, after=place(query) or 0)
    offered = {row.id: await decisions.choices(ports, row) for row in found}
    return page_of(query, found, lambda row: _item(row, offered[row.id]))


@chapter.get("/desk/{ref}", "一件待办")
async def desk_item(ports: Ports, asker: Asker, path: ItemPath) -> Waiting:
    row = await desk.desk_item(asker, path.ref)
    return _item(row, await decisions.choices(ports, row))


@chapter.post("/desk/{ref}/decision", "作出决定")
async def decide(ports: Ports, asker: Asker, path: ItemPath, body: Deciding) -> Waiting:
    await decisions.decide(ports, asker, path.ref, body.decision, body.reason)
    row = await desk.desk_item(asker, path.ref)
    return _item(row, await decisions.choices(ports, row))


def _item(row: DeskItem, choices: Iterable[decisions.Choice]) -> Waiting:
    return Waiting(
        ref=row.ref,
        kind=row.kind,
        clause=row.clause,
        title=row.title,
        firm=FirmShown.model_validate(row.enterprise) if row.enterprise else None,
        detail=row.detail,
        opened_at=row.opened_at,
        due_at=row.due_at,
        undated=decisions.undated(row),
        state=DeskState(row.state),
        decision=row.decision,
        reason=row.reason,
        decided_at=row.decided_at,
        choices=[Choice.model_validate(one) for one in choices],
    )
