"""How long each step may take: one function a deadline, counted from its event (R11), by edition and calendar.

Events are aware datetimes or Shanghai dates. A deadline tells its last day and the moment it ends; one that reaches
into a year without a notice is provisional (R12). What begins and ends is a :class:`Window`. The ban after a revocation
is in ``standard.validity``, with the other terms of a year.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from standard import months
from standard.calendar import Calendar, Deadline, Moment, midnight, shanghai_day
from standard.citation import cites
from standard.months import Month
from standard.profile import Edition

_KEPT = 1000
"""Windows of months that are kept, as ``standard.months`` keeps their days."""


@dataclass(frozen=True, slots=True)
class Window:
    """Open from ``opens`` (aware) through the deadline's last day."""

    opens: datetime
    deadline: Deadline

    def holds(self, at: datetime) -> bool:
        """Whether ``at`` (aware) lies in it."""
        return self.opens <= at < self.deadline.ends


class Party(StrEnum):
    """Who speaks up during publicity."""

    ENTERPRISE = "enterprise"
    PUBLIC = "public"


class Route(StrEnum):
    """Which way a word about a published result goes."""

    OBJECTION = "objection"
    COMPLAINT = "complaint"
    APPEAL = "appeal"
    NONE = "none"


class Publicity(StrEnum):
    """Where the publicity of a result stands."""

    RUNNING = "running"
    STOPPED = "stopped"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Objection:
    """Where a word spoken during publicity is heard, and by when it is answered.

    ``may_object``: the operator may turn this complaint into an objection (R15).
    """

    route: Route
    deadline: Deadline | None
    may_object: bool
    clause: str
    rows: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ResultNotice:
    """What became of telling a result: published, first delivered with success, first viewed (R48)."""

    published: Moment | None = None
    delivered: Moment | None = None
    viewed: Moment | None = None


@dataclass(frozen=True, slots=True)
class Appeal:
    """Whether an appeal is taken; ``deadline`` is None while the result has reached nobody and no time runs."""

    accepted: bool
    deadline: Deadline | None
    review: Deadline | None
    fee: int
    clause: str
    rows: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """A change of certificate data as it was reported; late ones are marked (R20)."""

    deadline: Deadline
    accepted: bool
    late: bool
    clause: str
    rows: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class RenewalMending:
    """Time to mend after a failed renewal; ``expires_first``: the certificate ends before that time does (R19)."""

    deadline: Deadline
    valid_through: date
    expires_first: bool
    clause: str
    rows: tuple[str, ...]
    reason: str


@cites("7.2(4)", rows=("R11", "R35"))
def verification_deadline(edition: Edition, calendar: Calendar, submitted: Moment) -> Deadline:
    """By when verification is done at the latest; the result goes out as soon as it is there."""
    return _deadline(edition, calendar, "windows.verification", submitted)


@cites("7.2(3)", rows=("R11",))
def supplement_deadline(edition: Edition, calendar: Calendar, told: Moment) -> Deadline:
    """By when materials that failed verification may be supplemented, from the day the problems were told."""
    return _deadline(edition, calendar, "windows.supplement", told)


@cites("7.3", rows=("R11", "R35"))
def grading_deadline(edition: Edition, calendar: Calendar, verified: Moment) -> Deadline:
    """By when the grade stands at the latest."""
    return _deadline(edition, calendar, "windows.grading", verified)


@cites("7.4", rows=("R11",))
def publicity_window(edition: Edition, calendar: Calendar, published: Moment) -> Window:
    """Publicity of a result: from its publication on, the day of which is not counted. Objections are heard in it."""
    return Window(_moment(published), _deadline(edition, calendar, "windows.publicity", published))


@cites("7.4", "7.5(2)", rows=("R15",))
def objection(edition: Edition, calendar: Calendar, window: Window, at: Moment, party: Party) -> Objection:
    """What becomes of a word against a published result, by who says it and when.

    The enterprise objects in the window and appeals after it; the public complains, in the window or not (8.4(3)).
    """
    moment = _moment(at)
    if party is Party.PUBLIC and not (window.holds(moment) and edition.value("windows.public_may_object")):
        return Objection(
            Route.COMPLAINT,
            complaint_deadline(edition, calendar, at),
            window.holds(moment),
            "8.4(3)",
            ("R15",),
            "已作为投诉受理；运营方可将其转为异议，公示随之中止，待复核后继续（R15）"
            if window.holds(moment)
            else "不在公示期内，已作为投诉受理（8.4(3)）",
        )
    if moment < window.opens:
        return Objection(Route.NONE, None, False, "7.4", (), "评价结果尚未公示，公示开始后可提出异议（7.4）")
    if window.holds(moment):
        review = _deadline(edition, calendar, "windows.objection_review", at)
        reason = f"公示期内提出异议，最迟 {review.last_day} 完成复核，复核结果为最终结果（7.5(2)）"
        return Objection(Route.OBJECTION, review, False, "7.5(2)", ("R11",), reason)
    reason = f"公示已于 {window.deadline.last_day} 24:00 结束，可自收到结果起按 8.4(1) 提出申诉"
    return Objection(Route.APPEAL, None, False, "8.4(1)", ("R48",), reason)


@cites("7.4", rows=("R15",))
def publicity_resumed(calendar: Calendar, window: Window, stopped: Moment, reviewed: Moment) -> Window:
    """A window that an objection stopped, going on after the review: the day of the objection is given back.

    Nothing changes by an objection after the window, nor by a review that leaves no day to make up.
    """
    begun = max(shanghai_day(stopped), window.deadline.since + timedelta(days=1))
    left = calendar.working_days_between(begun - timedelta(days=1), window.deadline.last_day)
    if left < 1:
        return window
    deadline = calendar.add_working_days(shanghai_day(reviewed), left)
    return replace(window, deadline=deadline) if deadline.last_day > window.deadline.last_day else window


@cites("7.5(1)", rows=("R15",))
def publicity_state(edition: Edition, window: Window, at: Moment, open_objections: int) -> Publicity:
    """Whether the result is confirmed by itself: the window is over and no objection waits for its review."""
    if open_objections and edition.value("windows.objection_stops"):
        return Publicity.STOPPED
    return Publicity.CONFIRMED if window.deadline.over(_moment(at)) else Publicity.RUNNING


@cites("7.5(2)", rows=("R11",))
def objection_review_deadline(edition: Edition, calendar: Calendar, objected: Moment) -> Deadline:
    """By when an objection is reviewed."""
    return _deadline(edition, calendar, "windows.objection_review", objected)


@cites("8.1(2)", rows=("R10",))
@lru_cache(_KEPT)
def filing_window(edition: Edition, month: Month) -> Window:
    """The moments between which a month's materials may be filed; its days are those of ``standard.months``."""
    days = months.filing_window(month, edition)
    return Window(midnight(days.opens), Deadline(days.opens, days.closes))


@cites("8.1(3)", rows=("R7", "R11"))
def make_up_deadline(edition: Edition, calendar: Calendar, warned: Moment) -> Deadline:
    """By when a month that was missed or failed is made up, from the warning."""
    return _deadline(edition, calendar, "windows.make_up", warned)


@cites("8.2(2)", rows=("R13", "R56"))
def adoption_supplement_deadline(edition: Edition, calendar: Calendar, told: Moment) -> Deadline:
    """By when whoever filed an adoption brings what it lacks, from the day they were told; a purchaser may have to be
    registered first."""
    return _deadline(edition, calendar, "windows.adoption_supplement", told)


@cites("8.4(1)", rows=("R48",))
def received(edition: Edition, notice: ResultNotice) -> date | None:
    """The day the enterprise received a result: first delivery or first view, else publication; None while neither."""
    days = {name: getattr(notice, name) for name in edition.words("windows.received_by")}
    reached = [shanghai_day(moment) for moment in days.values() if moment is not None]
    if reached:
        return min(reached)
    return None if notice.published is None else shanghai_day(notice.published)


@cites("8.4(1)", rows=("R11", "R48"))
def appeal_deadline(edition: Edition, calendar: Calendar, notice: ResultNotice) -> Deadline | None:
    """By when a result may be appealed; None while it has reached nobody, for then no time runs."""
    day = received(edition, notice)
    return None if day is None else _deadline(edition, calendar, "windows.appeal", day)


@cites("8.4(1)", rows=("R11", "R48"))
def appeal(edition: Edition, calendar: Calendar, subject: str, notice: ResultNotice, at: Moment) -> Appeal:
    """Whether an appeal handed in at ``at`` against a ``subject`` (evaluation, monthly_check, credit) is taken."""
    deadline = appeal_deadline(edition, calendar, notice)
    fee = edition.whole("windows.appeal_fee")
    rows = edition["windows.appeal"].rows
    if subject not in edition.words("windows.appeal_subjects"):
        reason = "可申诉的是评价结果、月度核验结果与资信加分；其他事项请走投诉（8.4(1)、8.4(3)）"
        return Appeal(False, deadline, None, fee, "8.4(1)", rows, reason)
    if deadline is not None and deadline.over(_moment(at)):
        reason = f"申诉期已于 {deadline.last_day} 24:00 届满（自 {deadline.since} 收到结果次日起算，8.4(1)）"
        return Appeal(False, deadline, None, fee, "8.4(1)", rows, reason)
    review = appeal_review_deadline(edition, calendar, at)
    reason = f"申诉已受理，费用 {fee} 元；最迟 {review.last_day} 完成复核并公示（8.4(1)、8.4(2)）"
    return Appeal(True, deadline, review, fee, "8.4(1)", rows, reason)


@cites("8.4(2)", rows=("R11",))
def appeal_review_deadline(edition: Edition, calendar: Calendar, appealed: Moment) -> Deadline:
    """By when an appeal is reviewed, answered and published."""
    return _deadline(edition, calendar, "windows.appeal_review", appealed)


@cites("8.4(3)", rows=("R11",))
def complaint_deadline(edition: Edition, calendar: Calendar, complained: Moment) -> Deadline:
    """By when the operator answers a complaint."""
    return _deadline(edition, calendar, "windows.complaint_answer", complained)


@cites("9.3(1)", rows=("R13",))
def renewal_start(edition: Edition, calendar: Calendar, valid_through: date) -> date:
    """The day on which renewal starts by itself, counted back from the certificate's last day."""
    parameter = edition["windows.renewal_lead"]
    return calendar.deadline(valid_through, -edition.whole(parameter.name), parameter.unit).last_day


@cites("9.3(2)", rows=("R11", "R19"))
def renewal_mending(edition: Edition, calendar: Calendar, told: Moment, valid_through: date) -> RenewalMending:
    """Time to mend after the notice of a failed renewal, and whether the certificate lives that long."""
    deadline = _deadline(edition, calendar, "windows.renewal_mending", told)
    expires_first = valid_through < deadline.last_day
    reason = f"请于 {deadline.last_day} 24:00 前完成整改并重新申请续期（9.3(2)）"
    if expires_first:
        reason += f"；证书于 {valid_through} 到期后先失效，整改后达标另发新证（R19）"
    return RenewalMending(deadline, valid_through, expires_first, "9.3(2)", ("R11", "R19"), reason)


@cites("9.4", rows=("R11", "R13", "R20"))
def change_report(edition: Edition, calendar: Calendar, changed: date, reported: Moment) -> ChangeReport:
    """A change of name, address or category, reported; after its deadline it is marked late, and still taken (R20)."""
    deadline = _deadline(edition, calendar, "windows.change_notice", changed)
    late = deadline.over(_moment(reported))
    accepted = not late or bool(edition.value("windows.late_change_accepted"))
    reason = f"变更应于 {deadline.last_day} 24:00 前报送（9.4）"
    if late and accepted:
        reason += "，本次已逾期：仍予受理，记为逾期并提醒，原证书编号与记录不变（R20）"
    elif late:
        reason += "，本次已逾期，不予受理"
    else:
        reason += "，本次按时"
    return ChangeReport(deadline, accepted, late, "9.4", ("R11", "R13", "R20"), reason)


@cites("9.5.1(3)", "9.5.1(4)", "9.5.1(5)", rows=("R11", "R46"))
def mending_deadline(edition: Edition, calendar: Calendar, told: Moment) -> Deadline:
    """By when a breach, a failing print or a defect is mended before it becomes a ground to revoke."""
    return _deadline(edition, calendar, "windows.mending", told)


def _deadline(edition: Edition, calendar: Calendar, name: str, since: Moment) -> Deadline:
    return calendar.deadline(since, edition.whole(name), edition[name].unit)


def _moment(moment: Moment) -> datetime:
    return moment if isinstance(moment, datetime) else midnight(moment)
