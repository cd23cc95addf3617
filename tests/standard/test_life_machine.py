"""Random years of certificate life: whatever happens in whatever order, what must never be is never."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from standard.credit import Adoption as AdoptionRecord
from standard.credit import Booking, Ledger, balance, clear, earned_in_year, false_record, of_year, record_adoption
from standard.life import (
    EVENTS,
    NEEDS,
    TABLE,
    Actor,
    Cancel,
    Certificate,
    ChangeReported,
    ContinueMonth,
    DismissCase,
    Event,
    FailMonth,
    ForbidThrough,
    Issue,
    Lower,
    MakeUpMissed,
    MakeUpPassed,
    MendPassed,
    MissMonth,
    NewCertificate,
    OpenCase,
    PrintMended,
    Raise,
    Renewal,
    RenewalFailed,
    RenewalPassed,
    RenewalStarted,
    Revoke,
    Step,
    TermEnded,
    apply,
    table_as_markdown,
)
from standard.months import Month, MonthState, filing_window, months_due
from standard.outcome import Finding, Outcome
from standard.profile import edition_on
from standard.validity import LIVE, State

EDITION = edition_on(date(2026, 11, 24))
GRADES = ("B", "A", "AA", "AAA")
GROUNDS = EDITION.words("life.revocation_grounds")
RISES = (Raise, RenewalPassed, MendPassed)
FINAL = (State.REVOKED, State.SUPERSEDED)
DAY = timedelta(days=1)
HOW = ("filed", "missed", "failed")
THEN = ("made up", "made up", "made up late", "not made up", "")


class CertificateLife(RuleBasedStateMachine):
    """A firm with its certificates and its credit; time only goes forward, commands come legal or not."""

    @initialize(day=st.dates(date(2026, 1, 1), date(2028, 12, 31)), grade=st.sampled_from(GRADES))
    def issue(self, day: date, grade: str) -> None:
        self.today = day
        self.serial = 1
        self.certificate = Certificate()
        self.ended: list[Certificate] = []
        self.barred_through: date | None = None
        self.ledger: Ledger = ()
        self.tenders = 0
        self.happen(Issue(on=day, number="1", grade=grade))

    def happen(self, event: Event) -> None:
        before = self.certificate
        answer = apply(before, event, EDITION)
        if isinstance(answer, Finding):
            assert answer.outcome is Outcome.FAIL
            assert answer.reason
            assert answer.clause
            return
        after = answer.certificate
        self.lived(before, after, event, answer)
        new = [effect.certificate for effect in answer.effects if isinstance(effect, NewCertificate)]
        if after.state is State.REVOKED:
            self.ledger = clear(self.ledger, self.now(), "样例").ledger
            assert balance(self.ledger) == 0
            [self.barred_through] = [e.last_day for e in answer.effects if isinstance(e, ForbidThrough)]
            assert self.barred_through > self.today
        self.certificate = after
        if new:
            self.ended.append(after)
            self.certificate = new[0]
            assert (new[0].previous, new[0].number) == (after.number, after.successor)
            assert (new[0].state, new[0].months, new[0].cases) == (State.ACTIVE, (), ())

    def lived(self, before: Certificate, after: Certificate, event: Event, step: Step) -> None:
        """What no single step may do."""
        assert before.state not in FINAL
        if before.state not in (*LIVE, State.NONE):
            assert after.state not in LIVE, "an ended certificate never lives again"
        if before.state is not State.NONE:
            assert after.grade == before.grade or type(event) in (MissMonth, FailMonth, Lower, Raise)
            if GRADES.index(after.grade) > GRADES.index(before.grade):
                assert isinstance(event, RISES)
            assert after.number == before.number
            assert after.last_day == before.last_day
            if not isinstance(event, MakeUpPassed | MakeUpMissed):
                assert set(before.months) <= set(after.months), "a month that has a result keeps it"
            assert {record.month for record in before.months} <= {record.month for record in after.months}
        assert after.as_of == event.on
        assert step.clause
        assert step.effects

    def now(self) -> datetime:
        return datetime(self.today.year, self.today.month, self.today.day, 4, tzinfo=UTC)

    def until(self, days: int) -> date:
        return self.today + days * DAY

    # months, as they go in practice

    @precondition(lambda self: self.certificate.state in LIVE)
    @rule(months=st.lists(st.tuples(st.sampled_from(HOW), st.sampled_from(THEN)), min_size=1, max_size=6))
    def months_go_by(self, months: list[tuple[str, str]]) -> None:
        for how, then in months:
            decided = {record.month for record in self.certificate.months}
            due = months_due(self.certificate.issued, self.certificate.last_day, EDITION)
            ahead = [m for m in due if m not in decided and filing_window(m, EDITION).closes >= self.today]
            if ahead and self.certificate.state in LIVE:
                self.a_month(ahead[0], how, then)

    def a_month(self, month: Month, how: str, then: str) -> None:
        window = filing_window(month, EDITION)
        self.today = max(self.today, window.closes + DAY if how == "missed" else window.opens)
        if how == "filed":
            self.happen(ContinueMonth(on=self.today, month=month, filed_on=self.today))
            return
        event = MissMonth if how == "missed" else FailMonth
        self.happen(event(on=self.today, month=month, make_up_until=self.until(3 if then else 40)))
        if then == "made up":
            self.happen(MakeUpPassed(on=self.today, month=month, filed_on=self.today))
        elif then:
            self.today += 4 * DAY
            self.happen(MakeUpMissed(on=self.today, month=month))
        if then == "made up late":
            self.happen(MakeUpPassed(on=self.today, month=month, filed_on=self.today))

    @precondition(lambda self: self.certificate.owed)
    @rule(data=st.data(), in_time=st.booleans())
    def an_owed_month_is_made_up(self, data: st.DataObject, in_time: bool) -> None:
        record = data.draw(st.sampled_from(self.certificate.owed))
        filed_on = min(self.today, record.make_up_until or self.today) if in_time else self.today
        self.happen(MakeUpPassed(on=self.today, month=record.month, filed_on=filed_on))

    # the grade

    @rule(failed=st.sampled_from(((), ("D.1.1",), ("D.1.1", "D.3.2"))))
    def print_fails(self, failed: tuple[str, ...]) -> None:
        self.happen(Lower(on=self.today, failed=failed))

    @precondition(lambda self: self.certificate.conditions)
    @rule()
    def print_is_mended(self) -> None:
        self.happen(PrintMended(on=self.today))

    @precondition(lambda self: self.certificate.state in LIVE)
    @rule(grades=st.integers(0, 3))
    def upgrade_review(self, grades: int) -> None:
        to = (*GRADES, "not_reached")[min(GRADES.index(self.certificate.grade) + grades, len(GRADES))]
        self.happen(Raise(on=self.today, to=to, points_in_year=of_year(self.ledger, self.today.year)))

    # the end of the term

    @precondition(lambda self: self.certificate.state in LIVE)
    @rule(
        how=st.sampled_from(("passes", "mends", "mends late", "mends after the end", "nothing")),
        grade=st.sampled_from(GRADES),
        owes=st.booleans(),
    )
    def renewal(self, how: str, grade: str, owes: bool) -> None:
        old = self.certificate
        self.serial += 1
        self.today = max(self.today, old.last_day - 20 * DAY)
        self.happen(RenewalStarted(on=self.today, opens=old.last_day - 31 * DAY))
        for record in () if owes else old.owed:
            self.happen(MakeUpPassed(on=self.today, month=record.month, filed_on=self.today))
        if how == "passes":
            self.happen(RenewalPassed(on=self.today, number=str(self.serial), grade=grade))
            return
        if how != "nothing":
            self.happen(RenewalFailed(on=self.today, missing="样例问题", mend_until=self.until(22)))
        if how == "mends after the end":
            self.today = old.last_day + DAY
            self.happen(TermEnded(on=self.today))
        applied_on = self.today + (30 if how == "mends late" else 0) * DAY
        if how.startswith("mends"):
            self.happen(MendPassed(on=self.today, number=str(self.serial), grade=grade, applied_on=applied_on))
        if self.certificate.number == old.number:
            self.today = max(self.today, old.last_day + DAY)
            self.happen(TermEnded(on=self.today))

    # cases and decisions

    @precondition(lambda self: self.certificate.state in LIVE)
    @rule(
        ground=st.sampled_from(GROUNDS), days=st.integers(0, 40), by=st.sampled_from((Actor.OPERATOR, Actor.PLATFORM))
    )
    def case(self, ground: str, days: int, by: Actor) -> None:
        self.today += days * DAY
        self.happen(OpenCase(on=self.today, ground=ground, by=by, mend_until=self.until(-1), times=3))

    @precondition(lambda self: self.certificate.cases)
    @rule(data=st.data(), reason=st.sampled_from(("样例理由", "样例理由", " ")), revoke=st.integers(0, 3))
    def decide(self, data: st.DataObject, reason: str, revoke: int) -> None:
        ground = data.draw(st.sampled_from(self.certificate.cases))
        decision = DismissCase if revoke else Revoke
        self.happen(decision(on=self.today, ground=ground, reason=reason, decided_by="样例运营员"))

    @precondition(lambda self: self.certificate.cases)
    @rule(ending=st.sampled_from(("lapse", "cancel")), ground=st.integers(0, 8))
    def end_with_a_case_open(self, ending: str, ground: int) -> None:
        if ending == "lapse":
            self.today = max(self.today, self.certificate.last_day + DAY)
            self.happen(TermEnded(on=self.today))
        else:
            self.happen(Cancel(on=self.today, ground="9.5.2(1)", asked_by_firm=True))

    # the next certificate of a firm without a living one

    @precondition(lambda self: self.certificate.state not in LIVE)
    @rule(days=st.integers(0, 400), grade=st.sampled_from(GRADES))
    def apply_anew(self, days: int, grade: str) -> None:
        self.today += days * DAY
        self.serial += 1
        event = Issue(on=self.today, number=str(self.serial), grade=grade, barred_through=self.barred_through)
        answer = apply(Certificate(), event, EDITION)
        barred = self.barred_through is not None and self.today <= self.barred_through
        assert isinstance(answer, Finding) == barred
        if isinstance(answer, Step):
            self.ended.append(self.certificate)
            self.certificate = answer.certificate

    # anything at any time: most of it is refused

    @rule(data=st.data(), days=st.integers(-40, 40), other=st.integers(-2, 2))
    def anything(self, data: st.DataObject, days: int, other: int) -> None:
        """Any event, in any order: dates a little before or after, months around now."""
        on, day, month = self.until(min(days, 0)), self.until(days), Month.of(self.today).plus(other)
        ground = data.draw(st.sampled_from((*GROUNDS, "9.5.1(10)")))
        decision: dict[str, Any] = {"on": on, "ground": ground, "reason": "样例理由", "decided_by": "样例运营员"}
        renewed: dict[str, Any] = {"on": on, "number": "9999", "grade": "A"}
        events: list[Event] = [
            Issue(on=on, number="9999", grade="A"),
            ContinueMonth(on=on, month=month, filed_on=on),
            *(MissMonth(on=on, month=old.month, make_up_until=day) for old in self.certificate.months),
            MissMonth(on=on, month=month, make_up_until=day),
            FailMonth(on=on, month=month, make_up_until=day),
            MakeUpPassed(on=on, month=month, filed_on=day),
            MakeUpMissed(on=on, month=month),
            Lower(on=on, failed=()),
            PrintMended(on=on),
            Raise(on=on, to="AAA", points_in_year=0),
            RenewalStarted(on=on, opens=day),
            RenewalPassed(**renewed),
            RenewalFailed(on=on, missing="样例问题", mend_until=day),
            MendPassed(applied_on=day, **renewed),
            TermEnded(on=on),
            ChangeReported(on=on, matter="生产地址", report_until=day),
            ChangeReported(on=on, matter="评价等级", report_until=day),
            OpenCase(on=on, ground=ground, by=Actor.ENTERPRISE, mend_until=day),
            Revoke(**decision),
            DismissCase(**decision),
            Cancel(on=on, ground=f"9.5.2({other + 3})"),
        ]
        self.happen(data.draw(st.sampled_from(events)))

    # credit

    @rule(times=st.integers(1, 12))
    def adoptions(self, times: int) -> None:
        for _ in range(times):
            self.tenders += 1
            record = AdoptionRecord(
                "样例采购方",
                str(self.tenders),
                frozenset({"tender_document", "award_notice"}),
                Outcome.PASS,
                self.now(),
            )
            answer = record_adoption(self.ledger, record, EDITION)
            assert isinstance(answer, Booking)
            assert answer.ledger[: len(self.ledger)] == self.ledger
            self.ledger = answer.ledger

    @precondition(lambda self: self.tenders)
    @rule(data=st.data())
    def a_record_is_false(self, data: st.DataObject) -> None:
        tender = data.draw(st.integers(1, self.tenders))
        answer = false_record(self.ledger, "样例采购方", str(tender), self.now(), "样例", EDITION)
        if isinstance(answer, Booking):
            assert answer.ledger[: len(self.ledger)] == self.ledger
            self.ledger = answer.ledger

    # what always holds

    @invariant()
    def state_follows_from_months_and_cases(self) -> None:
        if self.certificate.state in LIVE:
            assert self.certificate.state is self.certificate.standing

    @invariant()
    def a_suspension_has_reasons_and_ways_out(self) -> None:
        reasons = self.certificate.suspended_for
        if self.certificate.state is State.SUSPENDED:
            assert reasons
        assert all(reason.words and reason.way_out and reason.clause for reason in reasons)
        if self.certificate.held_for:
            assert self.certificate.held_for in self.certificate.cases, "someone can decide it"

    @invariant()
    def no_month_is_continued_and_suspended(self) -> None:
        months = [record.month for record in self.certificate.months]
        assert len(months) == len(set(months)), "one result a month"
        assert set(months) <= set(months_due(self.certificate.issued, self.certificate.last_day, EDITION))
        for record in self.certificate.owed:
            assert record.state not in (MonthState.ON_TIME, MonthState.MADE_UP)
            assert self.certificate.continued_through < record.month

    @invariant()
    def the_past_stays_as_it_was(self) -> None:
        for old in self.ended:
            assert old.state not in LIVE
            event = ContinueMonth(on=self.today, month=Month.of(self.today), filed_on=self.today)
            assert isinstance(apply(old, event, EDITION), Finding)

    @invariant()
    def points_stay_within_bounds(self) -> None:
        assert balance(self.ledger) >= 0
        for year in {entry.year for entry in self.ledger}:
            assert 0 <= of_year(self.ledger, year) <= earned_in_year(self.ledger, year) <= 20

    @invariant()
    def a_print_condition_caps_the_grade(self) -> None:
        if self.certificate.conditions:
            assert self.certificate.grade == "B"

    @invariant()
    def renewal_and_its_deadline_belong_together(self) -> None:
        assert (self.certificate.renewal is Renewal.MENDING) == (self.certificate.mend_until is not None)


TestCertificateLife = CertificateLife.TestCase
TestCertificateLife.settings = settings(max_examples=250, stateful_step_count=30, deadline=None)


def test_every_event_has_its_needs_and_at_least_one_row() -> None:
    in_table = {event for row in TABLE for event in row.events}
    assert set(EVENTS.values()) == in_table == set(NEEDS)


def test_the_rendered_table_names_every_event_and_reachable_state() -> None:
    text = table_as_markdown()
    assert all(event.words in text for event in EVENTS.values())
    assert all(row.next is None or row.next.words in text for row in TABLE)
    assert text.count("\n| ") >= len(TABLE)
