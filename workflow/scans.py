"""Somebody looks a code up: what it is, how often it was looked up before, and the record of it (4.3.3, 7.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models import Product, Road, ScanEvent
from standard.calendar import shanghai_day
from standard.outcome import Finding
from workflow.context import Ports
from workflow.resolution import Resolved, resolve

LONGEST_KEPT = 255
"""Characters of a code that its event keeps."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks, as far as we may know: by which road, as whom today (:func:`visitor_hash`; empty: nothing to tell
    visitors apart by), and the province that the person chose to say."""

    road: Road
    visitor: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """What stood of an item's code before this visit: how often it had been looked up, first and last when.

    ``first_region`` is empty where nobody said it. ``only_by_you``: all before were this visitor's, today.
    """

    times: int
    first_at: datetime | None
    first_region: str
    last_at: datetime | None
    only_by_you: bool


@dataclass(frozen=True, slots=True)
class LookUp:
    """A code looked up; ``history`` is None where the code names no single item."""

    resolved: Resolved
    history: History | None


def visitor_hash(ports: Ports, *what: str) -> str:
    """Somebody for one day (Asia/Shanghai): a keyed hash of what tells them apart (an account, or address and
    browser), under another key every day. 32 hexadecimal digits."""
    day = shanghai_day(ports.clock.now())
    return ports.links.keyed_hash(f"scan {day}", "\n".join(what))[:32]


async def look_up(ports: Ports, text: str, visit: Visit) -> LookUp:
    """Resolve a code, say what stood of it before, and append the event, which is committed when this returns."""
    resolved = await resolve(ports, text)
    firm, product = resolved.recorded_for or (None, None)
    await ScanEvent.create(
        at=ports.clock.now(),
        code_key=resolved.key,
        code=_kept(resolved.code.canonical or resolved.code.text),
        enterprise_id=firm,
        product_id=product,
        road=visit.road,
        outcome=resolved.outcome,
        region=visit.region,
        visitor=visit.visitor,
    )
    return LookUp(resolved, None)


def _kept(text: str) -> str:
    """What a column takes of any text: no NUL, no half characters."""
    return text.encode(errors="replace").decode().replace("\0", "")[:LONGEST_KEPT]


async def scanned(ports: Ports, text: str) -> tuple[Sequence[Finding], Product | None]:
    """What clause 3.4 says of the code, and its live product where one is registered."""
    resolved = await resolve(ports, text)
    return resolved.findings, resolved.product
