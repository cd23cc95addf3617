"""For whoever buys: suppliers' grade cards, watching, comparing, signed confirmations (7.6, 8.5(1), 10.2(2))."""

from datetime import date

from pydantic import Field

from miniapp_api.certificates import PDF
from miniapp_api.chapter import Chapter, Rate
from miniapp_api.firms import FirmPath
from miniapp_api.shapes import Answer, Body, File, Moment, Page, Paging, Path, Query, Ref, Said, Uscc
from models import Confirmation, RenderingState
from standard.reliance import Tender
from standard.validity import State
from workflow.access import Asker
from workflow.certifying import queries
from workflow.context import Ports
from workflow.problems import Kind, Refused
from workflow.relying import confirmations, watching
from workflow.relying.grade_card_wording import MOST_COMPARED
from workflow.relying.grade_cards import GradeCard, grade_card_of, grade_cards

chapter = Chapter("procurement", "采购：查供应商、关注、对比、确认书")


class TenderShown(Answer):
    standing: Tender = Field(description="below_entry 未达入围条件，entry 达到，preferred 优先考虑（10.2(2)）")
    reason: str
    clause: str


class Card(Answer):
    """A firm as it stands at ``as_of``: live, never from a cache."""

    uscc: str
    name: str
    is_sample: bool
    grade: str | None = Field(description="没有达到等级为 null")
    grade_name: str
    state: State
    state_words: str
    alive: bool
    number: str = Field(description="证书编号；没有证书为空")
    path: str = Field(description="显示同样内容的页面")
    issued_on: date | None
    last_day: date | None
    continued_through: str | None = Field(description="延续至的月份", examples=["2026-11"])
    months: int = Field(description="本期已核验合格的月数")
    conditions: list[str] = Field(description="附录 D 中尚未符合的条款（6.1(4)）")
    points: int = Field(description="累计资信分值")
    year: int
    year_points: int
    tender: TenderShown
    as_of: Moment
    disclaimer: str


class Cards(Answer):
    items: list[Card]


class Searching(Paging):
    q: Said = Field(max_length=100, description="企业名称（片段、拼音、首字母）、统一社会信用代码或证书编号")


class Comparing(Query):
    f: Said = Field(
        max_length=500,
        description=f"统一社会信用代码，用逗号分开，最多 {MOST_COMPARED} 家",
        examples=["91310000MA0000007L,91330100MA00000072"],
    )


class Supplier(Body):
    uscc: Uscc


class ConfirmationShown(Answer):
    ref: str
    supplier: str
    certificate: str
    as_of: Moment
    state: RenderingState = Field(description="intended 正在签署，signed 可以下载")
    signed_at: Moment | None


class Confirmations(Answer):
    items: list[ConfirmationShown]


class ConfirmationPath(Path):
    ref: Ref


@chapter.get("/suppliers", "查供应商，每家一张等级卡", rate=Rate.SEARCH, clause="7.6")
async def find_suppliers(ports: Ports, query: Searching) -> Page[Card]:
    found, following = await queries.find_firms(ports, query.q, limit=query.limit, after=query.after)
    cards = await grade_cards(ports, [hit.uscc for hit in found])
    return Page(items=[_card(card) for card in cards], next=following)


@chapter.get("/suppliers/{uscc}/card", "一家供应商的等级卡", clause="7.6，10.2(2)")
async def supplier_card(ports: Ports, path: FirmPath) -> Card:
    return _card(await grade_card_of(ports, path.uscc))


@chapter.get("/compare", "对比供应商", clause="10.2(2)")
async def compare_suppliers(ports: Ports, query: Comparing) -> Cards:
    usccs = [part.strip().upper() for part in query.f.split(",")]
    if len(set(usccs)) > MOST_COMPARED:
        raise Refused(
            Kind.INVALID, "too_many_compared", f"最多对比 {MOST_COMPARED} 家企业", clause="10.2(2)", field="f"
        )
    return Cards(items=[_card(card) for card in await grade_cards(ports, usccs)])


@chapter.get("/watches", "我关注的企业，现在的状态", clause="7.6")
async def watches(ports: Ports, asker: Asker) -> Cards:
    return Cards(items=[_card(card) for card in await watching.watched_by(ports, asker)])


# Without an Idempotency-Key: a firm that is watched already goes on being watched.
@chapter.post("/watches", "关注一家企业", status=201, clause="7.6", note=f"最多 {watching.MOST} 家；证书变化时告知。")
async def watch(ports: Ports, asker: Asker, body: Supplier) -> Card:
    return _card(await watching.watch(ports, asker, body.uscc))


@chapter.delete("/watches/{uscc}", "取消关注", clause="7.6")
async def unwatch(ports: Ports, asker: Asker, path: FirmPath) -> None:
    await watching.unwatch(ports, asker, path.uscc)


@chapter.post(
    "/confirmations",
    "出具供应商等级确认书",
    status=201,
    clause="7.6，8.5(1)",
    note="先记下截至此刻的全部文字，随后签署；签好后告知。带同一个 Idempotency-Key 重发，得到同一份。",
)
async def new_confirmation(ports: Ports, asker: Asker, body: Supplier, key: str) -> ConfirmationShown:
    return _confirmation(await confirmations.ask_for_confirmation(ports, asker, body.uscc, f"api:{key}"))


@chapter.get("/confirmations", "我的确认书，最新的在前", clause="7.6")
async def my_confirmations(asker: Asker) -> Confirmations:
    return Confirmations(items=[_confirmation(one) for one in await confirmations.confirmations_of(asker)])


@chapter.get("/confirmations/{ref}", "一份确认书（申请人、运营可见）", clause="7.6")
async def confirmation(asker: Asker, path: ConfirmationPath) -> ConfirmationShown:
    return _confirmation(await confirmations.confirmation_of(asker, path.ref))


@chapter.get("/confirmations/{ref}/pdf", "确认书 PDF（申请人、运营可见）", clause="7.6", media_types=(PDF,))
async def confirmation_pdf(ports: Ports, asker: Asker, path: ConfirmationPath) -> File:
    data, found = await confirmations.pdf_of(ports, asker, path.ref)
    return File(f"confirmation-{found.ref}.pdf", PDF, data)


def _card(card: GradeCard) -> Card:
    tender = TenderShown(standing=card.tender.tender, reason=card.tender.reason, clause=card.tender.clause)
    through = str(card.continued_through) if card.continued_through is not None else None
    special = {"tender": tender, "continued_through": through}
    given = {name: getattr(card, name) for name in Card.model_fields if name not in special}
    return Card.model_validate({**given, **special})


def _confirmation(row: Confirmation) -> ConfirmationShown:
    return ConfirmationShown(
        ref=row.ref,
        supplier=row.face["supplier"],
        certificate=row.face["certificate"],
        as_of=row.as_of,
        state=RenderingState(row.state),
        signed_at=row.signed_at,
    )
