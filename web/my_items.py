"""Single items of a product on the web: lists are uploaded here, and what became of each is shown (3.4, 4.3.3)."""

from aiohttp import web

from models import EvidenceSource, ItemFilingState, Product, StaffRole
from web.forms import row_number
from web.my import firm_here
from web.page import PORTS, new_key, show
from web.signing_in import Visitor, signed_form, signed_in
from workflow.access import RANK, not_found
from workflow.firms import products
from workflow.problems import Kind, Refused
from workflow.scanning import items

SHOWN = 20
"""Refused lines of a list that the page shows; the API has more."""


async def listing(request: web.Request) -> web.StreamResponse:
    """How many items are filed, the form for a list, and the newest lists."""
    return await _listing(request, await signed_in(request))


async def _listing(request: web.Request, who: Visitor, problem: Refused | None = None) -> web.StreamResponse:
    firm, staff = await firm_here(request, who)
    product = await _product(request, who, firm.id)
    filings = await items.filings_of(who.asker, product)
    shown = {
        "visitor": who,
        "firm": firm,
        "product": product,
        "filed": await items.filed_items(product.id),
        "filings": [
            {"row": one, "remark": items.remark(one), "lines": items.refused_lines(one)[:SHOWN]} for one in filings
        ],
        "waiting": any(one.state == ItemFilingState.RECEIVED for one in filings),
        "accept": ".xlsx,.csv",
        "may_file": RANK[StaffRole(staff.role)] >= RANK[StaffRole.STAFF],
        "sent": "sent" in request.query and problem is None,
        "problem": problem,
    }
    return show(request, "items.html", shown, problem.kind.status if problem else 200)


async def upload(request: web.Request) -> web.StreamResponse:
    """Take a list in; the form's key makes it one, however often it is sent."""
    who, form = await signed_form(request)
    firm, _ = await firm_here(request, who)
    product = row_number(request.match_info["product"]) or 0
    try:
        sent = form.file("file")
        if sent is None:
            raise Refused(Kind.INVALID, "file_missing", "没有收到文件：请先选择文件", clause="3.4", field="file")
        await items.file_list(
            request.app[PORTS],
            who.asker,
            firm.id,
            product,
            sent.name,
            sent.data,
            form.text("key") or new_key(),
            source=EvidenceSource.UPLOAD,
        )
    except Refused as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _listing(request, who, refusal)
    raise web.HTTPSeeOther(f"/my/firms/{firm.uscc}/products/{product}/items?sent")


async def _product(request: web.Request, who: Visitor, enterprise_id: int) -> Product:
    wanted = row_number(request.match_info["product"])
    found = await products.products_of_firm(who.asker, enterprise_id)
    product = next((one for one in found if one.id == wanted), None)
    if product is None:
        raise not_found()
    return product
