"""Suppliers in chat: a firm's grade card, watching, comparing, confirmations, adoptions in three steps (8.5, 10.2(2)).

A card that was shown is meant by the word that follows it; what was begun waits in the person's dialog while they ask
something else in between.
"""

import contextlib
import re
from typing import Any

from bot import procurement_wording as words
from bot import replies, updates
from bot.dialogs import in_dialog
from bot.filters import plain, text_is, text_matches
from bot.router import Context, Router
from bot.speaker import Speaker, speaker_of
from models import Adoption, AdoptionWay, Enterprise, Filer
from standard.calendar import shanghai_day
from standard.identifiers import credit_code
from standard.profile import edition_on
from workflow.access import CREDIT_CODE
from workflow.answering import photo_scans
from workflow.callers import counted
from workflow.certifying import queries
from workflow.certifying.certificate_numbers import number_from_link, number_from_path
from workflow.certifying.queries import FirmHit
from workflow.context import Ports
from workflow.credit import adoptions
from workflow.credit.adoption_photos import receive_paper
from workflow.knowing import people, sessions
from workflow.ports import CacheUnavailable
from workflow.problems import Refused
from workflow.relying import confirmations, grade_card_wording, watching
from workflow.relying.grade_cards import GradeCard, grade_card, grade_card_of, grade_cards
from workflow.relying.purchasers import belongs_to, purchaser_of

Conversation = Context[Ports]
Answer = replies.Reply | None

CARD, CHOOSING = "supplier.card", "supplier.choose"
"""A card was shown, or firms were listed."""
CUSTOMER, NUMBER, ROLE, PAPERS, SURE, PHOTOS = (
    f"adoption.{name}" for name in ("customer", "number", "role", "papers", "sure", "photos")
)
"""The steps of an adoption: what was asked for last."""
ADOPTING = (CUSTOMER, NUMBER, ROLE, PAPERS, SURE, PHOTOS)

ASKED = re.compile(
    r"(?:查询?|搜索?|查一[下查]|查供应商|查企业|查公司|关注|确认书|采信)(?:\s+|\s*:\s*)(?P<name>\S.{0,99})"
)
"""“查 名称”: said outright, whatever else the name may mean here. What is to be done with it follows its card."""
LOOSELY = re.compile(r"(?:请|帮我|想)*(?:查一?[下查询]?|搜一?下?)?(?P<name>.+?)(?:怎么样|的?等级)?[?？!。,，吗呢]*")
CHINESE, LATIN = re.compile(r"[\u4e00-\u9fff].*[\u4e00-\u9fff]"), re.compile(r"[A-Za-z][A-Za-z ]{3,39}")
LONGEST_NAME = 60
COMPARED = re.compile(rf"{grade_card_wording.COMPARE}\s*:?\s*(?P<names>\S.*)")
MOST_SEARCHES, SEARCH_SECONDS = 30, 60

router: Router[Ports] = Router()


# --- an adoption, step by step ---------------------------------------------------------------------------------------


@router.on(updates.Text, in_dialog(*ADOPTING) & text_is(words.CANCEL, "算了", "不登记了", "退出"))
async def cancel(context: Conversation) -> Answer:
    """Nothing is put on record; what was, stays."""
    begun = context.dialog.state == PHOTOS
    await _over(context)
    return replies.Text(words.PAPERS_DONE if begun else words.CANCELLED)


@router.on(updates.Text, in_dialog(CUSTOMER) & text_matches(r".*[0-9A-Za-z]{10,}.*"))
async def customer_named(context: Conversation, update: updates.Text) -> Answer:
    """The purchaser of somebody whose firm is not verified here: name and credit code."""
    said = plain(update.content)
    found = CREDIT_CODE.search(said)
    name = (said.replace(found[0], " ") if found else said).strip(" ,，、:;。").strip()
    edition = edition_on(shanghai_day(context.services.clock.now()))
    code = credit_code(found[0], edition=edition) if found else None
    if code is None or not name:
        return replies.Text(words.CUSTOMER_EXPECTED)
    if not code.valid:
        return replies.Text(f"{code.findings[0].reason}（8.2(2)）。{words.CUSTOMER_EXPECTED}")
    await _step(context, NUMBER, customer=name[:200], customer_uscc=code.normal)
    return replies.Text(words.ask_number(context.dialog.data["supplier"], name))


@router.on(updates.Text, in_dialog(NUMBER) & text_matches(r".*\d.*"))
async def number_named(context: Conversation, update: updates.Text) -> Answer:
    """The first step: the tender's number."""
    number = plain(update.content)
    if number_from_path(number) is not None or _is_credit_code(context, number):
        return await look_up(context, number)
    if len(number) > 100:
        return replies.Text(words.NUMBER_EXPECTED)
    await _step(context, ROLE, number=number)
    return replies.Text(words.ask_role(number))


@router.on(updates.Text, in_dialog(ROLE) & text_matches(r"[1-3][)）.。]?|招标人|采购人|招标代理(?:机构)?"))
async def role_chosen(context: Conversation, update: updates.Text) -> Answer:
    """The second step: what the customer is in the tender."""
    said = plain(update.content)
    role = next(
        id_ for place, (id_, name) in enumerate(words.ROLE_CHOICES, 1) if said[0] == str(place) or said.startswith(name)
    )
    await _step(context, PAPERS, role=role)
    identity = await people.meet(context.services, update.openid)
    page = f"/my/adoptions/new?supplier={context.dialog.data['uscc']}"
    return replies.Text(words.ask_papers(await sessions.sign_in_link(context.services, identity, page)))


@router.on(updates.Image, in_dialog(PAPERS, PHOTOS))
async def paper_sent(context: Conversation, update: updates.Image) -> Answer:
    """The third step by photos: the record is made with the first, the award notice; others follow."""
    ports, said = context.services, context.dialog.data
    kind = said.get("kind", "award_notice")
    head = ""
    if context.dialog.state == PAPERS:
        try:
            adoption, head = await _filed(context, AdoptionWay.UPLOADED)
        except Refused as refusal:
            return await _step_back(context, refusal)
        await _step(context, PHOTOS, ref=adoption.ref, kind=kind)
    else:
        who = await speaker_of(context)
        try:
            adoption = await adoptions.adoption_to_add_to(who.asker, said["ref"])
        except Refused as refusal:
            await _over(context)
            return replies.Text(refusal.advice)
    await receive_paper(ports, adoption, kind, update.dedupe, update.media_id)
    return replies.Text("\n".join(part for part in (head, words.paper_received(adoptions.FILES[kind])) if part))


@router.on(updates.File, in_dialog(PAPERS, PHOTOS))
async def paper_as_file(context: Conversation) -> Answer:
    """Files do not come through the chat: they go to the record's page, or to the form."""
    said, ports = context.dialog.data, context.services
    identity = await people.meet(ports, context.update.openid)
    page = f"/my/adoptions/{said['ref']}" if "ref" in said else f"/my/adoptions/new?supplier={said['uscc']}"
    return replies.Text(words.papers_as_files(await sessions.sign_in_link(ports, identity, page)))


@router.on(
    updates.Text, in_dialog(PHOTOS) & text_is(words.TENDER_DOCUMENT, "招标采购文件", words.AWARD_NOTICE, "通知书")
)
async def paper_kind(context: Conversation, update: updates.Text) -> Answer:
    """What the photos that follow are of."""
    kind = "award_notice" if "通知" in plain(update.content) else "tender_document"
    await _step(context, PHOTOS, kind=kind)
    return replies.Text(words.papers_of(adoptions.FILES[kind]))


@router.on(updates.Text, in_dialog(PHOTOS) & text_is(words.DONE, "发完了", "好了", "没有了"))
async def papers_done(context: Conversation) -> Answer:
    """All photos were sent."""
    await _over(context)
    return replies.Text(words.PAPERS_DONE)


@router.on(updates.Text, in_dialog(PAPERS) & text_is(words.DIRECT, "备案"))
async def direct(context: Conversation) -> Answer:
    """The third step by the second way of 8.5(1): what that states is shown first."""
    await _step(context, SURE)
    said = context.dialog.data
    return replies.Text(words.ask_sure(said["supplier"], said["customer"], said["number"]))


@router.on(updates.Text, in_dialog(SURE) & text_is(words.DIRECT_SURE, "确认", "属实"))
async def direct_sure(context: Conversation) -> Answer:
    """The customer states it: the record is made, with the confirmation by which the result was obtained."""
    try:
        _, text = await _filed(context, AdoptionWay.OBTAINED)
    except Refused as refusal:
        return await _step_back(context, refusal)
    await _over(context)
    return replies.Text(text)


# --- looking a supplier up -------------------------------------------------------------------------------------------


@router.on(updates.Text, in_dialog(CHOOSING) & text_matches(r"[1-9][)）.。]?"))
async def chosen(context: Conversation, update: updates.Text) -> Answer:
    """One of the firms that were listed."""
    listed = context.dialog.data["found"]
    place = int(plain(update.content)[0])
    if place > len(listed):
        return replies.Text(f"请回复 1 到 {len(listed)} 之间的数字。")
    return await _show(context, await grade_card_of(context.services, listed[place - 1]))


@router.on(updates.Text, text_matches(ASKED))
async def asked_outright(context: Conversation, update: updates.Text) -> Answer:
    """“查 名称”."""
    found = ASKED.fullmatch(plain(update.content))
    assert found is not None
    return await look_up(context, found["name"])


@router.on(updates.Text, text_is("查", "查供应商", "供应商", "采购", "查企业", "查公司", "查询企业"))
async def how_to(_context: Conversation) -> Answer:
    """The word without a name."""
    return replies.Text(words.HOW_TO)


async def look_up(context: Conversation, text: str) -> Answer:
    """The card of the firm that ``text`` means, a list to choose from, or that nothing was found."""
    hits, more = await _hits(context, text)
    if hits is None:
        return replies.Text(words.TOO_OFTEN)
    page = context.services.links.page("/q")
    return await _answer(context, hits, more) if hits else replies.Text(words.nothing_found(text, page))


async def last_resort(context: Conversation, text: str, *, names: bool) -> Answer:
    """What nobody else understood may be a firm: a certificate's number, a credit code, with ``names`` also a name or
    its pinyin. None where it is none."""
    if number_from_path(text) is not None:
        return await look_up(context, text)
    if _is_credit_code(context, text):
        hits, more = await _hits(context, text)
        if hits or not text.isdigit():  # digits alone may be a code on a product as well
            return await look_up(context, text) if not hits else await _answer(context, hits, more)
        return None
    found = LOOSELY.fullmatch(text)
    name = found["name"].strip() if found else ""
    if not names or len(name) > LONGEST_NAME or not (CHINESE.search(name) or LATIN.fullmatch(text)):
        return None
    hits, more = await _hits(context, name)
    if not hits or (len(name) < 4 and CHINESE.search(name) and not any(name in hit.name for hit in hits)):
        return None  # two or three characters sound like many a name
    return await _answer(context, hits, more)


def _is_credit_code(context: Conversation, text: str) -> bool:
    edition = edition_on(shanghai_day(context.services.clock.now()))
    return CREDIT_CODE.fullmatch(text) is not None and credit_code(text, edition=edition).valid


async def certificate_card(context: Conversation, text: str) -> Answer:
    """The card of the firm whose certificate's QR code was scanned; None where ``text`` is no such code."""
    number = number_from_link(context.services.links, text)
    if number is None:
        return None
    hits, _ = await queries.find_firms(context.services, number, limit=1)
    if not hits or hits[0].certificate is None:
        return replies.Text("没有这个编号的证书：请核对网址和编号（7.6）。")
    return await _show(context, await grade_card(context.services, hits[0].enterprise_id))


# --- what follows a card ---------------------------------------------------------------------------------------------


@router.on(updates.Text, text_is(grade_card_wording.WATCH))
async def watch(context: Conversation) -> Answer:
    """The person is told of this firm's changes from now on; saying it again changes nothing."""
    card = await _meant(context)
    if card is None:
        return replies.Text(words.SEARCH_FIRST.format(grade_card_wording.WATCH))
    who = await speaker_of(context)
    already = await watching.watches(who.asker, card.uscc)
    try:
        await watching.watch(context.services, who.asker, card.uscc)
    except Refused as refusal:
        return replies.Text(refusal.advice)
    return replies.Text(words.watching(card, already=already))


@router.on(updates.Text, text_is(grade_card_wording.UNWATCH, "不关注了"))
async def unwatch(context: Conversation) -> Answer:
    """No more."""
    card = await _meant(context)
    if card is None:
        return replies.Text(words.SEARCH_FIRST.format(grade_card_wording.UNWATCH))
    who = await speaker_of(context)
    was = await watching.unwatch(context.services, who.asker, card.uscc)
    return replies.Text(words.unwatched(card, was=was))


@router.on(updates.Text, text_is(words.MY_WATCHES, "关注列表", "关注的企业", "我的供应商"))
async def my_watches(context: Conversation) -> Answer:
    """All that they watch, with the states of this moment."""
    ports, who = context.services, await speaker_of(context)
    cards = await watching.watched_by(ports, who.asker)
    if not cards:
        return replies.Text(words.NO_WATCHES)
    await _remember(context, CHOOSING, found=[card.uscc for card in cards[: words.MOST_LISTED]])
    page = await sessions.sign_in_link(ports, who.identity, "/my/watches")
    return replies.Text(words.watches(cards, page))


@router.on(updates.Text, text_is(words.CLEAR_COMPARE))
async def clear_compare(context: Conversation) -> Answer:
    """Begin anew."""
    if context.dialog.state in (CARD, CHOOSING, *ADOPTING):
        await _remember(context, context.dialog.state, basket=[])
    return replies.Text(words.COMPARE_CLEARED)


@router.on(updates.Text, text_is(grade_card_wording.COMPARE))
async def compare(context: Conversation) -> Answer:
    """The firm whose card was shown goes into the comparison; from two on they stand side by side."""
    card = await _meant(context)
    basket = _basket(context)
    if card is None and not basket:
        return replies.Text(words.SEARCH_FIRST.format(grade_card_wording.COMPARE))
    if card is not None and card.uscc not in basket:
        if len(basket) >= grade_card_wording.MOST_COMPARED:
            return replies.Text(words.too_many_compared())
        basket = [*basket, card.uscc]
    await _remember(context, CARD, basket=basket, **({} if card is None else {"uscc": card.uscc}))
    cards = await grade_cards(context.services, basket)
    if len(cards) < 2:
        return replies.Text(words.compare_more(cards[0]))
    return _side_by_side(context, cards)


@router.on(updates.Text, text_matches(COMPARED))
async def compare_named(context: Conversation, update: updates.Text) -> Answer:
    """“对比 企业一、企业二”."""
    found = COMPARED.fullmatch(plain(update.content))
    assert found is not None
    names = [name for name in re.split(r"[、,;和与\s]+", found["names"]) if name]
    if len(names) > grade_card_wording.MOST_COMPARED:
        return replies.Text(words.too_many_compared())
    usccs, unclear = [], []
    for name in names:
        hits, more = await _hits(context, name)
        if hits is None:
            return replies.Text(words.TOO_OFTEN)
        exact = [hit for hit in hits if hit.name == name] or (hits if len(hits) == 1 and not more else [])
        usccs += [exact[0].uscc] if exact else []
        unclear += [] if exact else [name]
    if unclear:
        return replies.Text(words.not_compared(unclear))
    await _remember(context, CARD, basket=list(dict.fromkeys(usccs)), uscc=usccs[-1])
    cards = await grade_cards(context.services, usccs)
    return replies.Text(words.compare_more(cards[0])) if len(cards) < 2 else _side_by_side(context, cards)


@router.on(updates.Text, text_is(grade_card_wording.CONFIRM, "出具确认书", "开确认书"))
async def confirm(context: Conversation, update: updates.Text) -> Answer:
    """A signed statement of how the firm stands now."""
    card = await _meant(context)
    if card is None:
        return replies.Text(words.SEARCH_FIRST.format(grade_card_wording.CONFIRM))
    ports, who = context.services, await speaker_of(context)
    try:
        made = await confirmations.ask_for_confirmation(ports, who.asker, card.uscc, f"chat:{update.dedupe}")
    except Refused as refusal:
        return replies.Text(refusal.advice)
    url = await sessions.sign_in_link(ports, who.identity, confirmations.confirmation_path(made))
    minutes = int(ports.sign_in.link_life.total_seconds() // 60)
    return replies.Text(words.confirmation(made.face["supplier"], made.face["as_of_words"], url, minutes))


@router.on(updates.Text, text_is(grade_card_wording.ADOPT, "登记采信", "采信备案"))
async def adopt(context: Conversation, update: updates.Text) -> Answer:
    """An adoption begins: of the firm whose card was shown, by the firm that the person buys for."""
    card = await _meant(context)
    if card is None:
        return replies.Text(words.SEARCH_FIRST.format(grade_card_wording.ADOPT))
    if not card.alive:
        return replies.Text(words.NO_CERTIFICATE)
    who = await speaker_of(context)
    if await belongs_to(who.asker, card.enterprise_id):
        return replies.Text(words.OWN_SUPPLIER)
    firm = await purchaser_of(who.asker, supplier_id=card.enterprise_id)
    begun = {"key": f"chat:{update.dedupe}", "uscc": card.uscc, "supplier": card.name, "basket": _basket(context)}
    if firm is None:
        await context.dialog.enter(CUSTOMER, **begun)
        return replies.Text(words.ask_customer())
    await context.dialog.enter(NUMBER, **begun, customer=firm.name, customer_uscc=firm.uscc)
    return replies.Text(words.ask_number(card.name, firm.name))


# --- the parts -------------------------------------------------------------------------------------------------------


async def _hits(context: Conversation, text: str) -> tuple[list[FirmHit] | None, bool]:
    """The firms that may be meant and whether there are more; None where the person asked too often."""
    ports = context.services
    identity = await people.meet(ports, context.update.openid)
    allowance = await counted(ports, f"chat:search:{identity.id}", MOST_SEARCHES, SEARCH_SECONDS)
    if allowance is not None and not allowance.allowed:
        return None, False
    hits, following = await queries.find_firms(ports, text, limit=words.MOST_LISTED)
    return hits, following is not None


async def _answer(context: Conversation, hits: list[FirmHit], more: bool) -> Answer:
    if len(hits) == 1 and not more:
        return await _show(context, await grade_card(context.services, hits[0].enterprise_id))
    choosing = context.dialog.state not in ADOPTING
    await _remember(context, CHOOSING, found=[hit.uscc for hit in hits], uscc=None)
    return replies.Text(words.listed(hits, context.services.links.page("/q"), more=more, by_number=choosing))


async def _show(context: Conversation, card: GradeCard) -> replies.Text:
    who = await speaker_of(context)
    await _remember(context, CARD, uscc=card.uscc)
    watched = await watching.watches(who.asker, card.uscc)
    return replies.Text(grade_card_wording.card_words(context.services.links, card, watched=watched))


def _side_by_side(context: Conversation, cards: list[GradeCard]) -> replies.Text:
    text = grade_card_wording.compare_words(context.services.links, cards)
    return replies.Text(f"{text}\n{words.compare_tail()}")


async def _meant(context: Conversation) -> GradeCard | None:
    """The firm whose card was shown last, or whose certificate was photographed."""
    ports = context.services
    if (uscc := _shown(context)) is not None:
        return await grade_card_of(ports, uscc)
    code = await photo_scans.photographed(ports, await people.meet(ports, context.update.openid))
    number = number_from_link(ports.links, code or "")
    hits, _ = await queries.find_firms(ports, number, limit=1) if number else ([], None)
    return await grade_card(ports, hits[0].enterprise_id) if hits else None


def _shown(context: Conversation) -> str | None:
    """The credit code of the card that was shown last in this dialog."""
    data = context.dialog.data
    if context.dialog.state in ADOPTING:
        return str(data.get("shown") or data["uscc"])
    return data.get("uscc") if context.dialog.state == CARD else None


def _basket(context: Conversation) -> list[str]:
    compares = context.dialog.state in (CARD, CHOOSING, *ADOPTING)
    return list(context.dialog.data.get("basket", [])) if compares else []


async def _remember(context: Conversation, state: str, **more: Any) -> None:
    """Which card or list was shown; an adoption that is under way goes on. Without the cache the answer stands all the
    same."""
    kept = context.dialog.data if context.dialog.state in (CARD, CHOOSING) else {}
    with contextlib.suppress(CacheUnavailable):
        if context.dialog.state in ADOPTING:
            names = {"uscc": "shown", "basket": "basket"}
            await _step(context, context.dialog.state, **{names[one]: more[one] for one in names if one in more})
        else:
            await context.dialog.enter(state, **{**kept, **more})


async def _step(context: Conversation, state: str, **more: Any) -> None:
    kept = context.dialog.data if context.dialog.state in ADOPTING else {}
    await context.dialog.enter(state, **{**kept, **more})


async def _over(context: Conversation) -> None:
    """Nothing is put on record any more: the supplier's card is meant again, and what was compared is still there."""
    said, basket = context.dialog.data, _basket(context)
    await context.dialog.clear()
    if basket:
        await _remember(context, CARD, uscc=said["uscc"], basket=basket)


async def _step_back(context: Conversation, refusal: Refused) -> Answer:
    """What was wrong is asked for again, where it is the number; else the adoption ends here."""
    if refusal.field == "tender_number":
        await _step(context, NUMBER)
        return replies.Text(f"{refusal.advice}。\n请重新回复招标编号，或回复“{words.CANCEL}”。")
    await _over(context)
    return replies.Text(refusal.advice)


async def _filed(context: Conversation, way: AdoptionWay) -> tuple[Adoption, str]:
    """The record of what was said so far, and the words that say so; repeating it finds the same record."""
    ports, said, who = context.services, context.dialog.data, await speaker_of(context)
    ref = None
    if way is AdoptionWay.OBTAINED:
        given = await confirmations.ask_for_confirmation(ports, who.asker, said["uscc"], f"adopt:{said['key']}")
        ref = given.ref
    new = adoptions.NewAdoption(
        supplier_uscc=said["uscc"],
        tender_number=said["number"],
        tender_role=said["role"],
        customer_name=said["customer"],
        customer_uscc=said["customer_uscc"],
        way=way,
    )
    adoption = await adoptions.file_adoption(
        ports, Filer.CUSTOMER, new, said["key"], asker=who.asker, confirmation_ref=ref
    )
    page = await sessions.sign_in_link(ports, who.identity, adoptions.adoption_path(adoption))
    return adoption, words.filed(page, said["number"], said["supplier"], await _to_register(ports, who, adoption))


async def _to_register(ports: Ports, who: Speaker, adoption: Adoption) -> str | None:
    """Where the customer's firm is verified; None where it is."""
    firm = await Enterprise.get_or_none(id=adoption.customer_id) if adoption.customer_id else None
    if firm is not None and firm.verified_at is not None:
        return None
    return await sessions.sign_in_link(ports, who.identity, "/my/firms/new?role=buyer")
