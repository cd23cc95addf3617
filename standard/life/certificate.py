"""One certificate over its term: its months, its conditions, its cases, and what they make of it."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from standard.months import Month, MonthState
from standard.profile import Edition
from standard.validity import State


class Renewal(StrEnum):
    """Where the renewal of a certificate stands."""

    NONE = "none"
    RUNNING = "running"
    MENDING = "mending"


@dataclass(frozen=True, slots=True)
class MonthRecord:
    """One decided or warned month; ``settled``: it passed in the end, in time or late."""

    month: Month
    state: MonthState
    settled: bool
    filed_in_time: bool = True
    make_up_until: date | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a certificate is suspended, and what ends it."""

    words: str
    way_out: str
    clause: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate over its term. ``as_of``: day of its last event; ``months``: of this term only (R8)."""

    number: str = ""
    grade: str = ""
    state: State = State.NONE
    issued: date = date.min
    last_day: date = date.max
    as_of: date = date.min
    months: tuple[MonthRecord, ...] = ()
    conditions: tuple[str, ...] = ()
    """Clauses of Appendix D that the print fails (R5)."""
    cases: tuple[str, ...] = ()
    """Grounds of revocation under decision."""
    held_for: str = ""
    """Ground of the case until whose decision it is suspended (R8)."""
    renewal: Renewal = Renewal.NONE
    mend_until: date | None = None
    previous: str = ""
    successor: str = ""
    changes: tuple[str, ...] = ()
    ended_by: str = ""
    """Ground of revocation or cancellation, also the one that the register notes at expiry (R19)."""

    @property
    def owed(self) -> tuple[MonthRecord, ...]:
        """Months that still have to be made up."""
        return tuple(record for record in self.months if not record.settled)

    @property
    def continued_through(self) -> Month:
        """The latest month up to which nothing is owed; the month of issue where none came yet."""
        months = [record.month for record in self.months if record.settled]
        first_owed = min((record.month for record in self.owed), default=None)
        return max((m for m in months if first_owed is None or m < first_owed), default=Month.of(self.issued))

    @property
    def suspended_for(self) -> tuple[Reason, ...]:
        """Every reason of a suspension, each with its way out."""
        reasons = [
            Reason(
                f"{record.month.words}资料未在 {record.make_up_until} 前补报通过",
                f"补报 {record.month.words}资料并核验通过",
                "9.2(2)",
                ("R7", "R38"),
            )
            for record in self.owed
            if record.state is not MonthState.WARNED
        ]
        if self.held_for:
            words = f"月度提报累计不合规且等级已无可降，等待撤销立案（{self.held_for}）的决定"
            reasons.append(Reason(words, "运营方决定不予撤销", "9.2(2)", ("R8",)))
        return tuple(reasons)

    @property
    def standing(self) -> State:
        """What its months and cases make of a living certificate; the table must agree with it."""
        if self.suspended_for:
            return State.SUSPENDED
        return State.WARNED if self.owed else State.ACTIVE


def with_month(certificate: Certificate, record: MonthRecord) -> Certificate:
    others = [other for other in certificate.months if other.month != record.month]
    return replace(certificate, months=tuple(sorted((*others, record), key=lambda item: item.month)))


def month_record(certificate: Certificate, month: Month) -> MonthRecord:
    return next(record for record in certificate.months if record.month == month)


def rank(grade: str, edition: Edition) -> int:
    return edition.words("life.grades").index(grade)
