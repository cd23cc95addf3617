"""The month in chat (8.1, Appendix C): what is owed, photos put where they belong, done; and the firm's year.

Whoever files is in a dialog that stands in the database: their photos belong to its month until they leave it, days
later too. Every turn ends alike: what is missing, and how to go on.
"""

import re
from collections.abc import Sequence

from bot import filing_wording as words
from bot import replies, updates, wording
from bot.dialogs import in_dialog
from bot.filters import plain, text_is, text_matches
from bot.menu import KEY_FILING, KEY_YEAR
from bot.router import Context, Router
from bot.speaker import Speaker, speaker_of
from bot.verdict import verdict
from models import FilingDialog, MonthlyFiling, Product
from standard.months import Month
from standard.validity import LIVE
from workflow.answering import photos
from workflow.certifying import certificate_register
from workflow.context import Ports
from workflow.intake.wording import MOST_LISTED
from workflow.knowing import people, sessions
from workflow.monthly import month_filing, month_jobs, month_offers, months
from workflow.problems import Refused

Conversation = Context[Ports]
Answer = replies.Reply | None

BEGIN = re.compile(
    r"(?:我要|开始|继续|去)?(?:\d{1,2}\s*月份?|月度|本月|当月)?\s*(?:提报|补报)\s*(?:\d{1,2}\s*月份?)?(?:资料|材料)?[。.!]?"
)
MADE_UP = "补报"
NAMED_MONTH = re.compile(r"(\d{1,2})\s*月")
CHOOSING = "filing.product"
JUDGING_SECONDS = 1.0
"""Left of the passive window for the decision, once the last file has been judged."""

router: Router[Ports] = Router()


@router.on(updates.Click, key=KEY_FILING)
@router.on(updates.Text, text_is("月度"))
@router.on(updates.Text, text_matches(BEGIN))
async def begin(context: Conversation) -> Answer:
    """The month that is to be filed now, or the one that was named: photos belong to it from now on. Where the named
    one is not owed nothing is begun, and it is said what is owed."""
    ports, who = context.services, await speaker_of(context)
    if who.staff is None:
        return replies.Text(words.STRANGER)
    said = plain(context.update.content) if isinstance(context.update, updates.Text) else ""
    owed = await months.owed(who.staff.enterprise_id)
    if not owed:
        return replies.Text(await _nothing_owed(ports, who.staff.enterprise_id))
    filing = await _meant(who.staff.enterprise_id, owed, said)
    if filing is None:
        number = int(NAMED_MONTH.findall(said)[0])
        settled = await months.settled(who.staff.enterprise_id, number)
        return replies.Text(words.not_owed(number, settled, owed))
    if who.files:
        await month_filing.enter(ports, who.identity, filing)
    return replies.Text(await _checklist(ports, who, filing))


@router.on(updates.Text, text_is("完成", "提交", "提交提报", "完成提报", "发完了"))
async def done(context: Conversation) -> Answer:
    """Everything was sent: the month is decided where it is complete and passes, else it is said what is in the way."""
    ports, who = context.services, await speaker_of(context)
    if who.staff is None:
        return replies.Text(words.STRANGER)
    filing = await _current(who)
    if filing is None:
        return replies.Text(await _nothing_owed(ports, who.staff.enterprise_id))
    await _judged(context, filing)
    try:
        decided = await month_filing.submit(ports, who.asker, filing.ref)
    except Refused as refusal:
        return replies.Text(words.joined(words.not_yet(refusal), await _checklist(ports, who, filing)))
    await month_filing.leave(ports, who.identity)
    return replies.Text(await _decided(ports, decided))


@router.on(updates.Text, text_is("进度", "清单", "还差什么", "缺什么", "差什么", "提报进度", "月度进度"))
async def progress(context: Conversation) -> Answer:
    """How far the month has come; nothing changes by it."""
    ports, who = context.services, await speaker_of(context)
    if who.staff is None:
        return replies.Text(words.STRANGER)
    filing = await _current(who)
    if filing is None:
        return replies.Text(await _nothing_owed(ports, who.staff.enterprise_id))
    return replies.Text(await _checklist(ports, who, filing))


@router.on(updates.Text, text_is("退出", "退出提报", "结束提报", "不报了", "先不报了"))
async def leave(context: Conversation) -> Answer:
    """Photos are checks again; what was put into the month stays there."""
    who = await speaker_of(context)
    dialog = await _dialog(who)
    await month_filing.leave(context.services, who.identity)
    return replies.Text(words.left(dialog.filing) if dialog is not None else words.NOT_IN_IT)


@router.on(updates.Text, text_is(month_offers.PUT_IN, "放进去", "放入提报"))
async def put_in(context: Conversation) -> Answer:
    """The photos that were just checked are filed for the month, and so are those that follow."""
    ports, who = context.services, await speaker_of(context)
    if who.staff is None:
        return replies.Text(words.STRANGER)
    if not who.files:
        return replies.Text(words.VIEWER)
    filing = await _current(who)
    if filing is None:
        return replies.Text(await _nothing_owed(ports, who.staff.enterprise_id))
    receipt = context.update.dedupe
    again = await photos.judged_again(ports, receipt)
    if again is None:
        if await _dialog(who) is None:
            await month_filing.enter(ports, who.identity, filing)
        offered = await month_offers.offered(ports, who.identity)
        if not offered:
            return replies.Text(words.joined(words.NOTHING_TO_PUT_IN, await _checklist(ports, who, filing)))
        again = await photos.judge_again(ports, who.identity, receipt, photos.Choice(), offered)
    return await verdict(context, again, receipt)


@router.on(updates.Text, text_is("台账", "上传台账", "交台账"))
@router.on(updates.File)
async def ledger(context: Conversation) -> Answer:
    """Files do not come through the chat: whoever owes a ledger is led to where it goes."""
    ports, who = context.services, await speaker_of(context)
    filing = await _current(who) if who.files else None
    if filing is not None:
        return replies.Text(words.ledger(filing, await _page(ports, who, filing), _minutes(ports)))
    if isinstance(context.update, updates.File):
        return replies.Text(wording.FILE)
    return replies.Text(await _nothing_owed(ports, who.staff.enterprise_id) if who.staff else words.STRANGER)


@router.on(updates.Text, text_is("选产品", "换产品", "选择产品"))
async def products(context: Conversation) -> Answer:
    """The firm's products by number: which one photos are of that show none."""
    who = await speaker_of(context)
    dialog = await _dialog(who)
    if dialog is None:
        return replies.Text(words.NOT_IN_IT)
    await context.dialog.enter(CHOOSING)
    numbers = {one.id: number for number, one in enumerate(await people.products_of(who.identity), 1)}
    choices = await month_filing.choices(dialog.filing)
    return replies.Text(
        words.products([(numbers[one.product.id], one) for one in choices if one.product.id in numbers])
    )


@router.on(updates.Text, in_dialog(CHOOSING) & text_matches(r"[1-9][)）.。]?"))
async def number(context: Conversation, update: updates.Text) -> Answer:
    """One of the products that were listed."""
    await context.dialog.clear()
    place = int(plain(update.content)[0])
    listed = await people.products_of(await people.meet(context.services, update.openid))
    return await product_named(context, listed[place - 1] if place <= min(len(listed), MOST_LISTED) else None)


@router.on(updates.Text, text_is("全年", "全年提报", "我的月度", "年度", "月度记录"))
@router.on(updates.Click, key=KEY_YEAR)
async def year(context: Conversation) -> Answer:
    """The months of the term at a glance: on time, made up, missed; the rates, and what counts towards three."""
    ports, who = context.services, await speaker_of(context)
    if who.staff is None:
        return replies.Text(words.STRANGER)
    firm = who.staff.enterprise
    try:
        held = await months.year_of(ports, who.asker, firm.id)
    except Refused:
        return replies.Text(words.NO_CERTIFICATE)
    url = await sessions.sign_in_link(ports, who.identity, f"/my/firms/{firm.uscc}/months")
    return replies.Text(words.year(held, url))


@router.on(updates.Text, text_matches(r".*(提报|补报).*"))
async def asked(context: Conversation) -> Answer:
    """A sentence about it: how far it has come, and how it is done. Nobody slips into filing by a question."""
    return await progress(context)


async def files_here(context: Conversation) -> bool:
    """Whether this chat files for a month: numbers and models name its products then."""
    return await _dialog(await speaker_of(context)) is not None


async def product_named(context: Conversation, product: Product | None) -> Answer:
    """While filing: the product of photos that show none, of those that wait for it and of what follows; None: a number
    beyond the list."""
    ports, who, receipt = context.services, await speaker_of(context), context.update.dedupe
    if (known := await photos.judged_again(ports, receipt)) is not None:
        return await verdict(context, known, receipt)
    dialog = await _dialog(who)
    if dialog is None or product is None:
        return await products(context)
    choice = next((one for one in await month_filing.choices(dialog.filing) if one.product.id == product.id), None)
    if choice is None or choice.refused:
        return replies.Text(words.not_fileable(choice))
    waiting = await month_offers.nameless(ports, who.identity)
    await month_filing.enter(ports, who.identity, dialog.filing, product.id)
    if not waiting:
        return replies.Text(words.chosen(product))
    again = await photos.judge_again(ports, who.identity, receipt, photos.Choice(product_id=product.id), waiting)
    return await verdict(context, again, receipt)


async def what_now(context: Conversation) -> Answer:
    """For words that nobody understands, said while filing."""
    dialog = await _dialog(await speaker_of(context))
    return replies.Text(words.in_between(dialog.filing)) if dialog is not None else replies.Text(words.NOT_IN_IT)


async def _dialog(who: Speaker) -> FilingDialog | None:
    """For a month that is still owed, of the firm that the chat speaks for."""
    if who.staff is None:
        return None
    dialog = await month_filing.dialog_of(who.identity)
    return dialog if dialog is not None and dialog.filing.enterprise_id == who.staff.enterprise_id else None


async def _current(who: Speaker) -> MonthlyFiling | None:
    """The month that they file for, else the one that is to be filed now."""
    if who.staff is None:
        return None
    dialog = await _dialog(who)
    return dialog.filing if dialog is not None else await months.filing_due(who.staff.enterprise_id)


async def _meant(enterprise_id: int, owed: Sequence[MonthlyFiling], said: str) -> MonthlyFiling | None:
    """Of the months that are ``owed`` the one that the words name, None where they name another; else the oldest to be
    made up where they say so, or the one to be filed now."""
    if (named := NAMED_MONTH.search(said)) is not None:
        return next((filing for filing in owed if Month.parse(filing.month).number == int(named[1])), None)
    if MADE_UP in said and (late := [filing for filing in owed if words.late(filing)]):
        return late[0]
    return await months.filing_due(enterprise_id)


async def _judged(context: Conversation, filing: MonthlyFiling) -> None:
    """Wait, as long as an answer can wait, for files that are being looked at: who sends the last photo says "done"
    in the same breath."""

    async def look() -> bool | None:
        return (await month_filing.checklist(filing)).waiting == 0 or None

    await context.services.bell.awaited(month_jobs.bell_name(filing.id), look, context.seconds_left - JUDGING_SECONDS)


async def _checklist(ports: Ports, who: Speaker, filing: MonthlyFiling) -> str:
    """The month, what is there, what is missing or wrong, and how to go on."""
    held = await month_filing.checklist(filing)
    return words.checklist(
        held,
        words.page(await _page(ports, who, filing), _minutes(ports)),
        others=[one for one in await months.owed(filing.enterprise_id) if one.id != filing.id],
        choices=[] if held.products else await month_filing.choices(filing),
        files=who.files,
        in_dialog=await _dialog(who) is not None,
    )


async def _page(ports: Ports, who: Speaker, filing: MonthlyFiling) -> str:
    return await sessions.sign_in_link(ports, who.identity, f"/my/months/{filing.ref}")


def _minutes(ports: Ports) -> int:
    return int(ports.sign_in.link_life.total_seconds() // 60)


async def _decided(ports: Ports, filing: MonthlyFiling) -> str:
    """What became of the month, with the certificate as it stands now."""
    await filing.fetch_related("certificate__enterprise")
    certificate = await certificate_register.shown(filing.certificate)
    others = await months.owed(filing.enterprise_id)
    return words.decided(filing, certificate, ports.links.page(certificate.path), others)


async def _nothing_owed(ports: Ports, enterprise_id: int) -> str:
    """Why nothing is to be filed now, and when there will be."""
    held = await certificate_register.certificates_of(enterprise_id)
    if not held:
        return words.NO_CERTIFICATE
    row = next((one for one in held if one.state in LIVE), held[0])
    certificate = await certificate_register.shown(row)
    return words.nothing_owed(certificate, ports.links.page(certificate.path), row.month_opens_at)
