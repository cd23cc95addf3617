"""What is to be done after an event, as data: whoever carries a step out reads these."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from standard.life.certificate import Certificate
from standard.life.events import Actor


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell someone."""

    to: Actor
    text: str
    kind: ClassVar[str] = "notify"


@dataclass(frozen=True, slots=True)
class Publish:
    """Make public."""

    text: str
    kind: ClassVar[str] = "publish"


@dataclass(frozen=True, slots=True)
class Render:
    """Render and sign the certificate anew; the earlier version stays verifiable as historic (R45)."""

    number: str
    kind: ClassVar[str] = "render"


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """A person has to decide on a revocation (R21)."""

    ground: str
    text: str
    kind: ClassVar[str] = "open_case"


@dataclass(frozen=True, slots=True)
class ClearPoints:
    """Bring the credit ledger to zero (``standard.credit.clear``)."""

    because: str
    kind: ClassVar[str] = "clear_points"


@dataclass(frozen=True, slots=True)
class ForbidThrough:
    """No new application through this day."""

    last_day: date
    kind: ClassVar[str] = "forbid_through"


@dataclass(frozen=True, slots=True)
class RegisterNote:
    """A note in the register, on a clause."""

    clause: str
    text: str
    kind: ClassVar[str] = "register_note"


@dataclass(frozen=True, slots=True)
class NewCertificate:
    """A certificate that begins to live, linked to the one it follows."""

    certificate: Certificate
    kind: ClassVar[str] = "new_certificate"


Effect = Notify | Publish | Render | CaseOpened | ClearPoints | ForbidThrough | RegisterNote | NewCertificate
Effects = tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One event carried out: the certificate after it, what is to be done, who acts next, by which clause and rows."""

    certificate: Certificate
    effects: Effects
    acts_next: Actor
    clause: str
    rows: tuple[str, ...]
