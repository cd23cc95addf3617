"""A firm's products: registering, changing and retiring them (7.1, 3.4)."""

from typing import Any

from aiohttp import web

from models import CodePatternKind, Enterprise, Product, StaffRole
from standard.calendar import shanghai_day
from standard.profile import edition_on
from standard.scope import categories
from web.forms import Form, row_number
from web.my import firm_here
from web.page import PORTS, show
from web.signing_in import Visitor, signed_form, signed_in
from workflow.access import RANK, not_found
from workflow.firms import products
from workflow.firms.products import NewProduct, Pattern, ProductChanges
from workflow.problems import Kind, Refused

FIELDS = (
    "category", "other_category", "name", "model", "product_class", "qualification_number", "code_issuer", "gtin",
    "width", "height", "record", *(str(kind) for kind in CodePatternKind),
)  # fmt: skip
OTHER = "other"
"""Stands for a category that the edition's list does not name."""


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
    firm, _ = await firm_here(request, who, StaffRole.STAFF)
    return await _form(request, who, firm, None, {})


async def new(request: web.Request) -> web.StreamResponse:
    """Register a product."""
    who, form = await signed_form(request)
    firm, _ = await firm_here(request, who)
    try:
        await products.new_product(request.app[PORTS], who.asker, firm.id, NewProduct(**_typed(form, firm)))
    except Refused as refusal:
        return await _form(request, who, firm, None, _given(form), refusal)
    raise web.HTTPSeeOther(f"/my/firms/{firm.uscc}/products")


async def edit_form(request: web.Request) -> web.StreamResponse:
    """A product as it is registered, to be changed."""
    who = await signed_in(request)
    firm, _ = await firm_here(request, who)
    product = await _product(request, who, firm)
    return await _form(request, who, firm, product, _registered(product))


async def edit(request: web.Request) -> web.StreamResponse:
    """Change a product, or retire it."""
    who, form = await signed_form(request)
    firm, _ = await firm_here(request, who)
    product = await _product(request, who, firm)
    try:
        if form.text("retire"):
            await products.retire_product(request.app[PORTS], who.asker, product.id)
        else:
            changes = ProductChanges(**_typed(form, firm))
            await products.change_product(request.app[PORTS], who.asker, product.id, changes)
    except Refused as refusal:
        return await _form(request, who, firm, product, _given(form), refusal)
    raise web.HTTPSeeOther(f"/my/firms/{firm.uscc}/products")


async def _form(
    request: web.Request,
    who: Visitor,
    firm: Enterprise,
    product: Product | None,
    values: dict[str, Any],
    problem: Refused | None = None,
) -> web.StreamResponse:
    _, staff = await firm_here(request, who)
    edition = edition_on(shanghai_day(request.app[PORTS].clock.now()))
    listed = [(one.name, one.name) for one in categories(edition)]
    if values.get("category") and values["category"] not in {name for name, _ in listed}:
        values = {"other_category": values["category"], **values, "category": OTHER}
    shown = {
        "visitor": who,
        "firm": firm,
        "product": product,
        "may_change": RANK[StaffRole(staff.role)] >= RANK[StaffRole.STAFF],
        "categories": [*listed, (OTHER, "其他")],
        "values": values,
        "problem": problem,
    }
    return show(request, "product.html", shown, problem.kind.status if problem else 200)


async def _product(request: web.Request, who: Visitor, firm: Enterprise) -> Product:
    wanted = row_number(request.match_info["product"])
    found = await products.products_of_firm(who.asker, firm.id)
    product = next((one for one in found if one.id == wanted), None)
    if product is None:
        raise not_found()
    return product


def _registered(product: Product) -> dict[str, Any]:
    """A product as its form shows it."""
    values: dict[str, Any] = {name: getattr(product, name) or "" for name in FIELDS if hasattr(product, name)}
    values["width"], values["height"] = (f"{um / 1000:g}" for um in (product.sheet_width_um, product.sheet_height_um))
    values["record"] = "\n".join(f"{name}：{text}" for name, text in product.record.items())
    for kind in CodePatternKind:
        # The one that is the GTIN has a field of its own.
        claimed = [one.value for one in product.code_patterns if one.kind == kind and one.value != product.gtin]
        values[str(kind)] = " ".join(claimed)
    return values


def _given(form: Form) -> dict[str, Any]:
    return {name: form.text(name) for name in FIELDS}


def _typed(form: Form, firm: Enterprise) -> dict[str, Any]:
    """What the form says, as the use case takes it."""
    category = form.text("category")
    return {
        "category": form.text("other_category") if category == OTHER else category,
        **{name: form.text(name) for name in ("name", "model", "code_issuer", "gtin", "product_class")},
        "qualification_number": form.text("qualification_number"),
        "sheet_mm": (_millimetres(form, "width", "宽"), _millimetres(form, "height", "高")),
        "record": _record(form, firm),
        "patterns": tuple(Pattern(kind, value) for kind in CodePatternKind for value in form.text(str(kind)).split()),
    }


def _millimetres(form: Form, name: str, what: str) -> float:
    try:
        side = float(form.text(name))
    except ValueError:
        side = float("nan")
    if not side < float("inf"):
        advice = f"请填写合格证的{what}，单位毫米，例如 100"
        raise Refused(Kind.INVALID, "sheet_invalid", advice, clause="D.3.1", field=name)
    return side


def _record(form: Form, firm: Enterprise) -> dict[str, str]:
    """The contents printed on every certificate, a line each; where nothing is said, what is registered (D.5.1)."""
    lines = [line.replace(":", "：", 1).partition("：") for line in form.text("record").split("\n")]
    stated = {name.strip(): text.strip() for name, mark, text in lines if mark}
    registered = {
        "产品名称": form.text("name"),
        "规格型号": form.text("model"),
        "生产企业": firm.name,
        "统一社会信用代码": firm.uscc,
    }
    return stated or registered
