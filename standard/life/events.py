"""Everything that can happen to a certificate; an event carries its own day and deadlines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from standard.months import Month


class Actor(StrEnum):
    """Who acts next."""

    ENTERPRISE = "enterprise"
    PLATFORM = "platform"
    OPERATOR = "operator"
    NOBODY = "nobody"

    @property
    def words(self) -> str:
        """The Chinese term."""
        return {"enterprise": "企业", "platform": "平台", "operator": "运营方", "nobody": "—"}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened on the day ``on``; ``kind`` is its name in cases and records."""

    kind: ClassVar[str] = ""
    words: ClassVar[str] = ""
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(Event):
    """A confirmed result is certified; ``barred_through``: last day of a ban from an earlier revocation."""

    kind: ClassVar[str] = "issue"
    words: ClassVar[str] = "发证"
    number: str
    grade: str
    conditions: tuple[str, ...] = ()
    barred_through: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueMonth(Event):
    """A month was filed on ``filed_on``, in its window, and the check passed."""

    kind: ClassVar[str] = "continue_month"
    words: ClassVar[str] = "月度提报合规"
    month: Month
    filed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MissMonth(Event):
    """The window of a month closed with nothing filed; ``make_up_until``: last day to make it up."""

    kind: ClassVar[str] = "miss_month"
    words: ClassVar[str] = "逾期未提报"
    month: Month
    make_up_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FailMonth(Event):
    """What was filed in time for a month failed its check."""

    kind: ClassVar[str] = "fail_month"
    words: ClassVar[str] = "月度核验不合规"
    month: Month
    make_up_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeUpPassed(Event):
    """A make-up passed its check; ``filed_on`` decides whether it was in time."""

    kind: ClassVar[str] = "make_up_passed"
    words: ClassVar[str] = "补报核验通过"
    month: Month
    filed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeUpMissed(Event):
    """The days to make a month up are over."""

    kind: ClassVar[str] = "make_up_missed"
    words: ClassVar[str] = "逾期未补报"
    month: Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Lower(Event):
    """The print fails these clauses of Appendix D even after its supplement, on a live certificate (R5)."""

    kind: ClassVar[str] = "lower"
    words: ClassVar[str] = "印刷不合规"
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintMended(Event):
    """The print passes again; the grade rises only by an upgrade review or a renewal."""

    kind: ClassVar[str] = "print_mended"
    words: ClassVar[str] = "印刷整改通过"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise(Event):
    """An upgrade review found that the facts of 6.1 carry ``to``."""

    kind: ClassVar[str] = "raise"
    words: ClassVar[str] = "升级复核通过"
    to: str
    points_in_year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalStarted(Event):
    """The platform starts the renewal by itself, not before the day ``opens``."""

    kind: ClassVar[str] = "renewal_started"
    words: ClassVar[str] = "启动续期"
    opens: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalPassed(Event):
    """The renewal evaluation reached ``grade``; a new certificate takes over."""

    kind: ClassVar[str] = "renewal_passed"
    words: ClassVar[str] = "续期达标"
    number: str
    grade: str
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalFailed(Event):
    """The renewal evaluation fell short of ``missing``; ``mend_until``: last day to mend and apply again."""

    kind: ClassVar[str] = "renewal_failed"
    words: ClassVar[str] = "续期未达标"
    missing: str
    mend_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MendPassed(Event):
    """Applied again on ``applied_on`` after mending, and reached ``grade``."""

    kind: ClassVar[str] = "mend_passed"
    words: ClassVar[str] = "整改后续期达标"
    number: str
    grade: str
    applied_on: date
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TermEnded(Event):
    """The last day of validity is over."""

    kind: ClassVar[str] = "term_ended"
    words: ClassVar[str] = "有效期届满"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReported(Event):
    """A change of ``matter`` (a word of ``life.change_matters``), to be reported by ``report_until``, was verified."""

    kind: ClassVar[str] = "change_reported"
    words: ClassVar[str] = "信息变更"
    matter: str
    report_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase(Event):
    """A revocation is to be decided. ``mend_until``: last day to mend, where the ground needs one; ``times``: how often
    the print failed in this term."""

    kind: ClassVar[str] = "open_case"
    words: ClassVar[str] = "撤销立案"
    ground: str
    by: Actor
    mend_until: date | None = None
    times: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke(Event):
    """The operator (``decided_by``) revokes on a ground whose case is open, with a reason that is published."""

    kind: ClassVar[str] = "revoke"
    words: ClassVar[str] = "决定撤销"
    ground: str
    reason: str
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissCase(Event):
    """The operator decides not to revoke."""

    kind: ClassVar[str] = "dismiss_case"
    words: ClassVar[str] = "决定不予撤销"
    ground: str
    reason: str
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Event):
    """The certificate is cancelled on one of the four grounds of 9.5.2."""

    kind: ClassVar[str] = "cancel"
    words: ClassVar[str] = "注销"
    ground: str
    asked_by_firm: bool = False
    products_in_scope: int = 1


EVENTS: Mapping[str, type[Event]] = MappingProxyType({event.kind: event for event in Event.__subclasses__()})
"""Every event by its kind."""
