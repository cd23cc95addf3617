"""Somebody looks a code up: what it is, how often it was looked up before, and the record of it (4.3.3, 7.6)."""

from dataclasses import dataclass

from models import Road, ScanOutcome
from standard.calendar import shanghai_day
from standard.codes import Level
from workflow.context import Ports
from workflow.scan_log import History, Scan, history_of
from workflow.scanning.resolution import Resolved, resolve

__all__ = [
    "PROVINCES",
    "History",
    "LookUp",
    "Visit",
    "history_of",
    "look_up",
    "looked_up",
    "province",
    "seen",
    "visitor_hash",
]

LONGEST_CODE = 255
"""Characters that an event keeps."""
PROVINCES = (
    "北京", "天津", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏", "浙江", "安徽", "福建",
    "江西", "山东", "河南", "湖北", "湖南", "广东", "广西", "海南", "重庆", "四川", "贵州", "云南", "西藏", "陕西",
    "甘肃", "青海", "宁夏", "新疆", "香港", "澳门", "台湾",
)  # fmt: skip
"""What a visit's region may be: whoever looks the item up next is told it, so nobody writes their own words there."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks, as far as we may know: by which road, as whom today (:func:`visitor_hash`; empty: nothing to tell
    visitors apart by), and the province that the person chose to say."""

    road: Road
    visitor: str = ""
    region: str = ""


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
    """Resolve a code, say what stood of it before this visit, and append the event, which is committed on return.

    Never within a transaction (:mod:`workflow.scan_log`).
    """
    return await looked_up(ports, await resolve(ports, text), visit)


async def looked_up(ports: Ports, resolved: Resolved, visit: Visit) -> LookUp:
    """The same of a code that was resolved just now."""
    enterprise_id, product_id = resolved.recorded_for or (None, None)
    history = await ports.scans.append(
        Scan(
            at=ports.clock.now(),
            code_key=resolved.key,
            code=_kept(resolved.code.canonical or resolved.code.text),
            enterprise_id=enterprise_id,
            product_id=product_id,
            road=visit.road,
            outcome=resolved.outcome,
            region=province(visit.region),
            visitor=visit.visitor,
            names_item=_names_item(resolved),
        )
    )
    return LookUp(resolved, history)


async def seen(resolved: Resolved, visitor: str) -> LookUp:
    """The same answer without an event, for who is not to be counted or was already."""
    return LookUp(resolved, await history_of(resolved.key, visitor) if _names_item(resolved) else None)


def _names_item(resolved: Resolved) -> bool:
    """Whether scans of the code say something of one thing: well formed, and not the number of a whole batch."""
    fit = resolved.outcome in {ScanOutcome.KNOWN, ScanOutcome.UNKNOWN}
    return fit and resolved.code.unique_level is Level.ITEM


def province(region: str) -> str:
    """The province that these words begin with (浙江省 …); empty where they begin with none."""
    return next((name for name in PROVINCES if region.startswith(name)), "")


def _kept(text: str) -> str:
    """What a column takes of any text: no NUL, no half characters."""
    return text.encode(errors="replace").decode().replace("\0", "")[:LONGEST_CODE]
