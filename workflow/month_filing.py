"""Filing a month (8.1(2), Appendix C): what is asked and what is there, handing files in, saying that it is complete.

What is handed in is stored first, then judged by a job of its own, so that a firm sees at once what to replace. Files
are taken as long as the month is owed: within its window, to make it up, and after (6.1(5)).
"""

from dataclasses import dataclass, field
from typing import Any

from models import (
    FilingDialog,
    FilingFile,
    MonthlyFiling,
    Product,
    WeChatIdentity,
)
from workflow.access import Asker
from workflow.context import Ports
from workflow.month_judging import Standing
from workflow.month_slots import MonthProduct, MonthSlot

__all__ = (
    "Checklist", "Choice", "Standing", "checklist", "choices", "dialog_of", "enter", "file_bytes", "file_of", "hand_in",
    "leave", "submit", "take_out",
)  # fmt: skip


@dataclass
class Checklist:
    """What a month asks and what is there. ``complete``: nothing is missing, whatever was judged of it; ``passing``:
    it may be submitted, and is then decided at once; ``waiting``: files and chat photos that are being looked at.

    ``missing`` and ``lines`` are in words; ``findings`` is what fails or is unclear, each with the refs of the files
    (``materials``) it is about.
    """

    filing: MonthlyFiling
    products: list[MonthProduct]
    screenshots: MonthSlot
    ledger: MonthSlot
    optional: MonthSlot
    missing: list[str]
    findings: list[dict[str, Any]]
    waiting: int
    lines: list[str] = field(default_factory=list)

    @property
    def slots(self) -> list[MonthSlot]:
        """All slots in the order in which people read them."""
        by_product = [slot for product in self.products for slot in product.slots]
        return [*by_product, self.screenshots, self.ledger, self.optional]

    @property
    def complete(self) -> bool:
        """Whether everything that is asked is there."""
        return not self.missing

    @property
    def passing(self) -> bool:
        """Whether it passes as it stands."""
        return self.complete and not self.waiting and not self.findings


@dataclass(frozen=True, slots=True)
class Choice:
    """A product that may be filed. ``repeated``: it was filed last month; ``refused``: why it may not be filed again
    now, empty where it may (R9)."""

    product: Product
    repeated: bool
    refused: str


async def checklist(filing: MonthlyFiling) -> Checklist:
    """What is asked, what is there and what is wrong with it; who may see it the caller has checked."""
    raise NotImplementedError


async def choices(filing: MonthlyFiling) -> list[Choice]:
    """The firm's products that may be filed, those of last month marked (R9)."""
    raise NotImplementedError


async def hand_in(
    ports: Ports,
    asker: Asker,
    ref: str,
    key: str,
    kind: str,
    data: bytes,
    file_name: str,
    *,
    product_id: int | None = None,
    declared: dict[str, Any] | None = None,
) -> FilingFile:
    """Store a file for the month and have it judged; the same key with the same file again is the same file.

    It takes the place of one that did not pass, or of the only one that its slot holds. Refused: ``key_malformed``,
    ``key_reused``, ``file_kind_unknown``, ``file_not_asked`` (R39), ``product_missing``, ``product_unknown``,
    ``file_empty``, ``file_too_large``, ``file_type``, ``declared_odd``, ``filing_closed``, ``slot_full``.
    """
    raise NotImplementedError


async def take_out(ports: Ports, asker: Asker, ref: str, file_ref: str) -> None:
    """Take a file out again before the month is decided; once more changes nothing. Refused: ``filing_closed``."""
    raise NotImplementedError


async def submit(ports: Ports, asker: Asker, ref: str) -> MonthlyFiling:
    """Say that the month is complete: where it passes it is decided at once, in the same transaction.

    A month that is decided already is answered as it is. Refused, with what is to be done in the advice:
    ``filing_incomplete``, ``filing_failing``, ``filing_waiting``, ``filing_closed``.
    """
    raise NotImplementedError


async def file_of(asker: Asker, ref: str) -> FilingFile:
    """A file with its filing, evidence, product and inspection, for members of its firm and for operators."""
    raise NotImplementedError


async def file_bytes(ports: Ports, asker: Asker, ref: str) -> tuple[bytes, str]:
    """A file's bytes and media type, for whom :func:`file_of` answers. Refused: ``file_dropped``."""
    raise NotImplementedError


async def enter(ports: Ports, identity: WeChatIdentity, filing: MonthlyFiling, product_id: int | None = None) -> None:
    """From now on this person's chat photos are filed for the month, days later too, until they leave it.

    ``product_id``: the product that was chosen for what shows none by itself; None keeps an earlier choice for the
    same month.
    """
    raise NotImplementedError


async def dialog_of(identity: WeChatIdentity) -> FilingDialog | None:
    """The month they file for, with ``filing`` and ``product``; None where they left it or nothing is owed any more."""
    raise NotImplementedError


async def leave(ports: Ports, identity: WeChatIdentity) -> None:
    """Their photos are checks again; what was filed stays. Fine where they file for nothing."""
    raise NotImplementedError
