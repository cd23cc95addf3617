"""What the service account answers: read from top to bottom, the first line that fits a message wins."""

import re

from bot import desk, filing, filing_wording, outcomes, procurement, reminders, replies, scanning, updates, wording
from bot import firm as firms
from bot.acts import trigger_of
from bot.dialogs import in_dialog
from bot.filters import plain, text_is, text_matches
from bot.menu import KEY_CHECK, KEY_FIRM, KEY_HELP, KEY_RECENT
from bot.router import Context, Router
from bot.verdict import verdict
from config.clock import for_people
from models import OPEN, TAKES_FILES, Enterprise, Photo, Product, Road, WeChatIdentity
from workflow.answering import photos, upload_links
from workflow.applying import applications, upgrades
from workflow.applying.application_wording import named, next_step
from workflow.certifying import certificate_register
from workflow.context import Ports
from workflow.intake.wording import MOST_LISTED, SIZE_QUESTION, headline, link
from workflow.knowing import people, sessions
from workflow.monthly import months
from workflow.telling import service_windows

Conversation = Context[Ports]
Answer = replies.Reply | None

OTHER_SIZE = "size.other"
SIZE = re.compile(
    r"(?P<w>\d{1,4}(?:\.\d+)?)\s*(?P<u>mm|毫米|cm|厘米)?\s*[x×*乘,\s]\s*"
    r"(?P<h>\d{1,4}(?:\.\d+)?)\s*(?P<v>mm|毫米|cm|厘米)?[。.]?",
    re.IGNORECASE,
)
LISTED_SIZES = {"1": (100.0, 70.0), "2": (90.0, 50.0)}
SMALLEST_MM, LARGEST_MM = 10, 1200

router: Router[Ports] = Router()
router.include(outcomes.router)
router.include(procurement.router)
router.include(scanning.router)
router.include(firms.router)
router.include(filing.router)
router.include(reminders.router)
router.include(desk.router)


@router.first_of_all
async def acted(context: Conversation) -> None:
    """Whoever does something may be written to for a while: that is counted before anything is answered."""
    trigger = trigger_of(context.update)
    if trigger is not None:
        identity = await people.meet(context.services, context.update.openid)
        await service_windows.acted(context.services, identity, trigger)


@router.on(updates.Subscribe)
async def follow(context: Conversation) -> Answer:
    """Welcome: what one can do, and the notice that must come before the first photo is kept (R54)."""
    await people.follow(context.services, context.update.openid)
    return replies.Text(wording.welcome(context.services.links.privacy()))


@router.on(updates.Unsubscribe)
async def unfollow(context: Conversation) -> Answer:
    """Nothing can be said any more; the person is unlinked."""
    await people.unfollow(context.services, context.update.openid)
    return None


@router.on(updates.Image)
async def photo(context: Conversation, update: updates.Image) -> Answer:
    """The main job: a photo gets its verdict in this very chat."""
    ports = context.services
    if context.dialog.state in (filing.CHOOSING, procurement.CHOOSING, scanning.KIND, scanning.WORDS):
        await context.dialog.clear()  # from now on a number answers what this photo's verdict asks
    identity = await people.meet(ports, update.openid)
    received = await photos.receive(ports, identity, update.dedupe, update.pic_url, update.media_id)
    return await verdict(context, received, update.dedupe)


@router.on(updates.PicturesAnnounced)
async def pictures_announced(_context: Conversation) -> Answer:
    """The pictures follow as messages of their own; each is answered then."""
    return None


@router.on(updates.Text, text_matches(SIZE))
async def size(context: Conversation, update: updates.Text) -> Answer:
    """The size in millimetres, before or after the photo."""
    found = SIZE.fullmatch(plain(update.content))
    assert found is not None
    unit = (found["v"] or found["u"] or "mm").lower()
    factor = 10 if unit in {"cm", "厘米"} else 1
    return await _sized(context, float(found["w"]) * factor, float(found["h"]) * factor)


@router.on(updates.Text, in_dialog(OTHER_SIZE))
async def other_size(context: Conversation, update: updates.Text) -> Answer:
    """Asked for length × width, and this is not it: a command still counts as one, anything else is asked again."""
    await context.dialog.clear()
    if plain(update.content) in {"1", "2", "3"} or not re.search(r"\d", update.content):
        return await router.handle(context)
    return replies.Text(wording.SIZE_NOT_UNDERSTOOD)


@router.on(updates.Text, text_matches(re.compile(r"[1-9][)）.。]?")))
async def choice(context: Conversation, update: updates.Text) -> Answer:
    """A number answers the question that the last verdict ended with: which size, or which product."""
    ports = context.services
    number = plain(update.content)[0]
    identity = await people.meet(ports, update.openid)
    products = await people.products_of(identity)
    if products:
        chosen = products[int(number) - 1] if int(number) <= min(len(products), MOST_LISTED) else None
        if await filing.files_here(context):
            return await filing.product_named(context, chosen)
        if (again := await _chosen(context, identity, chosen)) is not None:
            return await verdict(context, again, update.dedupe)
        return replies.Text(wording.UNKNOWN_TEXT)
    if number in LISTED_SIZES:
        return await _sized(context, *LISTED_SIZES[number])
    if number == "3":
        await context.dialog.enter(OTHER_SIZE)
        return replies.Text(wording.ASK_OTHER_SIZE)
    if await photos.to_judge_again(ports, identity):
        return replies.Text(SIZE_QUESTION)
    return replies.Text(wording.UNKNOWN_TEXT)


@router.on(updates.Text, text_is("同意", "我同意"))
async def consent(context: Conversation) -> Answer:
    """R54: from now on the person's photos are kept; who has not seen the notice sees it first."""
    ports = context.services
    identity = await people.meet(ports, context.update.openid)
    if identity.notice_shown_at is None:
        await people.notice_shown(ports, identity)
        return replies.Text(wording.read_first(ports.links.privacy()))
    await people.consent(ports, identity)
    return replies.Text(wording.CONSENTED)


@router.on(updates.Text, text_is("删除", "撤回同意", "删除我的照片"))
async def withdraw(context: Conversation) -> Answer:
    """R54: what is the person's own is deleted; a firm's record stays the firm's."""
    identity = await people.meet(context.services, context.update.openid)
    await people.withdraw(context.services, identity)
    return replies.Text(wording.WITHDRAWN)


@router.on(updates.AuthorizationCancelled)
async def account_closed(context: Conversation, update: updates.AuthorizationCancelled) -> Answer:
    """The person closed their WeChat account: nothing may lead to them any more."""
    await people.forget(context.services, update.app_id, update.subject)
    return None


@router.on(updates.Scan)
@router.on(updates.Text, text_is("帮助", "help", "?", "？", "菜单", "你好", "您好", "hello", "hi"))
@router.on(updates.Click, key=KEY_HELP)
async def show_help(_context: Conversation) -> Answer:
    """Everything one can do."""
    return replies.Text(wording.HELP)


@router.on(updates.Text, text_is("谢谢", "感谢", "多谢"))
async def thanks(_context: Conversation) -> Answer:
    """One line back."""
    return replies.Text(wording.WELCOME_ANY_TIME)


@router.on(updates.Text, text_matches(r".*(采信|招标|供应商|确认书).*"))
async def suppliers(context: Conversation) -> Answer:
    """A sentence about suppliers or tenders that is none of the words for it: how it is done here."""
    return await procurement.how_to(context)


@router.on(updates.Text, text_matches(r".*(续期|投诉|申诉).*"))
async def not_yet(context: Conversation) -> Answer:
    """What the standard knows and this service does not do yet is said to be so."""
    return replies.Text(wording.not_yet(context.services.links.page("/publicity?state=running")))


@router.on(updates.Text, text_is("转人工", "人工", "客服"))
async def human(_context: Conversation) -> Answer:
    """There is nobody to hand over to yet, and that is said."""
    return replies.Text(wording.HUMAN)


@router.on(updates.Text, text_is("原图", "上传", "上传原图"))
async def original(context: Conversation) -> Answer:
    """A one-time link for an original, for the latest photo where there is one."""
    ports = context.services
    identity = await people.meet(ports, context.update.openid)
    latest = await photos.latest(identity)
    url = await upload_links.link_for_original(ports, identity, latest)
    return replies.Text(wording.original(url, int(ports.upload_window.total_seconds() // 60)))


@router.on(updates.Text, text_is("最近", "结果", "报告", "记录"))
@router.on(updates.Click, key=KEY_RECENT)
async def recent(context: Conversation) -> Answer:
    """The latest reports, each with a fresh link: whatever happened to a message, its verdict is here."""
    ports = context.services
    identity = await people.meet(ports, context.update.openid)
    reports = await photos.recent_reports(identity)
    if not reports:
        return replies.Text(wording.NO_RECENT)
    lines = [
        f"{for_people(report.created_at)} {link(ports.links.report(report.ref), headline(report.report))}"
        f"{f'（{report.product.model}）' if report.product else ''}"
        for report in reports
    ]
    return replies.Text("最近的检查：\n" + "\n".join(lines))


@router.on(updates.Text, text_is("企业", "我的企业", "产品"))
@router.on(updates.Text, text_matches(r".*(申报|评价|证书|等级|公示|补正|升级|复核).*"))
@router.on(updates.Click, key=KEY_FIRM)
async def firm(context: Conversation) -> Answer:
    """The firm that this chat speaks for: its certificate, its case and the next step; a stranger is told how to come
    in."""
    identity = await people.meet(context.services, context.update.openid)
    products = await people.products_of(identity)
    if identity.staff_id is None:
        return replies.Text(wording.STRANGER_FIRM)
    await identity.fetch_related("staff__enterprise")
    assert identity.staff is not None
    standing = await _standing(context.services, identity, identity.staff.enterprise_id)
    return replies.Text(wording.firm(identity.staff.enterprise, identity.staff, products, standing))


@router.on(updates.Click, key=KEY_CHECK)
async def check(_context: Conversation) -> Answer:
    """For clients that send a click where the album should open."""
    return replies.Text(wording.PHOTO_EXPECTED)


SENSIBLE: dict[type[updates.Update], str] = {
    updates.Voice: wording.VOICE,
    updates.Video: wording.VIDEO,
    updates.Location: wording.LOCATION,
    updates.Link: wording.LINK,
    updates.MiniProgramPage: wording.LINK,
}


@router.on(updates.Text)
async def other_text(context: Conversation, update: updates.Text) -> Answer:
    """A product's model chooses it, where a photo waits for that; a firm is looked up; anything else is not understood,
    and that is said."""
    identity = await people.meet(context.services, update.openid)
    said = plain(update.content).casefold()
    named = [one for one in await people.products_of(identity) if plain(one.model).casefold() == said]
    files_here = await filing.files_here(context)
    if named and files_here:
        return await filing.product_named(context, named[0])
    if named and (again := await _chosen(context, identity, named[0])) is not None:
        return await verdict(context, again, update.dedupe)
    found = await procurement.last_resort(context, plain(update.content), names=not files_here)
    if found is not None:
        return found
    if scanning.TYPED_CODE.fullmatch(plain(update.content)):
        return await scanning.answer(context, plain(update.content), Road.TYPED)
    return await filing.what_now(context) if files_here else replies.Text(wording.UNKNOWN_TEXT)


@router.on(updates.Update)
async def anything_else(context: Conversation) -> Answer:
    """Messages get a sensible line; events that ask for nothing get none."""
    update = context.update
    if isinstance(update, updates.Unknown):
        return replies.Text(wording.UNKNOWN_MESSAGE) if update.is_message else None
    text = SENSIBLE.get(type(update))
    return replies.Text(text) if text else None


async def _standing(ports: Ports, identity: WeChatIdentity, enterprise_id: int) -> list[str]:
    """What months are owed, certificate and case, each with a link; without a case the way to apply, or to have the
    certificate raised."""
    lines = []
    if owed := await months.owed(enterprise_id):
        lines.append(wording.months_owed([filing_wording.heading(one) for one in owed]))
    if held := await certificate_register.certificates_of(enterprise_id):
        shown = await certificate_register.shown(held[0])
        lines.append(wording.certificate_standing(shown, ports.links.page(shown.path)))
    case = await applications.current_application(enterprise_id)
    if case is not None and case.state in OPEN:
        progress = await applications.progress(case) if case.state in TAKES_FILES else None
        url = await sessions.sign_in_link(ports, identity, next_step(case).path)
        lines.append(wording.case_standing(named(case), progress.sentence if progress else "", next_step(case), url))
    elif await upgrades.may_ask(enterprise_id):
        firm = await Enterprise.get(id=enterprise_id)
        lines.append(wording.may_upgrade(await sessions.sign_in_link(ports, identity, f"/my/firms/{firm.uscc}/apply")))
    elif not lines:
        lines.append(wording.no_case(await sessions.sign_in_link(ports, identity)))
    return lines


async def _sized(context: Conversation, width: float, height: float) -> Answer:
    ports = context.services
    await context.dialog.clear()
    if not (SMALLEST_MM <= width <= LARGEST_MM and SMALLEST_MM <= height <= LARGEST_MM):
        return replies.Text(wording.SIZE_NOT_UNDERSTOOD)
    identity = await people.meet(ports, context.update.openid)
    if identity.staff_id is not None and await people.products_of(identity):
        return replies.Text(wording.size_on_record(width, height))
    receipt = context.update.dedupe
    if (known := await photos.judged_again(ports, receipt)) is not None:
        return await verdict(context, known, receipt)
    await people.remember_size(identity, width, height)
    if (awaited := await photos.awaited(ports, identity)) is not None:
        return await verdict(context, awaited, receipt)
    concerned = await photos.to_judge_again(ports, identity, (width, height))
    if not concerned:
        return replies.Text(wording.size_remembered(width, height))
    again = await photos.judge_again(ports, identity, receipt, photos.Choice(sheet_mm=(width, height)), concerned)
    return await verdict(context, again, receipt)


async def _chosen(context: Conversation, identity: WeChatIdentity, product: Product | None) -> Photo | None:
    """A photo that is judged again as the product the person named; None where none waits for one."""
    ports, receipt = context.services, context.update.dedupe
    if (known := await photos.judged_again(ports, receipt)) is not None:
        return known
    concerned = await photos.to_judge_again(ports, identity)
    if product is None or not concerned:
        return None
    return await photos.judge_again(ports, identity, receipt, photos.Choice(product_id=product.id), concerned)
