"""The calendar of a person's deadlines, read as a phone reads it."""

from datetime import UTC, date, datetime
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.clock import SHANGHAI
from models import Certificate, MonthlyFiling, Person, ReminderChoice, Staff, StaffRole
from tests import rows
from tests.workflow.firms import Somebody, member, somebody
from tests.workflow.months import owed_month
from tests.workflow.world import World
from workflow.knowing.persons import merge
from workflow.monthly.calendar_feed import Entry, calendar_text, feed_of, fold
from workflow.problems import Refused
from workflow.telling.reminder_choices import calendar_link

Event = dict[str, str]


def events_of(text: str) -> list[Event]:
    """The events by their properties, unfolded and with escapes undone (RFC 5545)."""
    assert text.endswith("\r\n")
    lines = text.removesuffix("\r\n").split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75
    unfolded = "\r\n".join(lines).replace("\r\n ", "").split("\r\n")
    assert (unfolded[0], unfolded[1], unfolded[-1]) == ("BEGIN:VCALENDAR", "VERSION:2.0", "END:VCALENDAR")
    found: list[Event] = []
    inside: list[str] = []
    for line in unfolded:
        name, _, value = line.partition(":")
        if name == "BEGIN":
            inside.append(value)
            if value == "VEVENT":
                found.append({})
        elif name == "END":
            assert inside.pop() == value
        elif inside[-1] == "VEVENT":
            found[-1][name.partition(";")[0]] = _plain(value)
        elif inside[-1] == "VALARM":
            found[-1][f"alarm.{name.partition(';')[0]}"] = _plain(value)
    return found


def _plain(value: str) -> str:
    out, rest = "", iter(value)
    for mark in rest:
        out += mark if mark != "\\" else {"n": "\n", "N": "\n"}.get(following := next(rest), following)
    return out


def token_of(link: str) -> str:
    path = urlsplit(link).path
    assert path.startswith("/calendar/")
    assert path.endswith(".ics")
    return path.removeprefix("/calendar/").removesuffix(".ics")


async def feed(world: World, who: Somebody) -> list[Event]:
    return events_of(await feed_of(world.ports, token_of(await calendar_link(world.ports, who.asker))))


@pytest.fixture
async def who(world: World) -> Somebody:
    """A member of two firms with living certificates from November 2026 on; only looking on at one of them."""
    who = await somebody(world)
    for name, role in (("样例电器", StaffRole.STAFF), ("样例线缆, 西区; 二厂", StaffRole.VIEWER)):
        firm = await rows.enterprise(name=name)
        await member(world, firm, role, who)
        await rows.certificate(enterprise_id=firm.id)
    return who


async def test_all_due_months_of_all_firms_are_in_it(world: World, who: Somebody) -> None:
    events = await feed(world, who)
    first = await Certificate.all().prefetch_related("enterprise").get(serial=1)
    # Issued on 24 November 2026, valid through 23 November 2027: December to October are due (R1).
    days = [f"{2026 + (month > 12)}{(month - 1) % 12 + 1:02}25" for month in range(12, 23)]
    assert [event["DTSTART"] for event in events] == [day for day in days for _ in range(2)]
    assert events[0] == {
        "UID": "1-2026-12@sample.test",
        "DTSTAMP": "20261124T020000Z",
        "DTSTART": "20261225",
        "DTEND": "20261226",
        "SUMMARY": "样例电器：12 月提报截止",
        "DESCRIPTION": "2026 年 12 月提报 12 月 25 日 24:00 截止（8.1(2)，R10）。",
        "URL": f"https://sample.test/my/firms/{first.enterprise.uscc}/months",
        "TRANSP": "TRANSPARENT",
        "alarm.ACTION": "DISPLAY",
        "alarm.DESCRIPTION": "样例电器：12 月提报截止",
        "alarm.TRIGGER": "20261225T010000Z",
    }
    assert events[1]["SUMMARY"] == "样例线缆, 西区; 二厂：12 月提报截止"
    assert len({event["UID"] for event in events}) == 22


async def test_what_is_done_is_marked_and_alarms_no_more(world: World) -> None:
    firm = await rows.enterprise(name="样例电器")
    who = await member(world, firm, StaffRole.OWNER)
    decided = datetime(2026, 12, 26, 0, 1, tzinfo=SHANGHAI)
    december = await owed_month(
        firm, state="warned", make_up_until=date(2026, 12, 30), decided_at=decided, due_at=decided
    )
    january = await owed_month(firm, "2027-01", certificate_id=december.certificate_id)
    closing, make_up, opened, *_ = await feed(world, who)
    assert (closing["SUMMARY"], "alarm.ACTION" in closing) == ("未完成 样例电器：12 月提报截止", False)
    assert (make_up["SUMMARY"], make_up["DTSTART"]) == ("样例电器：12 月补报截止", "20261230")
    assert make_up["alarm.TRIGGER"] == "20261230T010000Z"
    assert make_up["DESCRIPTION"] == "2026 年 12 月补报 12 月 30 日 24:00 截止（8.1(3)）。"
    assert make_up["DTSTAMP"] == "20261225T160100Z"
    assert opened["URL"] == f"https://sample.test/my/months/{january.ref}"
    await MonthlyFiling.filter(id=december.id).update(state="made_up", decided_at=world.clock.now())
    changed = await feed(world, who)
    assert [one["UID"] for one in changed[:2]] == [closing["UID"], make_up["UID"]]
    assert [one["SUMMARY"][:3] for one in changed[:3]] == ["已补报", "已完成", "样例电"]
    assert "alarm.ACTION" not in changed[1]


async def test_a_link_is_good_until_the_next_one_and_for_whom_it_was_made(world: World, who: Somebody) -> None:
    old = token_of(await calendar_link(world.ports, who.asker))
    assert await feed_of(world.ports, old) == await feed_of(world.ports, old)
    new = token_of(await calendar_link(world.ports, who.asker))
    for token in (old, "", "x" * 22, (await ReminderChoice.get()).calendar_hash or ""):
        with pytest.raises(Refused) as refused:
            await feed_of(world.ports, token)
        assert refused.value.code == "not_found"
    await Staff.filter(person_id=who.person.id).update(left_at=world.clock.now())
    assert events_of(await feed_of(world.ports, new)) == []


async def test_the_link_of_who_turned_out_to_be_another_still_works(world: World, who: Somebody) -> None:
    other = await somebody(world)
    tokens = [token_of(await calendar_link(world.ports, one.asker)) for one in (who, other)]
    await merge(world.ports, await Person.get(id=other.person.id), await Person.get(id=who.person.id), actor="system")
    assert [len(events_of(await feed_of(world.ports, token))) for token in tokens] == [22, 22]


async def test_certificates_that_ended_and_deadlines_long_over_are_left_out(world: World, who: Somebody) -> None:
    world.clock.advance(days=200)
    events = await feed(world, who)
    assert (events[0]["DTSTART"], len(events)) == ("20270325", 16)
    await rows.certificate(enterprise_id=(await Staff.all().order_by("id").first()).enterprise_id, state="expired")
    assert len(await feed(world, who)) == 16


@given(st.text(max_size=200).filter(lambda text: "\n" not in text and "\r" not in text))
def test_folded_lines_come_back_and_none_is_too_long(line: str) -> None:
    folded = list(fold(line))
    assert all(len(one.encode()) <= 75 for one in folded)
    assert folded[0] + "".join(one[1:] for one in folded[1:]) == line


words = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from('\n,;\\:"'), max_size=120)


@given(words, words)
def test_whatever_a_firm_is_called_the_calendar_says_it_exactly(title: str, text: str) -> None:
    entry = Entry(
        "1@sample", date(2026, 12, 25), title, text, "https://sample.test/", datetime(2026, 12, 1, tzinfo=UTC)
    )
    (event,) = events_of(calendar_text([entry]))
    assert (event["SUMMARY"], event["DESCRIPTION"]) == (title, text)
