"""A firm's months on the web: its year with the chart, one month's checklist and files, done (8.1, 9.2, Appendix C)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any

from aiohttp import web

from models import OWES, Certificate, FilingFile, FilingFileKind, FilingState, MonthlyFiling, StaffRole
from standard.calendar import shanghai_day
from standard.facts import Monthly
from standard.handing_in import asked_beside
from standard.months import Month
from standard.profile import Edition, edition_on
from standard.validity import LIVE
from web.forms import Form, stated
from web.my import firm_here
from web.owed import owed_by, said, until
from web.page import PORTS, new_key, show, uploaded_file
from web.signing_in import Visitor, signed_form, signed_in
from web.wording import MONTH_TONES, Said
from web.year_chart import Column, drawn
from workflow.access import RANK, member_of
from workflow.intake.uploads import PICTURES
from workflow.monthly import month_filing, months
from workflow.monthly.month_case import edition_of_month
from workflow.monthly.month_slots import PER_PRODUCT, TITLES
from workflow.monthly.months import Year, YearMonth
from workflow.problems import Kind, Refused

# --- the year --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One month in the list: its state as ``wording.MONTH_TONES`` names it, and what there is to say of it."""

    month: str
    ref: str
    state: str
    words: str
    said: Said
    detail: str


async def year(request: web.Request) -> web.StreamResponse:
    """The months of the firm's certificate: how each came out, what they come to, what is to be done now."""
    who = await signed_in(request)
    firm, _ = await firm_here(request, who)
    shown: dict[str, Any] = {"visitor": who, "firm": firm, "certificate": None}
    if not await Certificate.exists(enterprise_id=firm.id):
        return show(request, "year.html", shown)
    ports = request.app[PORTS]
    today = shanghai_day(ports.clock.now())
    found = await months.year_of(ports, who.asker, firm.id)
    alive = found.certificate.state in LIVE
    # What was still to come when a certificate ended never comes.
    lines = [_line(one) for one in found.months if alive or one.filing is not None]
    following = next((one for one in found.months if one.filing is None and one.opens > today), None)
    shown |= {
        "certificate": found.certificate,
        "months": lines,
        "owed": await owed_by(firm.id, today),
        "opens": following if alive else None,
        "chart": drawn([_column(one, today) for one in found.months if alive or one.filing is not None]),
        "summary": _summary(lines),
        "rates": _rates(found),
        "ladder": _ladder(found, edition_on(today)),
        "towards": found.towards_three,
        "limit": found.three,
    }
    return show(request, "year.html", shown)


def _summary(lines: Sequence[Line]) -> str:
    """The chart in words; what more there is to say of a month stands in the list."""
    told = [f"{Month.parse(line.month).words}：{line.words}。" for line in lines if line.state != "ahead"]
    ahead = len(lines) - len(told)
    return "".join(told) + (f"{'其余 ' if told else ''}{ahead} 个月还没到提报期。" if ahead else "")


def _line(one: YearMonth) -> Line:
    state = _state(one)
    said = Said(MONTH_TONES[state] if one.state else "ended", one.words)
    return Line(str(one.month), one.filing.ref if one.filing else "", state, one.words, said, _detail(one))


def _state(one: YearMonth) -> str:
    """A key of ``wording.MONTH_SIGNS``."""
    if one.state is not None:
        return str(one.state)
    return "unopened" if one.unopened else "ahead"


def _detail(one: YearMonth) -> str:
    filing = one.filing
    if one.unopened:
        return "整个提报期平台都没有开放，企业不用补报（8.1(2)，R10）"
    if filing is None:
        return f"{one.opens} 开始提报"
    on = _done_on(filing)
    match one.state:
        case FilingState.OPEN:
            return f"{one.closes} 24:00 截止"
        case FilingState.CONTINUED:
            return f"{on} 交齐，按时"
        case FilingState.WARNED:
            return f"请在 {filing.make_up_until} 24:00 前补报（8.1(3)）"
        case FilingState.SUSPENDED:
            return f"{filing.make_up_until} 前没有补报通过；补报核验通过后恢复（9.2(2)）"
        case FilingState.MADE_UP:
            return f"{on} 补报，在期限内：算合规、不算按时，计一次不合规（R7、R38）"
        case FilingState.MADE_UP_LATE:
            return f"{on} 补报，已过期限：不算合规，计一次不合规（R7、R38）"
    return "证书已失效，不再提报"


def _done_on(filing: MonthlyFiling) -> date | None:
    """The day on which what decided the month was complete."""
    moment = filing.submitted_at or (filing.decided_at if filing.state not in OWES else None)
    return None if moment is None else shanghai_day(moment)


def _column(one: YearMonth, today: date) -> Column:
    state = _state(one)
    done: date | None = None
    if one.state == FilingState.OPEN:
        done = min(today, one.closes)
    elif one.filing is not None and one.state != FilingState.CLOSED:
        done = _done_on(one.filing)
    return Column(str(one.month), state, one.opens, one.closes, done)


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of R2 in percent, and how many months of this term came out in which way."""

    timely: str
    compliant: str
    counts: str


def _rates(found: Year) -> Rates | None:
    if not isinstance(found.rates, Monthly):
        return None
    counts = f"按时合规 {found.on_time} 个月，补报合规 {found.late} 个月，不合规 {found.missed} 个月"
    return Rates(_percent(found.rates.timely), _percent(found.rates.compliant), counts)


def _percent(rate: Decimal | None) -> str:
    """To two places, rounded down as rates are: one below a line is never shown as being on it (R2)."""
    percent = ((rate or Decimal()) * 100).quantize(Decimal("0.01"), ROUND_DOWN)
    return f"{percent.normalize():f}%"


@dataclass(frozen=True, slots=True)
class Rung:
    """What a level asks of both rates, each with whether it is reached; empty where it asks nothing."""

    level: str
    timely: tuple[str, bool]
    compliant: tuple[str, bool]


def _ladder(found: Year, edition: Edition) -> list[Rung]:
    """Element "monthly filing" of clause 6, level by level."""
    if not isinstance(found.rates, Monthly):
        return []

    def asked(kind: str, level: str, have: Decimal | None) -> tuple[str, bool]:
        name = f"grades.monthly_{kind}_{level.lower()}"
        if name not in edition.parameters:
            return "", True
        need = edition.number(name)
        return _percent(need), have is not None and have >= need

    return [
        Rung(level, asked("timely", level, found.rates.timely), asked("compliant", level, found.rates.compliant))
        for level in edition.words("life.grades")
    ]


# --- one month -------------------------------------------------------------------------------------------------------

DONE: Mapping[str, str] = {
    "handed-in": "已收到，正在检查",
    "taken-out": "已撤下",
    "submitted": "已提交，核验合格",
}
"""What was just done."""
CHECKED = "已收到，也检查过了"


def _done(what: str, waiting: int) -> str:
    """What was just done, as it stands by the time the page is looked at (again)."""
    return CHECKED if what == "handed-in" and not waiting else DONE.get(what, "")


async def month(request: web.Request) -> web.StreamResponse:
    """One month: what is asked, what is there, each slot with its form."""
    return await _month(request, await signed_in(request))


async def _month(
    request: web.Request,
    who: Visitor,
    problem: Refused | None = None,
    here: str = "",
    values: dict[str, Any] | None = None,
    done: str = "",
) -> web.StreamResponse:
    filing = await months.filing_of(who.asker, request.match_info["ref"])
    staff = await member_of(who.asker, filing.enterprise_id)
    checklist = await month_filing.checklist(filing)
    owed = filing.state in OWES and filing.certificate.state in LIVE
    filed = {one.product.id for one in checklist.products}
    today = shanghai_day(request.app[PORTS].clock.now())
    found = checklist.findings if owed else (filing.verdict or {}).get("findings", [])
    shown = {
        "visitor": who,
        "filing": filing,
        "firm": filing.enterprise,
        "said": said(filing),
        "until": until(filing, today),
        "owed": owed,
        "decided": _detail(_of_itself(filing)),
        "checklist": checklist,
        # What is about a file stands beside it while it can be replaced.
        "verdict": [one for one in found if not (owed and one.get("materials"))],
        "wrong": {one.ref: _about(one, found) for slot in checklist.slots for one in slot.files},
        "choices": [one for one in await month_filing.choices(filing) if one.product.id not in filed] if owed else [],
        "may_hand_in": owed and RANK[StaffRole(staff.role)] >= RANK[StaffRole.STAFF],
        "done": done or (_done(request.query.get("done", ""), checklist.waiting) if problem is None else ""),
        "problem": problem,
        "here": here or request.query.get("at", ""),
        "values": values or {},
    }
    return show(request, "month.html", shown, problem.kind.status if problem else 200)


def _of_itself(filing: MonthlyFiling) -> YearMonth:
    """The month as a line of the year shows it."""
    month = Month.parse(filing.month)
    state = FilingState(filing.state)
    return YearMonth(month, filing.closes_on.replace(day=1), filing.closes_on, months.WORDS[state], filing, state)


def _about(file: FilingFile, findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What of these concerns the file."""
    return [one for one in findings if file.ref in one.get("materials", ())]


async def hand_in(request: web.Request) -> web.StreamResponse:
    """Take files for one slot; the form's key makes each of them one, however often it is sent."""
    who, form = await signed_form(request)
    ref, kind, product_id = request.match_info["ref"], form.text("kind"), form.number("product")
    at = f"{kind}-{product_id}" if product_id and kind in PER_PRODUCT else kind
    declared = form.declared()
    taken = 0
    try:
        for taken, sent in enumerate(_files(form)):
            await month_filing.hand_in(
                request.app[PORTS],
                who.asker,
                ref,
                f"{form.text('key') or new_key()}-{taken}",
                kind,
                sent.data,
                sent.name,
                product_id=product_id,
                declared=declared,
            )
    except Refused as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        values = {"product": product_id, **{f"declared.{name}": value for name, value in declared.items()}}
        some = f"前 {taken} 个文件已收到，其余没有收下" if taken else ""
        # A key that was used for another file would be refused for good.
        return await _month(request, who, refusal, "add" if form.text("add") else at, values, some)
    raise web.HTTPSeeOther(f"/my/months/{ref}?done=handed-in&at={at}")


def _files(form: Form) -> list[Any]:
    if not (sent := form.files.get("file")):
        raise Refused(Kind.INVALID, "file_missing", "没有收到文件：请先选择文件", field="file")
    return sent


async def take_out(request: web.Request) -> web.StreamResponse:
    """Take a file out again before the month is decided."""
    who, form = await signed_form(request)
    ref = request.match_info["ref"]
    return await _then(
        request, who, "taken-out", month_filing.take_out(request.app[PORTS], who.asker, ref, form.text("file"))
    )


async def submit(request: web.Request) -> web.StreamResponse:
    """Say that the month is complete: it is decided at once, or what is missing is said."""
    who, _ = await signed_form(request)
    ref = request.match_info["ref"]
    return await _then(request, who, "submitted", month_filing.submit(request.app[PORTS], who.asker, ref))


async def _then(request: web.Request, who: Visitor, done: str, deed: Any) -> web.StreamResponse:
    """Do it and show the month, saying that it is ``done``, or why not."""
    try:
        await deed
    except Refused as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _month(request, who, refusal)
    raise web.HTTPSeeOther(f"/my/months/{request.match_info['ref']}?done={done}")


# --- its files -------------------------------------------------------------------------------------------------------


async def filing_file(request: web.Request) -> web.StreamResponse:
    """One file: what was found, and the file to look at."""
    who = await signed_in(request)
    found = await month_filing.file_of(who.asker, request.match_info["ref"])
    edition = edition_of_month(found.filing.month)
    shown = {
        "visitor": who,
        "file": found,
        "filing": found.filing,
        "product": found.product,
        "name": TITLES[FilingFileKind(found.kind)],
        "declared": stated(found.declared, asked_beside(f"month_{found.kind}", edition)),
        "is_picture": found.evidence.media_type in PICTURES,
        "report_link": request.app[PORTS].links.report(found.inspection.ref) if found.inspection else None,
    }
    return show(request, "filing_file.html", shown)


async def filing_file_bytes(request: web.Request) -> web.StreamResponse:
    """A file's bytes, for members of the firm and operators."""
    who = await signed_in(request)
    ref = request.match_info["ref"]
    data, media_type = await month_filing.file_bytes(request.app[PORTS], who.asker, ref)
    return uploaded_file(data, media_type, ref)
