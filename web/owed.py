"""Months that a firm has to file, in words, on whichever page they are told (8.1(2), 8.1(3))."""

from dataclasses import dataclass
from datetime import date

from models import FilingState, MonthlyFiling
from standard.months import Month
from web.wording import MONTH_TONES, Said
from workflow.monthly import months

URGENT_DAYS = 3
"""From so many days before a deadline on, it is shown as pressing (as the reminders are: T-3)."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A month that a firm has to file, in words; ``urgent``: its time is nearly over, or is."""

    ref: str
    title: str
    said: Said
    until: str
    urgent: bool


async def owed_by(enterprise_id: int, today: date) -> list[Owed]:
    """The months that a firm owes, the one whose time is over first on top; who may see them the caller has checked."""
    found = await months.owed(enterprise_id)
    found.sort(key=lambda one: (one.due_at is None, one.due_at or one.opened_at))
    return [_owed(one, today) for one in found]


def _owed(filing: MonthlyFiling, today: date) -> Owed:
    last = _last_day(filing)
    urgent = last is None or (last - today).days <= URGENT_DAYS
    return Owed(filing.ref, f"{Month.parse(filing.month).words}资料", said(filing), until(filing, today), urgent)


def _last_day(filing: MonthlyFiling) -> date | None:
    """The day through which it may be filed for the state it is in; None where that is over."""
    if filing.state == FilingState.OPEN:
        return filing.closes_on
    return filing.make_up_until if filing.state == FilingState.WARNED else None


def until(filing: MonthlyFiling, today: date) -> str:
    """By when it may be filed, and how many days are left; empty where nothing is owed."""
    last = _last_day(filing)
    if last is None:
        return "补报核验通过后恢复（9.2(2)）" if filing.state == FilingState.SUSPENDED else ""
    what, left = ("截止" if filing.state == FilingState.OPEN else "前补报（8.1(3)）"), (last - today).days
    more = "，今天是最后一天" if left == 0 else f"，还有 {left} 天" if left > 0 else "，正在核验已交的资料"
    return f"{last} 24:00 {what}{more}"


_SENTENCES = {
    FilingState.OPEN: "按清单交齐后提交",
    FilingState.CONTINUED: "按时提报，核验合格",
    FilingState.WARNED: "请在期限内补报",
    FilingState.SUSPENDED: "证书暂停，请尽快补报",
    FilingState.MADE_UP: "期限内补报，核验合格",
    FilingState.MADE_UP_LATE: "已补报，核验合格",
    FilingState.CLOSED: "证书已失效，不再提报",
}


def said(filing: MonthlyFiling) -> Said:
    """The month's state with one sentence on it."""
    state = FilingState(filing.state)
    return Said(MONTH_TONES[state], months.WORDS[state], _SENTENCES[state])
