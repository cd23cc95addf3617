"""Filing a month (8.1(2), Appendix C): what is asked and what is there, handing files in, saying that it is complete.

What is handed in is stored first, then judged by a job of its own, so that a firm sees at once what to replace. Files
are taken as long as the month is owed: within its window, to make it up, and after (6.1(5)).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tortoise.exceptions import IntegrityError

from models import (
    OWES,
    EvidenceSource,
    FilingDialog,
    FilingFile,
    FilingFileKind,
    FilingFileState,
    FilingState,
    MonthlyFiling,
    Product,
    StaffRole,
    WeChatIdentity,
)
from models.transactions import transaction
from standard.handing_in import DeclaredOdd
from standard.handing_in import declared as stated_beside
from standard.months import Month
from standard.validity import LIVE
from workflow.access import REF, Asker, member_or_operator, not_found
from workflow.certifying import certificates
from workflow.context import Ports
from workflow.intake.evidence import keep_file, kept_bytes
from workflow.intake.uploads import LONGEST_NAME, admitted, checked_key, key_reused
from workflow.knowing.people import lock_person
from workflow.monthly.month_case import STANDING, MonthCase, edition_of_month, month_case, named, taken_until
from workflow.monthly.month_files import PASSED_MONTHS, Place, given_up, put_into_month
from workflow.monthly.month_judging import Judgement, Standing, judge_case, judged
from workflow.monthly.month_life import decide
from workflow.monthly.month_slots import ACCEPTS, PER_PRODUCT, TITLES, MonthProduct, MonthSlot, month_slots, slot_of
from workflow.monthly.months import filing_of
from workflow.problems import Kind, Refused
from workflow.record import record_event

__all__ = (
    "Checklist", "Choice", "MonthProduct", "MonthSlot", "checklist", "choices", "dialog_of", "enter", "file_bytes",
    "file_of", "hand_in", "leave", "submit", "take_out",
)  # fmt: skip

MOST_TOLD = 8
"""Reasons that a refusal lists."""


@dataclass
class Checklist:
    """What a month asks and what is there. ``complete``: nothing is missing, whatever was judged of it; ``passing``:
    it may be submitted, and is then decided at once; ``waiting``: files and chat photos that are being looked at.

    ``missing`` and ``lines`` are in words; ``findings`` is what fails or is unclear, each with the refs of the files
    (``materials``) it is about.
    """

    filing: MonthlyFiling
    products: list[MonthProduct]
    screenshots: MonthSlot
    ledger: MonthSlot
    optional: MonthSlot
    missing: list[str]
    findings: list[dict[str, Any]]
    waiting: int
    lines: list[str] = field(default_factory=list)

    @property
    def slots(self) -> list[MonthSlot]:
        """All slots in the order in which people read them."""
        by_product = [slot for product in self.products for slot in product.slots]
        return [*by_product, self.screenshots, self.ledger, self.optional]

    @property
    def complete(self) -> bool:
        """Whether everything that is asked is there."""
        return not self.missing

    @property
    def passing(self) -> bool:
        """Whether it passes as it stands."""
        return self.complete and not self.waiting and not self.findings


@dataclass(frozen=True, slots=True)
class Choice:
    """A product that may be filed. ``repeated``: it was filed last month; ``refused``: why it may not be filed again
    now, empty where it may (R9)."""

    product: Product
    repeated: bool
    refused: str


async def checklist(filing: MonthlyFiling, beside: Sequence[Product] = ()) -> Checklist:
    """What is asked, what is there and what is wrong with it; who may see it the caller has checked.

    ``beside``: products that get slots though nothing of them is filed yet, such as the one that was chosen.
    """
    case = await month_case(filing)
    slots = month_slots(case, beside)
    judgement = judge_case(case, filing.opened_at)
    waiting = case.on_their_way + sum(file.state == FilingFileState.HANDED_IN for file in case.files)
    found = Checklist(
        filing, slots.products, slots.screenshots, slots.ledger, slots.optional, slots.missing,
        judgement.findings if case.files else [], waiting,
    )  # fmt: skip
    found.lines = _lines(found)
    return found


def _lines(found: Checklist) -> list[str]:
    """As chat shows it: what is there, then what is wrong, then what is missing."""
    lines = [product.words for product in found.products]
    lines += [found.screenshots.words, found.ledger.words]
    if found.optional.files:
        lines.append(f"{found.optional.title} {found.optional.have} 份")
    lines += [f"{'？' if finding['outcome'] == 'unclear' else '✗'} {finding['reason']}" for finding in found.findings]
    lines += [f"缺：{missing}" for missing in found.missing]
    if found.waiting:
        lines.append(f"还有 {found.waiting} 份正在检查")
    return lines


async def choices(filing: MonthlyFiling) -> list[Choice]:
    """The firm's products that may be filed, those of last month marked (R9)."""
    case = await month_case(filing)
    taken = {product.id for product in case.filed_products()}
    left = [one for one in case.products if one.id not in case.last_month and one.id not in taken]
    return [_choice(product, case, left) for product in case.products]


def _choice(product: Product, case: MonthCase, left: Sequence[Product]) -> Choice:
    if product.id not in case.last_month:
        return Choice(product, repeated=False, refused="")
    refused = f"上月已提报，请先选上月未提报的：{'、'.join(map(named, left))}（C(5)，R9）" if left else ""
    return Choice(product, repeated=True, refused=refused)


async def hand_in(
    ports: Ports,
    asker: Asker,
    ref: str,
    key: str,
    kind: str,
    data: bytes,
    file_name: str,
    *,
    product_id: int | None = None,
    declared: dict[str, Any] | None = None,
) -> FilingFile:
    """Store a file for the month and have it judged; the same key with the same file again is the same file.

    It takes the place of one that did not pass, or of the ledger for the same products; a file counts once in a month,
    however often it is uploaded: elsewhere again, it moves. Refused: ``key_malformed``,
    ``key_reused``, ``file_kind_unknown``, ``file_not_asked`` (R39), ``product_missing``, ``product_unknown``,
    ``file_empty``, ``file_too_large``, ``file_type``, ``declared_odd``, ``filing_closed``, ``slot_full``.
    """
    filing = await filing_of(asker, ref, StaffRole.STAFF)
    checked_key(key)
    sha256 = hashlib.sha256(data).hexdigest()
    if (known := await by_key(filing, key)) is not None:
        return _same(known, kind, product_id, sha256)
    # The same file once more renews itself: a slot is not too full for what is in it.
    twin = await standing_twin(filing, sha256)
    place = await place_for(filing, kind, product_id, ports.clock.now(), twin)
    stated = _declared(place.kind, declared or {}, filing)
    media_type = admitted(ports, TITLES[place.kind], ACCEPTS[place.kind], data, file_name, clause="C")
    evidence = await keep_file(
        ports,
        data,
        EvidenceSource.UPLOAD,
        actor=asker.actor,
        media_type=media_type,
        enterprise_id=filing.enterprise_id,
        identity_id=asker.identity_id,
        file_name=file_name[-LONGEST_NAME:],
    )
    try:
        async with transaction():
            held = await locked(filing)
            now = ports.clock.now()
            twin = await standing_twin(held, sha256)
            place = await place_for(held, kind, product_id, now, twin)
            if twin is not None and (twin.kind, twin.product_id) == (kind, product_id) and not given_up(twin):
                return twin
            file = await put_into_month(
                ports, place, evidence, key=key, declared=stated, person_id=asker.person_id, actor=asker.actor,
                handed_in_at=now,
            )  # fmt: skip
    except IntegrityError:
        # The same upload came twice at once: the other one was quicker.
        if (known := await by_key(filing, key)) is None:
            raise
        return _same(known, kind, product_id, sha256)
    ports.bell.ring("jobs")
    return file


async def locked(filing: MonthlyFiling) -> MonthlyFiling:
    """Inside the caller's transaction: the filing (with ``certificate``) afresh, held until it ends. Who files, judges
    or decides takes it before its files."""
    held = await MonthlyFiling.filter(id=filing.id).select_for_update().get()
    await held.fetch_related("certificate")
    return held


async def standing_twin(filing: MonthlyFiling, sha256: str) -> FilingFile | None:
    """The file of the month that stands and has these very bytes."""
    return (
        await FilingFile.filter(
            filing_id=filing.id, evidence__sha256=sha256, state__in=[str(state) for state in STANDING]
        )
        .order_by("-id")
        .prefetch_related("evidence", "product")
        .first()
    )


async def by_key(filing: MonthlyFiling, key: str) -> FilingFile | None:
    """The file of the month that was handed in under this key."""
    return await FilingFile.get_or_none(filing_id=filing.id, key=key).prefetch_related("evidence", "product")


def _same(known: FilingFile, kind: str, product_id: int | None, sha256: str) -> FilingFile:
    if (known.kind, known.product_id, known.evidence.sha256) == (kind, product_id, sha256):
        return known
    raise key_reused("8.1(2)")


async def place_for(
    filing: MonthlyFiling, kind: str, product_id: int | None, at: datetime, renews: FilingFile | None = None
) -> Place:
    """Where a file that came ``at`` this moment goes in the filing (with ``certificate``); refuses like
    :func:`hand_in`. ``renews``: the file of the same picture, which it replaces in any event."""
    must_take_files(filing, at)
    if kind not in set(FilingFileKind):
        advice = f"资料种类请选：{'、'.join(TITLES.values())}"
        raise Refused(Kind.INVALID, "file_kind_unknown", advice, clause="C", field="kind")
    asked = FilingFileKind(kind)
    case = await month_case(filing)
    if asked is FilingFileKind.BODY_PHOTO and not case.asks_body:
        advice = f"{case.level} 级证书的月份不要求本体或包装照片，不用提交（C(1)，R39）"
        raise Refused(Kind.INVALID, "file_not_asked", advice, clause="C(1)", rows=("R39",), field="kind")
    product = _of_firm(case, asked, product_id)
    return Place(filing, asked, product, renews or _replaced(slot_of(case, asked, product)))


def must_take_files(filing: MonthlyFiling, at: datetime) -> None:
    """Refused ``filing_closed`` where nothing that comes ``at`` this moment is taken for the month (with
    ``certificate``): it is decided, its certificate has ended, or its window or its days to make it up have just ended
    and what came in time is being judged."""
    # A month that was held by somebody when its certificate ended is not closed with it.
    over = filing.state == FilingState.CLOSED or (filing.state in OWES and filing.certificate.state not in LIVE)
    if over or filing.state not in OWES:
        words = "证书已失效，这个月不再提报" if over else f"{Month.parse(filing.month).words}已核验通过，不用再提交"
        raise Refused(Kind.CONFLICT, "filing_closed", f"{words}（8.1(2)）", clause="8.1(2)")
    until = taken_until(filing)
    if until is not None and at >= until:
        what = "提报期" if filing.state == FilingState.OPEN else "补报期"
        ended = f"{Month.parse(filing.month).words}的{what}刚刚截止"
        advice = f"{ended}，正在核验已提交的资料：几分钟后可以补报（8.1(2)、8.1(3)）"
        raise Refused(Kind.CONFLICT, "filing_closed", advice, clause="8.1(2)", rows=("R10",))


def _of_firm(case: MonthCase, kind: FilingFileKind, product_id: int | None) -> Product | None:
    if product_id is None:
        if kind in PER_PRODUCT:
            advice = f"请选择{TITLES[kind]}是哪款产品的"
            raise Refused(Kind.INVALID, "product_missing", advice, clause="C(1)", field="product")
        return None
    found = next((product for product in case.products if product.id == product_id), None)
    if found is None or kind not in (*PER_PRODUCT, FilingFileKind.UPDATE_LEDGER):
        advice = "所选产品不在本企业的在用产品中，或这种资料不分产品：请刷新后重新选择"
        raise Refused(Kind.INVALID, "product_unknown", advice, clause="C(5)", field="product")
    return found


def _replaced(slot: MonthSlot) -> FilingFile | None:
    """Whose place the next file takes: one that did not pass, else the ledger there is for the same products."""
    if slot.kind is FilingFileKind.UPDATE_LEDGER:
        product_id = slot.product.id if slot.product is not None else None
        return next((file for file in slot.files if file.product_id == product_id), None)
    for file in slot.files:
        if file.state in (FilingFileState.FAILED, FilingFileState.UNCLEAR):
            return file
    if slot.have < slot.most:
        return None
    advice = f"“{slot.name}”最多 {slot.most} 份，已经交满：请先撤下一份"
    raise Refused(Kind.CONFLICT, "slot_full", advice, clause="C", field="kind")


def _declared(kind: FilingFileKind, given: dict[str, Any], filing: MonthlyFiling) -> dict[str, Any]:
    try:
        return dict(stated_beside(f"month_{kind}", given, edition_of_month(filing.month)))
    except DeclaredOdd as odd:
        raise Refused(Kind.INVALID, "declared_odd", str(odd), clause="C", field=f"declared.{odd.field}") from None


async def take_out(ports: Ports, asker: Asker, ref: str, file_ref: str) -> None:
    """Take a file out again before the month is decided; once more changes nothing. Refused: ``filing_closed``,
    ``file_replaced``."""
    filing = await filing_of(asker, ref, StaffRole.STAFF)
    async with transaction():
        held = await locked(filing)
        mine = FilingFile.filter(ref=file_ref, filing_id=held.id)
        file = await mine.first() if REF.fullmatch(file_ref) else None
        if file is None:
            raise not_found()
        if file.state == FilingFileState.REMOVED:
            return
        must_take_files(held, ports.clock.now())
        if file.state == FilingFileState.REPLACED:
            raise Refused(Kind.CONFLICT, "file_replaced", "这份文件已被更换，不用撤下", clause="8.1(2)")
        await FilingFile.filter(id=file.id).update(state=FilingFileState.REMOVED)
        await record_event(
            ports,
            "filing_file:take_out",
            "filing_file",
            file.id,
            actor=asker.actor,
            clause="8.1(2)",
            before={"state": file.state},
            after={"state": FilingFileState.REMOVED.value},
        )


async def submit(ports: Ports, asker: Asker, ref: str) -> MonthlyFiling:
    """Say that the month is complete: where it passes it is decided at once, in the same transaction.

    A month that passed already is answered as it is. Refused, with what is to be done in the advice:
    ``filing_incomplete``, ``filing_failing``, ``filing_waiting``, ``filing_closed``.
    """
    filing = await filing_of(asker, ref, StaffRole.STAFF)
    async with transaction():
        held = await locked(filing)
        # The certificate before anything is judged: of two months that are submitted at once, the second is judged by
        # what the first was filed with (R9).
        await certificates.held({held.certificate_id})
        if held.state not in PASSED_MONTHS:
            now = ports.clock.now()
            must_take_files(held, now)
            judgement = (await judged(ports, [held], submitted_at=now))[held.id]
            if judgement.outcome is not Standing.PASSING:
                raise _not_yet(judgement)
            await MonthlyFiling.filter(id=held.id).update(submitted_at=now)
            held.submitted_at = now
            await decide(ports, held, judgement, now, actor=asker.actor, seen_by=asker.person_id)
    ports.bell.ring("jobs")
    return await filing_of(asker, ref)


def _not_yet(judgement: Judgement) -> Refused:
    """Why a month cannot be submitted as it stands: what is missing, then what is to be replaced."""
    reasons = list(dict.fromkeys(finding["reason"] for finding in judgement.findings))
    match judgement.outcome:
        case Standing.MISSING:
            code, told = "filing_incomplete", [*judgement.verdict["missing"], *reasons]
        case Standing.WAITING:
            code, told = "filing_waiting", ["还有资料正在检查，请稍候再提交", *reasons]
        case _:
            code, told = "filing_failing", reasons
    shown = told[:MOST_TOLD]
    if len(told) > MOST_TOLD:
        shown.append(f"另有 {len(told) - MOST_TOLD} 处，见月度提报页面")
    return Refused(Kind.INVALID, code, "；".join(shown), clause="8.1(2)", rows=("R6", "R9", "R39"))


async def file_of(asker: Asker, ref: str) -> FilingFile:
    """A file with its filing, evidence, product and inspection, for members of its firm and for operators."""
    file = await FilingFile.get_or_none(ref=ref).prefetch_related("filing", "evidence", "product", "inspection")
    if file is None:
        raise not_found()
    await member_or_operator(asker, file.filing.enterprise_id)
    return file


async def file_bytes(ports: Ports, asker: Asker, ref: str) -> tuple[bytes, str]:
    """A file's bytes and media type, for whom :func:`file_of` answers. Refused: ``file_dropped``."""
    return await kept_bytes(ports, (await file_of(asker, ref)).evidence)


# --- in chat ---------------------------------------------------------------------------------------------------------


async def enter(ports: Ports, identity: WeChatIdentity, filing: MonthlyFiling, product_id: int | None = None) -> None:
    """From now on this person's chat photos are filed for the month, days later too, until they leave it.

    ``product_id``: the product that was chosen for what shows none by itself; None keeps an earlier choice for the
    same month. That they may file for the firm the caller has checked; each photo is checked again.
    """
    async with transaction():
        await lock_person(identity.id)
        now = ports.clock.now()
        dialog = await FilingDialog.get_or_none(identity_id=identity.id)
        if dialog is None:
            await FilingDialog.create(
                identity_id=identity.id, filing_id=filing.id, product_id=product_id, entered_at=now
            )
            return
        same = dialog.filing_id == filing.id
        dialog.product_id = product_id or (dialog.product_id if same else None)
        if not same or dialog.left_at is not None:
            dialog.filing_id, dialog.entered_at, dialog.left_at = filing.id, now, None
        await dialog.save()


async def dialog_of(identity: WeChatIdentity) -> FilingDialog | None:
    """The month they file for, with ``filing`` and ``product``; None where they left it or nothing is owed any more."""
    return (
        await FilingDialog.filter(
            identity_id=identity.id, left_at=None, filing__state__in=[str(state) for state in OWES]
        )
        .prefetch_related("filing__enterprise", "product")
        .first()
    )


async def leave(ports: Ports, identity: WeChatIdentity) -> None:
    """Their photos are checks again; what was filed stays. Fine where they file for nothing."""
    await FilingDialog.filter(identity_id=identity.id, left_at=None).update(left_at=ports.clock.now())
