"""A firm's sampling of printed certificates on the web: recorded by batch, judged at once (D.6, R31)."""

from datetime import date
from typing import Any

from aiohttp import web

from models import StaffRole
from standard.calendar import shanghai_day
from web.forms import Form
from web.my import firm_here
from web.page import PORTS, show
from web.signing_in import Visitor, signed_form, signed_in
from workflow.access import RANK
from workflow.firms import products
from workflow.monthly import sampling_records
from workflow.problems import Kind, Refused

FIELDS = ("product", "batch", "lot", "inspected_on", "sampled", "failed", "drawn_at_random", "shipped_on", "month")
LATEST = 50
"""Records that the page shows."""


async def sampling(request: web.Request) -> web.StreamResponse:
    """What was recorded, and the form of the next batch; ``month`` is the month that it is filed with."""
    return await _sampling(request, await signed_in(request), {"month": request.query.get("month", "")}, None)


async def _sampling(
    request: web.Request, who: Visitor, values: dict[str, Any], problem: Refused | None
) -> web.StreamResponse:
    firm, staff = await firm_here(request, who)
    found = await products.products_of_firm(who.asker, firm.id)
    records = await sampling_records.sampling_records(who.asker, firm.id)
    shown = {
        "visitor": who,
        "firm": firm,
        "products": [(one.id, f"{one.name} {one.model}") for one in found],
        "records": records[:LATEST],
        "may_record": RANK[StaffRole(staff.role)] >= RANK[StaffRole.STAFF],
        "today": shanghai_day(request.app[PORTS].clock.now()),
        "saved": request.query.get("done", "") if problem is None else "",
        "values": values,
        "problem": problem,
    }
    return show(request, "sampling.html", shown, problem.kind.status if problem else 200)


async def record(request: web.Request) -> web.StreamResponse:
    """Record a batch, or correct what was recorded of it."""
    who, form = await signed_form(request)
    firm, _ = await firm_here(request, who)
    month = form.text("month")
    try:
        made = await sampling_records.record_sampling(
            request.app[PORTS],
            who.asker,
            firm.id,
            form.number("product") or 0,
            form.text("batch"),
            _sheets(form, "lot"),
            _day(form, "inspected_on") or _missing("inspected_on", "请填写检验日期"),
            _sheets(form, "sampled"),
            _sheets(form, "failed"),
            drawn_at_random={"yes": True, "no": False}.get(form.text("drawn_at_random")),
            shipped_on=_day(form, "shipped_on"),
            filing_ref=month or None,
        )
    except Refused as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _sampling(request, who, {name: form.text(name) for name in FIELDS}, refusal)
    raise web.HTTPSeeOther(f"/my/firms/{firm.uscc}/sampling?done={made.ref}")


def _sheets(form: Form, name: str) -> int:
    found = form.number(name)
    return _missing(name, "请填写张数，例如 1000") if found is None else found


def _day(form: Form, name: str) -> date | None:
    """The day of a field, None where it is empty."""
    if not (text := form.text(name)):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return _missing(name, "日期请写成 2026-12-01 这样")


def _missing(name: str, advice: str) -> Any:
    raise Refused(Kind.INVALID, "sampling_incomplete", advice, clause="D.6", field=name)
