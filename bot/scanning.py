"""A code in chat: scanned from the menu or typed, its answer, and the report of a problem with it (4.3.3, 8.4(3)).

A photo of a code is answered with the verdicts (``workflow.answering.photo_scans``); its code can be
reported all the same.
"""

import contextlib
import re

from bot import procurement, replies, updates
from bot import scanning_wording as words
from bot.dialogs import in_dialog
from bot.filters import plain, text_is, text_matches
from bot.router import Context, Router
from models import Road, WeChatIdentity
from standard.calendar import shanghai_day
from standard.profile import edition_on
from workflow.answering import photo_scans
from workflow.callers import counted
from workflow.context import Ports
from workflow.knowing import people
from workflow.knowing.persons import person_of
from workflow.ports import CacheUnavailable
from workflow.problems import Refused
from workflow.scanning import code_reports
from workflow.scanning.code_reports import KINDS, LONGEST_STATEMENT
from workflow.scanning.resolution import resolve
from workflow.scanning.scan_wording import REPORT, chat_words, shown_code
from workflow.scanning.scans import look_up
from workflow.scanning.trace_links import ASKING, reporting_path, trace_path

Conversation = Context[Ports]
Answer = replies.Reply | None

SCANNED, KIND, WORDS = "scan.done", "scan.kind", "scan.words"
"""A code was looked up and may be meant; which problem is asked; it is to be described."""
TYPED_CODE = re.compile(r"https?://\S+|[\x21-\x7e]{8,}")
"""A code that somebody typed instead of scanning it: a link, or one long word without Chinese in it."""
MOST_REPORTS, REPORTS_SECONDS = 10, 3600

router: Router[Ports] = Router()


@router.on(updates.ScanCode)
async def scanned(context: Conversation, update: updates.ScanCode) -> Answer:
    """The menu's camera read a code."""
    return await answer(context, update.result, Road.SCAN)


@router.on(updates.Text, in_dialog(KIND, WORDS), text_is(words.CANCEL, "算了", "不用了", "退出"))
async def cancel(context: Conversation) -> Answer:
    """Nothing is reported."""
    await context.dialog.clear()
    return replies.Text(words.CANCELLED)


@router.on(updates.Text, text_is(REPORT, "反映", "举报", "我要反映", "我要举报"))
async def begin_report(context: Conversation) -> Answer:
    """A problem with the code that was last scanned, typed or photographed."""
    identity = await people.meet(context.services, context.update.openid)
    code = await _meant(context, identity)
    if code is None:
        return replies.Text(words.NOTHING_SCANNED)
    await context.dialog.enter(KIND, code=code)
    resolved = await resolve(context.services, code)
    return replies.Text(words.ask_kind(shown_code(resolved.code), KINDS.values()))


@router.on(updates.Text, in_dialog(KIND), text_matches(rf"[1-{len(KINDS)}][)）.。]?"))
async def kind_chosen(context: Conversation, update: updates.Text) -> Answer:
    """Which problem it is; now it is to be described."""
    kind = list(KINDS)[int(plain(update.content)[0]) - 1]
    code = context.dialog.data["code"]
    await context.dialog.enter(WORDS, code=code, kind=kind)
    known = (await resolve(context.services, code)).code
    form = context.services.links.page(reporting_path(known)) if trace_path(known) != ASKING else None
    return replies.Text(words.ask_words(LONGEST_STATEMENT, form))


@router.on(updates.Text, in_dialog(WORDS))
async def described(context: Conversation, update: updates.Text) -> Answer:
    """The report is kept, and its reporter is told where the answer will be."""
    ports, said = context.services, context.dialog.data
    identity = await people.meet(ports, update.openid)
    allowance = await counted(ports, f"chat:report:{identity.id}", MOST_REPORTS, REPORTS_SECONDS)
    if allowance is not None and not allowance.allowed:
        return replies.Text(words.TOO_OFTEN)
    person = await person_of(ports, identity)
    try:
        report = await code_reports.report_code(
            ports, said["code"], said["kind"], update.content, update.dedupe, person_id=person.id
        )
    except Refused as refusal:
        return replies.Text(f"{refusal.advice}（{refusal.clause}）。不反映了，回复“{words.CANCEL}”。")
    await context.dialog.clear()
    days = edition_on(shanghai_day(ports.clock.now())).whole("windows.complaint_answer")
    return replies.Text(words.reported(ports.links.page(code_reports.report_path(report)), days))


async def answer(context: Conversation, text: str, road: Road) -> Answer:
    """Whose this code is and what stands behind it; a certificate's own code leads to the certificate."""
    ports = context.services
    if (card := await procurement.certificate_card(context, text)) is not None:
        return card
    identity = await people.meet(ports, context.update.openid)
    found = await look_up(ports, text, photo_scans.chat_visit(ports, identity, road))
    if context.dialog.state not in procurement.ADOPTING:  # which goes on after the look-up
        with contextlib.suppress(CacheUnavailable):
            await context.dialog.enter(SCANNED, code=text)
    return replies.Text(chat_words(ports.links, found, ports.clock.now()))


async def _meant(context: Conversation, identity: WeChatIdentity) -> str | None:
    """The code of this conversation; else the one on the latest photo."""
    if context.dialog.state in (SCANNED, KIND, WORDS):
        return str(context.dialog.data["code"])
    return await photo_scans.photographed(context.services, identity)
