"""Upgrade reviews (8.5(3), R18): between renewals a firm asks that the certificate it has be raised.

A review is an application that names its certificate (``Application.upgrades``): handed in, verified, graded and made
public as every other. What ``life.Raise`` would answer is asked before anything else is: at the offer, at the opening,
at the submission and, with the certificate held, at the end (:mod:`workflow.applying.raising`). Its months and points
are read from the platform's own record; the year of the points is that of the first submission (R16).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from models import (
    TAKES_FILES,
    Application,
    ApplicationState,
    Certificate,
    Product,
    Publication,
    PublicationState,
)
from standard import credit, life
from standard.calendar import shanghai_day
from standard.grades import LEVELS, Grade, GradeResult, Reason
from standard.outcome import Finding
from standard.profile import edition_on
from standard.validity import LIVE, State
from workflow.applying.application_wording import MOST_LISTED, UPGRADE, notice_of, page
from workflow.applying.publicity import turn
from workflow.applying.slots import edition_of, products_of_application
from workflow.certifying.certificate_life import life_from_json
from workflow.certifying.certificate_register import certificate_alive, sells_online
from workflow.certifying.credit_ledger import ledger_of
from workflow.context import Ports
from workflow.findings import plain_finding
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.telling.notices import Asked, tell_firm
from workflow.transitions import move

NOT_APPLIED = "复核结果没有用于证书，证书等级不变（8.5(3)）。"
"""What the public reads of a result that was published and raised nothing; why is the firm's own affair (8.3)."""


# --- what is open ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rung:
    """A level above the certificate's; ``closed`` says why a review may not lead to it now, None where it may."""

    level: str
    closed: Finding | None


@dataclass(frozen=True, slots=True)
class Offer:
    """What an upgrade review may lead to as things stand: every level above the certificate's, the nearest first.

    ``points`` are those of the calendar ``year`` (R16); ``sells_online`` is what the firm declared last (R37).
    """

    certificate: Certificate
    points: int
    year: int
    rungs: tuple[Rung, ...]
    sells_online: bool

    @property
    def open(self) -> tuple[str, ...]:
        """The levels that may be applied for."""
        return tuple(rung.level for rung in self.rungs if rung.closed is None)

    @property
    def closed(self) -> dict[str, list[str]]:
        """Each reason why levels may not be applied for, with these levels."""
        levels: dict[str, list[str]] = {}
        for rung in self.rungs:
            if rung.closed is not None:
                levels.setdefault(rung.closed.reason, []).append(rung.level)
        return levels

    @property
    def categories(self) -> tuple[str, ...]:
        """The product categories of the certificate, all of which a review covers (R43)."""
        return tuple(self.certificate.holder["categories"])


async def offer_of(ports: Ports, enterprise_id: int) -> Offer | None:
    """For the certificate that the firm may show; None where none is alive. Who may see it the caller has checked."""
    row = await certificate_alive(enterprise_id)
    if row is None:
        return None
    today = shanghai_day(ports.clock.now())
    points = credit.of_year(await ledger_of(enterprise_id), today.year)
    online = (await sells_online([row]))[row.id]
    return Offer(row, points, today.year, _rungs(row, points, today), online)


async def may_ask(enterprise_id: int) -> bool:
    """Whether the firm has a certificate below the highest grade; what it may ask for, :func:`offer_of` says."""
    return await Certificate.filter(enterprise_id=enterprise_id, state__in=LIVE).exclude(grade=LEVELS[-1]).exists()


def _rungs(row: Certificate, points: int, today: date) -> tuple[Rung, ...]:
    lived = life_from_json(row.life)
    return tuple(Rung(level, refusal(lived, level, points, today)) for level in LEVELS[Grade(row.grade).rank :])


def refusal(lived: life.Certificate, to: str, points: int, on: date) -> Finding | None:
    """Why this certificate may not be raised to ``to`` on that day, with so many points in the year; None: it may."""
    event = life.Raise(on=on, to=to, points_in_year=points)
    # A review looks at the print anew, and finds more than B only where it passes: the conditions end with it (6.1(4)).
    answer = life.apply(replace(lived, conditions=()), event, edition_on(on))
    return answer if isinstance(answer, Finding) else None


async def must_be_open(ports: Ports, enterprise_id: int, level: str) -> Certificate:
    """The certificate that a review to ``level`` may raise.

    Refused: ``no_certificate``, ``top_grade``, ``level_not_above``, ``upgrade_closed`` (by the certificate's state, its
    cases or the points of the year).
    """
    offer = await offer_of(ports, enterprise_id)
    if offer is None:
        advice = "本企业没有有效的证书，不能申请升级复核：请申报评价（7.1(2)）"
        raise Refused(Kind.CONFLICT, "no_certificate", advice, clause="8.5(3)", rows=("R18",))
    row = offer.certificate
    if not offer.rungs:
        advice = f"证书 {row.number} 已是最高等级 {row.grade} 级"
        raise Refused(Kind.CONFLICT, "top_grade", advice, clause="8.5(3)", rows=("R18",))
    rung = next((rung for rung in offer.rungs if rung.level == level), None)
    if rung is None:
        advice = f"证书现为 {row.grade} 级：请选择更高的等级"
        raise Refused(Kind.INVALID, "level_not_above", advice, clause="8.5(3)", rows=("R18",), field="level")
    if rung.closed is not None:
        raise _closed(rung.closed, field="level")
    return row


def _closed(why: Finding, field: str | None = None) -> Refused:
    advice = f"现在不能申请升级复核：{why.reason}"
    return Refused(Kind.CONFLICT, "upgrade_closed", advice, clause=why.clause, rows=why.rows, field=field)


def must_cover(row: Certificate, categories: set[str]) -> None:
    """:class:`Refused` ``categories_differ`` where a review's products are not of just the certificate's categories:
    one certificate is raised as a whole (R43)."""
    if what := _differ(row, categories):
        advice = f"升级复核须覆盖且只覆盖证书上的全部品类：{what}"
        raise Refused(Kind.INVALID, "categories_differ", advice, clause="8.5(3)", rows=("R18", "R43"), field="products")


async def must_stay_covered(product: Product, category: str) -> None:
    """Inside the caller's transaction, with the firm locked, before a product becomes one of ``category``: the same of
    the review, still taking files, that covers it."""
    reviews = Application.filter(
        products__product_id=product.id, upgrades_id__not_isnull=True, state__in=[str(state) for state in TAKES_FILES]
    )
    review = await reviews.select_related("upgrades").first()
    if review is None or review.upgrades is None:
        return
    others = {one.category for one in await products_of_application(review) if one.id != product.id}
    if what := _differ(review.upgrades, others | {category}):
        advice = f"这款产品在升级复核里，不能改成别的品类：{what}。复核还没有提交的，可以先撤回再改"
        raise Refused(
            Kind.CONFLICT, "categories_differ", advice, clause="8.5(3)", rows=("R18", "R43"), field="category"
        )


def _differ(row: Certificate, categories: set[str]) -> str:
    """What the certificate's categories have and these do not, or the other way round; empty: they are the same."""
    mine = set(row.holder["categories"])
    if lacking := "、".join(sorted(mine - categories)):
        return f"还缺品类“{lacking}”的产品"
    strange = "、".join(sorted(categories - mine))
    return f"品类“{strange}”不在证书上，请去掉这些产品" if strange else ""


async def must_still_stand(ports: Ports, application: Application) -> None:
    """Before a review is submitted for the first time; refused: ``certificate_ended``, ``upgrade_closed``.

    Points that were enough at the opening and are no longer do not stand in its way: they cap what it may raise to.
    """
    row = await Certificate.get(id=application.upgrades_id)
    if row.state not in LIVE:
        state = State(row.state).words
        advice = f"证书 {row.number} 已{state}，不能再升级：请撤回本次升级复核，需要时另行申报评价"
        raise Refused(Kind.CONFLICT, "certificate_ended", advice, clause="8.5(3)", rows=("R18",))
    nearest = next(iter(_rungs(row, 0, shanghai_day(ports.clock.now()))), None)
    if nearest is not None and nearest.closed is not None:
        raise _closed(nearest.closed)


# --- what was found --------------------------------------------------------------------------------------------------


async def upgrade_found(application: Application, result: GradeResult) -> dict[str, Any]:
    """What a review comes to, as plain data beside its graded result (``result["upgrade"]``).

    ``number`` and ``from`` of the certificate; ``to``: the grade it is raised to, at most ``most``, which is what the
    ``points`` of the ``year`` permit, ``from`` where it is not raised; ``level``: the one above ``to`` (None at AAA)
    with all that keeps the firm from it, ``missing``, as in the result, and in ``words``.
    """
    row = await Certificate.get(id=application.upgrades_id)
    year, points = await points_in_year(application)
    edition = edition_of(application)
    before = Grade(row.grade)
    most = LEVELS[min(before.rank + credit.upgrade_grades(points, edition), len(LEVELS)) - 1]
    to = max(before, min(result.grade, most, key=_rank), key=_rank)
    above = LEVELS[to.rank] if to.rank < len(LEVELS) else None
    missing = [] if above is None else _missing(result, above)
    return {
        "number": row.number,
        "from": before.value,
        "to": to.value,
        "most": most.value,
        "points": points,
        "year": year,
        "level": None if above is None else above.value,
        "missing": [reason.to_json() for reason in missing],
        "words": [str(reason) for reason in missing],
    }


def _rank(grade: Grade) -> int:
    return grade.rank


def _missing(result: GradeResult, level: Grade) -> list[Reason]:
    """All that the levels up to ``level`` ask and is not met, the lowest level first."""
    lacking = [reason for element in result.elements for reason in element.missing]
    return sorted(
        (reason for reason in lacking if reason.requirement.level.rank <= level.rank),
        key=lambda reason: reason.requirement.level.rank,
    )


async def points_in_year(application: Application) -> tuple[int, int]:
    """The calendar year of its first submission, and the firm's points of that year as they stand (8.5(2), R16)."""
    assert application.submitted_at is not None
    year = shanghai_day(application.submitted_at).year
    return year, credit.of_year(await ledger_of(application.enterprise_id), year)


def raises(result: dict[str, Any]) -> bool:
    """Whether a review's result raises its certificate."""
    return bool(result["upgrade"]["to"] != result["upgrade"]["from"])


def found_told(result: dict[str, Any], grade: Grade) -> str:
    """What a review found and what the next level asks, for the firm (7.3, 8.5(3))."""
    upgrade = result["upgrade"]
    if raises(result):
        lines = [f"升级复核结果：证书 {upgrade['number']} 由 {upgrade['from']} 级升为 {upgrade['to']} 级（8.5(3)）。"]
    else:
        lines = [
            f"证书 {upgrade['number']} 等级不变，仍为 {upgrade['from']} 级。"
            f"本次资料核实的等级：{grade.named}（6.1），没有高于证书现有等级（8.5(3)，R18）。"
        ]
    if grade.rank > Grade(upgrade["to"]).rank:
        lines.append(
            f"资料核实为 {grade.named}；{upgrade['year']} 年资信 {upgrade['points']} 分，"
            f"一次至多升到 {upgrade['most']} 级（8.5(3)，R18）。"
        )
    words: Sequence[str] = upgrade["words"]
    if words:
        lines.append(f"升到 {upgrade['level']} 级还差：")
        lines += [f"· {reason}" for reason in words[:MOST_LISTED]]
        if len(words) > MOST_LISTED:
            lines.append(f"…另有 {len(words) - MOST_LISTED} 项，见申报页面。")
    return "\n".join(lines)


# --- what becomes of it ----------------------------------------------------------------------------------------------


async def end_without_raise(ports: Ports, application: Application, **found: Any) -> None:
    """Inside the caller's transaction, with the application locked: the certificate's grade stays as it is."""
    before = application.state
    await move(application, ApplicationState.NOT_REACHED, ended_at=ports.clock.now(), **found)
    await record_event(
        ports,
        "application:not_raised",
        "application",
        application.id,
        actor="system",
        clause="8.5(3)",
        before={"state": str(before)},
        after={"state": str(application.state), "grade": application.grade},
    )


async def end_as_refused(ports: Ports, application: Application, why: Finding, asked: Asked | None) -> None:
    """The same where the certificate may not be raised as it stands, whatever was found: the firm is told why.

    A result that was public already says that nothing came of it.
    """
    public = await Publication.get_or_none(application_id=application.id, state=PublicationState.CONFIRMED)
    if public is not None:
        await turn(public, PublicationState.OVERTURNED, content=taken_back(public.content))
    reason = plain_finding(why, check=UPGRADE)
    title = "升级复核终止，证书等级不变"
    await end_without_raise(ports, application, findings=[*application.findings, reason])
    await tell_firm(
        ports,
        application.enterprise_id,
        f"application:{application.id}:not_raised",
        clause="8.5(3)",
        title=title,
        body=f"{why.reason}。本次升级复核到此终止，证书等级不变（8.5(3)，R18）。",
        path=page(application),
        notice=await notice_of(application, title),
        asked=asked,
    )


def taken_back(content: dict[str, Any]) -> dict[str, Any]:
    """A published result of a review as it reads once it is clear that nothing comes of it."""
    return {**content, "upgrade": {**content["upgrade"], "words": NOT_APPLIED, "applies": False}}
