"""Months that are owed, written as rows, and the people of their firms; their rules have tests of their own."""

import secrets
from datetime import date, datetime, timedelta
from typing import Any

from models import Enterprise, FilingFile, MonthlyFiling
from standard.calendar import midnight
from tests import rows
from tests.workflow.firms import Somebody


async def owed_month(
    firm: Enterprise | None = None, month: str = "2026-12", *, opened_at: datetime | None = None, **given: Any
) -> MonthlyFiling:
    """A month of a living certificate of the firm: open, with the window that R10 gives it, unless told otherwise."""
    first = date.fromisoformat(f"{month}-01")
    closes = first.replace(day=25)
    firm = firm or await rows.enterprise(name=f"样例{secrets.token_hex(2)}")
    certificate = given.pop("certificate_id", None) or (await rows.certificate(enterprise_id=firm.id)).id
    defaults = {
        "ref": secrets.token_urlsafe(16),
        "certificate_id": certificate,
        "enterprise_id": firm.id,
        "month": month,
        "closes_on": closes,
        "state": "open",
        "opened_at": opened_at or midnight(first),
        "due_at": midnight(closes + timedelta(days=1)),
    }
    return await MonthlyFiling.create(**{**defaults, **given})


async def filed(filing: MonthlyFiling, who: Somebody, **given: Any) -> FilingFile:
    """A file that somebody handed in for the month, and that nobody has judged."""
    defaults = {
        "ref": secrets.token_urlsafe(16),
        "filing_id": filing.id,
        "kind": "query_screenshot",
        "evidence_id": (await rows.evidence()).id,
        "key": secrets.token_hex(8),
        "state": "handed_in",
        "handed_in_by_id": who.person.id,
        "handed_in_at": rows.NOW,
    }
    return await FilingFile.create(**{**defaults, **given})
