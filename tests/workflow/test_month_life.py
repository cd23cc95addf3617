"""Months open, close, are warned of, made up or missed, and end with their certificate (8.1, 9.2; R1, R7, R10, R38)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from models import (
    Answer,
    Certificate,
    DeskItem,
    Event,
    FiledCode,
    FilingState,
    InboxEntry,
    Job,
    MonthlyFiling,
    Rendering,
)
from models.transactions import transaction
from standard import life
from standard.calendar import midnight
from standard.facts import Monthly
from standard.months import Month
from tests.workflow.graded import confirmed
from tests.workflow.living import ISSUED, Living, living, month_of, noon
from tests.workflow.world import World
from workflow import due
from workflow.access import Asker
from workflow.certifying import certificate_register, certificates
from workflow.certifying.certificate_effects import RENDERED_IN_TIME, Manner
from workflow.certifying.certificate_months import LOOK_AGAIN
from workflow.context import Ports
from workflow.due import POSTPONED, carry_out
from workflow.monthly import month_life, months
from workflow.monthly.month_judging import CodeFiled, Judgement, Standing
from workflow.problems import Refused
from workflow.telling.answers import PUSH

CLOSING, MAKE_UP = date(2026, 12, 26), date(2026, 12, 30)
"""The day after December's window, a Saturday, and the third working day from it."""
OPENS, CLOSES, MADE_UP = (
    next(line for line in due.DUE if line.together is handler)
    for handler in (months.open_months, month_life.close_windows, month_life.end_make_ups)
)


def to(world: World, moment: datetime) -> None:
    world.clock.advance(moment - world.clock.now())


def passing(filed_at: datetime, *codes: str) -> Judgement:
    filed = tuple(CodeFiled(code, 1, "L2026A") for code in codes)
    return Judgement(Standing.PASSING, {"outcome": "pass", "findings": []}, filed, filed_at)


FAILING = Judgement(Standing.FAILING, {"outcome": "fail", "findings": []}, (), noon(date(2026, 12, 20)))
WAITING = Judgement(Standing.WAITING, {"outcome": "unclear", "findings": []})
MISSING = Judgement(Standing.MISSING, {"outcome": "fail", "findings": []})


@pytest.fixture
def verdicts(monkeypatch: pytest.MonkeyPatch) -> dict[int, Judgement]:
    """What months come to, by the id of the filing; nothing was handed in for the others."""
    given: dict[int, Judgement] = {}

    async def judged(_ports: Ports, filings: Sequence[MonthlyFiling]) -> dict[int, Judgement]:
        return {filing.id: given.get(filing.id, MISSING) for filing in filings}

    monkeypatch.setattr(month_life, "judged", judged)
    return given


async def told(one: Living) -> list[str]:
    return [entry.body for entry in await InboxEntry.filter(enterprise_id=one.firm.id).order_by("id")]


# --- opening ---------------------------------------------------------------------------------------------------------


async def test_issuing_a_certificate_sets_when_its_first_month_opens(world: World) -> None:
    application = await confirmed(world)
    await world.work()
    row = await Certificate.get(application_id=application.id)
    assert row.month_opens_at == midnight(date(2026, 12, 1))  # R1: the calendar month after issue


async def test_a_month_opens_at_midnight_of_the_first_and_the_next_is_waited_for(world: World) -> None:
    one, other = await living(), await living(issued=date(2026, 12, 3))
    to(world, midnight(date(2026, 12, 1)) - timedelta(seconds=1))
    assert await carry_out(world.ports, OPENS) == 0
    world.clock.advance(seconds=1)
    assert await carry_out(world.ports, OPENS) == 1
    assert await carry_out(world.ports, OPENS) == 0
    filing = await MonthlyFiling.get()
    assert (filing.certificate_id, filing.enterprise_id, filing.month) == (one.certificate.id, one.firm.id, "2026-12")
    assert (filing.state, filing.closes_on, filing.due_at) == ("open", date(2026, 12, 25), midnight(CLOSING))
    await one.certificate.refresh_from_db()
    await other.certificate.refresh_from_db()
    assert {one.certificate.month_opens_at, other.certificate.month_opens_at} == {midnight(date(2027, 1, 1))}
    event = await Event.get(subject_kind="monthly_filing", subject_id=filing.id)
    assert (event.action, event.clause, event.after["month"]) == ("month:open", "8.1(2)", "2026-12")


async def test_all_months_of_a_term_open_in_their_turn_and_no_more(world: World) -> None:
    one = await living()
    for number in range(14):
        month = Month(2026, 12).plus(number)
        to(world, midnight(date(month.year, month.number, 1)))
        await carry_out(world.ports, OPENS)
    opened = await MonthlyFiling.all().order_by("month").values_list("month", flat=True)
    # The window of November 2027 ends after the last day of the term (R1).
    assert opened == [str(Month(2026, 12).plus(number)) for number in range(11)]
    await one.certificate.refresh_from_db()
    assert one.certificate.month_opens_at is None


async def test_no_firm_is_blamed_for_a_month_that_was_over_before_it_could_open(
    world: World, verdicts: dict[int, Judgement]
) -> None:
    """R10: nothing ran from November to February; who could not file missed nothing, and may file for what is open."""
    one = await living()
    to(world, noon(date(2027, 2, 10)))
    for line in due.DUE:
        await carry_out(world.ports, line)
    assert await MonthlyFiling.all().values_list("month", "state") == [("2027-02", "open")]
    await one.certificate.refresh_from_db()
    assert (one.certificate.state, one.certificate.month_opens_at) == ("active", midnight(date(2027, 3, 1)))
    assert (await certificate_life(one)).months == ()
    event = await Event.get(action="certificate:months_unopened")
    assert (event.clause, event.after["months"]) == ("8.1(2)", ["2026-12", "2027-01"])
    (entry,) = await InboxEntry.filter(enterprise_id=one.firm.id, key__contains="months_unopened")
    assert (entry.clause, entry.title, entry.push_id is not None) == ("8.1(2)", "提报期未开放，不计（8.1(2)）", True)
    assert entry.body == (
        "2026 年 12 月至 2027 年 1 月的整个提报期，平台都没有开放，无从提报："
        "不算企业未报，不计入比率，不用补报（8.1(2)，R10）。"
    )
    year = await months.year_of(world.ports, one.asker, one.firm.id)
    assert [(month.words, month.unopened, month.counts) for month in year.months[:4]] == [
        ("平台未开放提报，不计", True, False),
        ("平台未开放提报，不计", True, False),
        ("提报中", False, False),
        ("未到提报期", False, False),
    ]
    await one.certificate.fetch_related("enterprise")
    public = await certificate_register.shown(one.certificate)
    assert [month.state for month in public.year[:4]] == ["unopened", "unopened", "open", "ahead"]


async def test_a_certificate_of_before_months_were_filed_here_begins_with_the_first_that_can_be(world: World) -> None:
    one = await living(issued=date(2026, 6, 10))
    await Certificate.all().update(month_opens_at=one.certificate.created_at)  # as the migration leaves it
    to(world, noon(date(2026, 11, 26)))
    await carry_out(world.ports, OPENS)
    await one.certificate.refresh_from_db()
    assert (await MonthlyFiling.all().count(), one.certificate.month_opens_at) == (0, midnight(date(2026, 12, 1)))
    await Certificate.all().update(month_opens_at=one.certificate.created_at)
    to(world, noon(date(2026, 12, 25)))
    await carry_out(world.ports, OPENS)
    assert (await MonthlyFiling.get()).month == "2026-12"


async def test_opening_a_month_that_is_there_changes_nothing(world: World) -> None:
    one = await living()
    filing = await month_of(one, state=FilingState.CONTINUED, due_at=None)
    to(world, noon(date(2026, 12, 2)))
    await carry_out(world.ports, OPENS)
    assert (await MonthlyFiling.get()).ref == filing.ref
    assert await Event.all().count() == 0


# --- the window is over ----------------------------------------------------------------------------------------------


async def test_nothing_filed_warns_tells_and_draws_anew_without_waking_anybody(
    world: World, verdicts: dict[int, Judgement]
) -> None:
    one = await living()
    filing = await month_of(one)
    to(world, midnight(CLOSING) - timedelta(seconds=1))
    assert await carry_out(world.ports, CLOSES) == 0
    world.clock.advance(seconds=1)
    assert await carry_out(world.ports, CLOSES) == 1
    await filing.refresh_from_db()
    assert (filing.state, filing.make_up_until, filing.due_at) == (
        "warned",
        MAKE_UP,
        midnight(MAKE_UP + timedelta(days=1)),
    )
    await one.certificate.refresh_from_db()
    assert (one.certificate.state, one.certificate.revision) == ("warned", 2)
    assert await told(one) == ["2026 年 12 月逾期未提报，请于 2026-12-30 24 时前补报"]
    push = await Job.get(kind="answer.push")
    assert push.due_at >= datetime(2026, 12, 26, 0, 30, tzinfo=UTC)  # 08:30 in Shanghai
    assert (await Answer.get()).notice["deadline"] == "2026-12-30"
    rendering = await Job.get(kind=certificates.RENDER)
    assert (rendering.priority, rendering.args["revision"]) == (RENDERED_IN_TIME, 2)
    assert [event.action for event in await Event.all().order_by("id")] == ["certificate:miss_month", "month:warn"]


async def test_what_was_made_up_before_the_morning_is_not_told_as_missed_any_more(
    world: World, verdicts: dict[int, Judgement]
) -> None:
    made_up, owing = await living(), await living()
    first, second = await month_of(made_up), await month_of(owing)
    to(world, midnight(CLOSING))
    assert await carry_out(world.ports, CLOSES) == 2
    entries = {one.enterprise_id: one for one in await InboxEntry.all()}
    assert {entry.title for entry in entries.values()} == {"12 月逾期未提报（8.1(3)）"}
    assert {entry.path for entry in entries.values()} == {f"/my/months/{first.ref}", f"/my/months/{second.ref}"}
    world.clock.advance(hours=1)
    async with transaction():
        await first.refresh_from_db()
        judgement = passing(world.clock.now())
        await month_life.decide(world.ports, first, judgement, world.clock.now(), seen_by=made_up.asker.person_id)
    to(world, midnight(CLOSING) + timedelta(hours=9))
    await world.work()
    stale, true = [await Answer.get(id=entries[one.firm.id].push_id) for one in (made_up, owing)]
    assert (stale.state, stale.error) == ("skipped", "nothing of it holds any more")
    # That one was tried: it has no way to its person, and says so.
    assert (true.state, "service: no window is open" in (true.error or "")) == ("refused", True)


async def test_a_draft_is_judged_as_it_stands(world: World, verdicts: dict[int, Judgement]) -> None:
    good, bad = await living(), await living()
    passed, failed = await month_of(good), await month_of(bad)
    verdicts[passed.id] = passing(noon(date(2026, 12, 20)), "code-1", "code-2")
    verdicts[failed.id] = FAILING
    to(world, noon(CLOSING))
    assert await carry_out(world.ports, CLOSES) == 2
    await passed.refresh_from_db()
    await failed.refresh_from_db()
    assert (passed.state, passed.due_at, passed.submitted_at) == ("continued", None, noon(date(2026, 12, 20)))
    assert passed.verdict == {"outcome": "pass", "findings": []}
    assert (failed.state, failed.make_up_until, failed.submitted_at) == ("warned", MAKE_UP, None)
    assert sorted(await FiledCode.all().values_list("code", "filing_id")) == [
        ("code-1", passed.id),
        ("code-2", passed.id),
    ]
    states = await Certificate.all().order_by("id").values_list("state", flat=True)
    assert states == ["active", "warned"]
    assert await told(bad) == ["2026 年 12 月月度核验不合规，请于 2026-12-30 24 时前补报"]


async def test_files_that_reached_us_in_time_hold_the_decision_until_they_are_judged(
    world: World, verdicts: dict[int, Judgement]
) -> None:
    one = await living()
    filing = await month_of(one)
    verdicts[filing.id] = WAITING
    to(world, midnight(CLOSING))
    await carry_out(world.ports, CLOSES)
    await filing.refresh_from_db()
    assert (filing.state, filing.due_at) == ("open", midnight(CLOSING) + LOOK_AGAIN)
    verdicts[filing.id] = passing(midnight(CLOSING) - timedelta(minutes=1))
    world.clock.advance(hours=3)
    await carry_out(world.ports, CLOSES)
    await filing.refresh_from_db()
    assert filing.state == "continued"
    (record,) = (await certificate_life(one)).months
    assert (record.state, record.settled) == ("on_time", True)


async def certificate_life(one: Living) -> life.Certificate:
    return certificates.life_from_json((await Certificate.get(id=one.certificate.id)).life)


# --- making up -------------------------------------------------------------------------------------------------------


async def warned(world: World, one: Living) -> MonthlyFiling:
    filing = await month_of(one)
    to(world, noon(CLOSING))
    await carry_out(world.ports, CLOSES)
    await filing.refresh_from_db()
    return filing


async def submit(world: World, filing: MonthlyFiling, judgement: Judgement) -> None:
    async with transaction():
        await month_life.decide(world.ports, filing, judgement, world.clock.now(), actor="person:1")


async def test_a_make_up_in_its_days_restores_and_one_after_them_restores_from_suspension(
    world: World, verdicts: dict[int, Judgement]
) -> None:
    quick, slow = await living(), await living()
    first, second = await warned(world, quick), await month_of(slow)
    await carry_out(world.ports, CLOSES)
    await submit(world, first, passing(world.clock.now(), "code-1"))
    assert (first.state, first.due_at) == ("made_up", None)
    to(world, midnight(MAKE_UP + timedelta(days=1)))
    assert await carry_out(world.ports, MADE_UP) == 1
    await second.refresh_from_db()
    assert (second.state, second.due_at) == ("suspended", None)
    assert (await Certificate.get(id=slow.certificate.id)).state == "suspended"
    assert (await told(slow))[-1] == "2026 年 12 月逾期未补报，证书暂停；补报核验通过后恢复"
    world.clock.advance(days=40)
    await submit(world, second, passing(world.clock.now(), "code-2"))
    assert second.state == "made_up_late"
    assert set(await Certificate.all().values_list("state", flat=True)) == {"active"}
    assert await FiledCode.all().count() == 2
    assert [record.state for record in (await certificate_life(slow)).months] == ["missed"]  # R38


async def test_a_make_up_that_was_handed_in_and_not_submitted_is_taken_and_waits_for_its_judgement(
    world: World, verdicts: dict[int, Judgement]
) -> None:
    filing = await warned(world, one := await living())
    verdicts[filing.id] = WAITING
    to(world, midnight(MAKE_UP + timedelta(days=1)))
    await carry_out(world.ports, MADE_UP)
    await filing.refresh_from_db()
    assert filing.state == "warned"
    verdicts[filing.id] = passing(noon(MAKE_UP))
    world.clock.advance(LOOK_AGAIN)
    await carry_out(world.ports, MADE_UP)
    await filing.refresh_from_db()
    assert filing.state == "made_up"
    assert (await Certificate.get(id=one.certificate.id)).state == "active"


async def test_what_is_submitted_and_passes_in_its_window_is_decided_at_once(world: World) -> None:
    one = await living()
    filing = await month_of(one)
    to(world, noon(date(2026, 12, 20)))
    await submit(world, filing, passing(world.clock.now(), "code-1"))
    assert (filing.state, filing.due_at, filing.decided_at) == ("continued", None, world.clock.now())
    assert await told(one) == ["2026 年 12 月提报合规，证书延续至 2026 年 12 月"]
    assert (await Job.get(kind=certificates.RENDER)).priority > RENDERED_IN_TIME
    event = await Event.get(action="month:continue")
    assert (event.actor, event.before, event.after["state"]) == ("person:1", {"state": "open"}, "continued")
    stale = await MonthlyFiling.get(id=filing.id)
    stale.state, stale.version = FilingState.OPEN, 0
    with pytest.raises(Refused, match="month_not_decided"):
        await submit(world, stale, passing(world.clock.now()))


async def test_the_third_month_in_a_row_lowers_the_grade_and_opens_a_case(
    world: World, verdicts: dict[int, Judgement]
) -> None:
    one = await living(grade="AA")
    for month in (date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)):
        to(world, midnight(month))
        for line in (OPENS, CLOSES, MADE_UP):
            await carry_out(world.ports, line)
        to(world, midnight(month.replace(day=26)))
        await carry_out(world.ports, CLOSES)
    await one.certificate.refresh_from_db()
    assert (one.certificate.grade, one.certificate.state) == ("A", "suspended")
    assert (await DeskItem.get()).clause == "9.5.1(2)"
    assert await MonthlyFiling.all().order_by("month").values_list("state", flat=True) == [
        "suspended", "suspended", "warned",
    ]  # fmt: skip


# --- many at once ----------------------------------------------------------------------------------------------------


async def test_many_together_come_to_the_same_as_one_by_one(world: World, verdicts: dict[int, Judgement]) -> None:
    """Passing, failing, missing, waiting, and the third month of a firm; once in one transaction, once each alone."""
    sides: tuple[list[Living], list[Living]] = ([], [])
    filings: tuple[list[MonthlyFiling], list[MonthlyFiling]] = ([], [])
    for kind in ("passing", "failing", "missing", "waiting", "third"):
        for side, made in zip(sides, filings, strict=True):
            one = await living(grade="AA")
            if kind == "third":
                for month in (12, 1):
                    filing = await month_of(one, str(Month(2026 + (month == 1), month)))
                    missed = life.MissMonth(
                        on=filing.closes_on + timedelta(days=1),
                        month=Month.parse(filing.month),
                        make_up_until=filing.closes_on + timedelta(days=5),
                    )
                    await certificates.apply_event(world.ports, one.certificate, missed, actor="system")
                    await MonthlyFiling.filter(id=filing.id).update(state=FilingState.WARNED, due_at=None)
            filing = await month_of(one, "2027-02")
            filed_at = noon(date(2027, 2, 20))
            verdicts[filing.id] = {
                "passing": passing(filed_at, "code"),
                "failing": Judgement(Standing.FAILING, {"outcome": "fail"}, (), filed_at),
                "waiting": WAITING,
            }.get(kind, MISSING)
            side.append(one)
            made.append(filing)
    to(world, noon(date(2027, 2, 26)))
    async with transaction():
        await month_life.close_windows(world.ports, filings[0])
    for filing in filings[1]:
        async with transaction():
            await month_life.close_window(world.ports, filing)
    assert [await _all_of(one) for one in sides[0]] == [await _all_of(one) for one in sides[1]]
    assert [filing.state for filing in filings[0]] == ["continued", "warned", "warned", "open", "warned"]


async def _all_of(one: Living) -> dict[str, Any]:
    """Everything that stands of a firm's certificate and months, but for ids, numbers and names."""
    row = await Certificate.get(id=one.certificate.id)
    filings = await MonthlyFiling.filter(certificate_id=row.id).order_by("month")
    renderings = await Rendering.filter(certificate_id=row.id).order_by("revision")
    entries = await InboxEntry.filter(enterprise_id=one.firm.id).order_by("id").prefetch_related("push")
    events = await Event.filter(subject_id=row.id, subject_kind="certificate").order_by("id")
    events += await Event.filter(subject_id__in=[filing.id for filing in filings], subject_kind="monthly_filing")
    desk = await DeskItem.filter(subject_id=row.id).order_by("id")
    jobs = await Job.filter(kind=certificates.RENDER).order_by("id")
    return {
        "certificate": (row.state, row.grade, row.version, row.revision, row.due_at, row.month_opens_at),
        "months": [(f.state, f.version, f.due_at, f.make_up_until, f.submitted_at, f.verdict) for f in filings],
        "renderings": [(r.reason, r.state, r.face["fields"][8], r.face["as_of_words"]) for r in renderings],
        "told": [(e.key.split(":")[2:-1], e.clause, e.body, e.push and e.push.state) for e in entries],
        "events": [(e.action, e.clause, e.before, _unnumbered(e.after)) for e in events],
        "desk": [(d.kind, d.clause, d.detail) for d in desk],
        "jobs": [(j.priority, j.args["revision"]) for j in jobs if j.args["certificate"] == row.id],
        "codes": await FiledCode.filter(enterprise_id=one.firm.id).values_list("code", "batch"),
        "life": [(m.month, m.state, m.settled) for m in certificates.life_from_json(row.life).months],
    }


def _unnumbered(after: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in after.items() if key != "certificate"}


async def test_one_bad_month_holds_up_nobody(
    world: World, verdicts: dict[int, Judgement], monkeypatch: pytest.MonkeyPatch
) -> None:
    filings = [await month_of(await living()) for _ in range(4)]
    verdicts[filings[1].id] = passing(noon(date(2026, 12, 20)), "twice", "twice")  # no code is filed twice
    to(world, noon(CLOSING))
    assert await carry_out(world.ports, CLOSES) == 3
    states = await MonthlyFiling.all().order_by("id").values_list("state", flat=True)
    assert states == ["warned", "open", "warned", "warned"]
    bad = await MonthlyFiling.get(id=filings[1].id)
    assert (bad.version, bad.due_at) == (0, world.clock.now() + POSTPONED)
    assert await Event.filter(action="certificate:miss_month").count() == 3


async def test_two_months_of_one_certificate_close_in_their_order(world: World, verdicts: dict[int, Judgement]) -> None:
    one = await living()
    for month in ("2027-01", "2026-12"):
        await month_of(one, month)
    to(world, noon(date(2027, 1, 27)))
    assert await carry_out(world.ports, CLOSES) == 2
    assert [str(record.month) for record in (await certificate_life(one)).owed] == ["2026-12", "2027-01"]
    assert len(await told(one)) == 2


# --- the certificate ends --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["term", "cancelled", "revoked"])
async def test_what_is_owed_is_closed_with_its_certificate(
    world: World, verdicts: dict[int, Judgement], how: str
) -> None:
    one, other = await living(), await living()
    filing, another = await month_of(one), await month_of(other)
    await month_of(one, "2027-01", state=FilingState.CONTINUED, due_at=None)
    today = date(2026, 12, 20)
    events: dict[str, list[life.Event]] = {
        "term": [life.TermEnded(on=date(2027, 11, 24))],
        "cancelled": [life.Cancel(on=today, ground="9.5.2(1)", asked_by_firm=True)],
        "revoked": [
            life.OpenCase(on=today, ground="9.5.1(1)", by=life.Actor.OPERATOR),
            life.Revoke(on=today, ground="9.5.1(1)", reason="资料系伪造", decided_by="样例运营员"),
        ],
    }
    to(world, noon(events[how][-1].on))
    for event in events[how]:
        assert isinstance(
            await certificates.apply_event(world.ports, one.certificate, event, actor="person:1"), life.Step
        )
    await filing.refresh_from_db()
    await another.refresh_from_db()
    assert (filing.state, filing.due_at, filing.decided_at) == ("closed", None, world.clock.now())
    assert one.certificate.month_opens_at is None
    assert another.state == "open"
    assert await Event.filter(action="month:close").count() == 1
    assert await months.owed(one.firm.id) == []
    with pytest.raises(Refused):
        await submit(world, filing, passing(noon(today)))


async def test_a_window_that_ends_with_the_term_still_counts_and_its_judgement_is_waited_for(
    world: World, verdicts: dict[int, Judgement]
) -> None:
    firms = [await living(issued=date(2026, 11, 26)) for _ in range(3)]
    last_day = date(2027, 11, 25)
    filed, late, _ = [await month_of(one, "2027-11") for one in firms]
    await Certificate.all().update(month_opens_at=None)
    verdicts[filed.id] = passing(noon(last_day))
    verdicts[late.id] = WAITING
    to(world, midnight(last_day + timedelta(days=1)))
    for line in due.DUE:
        await carry_out(world.ports, line)
    states = await MonthlyFiling.all().order_by("id").values_list("state", flat=True)
    assert states == ["continued", "open", "closed"]
    assert await Certificate.all().order_by("id").values_list("state", flat=True) == ["expired", "active", "expired"]
    verdicts[late.id] = passing(noon(last_day))
    world.clock.advance(LOOK_AGAIN)
    for line in due.DUE:
        await carry_out(world.ports, line)
    assert (await MonthlyFiling.get(id=late.id)).state == "continued"
    assert (await Certificate.get(id=firms[1].certificate.id)).state == "expired"


async def test_the_end_of_a_term_wakes_nobody(world: World) -> None:
    one = await living()
    to(world, midnight(one.certificate.last_day + timedelta(days=1)))
    await certificates.end_term(world.ports, one.certificate)
    assert one.certificate.state == "expired"
    pushes = await Job.filter(kind=PUSH)
    assert [push.due_at >= world.clock.now() + timedelta(hours=8, minutes=30) for push in pushes] == [True]


# --- events of many --------------------------------------------------------------------------------------------------


async def test_events_of_many_answer_each_in_its_place_and_the_rows_follow(world: World) -> None:
    firms = [await living() for _ in range(3)]
    on = ISSUED + timedelta(days=1)
    events: list[life.Event] = [
        life.PrintMended(on=on),
        life.Lower(on=on, failed=("D.3.1",)),
        life.OpenCase(on=on, ground="9.5.1(1)", by=life.Actor.OPERATOR),
    ]
    world.clock.advance(days=2)
    given = [(one.certificate, event) for one, event in zip(firms, events, strict=True)]
    answers = await certificates.apply_events(world.ports, given, Manner("system"))
    assert [type(answer).__name__ for answer in answers] == ["Finding", "Step", "Step"]
    assert [(one.certificate.grade, one.certificate.revision) for one in firms] == [("A", 1), ("B", 2), ("A", 1)]
    assert [(one.certificate.grade, one.certificate.version) for one in firms] == [
        (row.grade, row.version) for row in await Certificate.all().order_by("id")
    ]
    assert (await DeskItem.get()).subject_id == firms[2].certificate.id


# --- finding, and the year -------------------------------------------------------------------------------------------


async def test_the_month_to_file_for_is_the_one_whose_time_is_over_first(world: World) -> None:
    one = await living()
    assert await months.filing_due(one.firm.id) is None
    suspended = await month_of(one, "2026-12", state=FilingState.SUSPENDED, due_at=None)
    assert (await months.filing_due(one.firm.id)).ref == suspended.ref
    opened = await month_of(one, "2027-02")
    warned_of = await month_of(one, "2027-01", state=FilingState.WARNED, due_at=midnight(date(2027, 2, 3)))
    assert (await months.filing_due(one.firm.id)).ref == warned_of.ref
    await MonthlyFiling.filter(id=warned_of.id).update(due_at=midnight(date(2027, 3, 1)))
    assert (await months.filing_due(one.firm.id)).ref == opened.ref
    assert [filing.month for filing in await months.owed(one.firm.id)] == ["2026-12", "2027-01", "2027-02"]


async def test_a_month_is_shown_to_members_of_its_firm_only(world: World) -> None:
    one, stranger = await living(), await living()
    filing = await month_of(one)
    found = await months.filing_of(one.asker, filing.ref)
    assert (found.enterprise.id, found.certificate.id) == (one.firm.id, one.certificate.id)
    for asker, ref in ((stranger.asker, filing.ref), (one.asker, "unknown"), (Asker(0), filing.ref)):
        with pytest.raises(Refused, match="not_found"):
            await months.filing_of(asker, ref)


async def test_the_year_shows_its_months_its_rates_and_what_counts_towards_three(
    world: World, verdicts: dict[int, Judgement]
) -> None:
    one = await living()
    for month, judgement in (
        (date(2026, 12, 1), passing(noon(date(2026, 12, 20)), "code-1")),
        (date(2027, 1, 1), MISSING),
        (date(2027, 2, 1), MISSING),
    ):
        to(world, midnight(month))
        await carry_out(world.ports, OPENS)
        verdicts[(await MonthlyFiling.get(month=month.isoformat()[:7])).id] = judgement
        to(world, noon(month.replace(day=26)))
        await carry_out(world.ports, CLOSES)
        if month.month == 1:
            filing = await MonthlyFiling.get(month="2027-01")
            await submit(world, filing, passing(world.clock.now(), "code-2"))
    to(world, noon(date(2027, 3, 4)))
    await carry_out(world.ports, MADE_UP)
    await carry_out(world.ports, OPENS)
    year = await months.year_of(world.ports, one.asker, one.firm.id)
    assert [(str(month.month), month.words) for month in year.months[:5]] == [
        ("2026-12", "按时合规"),
        ("2027-01", "补报合规"),
        ("2027-02", "逾期未补报，证书暂停"),
        ("2027-03", "提报中"),
        ("2027-04", "未到提报期"),
    ]
    assert [(m.timely, m.compliant, m.counts) for m in year.months[:4]] == [
        (True, True, False),
        (False, True, True),  # R38
        (False, False, True),
        (None, None, False),
    ]
    assert (len(year.months), year.on_time, year.late, year.missed) == (11, 1, 1, 1)
    assert (year.towards_three, year.three) == (2, 3)
    assert isinstance(year.rates, Monthly)
    assert (year.rates.timely, year.rates.compliant) == (Decimal("0.333333"), Decimal("0.666666"))
    assert year.months[4].filing is None
    with pytest.raises(Refused, match="not_found"):
        await months.year_of(world.ports, (await living()).asker, one.firm.id)
