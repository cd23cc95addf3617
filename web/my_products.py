"""A firm's products: registering, changing and retiring them (7.1, 3.4)."""


from aiohttp import web

from models import StaffRole
from web.my import firm_here
from web.page import PORTS, show
from web.signing_in import signed_form, signed_in
from workflow import products
from workflow.access import RANK
from workflow.problems import Refused

FIELDS = (
    "category", "name", "model", "code_issuer", "gtin", "product_class", "qualification_number", "width", "height",
    "patterns",
)  # fmt: skip
MOST_MM = 2000


async def listing(request: web.Request) -> web.StreamResponse:
    """The firm's products."""
    who = await signed_in(request)
    firm, staff = await firm_here(request, who)
    found = await products.products_of_firm(who.asker, firm.id)
    shown = {"visitor": who, "firm": firm, "products": found, "rank": RANK[StaffRole(staff.role)]}
    return show(request, "products.html", shown)


async def new_form(request: web.Request) -> web.StreamResponse:
    """An empty form."""
    who = await signed_in(request)
    await firm_here(request, who, StaffRole.STAFF)
    return await _form(request, who, None, {})


async def new(request: web.Request) -> web.StreamResponse:
    """Register a product."""
    who, form = await signed_form(request)
    firm, _ = await firm_here(request, who)
    try:
        await products.new_product(request.app[PORTS], who.asker, firm.id, products.NewProduct(**_typed(form)))
    except Refused as refusal:
        return await _form(request, who, None, _given(form), refusal)
    raise web.HTTPSeeOther(f"/my/firms/{firm.uscc}/products")


async def edit_form(request: web.Request) -> web.StreamResponse:
    """A product as it is registered, to be changed."""
    who = await signed_in(request)
    await firm_here(request, who)
    product = await _product(request, who)
    return await _form(request, who, product, await _registered(product))


async def edit(request: web.Request) -> web.StreamResponse:
    """Change a product, or retire it."""
    who, form = await signed_form(request)
    firm, _ = await firm_here(request, who)
    product = await _product(request, who)
    try:
        if form.text("retire"):
            await products.retire_product(request.app[PORTS], who.asker, product.id)
        else:
            changes = products.ProductChanges(**_typed(form))
            await products.change_product(request.app[PORTS], who.asker, product.id, changes)
    except Refused as refusal:
        return await _form(request, who, product, _given(form), refusal)
    raise web.HTTPSeeOther(f"/my/firms/{firm.uscc}/products")
