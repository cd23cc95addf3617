"""Pages for whoever buys: suppliers compared, watched, confirmed, and an adoption put on record (7.6, 8.5, 10.2(2))."""

from collections.abc import Sequence

from aiohttp import web

from models import AdoptionWay, Filer
from web.forms import Form
from web.limits import not_too_often
from web.page import PORTS, new_key, show, show_public, uploaded_file
from web.signing_in import Visitor, signed_form, signed_in
from web.tender_papers import FIELDS, all_papers_of, papers_of
from workflow.access import CREDIT_CODE
from workflow.certifying import queries
from workflow.credit import adoptions
from workflow.credit.adoptions import ROLES, NewAdoption
from workflow.problems import Kind, Refused
from workflow.relying import confirmations, watching
from workflow.relying.confirmations import confirmation_path
from workflow.relying.grade_card_wording import MOST_COMPARED, TENDER_WORDS, grade_words
from workflow.relying.grade_cards import GradeCard, grade_card_of, grade_cards
from workflow.relying.purchasers import purchaser_of

PER_PAGE = 9
NEW_ADOPTION = "/my/adoptions/new"
"""Where an adoption of the firm ``supplier`` is begun; ``f`` is the comparison it came from, to go back to."""
WAYS = ((AdoptionWay.UPLOADED, "上传招标文件和中标通知书"), (AdoptionWay.OBTAINED, "从平台获取结果，直接备案"))


def supplier_path(uscc: str) -> str:
    """What one may do about a supplier, a path of ours."""
    return f"/my/suppliers/{uscc}"


# --- for everybody ---------------------------------------------------------------------------------------------------


async def compare(request: web.Request) -> web.StreamResponse:
    """Up to five firms side by side, as they stand now; ``add`` names one more."""
    usccs = compared(request.query.getall("f", []))
    text = request.query.get("add", "").strip()[:100]
    hits: list[queries.FirmHit] = []
    if text:
        await not_too_often(request, "search")
        hits, _ = await queries.find_firms(request.app[PORTS], text, limit=PER_PAGE)
        if len(hits) == 1:
            raise web.HTTPSeeOther(compare_address([*usccs, hits[0].uscc]))
    cards = await grade_cards(request.app[PORTS], usccs[:MOST_COMPARED])
    shown = [card.uscc for card in cards]
    values = {
        "cards": cards,
        "full": len(cards) >= MOST_COMPARED,
        "most": MOST_COMPARED,
        "left_out": len(usccs) - len(cards),
        "here": ",".join(shown),
        "without": {one: compare_address([other for other in shown if other != one]) for one in shown},
        "adopt": {
            card.uscc: f"{NEW_ADOPTION}?supplier={card.uscc}&f={','.join(shown)}" for card in cards if card.alive
        },
        "text": text,
        "hits": [(hit, compare_address([*shown, hit.uscc])) for hit in hits if hit.uscc not in shown],
        "tender_words": TENDER_WORDS,
    }
    return show_public(request, "compare.html", values, indexed=False)


def compare_address(usccs: list[str]) -> str:
    """The comparison of these firms."""
    return f"/compare?f={','.join(dict.fromkeys(usccs))}" if usccs else "/compare"


def compared(texts: Sequence[str]) -> list[str]:
    """The credit codes in ``texts``, each of which holds several: the firms of a comparison, once each."""
    given = [part.strip().upper() for many in texts for part in many[:500].split(",")]
    return list(dict.fromkeys(part for part in given if CREDIT_CODE.fullmatch(part)))


# --- a supplier, for somebody ----------------------------------------------------------------------------------------


async def supplier(request: web.Request) -> web.StreamResponse:
    """A supplier's card, and what one may do about it."""
    return await _supplier(request, await signed_in(request), None)


async def _supplier(request: web.Request, who: Visitor, problem: Refused | None) -> web.StreamResponse:
    card = await grade_card_of(request.app[PORTS], request.match_info["uscc"])
    values = {
        "visitor": who,
        "card": card,
        "headline": grade_words(card),
        "watched": await watching.watches(who.asker, card.uscc),
        "confirmation": await confirmations.latest_of(who.asker, card.enterprise_id),
        "compare": compare_address([card.uscc]),
        "problem": problem,
    }
    return show(request, "supplier.html", values, problem.kind.status if problem else 200)


async def watch(request: web.Request) -> web.StreamResponse:
    """Watch the supplier, or no more (``on``)."""
    who, form = await signed_form(request)
    uscc, ports = request.match_info["uscc"], request.app[PORTS]
    try:
        if form.text("on"):
            await watching.watch(ports, who.asker, uscc)
        else:
            await watching.unwatch(ports, who.asker, uscc)
    except Refused as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _supplier(request, who, refusal)
    raise web.HTTPSeeOther("/my/watches" if form.text("back") == "watches" else supplier_path(uscc))


async def watches(request: web.Request) -> web.StreamResponse:
    """The suppliers that the visitor watches, with the states of this moment, and their confirmations."""
    who = await signed_in(request)
    cards = await watching.watched_by(request.app[PORTS], who.asker)
    values = {
        "visitor": who,
        "cards": [(card, grade_words(card)) for card in cards],
        "compare": compare_address([card.uscc for card in cards[:MOST_COMPARED]]) if len(cards) > 1 else "",
        "confirmations": await confirmations.confirmations_of(who.asker),
        "adoptions": await adoptions.filed_by_person(who.asker),
    }
    return show(request, "watches.html", values)


# --- confirmations ---------------------------------------------------------------------------------------------------


async def confirm(request: web.Request) -> web.StreamResponse:
    """Have a confirmation made of how the supplier stands now."""
    who, form = await signed_form(request)
    try:
        made = await confirmations.ask_for_confirmation(
            request.app[PORTS], who.asker, request.match_info["uscc"], f"web:{form.text('key') or new_key()}"
        )
    except Refused as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _supplier(request, who, refusal)
    raise web.HTTPSeeOther(confirmation_path(made))


async def confirmation(request: web.Request) -> web.StreamResponse:
    """One confirmation: its words, and its file once it is signed."""
    who = await signed_in(request)
    found = await confirmations.confirmation_of(who.asker, request.match_info["ref"])
    return show(request, "confirmation.html", {"visitor": who, "confirmation": found, "face": found.face})


async def confirmation_pdf(request: web.Request) -> web.StreamResponse:
    """The signed PDF, for whoever asked for it, and operators."""
    who = await signed_in(request)
    pdf, found = await confirmations.pdf_of(request.app[PORTS], who.asker, request.match_info["ref"])
    return uploaded_file(pdf, "application/pdf", f"confirmation-{found.ref}")


# --- adoptions -------------------------------------------------------------------------------------------------------


async def adoption_form(request: web.Request) -> web.StreamResponse:
    """Where a customer puts on record that it adopts a supplier's result."""
    who = await signed_in(request)
    card = await grade_card_of(request.app[PORTS], request.query.get("supplier", "").strip().upper())
    return await _adoption_form(request, who, card, {"f": request.query.get("f", "")}, None)


async def _adoption_form(
    request: web.Request, who: Visitor, card: GradeCard, given: dict[str, str], problem: Refused | None
) -> web.StreamResponse:
    firm = await purchaser_of(who.asker, supplier_id=card.enterprise_id)
    values = {"customer_name": firm.name, "customer_uscc": firm.uscc} if firm else {}
    shown = {
        "visitor": who,
        "card": card,
        "headline": grade_words(card),
        "verified": firm is not None,
        "basket": compared([given.get("f", "")]),
        "roles": list(ROLES.items()),
        "ways": WAYS,
        "values": {**values, **given},
        "problem": problem,
    }
    return show(request, "adoption_new.html", shown, problem.kind.status if problem else 200)


async def file_adoption(request: web.Request) -> web.StreamResponse:
    """Put it on record, with its papers or with a confirmation made for it (8.5(1))."""
    who, form = await signed_form(request)
    ports = request.app[PORTS]
    card = await grade_card_of(ports, form.text("supplier").upper())
    given = {name: form.text(name) for name in FIELDS}
    key = form.text("key") or new_key()
    try:
        way = _way(form)
        papers = all_papers_of(form) if way is AdoptionWay.UPLOADED else papers_of(form)
        new = NewAdoption(supplier_uscc=card.uscc, way=way, **given)
        ref = None
        if way is AdoptionWay.OBTAINED:
            ref = (await confirmations.ask_for_confirmation(ports, who.asker, card.uscc, f"adopt:{key}")).ref
        made = await adoptions.file_with_papers(
            ports, Filer.CUSTOMER, new, key, papers, asker=who.asker, confirmation_ref=ref
        )
    except Refused as refusal:
        again = {**given, "way": form.text("way"), "key": key, "f": form.text("f")}
        return await _adoption_form(request, who, card, again, refusal)
    basket = compared([form.text("f")])
    raise web.HTTPSeeOther(adoptions.adoption_path(made) + (f"?f={','.join(basket)}" if basket else ""))


def _way(form: Form) -> AdoptionWay:
    """How 8.5(1) is met; the second way is stated knowingly."""
    try:
        way = AdoptionWay(form.text("way"))
    except ValueError:
        raise Refused(Kind.INVALID, "way_missing", "请选择一种依据", clause="8.5(1)", field="way") from None
    if way is AdoptionWay.OBTAINED and not form.text("sure"):
        advice = "请勾选确认：评价结果确实是本次招标的采信依据（8.5(4)）"
        raise Refused(Kind.INVALID, "not_sure", advice, clause="8.5(1)", field="sure")
    return way
