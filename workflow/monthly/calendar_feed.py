"""The deadlines of all firms of a person as a calendar that their phone subscribes to (iCalendar, RFC 5545)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from models import Certificate, FilingState, MonthlyFiling, ReminderChoice, Staff
from standard.calendar import midnight, shanghai_day
from standard.months import Month, filing_window, months_due
from standard.profile import edition_on
from standard.validity import LIVE
from workflow.access import not_found
from workflow.certifying.certificate_months import month_path
from workflow.context import Ports
from workflow.knowing import persons
from workflow.links import token_hash
from workflow.telling.reminder_calendar import day_in_words

CONTENT_TYPE = "text/calendar"
MOST_OCTETS = 75
"""Of a line without its end; a longer one is folded (RFC 5545, 3.1)."""
LOOK_AGAIN = "PT6H"
"""How often a calendar is asked to look for changes (RFC 7986, 5.7)."""
KEPT = timedelta(days=92)
"""Deadlines of so long ago stay in the calendar."""


_WINDOW: dict[FilingState | None, str] = {
    FilingState.CONTINUED: "已完成 ",
    FilingState.WARNED: "未完成 ",
    FilingState.SUSPENDED: "未完成 ",
    FilingState.MADE_UP: "已补报 ",
    FilingState.MADE_UP_LATE: "已补报 ",
    FilingState.CLOSED: "已结束 ",
}
_MAKE_UP: dict[FilingState | None, str] = {
    FilingState.SUSPENDED: "未完成 ",
    FilingState.MADE_UP: "已完成 ",
    FilingState.MADE_UP_LATE: "已补报 ",
    FilingState.CLOSED: "已结束 ",
}
"""What stands before the titles of deadlines for which nothing is to be done any more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One day in the calendar. ``uid`` stays the same for the same deadline, so that a change replaces it.

    ``changed`` is an aware moment; ``done``: nothing is to be done any more for it.
    """

    uid: str
    day: date
    title: str
    text: str
    url: str
    changed: datetime
    done: bool = False


async def feed_of(ports: Ports, token: str) -> str:
    """The calendar behind a link of ``reminder_choices.calendar_link``; :class:`Refused` as not found for any other.
    The same rows give the same text."""
    choice = await ReminderChoice.get_or_none(calendar_hash=token_hash(token))
    if choice is None:
        raise not_found()
    person = await persons.current(choice.person_id)
    firms = await Staff.filter(person_id=person.id, left_at=None).values_list("enterprise_id", flat=True)
    return calendar_text(await _entries(ports, list(firms)))


async def _entries(ports: Ports, firms: list[object]) -> list[Entry]:
    since = shanghai_day(ports.clock.now()) - KEPT
    entries: list[Entry] = []
    certificates = Certificate.filter(enterprise_id__in=firms, state__in=LIVE).order_by("id")
    for certificate in await certificates.prefetch_related("enterprise"):
        filings = {filing.month: filing for filing in await MonthlyFiling.filter(certificate_id=certificate.id)}
        entries.extend(entry for entry in _of_certificate(ports, certificate, filings) if entry.day >= since)
    return sorted(entries, key=lambda entry: (entry.day, entry.uid))


def _of_certificate(ports: Ports, certificate: Certificate, filings: dict[str, MonthlyFiling]) -> Iterator[Entry]:
    """The end of each due month's window, and of each time to make one up."""
    firm = certificate.enterprise
    host = urlsplit(ports.links.base).hostname
    for month in months_due(certificate.issued_on, certificate.last_day, edition_on(certificate.issued_on)):
        filing = filings.get(str(month))
        closes = filing.closes_on if filing else _closes(month)
        path = month_path(filing) if filing else f"/my/firms/{firm.uscc}/months"
        changed = (filing.decided_at or filing.opened_at) if filing else certificate.created_at
        state = FilingState(filing.state) if filing else None
        yield Entry(
            uid=f"{certificate.serial}-{month}@{host}",
            day=closes,
            title=f"{_WINDOW.get(state, '')}{firm.name}：{month.number} 月提报截止",
            text=f"{month.words}提报 {day_in_words(closes)} 24:00 截止（8.1(2)，R10）。",
            url=ports.links.page(path),
            changed=changed,
            done=state in _WINDOW,
        )
        if filing is not None and filing.make_up_until is not None:
            last = filing.make_up_until
            yield Entry(
                uid=f"{certificate.serial}-{month}-make-up@{host}",
                day=last,
                title=f"{_MAKE_UP.get(state, '')}{firm.name}：{month.number} 月补报截止",
                text=f"{month.words}补报 {day_in_words(last)} 24:00 截止（8.1(3)）。",
                url=ports.links.page(path),
                changed=changed,
                done=state in _MAKE_UP,
            )


def _closes(month: Month) -> date:
    return filing_window(month, edition_on(date(month.year, month.number, 1))).closes


# --- as text ---------------------------------------------------------------------------------------------------------


def calendar_text(entries: Iterable[Entry]) -> str:
    """The calendar, its lines folded and ended as RFC 5545 asks."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Zhuisu//Monthly filing//ZH",
        "CALSCALE:GREGORIAN",
        "NAME:追溯·月度提报",
        "X-WR-CALNAME:追溯·月度提报",
        "X-WR-TIMEZONE:Asia/Shanghai",
        f"REFRESH-INTERVAL;VALUE=DURATION:{LOOK_AGAIN}",
        f"X-PUBLISHED-TTL:{LOOK_AGAIN}",
        *(line for entry in entries for line in _event(entry)),
        "END:VCALENDAR",
    ]
    return "".join(f"{folded}\r\n" for line in lines for folded in fold(line))


def _event(entry: Entry) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.uid}"
    yield f"DTSTAMP:{entry.changed.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{entry.day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{entry.day + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{escaped(entry.title)}"
    yield f"DESCRIPTION:{escaped(entry.text)}"
    yield f"URL:{entry.url}"
    yield "TRANSP:TRANSPARENT"
    if not entry.done:
        alarm = midnight(entry.day) + timedelta(hours=9)
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"DESCRIPTION:{escaped(entry.title)}"
        yield f"TRIGGER;VALUE=DATE-TIME:{alarm.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        yield "END:VALARM"
    yield "END:VEVENT"


def escaped(text: str) -> str:
    """``text`` as a value of type TEXT (RFC 5545, 3.3.11)."""
    for mark in ("\\", ";", ","):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def fold(line: str) -> Iterator[str]:
    """The lines that ``line`` is written as: none longer than 75 octets, no character torn (RFC 5545, 3.1)."""
    rest = line.encode()
    room = MOST_OCTETS
    indent = ""
    while len(rest) > room:
        cut = room
        while rest[cut] & 0xC0 == 0x80:  # the middle of a character
            cut -= 1
        yield indent + rest[:cut].decode()
        rest, room, indent = rest[cut:], MOST_OCTETS - 1, " "
    yield indent + rest.decode()
