"""Photos sent in chat by somebody who files a month land in their slots, by what they show (C(1), C(2)).

A certificate is filed with the verdict that the chat gives of it; a body or a look-up page is looked at once more as
what it is, in the same job, so that one answer says everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inspection.subject import Subject, subject_of
from models import (
    OWES,
    FilingDialog,
    FilingFile,
    FilingFileKind,
    FilingFileState,
    Inspection,
    Job,
    MonthlyFiling,
    Photo,
    Product,
    WeChatIdentity,
)
from standard.months import Month
from workflow.context import Ports
from workflow.intake.file_judging import Judged, print_findings
from workflow.intake.judged_codes import GTIN, opaque_code, trace_code_of
from workflow.intake.photo_jobs import first_job
from workflow.intake.wording import harmless, nothing_found, product_question, tap
from workflow.knowing.people import hint_of, micrometres
from workflow.knowing.persons import speaks_for
from workflow.monthly.month_case import STANDING, edition_of_month, month_case
from workflow.monthly.month_files import look_at, of_the_month, put_into_month
from workflow.monthly.month_filing import checklist, locked, place_for, standing_twin
from workflow.monthly.month_slots import PER_PRODUCT, slot_of
from workflow.ports import InspectionFailed
from workflow.problems import Refused

KINDS = {
    Subject.CERTIFICATE: FilingFileKind.CERTIFICATE_PHOTO,
    Subject.BODY: FilingFileKind.BODY_PHOTO,
    Subject.SCREENSHOT: FilingFileKind.QUERY_SCREENSHOT,
}
_MOST_TOLD = 3
_MARKS = {FilingFileState.FAILED: "✗", FilingFileState.UNCLEAR: "？"}


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a photo goes: the month, as what, of which product (None: that cannot be told, or it belongs to all), and
    what its own inspection came to where it had one already."""

    filing: MonthlyFiling
    kind: FilingFileKind
    product: Product | None = None
    judged: Judged | None = None


@dataclass(frozen=True, slots=True)
class SentFor:
    """The month (with ``enterprise`` and ``certificate``) that a photo was sent for, and the product that was chosen
    for what shows none by itself."""

    filing: MonthlyFiling
    product_id: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """What the chat's answer says of a photo of a month. ``alone``: that is all there is to say, for it is not of a
    certificate, and what was inspected of it as one means nothing."""

    words: str
    alone: bool


# --- filing ----------------------------------------------------------------------------------------------------------


async def landing_of(
    ports: Ports, photo: Photo, report: dict[str, Any], recognised: int | None, sheet_um: tuple[int | None, int | None]
) -> Landing | None:
    """Outside any transaction, once the photo (with ``identity`` and ``evidence``) was inspected: where it goes, looked
    at as what it is. None where its sender files for no month, or it shows nothing.

    ``recognised`` is the product the inspection told, ``sheet_um`` the size it judged by.
    """
    landing = await _landing(photo, report, recognised)
    if landing is None or (landing.product is None and landing.kind in PER_PRODUCT):
        return landing
    product, evidence = landing.product, photo.evidence
    assert evidence is not None
    if landing.kind is FilingFileKind.CERTIFICATE_PHOTO:
        assert product is not None
        edition = edition_of_month(landing.filing.month)
        if sheet_um == micrometres(hint_of(product).sheet_mm) and opaque_code(report, edition) is None:
            return landing  # the chat's own verdict is the one that counts
    try:
        judged = await look_at(ports, landing.filing, landing.kind, product, evidence, {})
    except InspectionFailed:
        return landing  # its own job looks at it again
    return Landing(landing.filing, landing.kind, product, judged)


async def _landing(photo: Photo, report: dict[str, Any], recognised: int | None) -> Landing | None:
    identity, evidence = photo.identity, photo.evidence
    if identity is None or evidence is None or evidence.dropped_at is not None or nothing_found(report):
        return None
    sent = await _sent_for(photo)
    if sent is None:
        return None
    firm_id, _ = await speaks_for(identity)
    if firm_id != sent.filing.enterprise_id or evidence.enterprise_id != firm_id:
        return None
    kind = KINDS[subject_of(report)]
    product = await _product(sent, report, recognised) if kind in PER_PRODUCT else None
    return Landing(sent.filing, kind, product)


async def of_no_known_product(photo: Photo) -> bool:
    """Whether the photo (with ``identity``, ``evidence`` and ``inspection``) waits to be told its product."""
    inspection = photo.inspection
    landing = await _landing(photo, inspection.report, inspection.product_id) if inspection is not None else None
    return landing is not None and landing.product is None and landing.kind in PER_PRODUCT


async def sent_for_now(photo: Photo) -> dict[str, Any]:
    """Inside the transaction that writes the photo: the month that its sender files for at this moment, as the photo's
    first job keeps it, whatever they turn to while the photo is under way; empty where there is none."""
    dialog = await FilingDialog.get_or_none(
        identity_id=photo.identity_id, left_at=None, filing__state__in=[str(state) for state in OWES]
    )
    return {"filing": dialog.filing_id, "product": dialog.product_id} if dialog is not None else {}


async def _sent_for(photo: Photo) -> SentFor | None:
    """The month they filed for when they sent it, where it is still owed; a product they chose since counts."""
    job = await Job.get_or_none(key=first_job(photo.id))
    if job is None or "filing" not in job.args:
        return None
    filing = await MonthlyFiling.get_or_none(
        id=job.args["filing"], state__in=[str(state) for state in OWES]
    ).prefetch_related("enterprise", "certificate")
    if filing is None:
        return None
    dialog = await FilingDialog.get_or_none(identity_id=photo.identity_id, filing_id=filing.id)
    chosen = dialog.product_id if dialog is not None else None
    return SentFor(filing, chosen or job.args["product"])


async def _product(sent: SentFor, report: dict[str, Any], recognised: int | None) -> Product | None:
    """Which of the firm's products it shows: as it was recognised, by its code's GTIN, the one that was chosen, or the
    only one there is."""
    filing = sent.filing
    products = await Product.filter(enterprise_id=filing.enterprise_id, retired_at=None).order_by("id")
    code = trace_code_of(report, edition_of_month(filing.month))
    gtin = code.parts.get(GTIN) if code is not None and code.valid else None
    for of in (
        [one for one in products if one.id == recognised],
        [one for one in products if gtin and one.gtin and one.gtin.zfill(14) == gtin.zfill(14)],
        [one for one in products if one.id == sent.product_id],
        products,
    ):
        if len(of) == 1:
            return of[0]
    return None


async def file_photo(
    ports: Ports, identity: WeChatIdentity, photo: Photo, landing: Landing | None
) -> FilingFile | None:
    """Inside the caller's transaction, once the photo (with ``inspection`` and ``evidence``) is judged: file it where
    it goes, as of the moment when it came. The same photo again is the same file.

    None where it goes nowhere: its product cannot be told, its slot is full, or the month takes nothing more.
    """
    evidence, inspection = photo.evidence, photo.inspection
    if landing is None or evidence is None or inspection is None:
        return None
    filing = await locked(landing.filing)
    if (known := await _filed(photo, filing)) is not None:
        return known
    _, person_id = await speaks_for(identity)
    if person_id is None or (landing.product is None and landing.kind in PER_PRODUCT):
        return None
    try:
        renewed = await _renewed(photo, filing)
        product_id = landing.product.id if landing.product else None
        place = await place_for(filing, landing.kind, product_id, photo.received_at, renewed)
    except Refused:
        return None
    return await put_into_month(
        ports,
        place,
        evidence,
        key=_key(photo.id),
        declared={},
        person_id=person_id,
        actor=f"identity:{identity.id}",
        handed_in_at=photo.received_at,
        judged=landing.judged or await _as_in_chat(place.filing, landing, photo, inspection),
    )


async def _as_in_chat(filing: MonthlyFiling, landing: Landing, photo: Photo, inspection: Inspection) -> Judged | None:
    """A certificate with the verdict that the chat gives; anything else has none yet."""
    edition = edition_of_month(filing.month)
    if landing.kind is not FilingFileKind.CERTIFICATE_PHOTO or opaque_code(inspection.report, edition) is not None:
        return None
    product = landing.product
    assert product is not None
    assert photo.evidence is not None
    if (inspection.sheet_width_um, inspection.sheet_height_um) != micrometres(hint_of(product).sheet_mm):
        return None
    as_told = Judged(print_findings(inspection.report, edition), None, None, inspection)
    return await of_the_month(filing, landing.kind, product, photo.evidence, as_told)


def _key(photo_id: int) -> str:
    return f"chat-photo:{photo_id}"


async def _filed(photo: Photo, filing: MonthlyFiling) -> FilingFile | None:
    """The photo's file, or one that was judged of the very same picture and passed: it need not be filed twice."""
    mine = FilingFile.filter(filing_id=filing.id)
    if (known := await mine.filter(key=_key(photo.id)).first()) is not None:
        return known
    assert photo.evidence is not None
    return await mine.filter(evidence__sha256=photo.evidence.sha256, state=FilingFileState.PASSED).first()


async def _renewed(photo: Photo, filing: MonthlyFiling) -> FilingFile | None:
    """What this photo takes the place of: the same picture judged before, or the one whose original it is."""
    assert photo.evidence is not None
    if (twin := await standing_twin(filing, photo.evidence.sha256)) is not None or photo.renews_id is None:
        return twin
    standing = [str(state) for state in STANDING]
    return await FilingFile.filter(key=_key(photo.renews_id), filing_id=filing.id, state__in=standing).first()


# --- telling ---------------------------------------------------------------------------------------------------------


async def told_of(ports: Ports, photo: Photo) -> Told | None:
    """What the chat's answer says of a photo (with ``identity``, ``evidence`` and ``inspection``); None where it is no
    photo of a month."""
    inspection = photo.inspection
    if inspection is None:
        return None
    landing = await _landing(photo, inspection.report, inspection.product_id)
    if landing is None:
        return None
    alone = landing.kind is not FilingFileKind.CERTIFICATE_PHOTO
    file = await _filed(photo, landing.filing)
    if file is None:
        return Told(await _why_not(landing, photo), alone)
    await file.fetch_related("product")
    case = await month_case(landing.filing)
    slot = slot_of(case, FilingFileKind(file.kind), file.product)
    words = [f"已放入 {_month(landing.filing)}提报：{slot.name} {slot.have}/{max(slot.need, slot.have)}"]
    if file.state == FilingFileState.HANDED_IN:
        words.append(f"正在检查，稍后回复{tap('进度')}查看结果")
    found = [one for one in file.findings if one["outcome"] != "pass" and (alone or _of_month(one))]
    mark = _MARKS.get(FilingFileState(file.state), "✗")
    words += [f"{mark} {harmless(finding['reason'])}" for finding in found[:_MOST_TOLD]]
    if alone and file.state == FilingFileState.PASSED:
        words[0] += " ✓"
    return Told("\n".join(words), alone)


def _of_month(finding: dict[str, Any]) -> bool:
    """Whether the month says it, and not the photo's report, which the answer shows anyway."""
    return finding["clause"] == "C(5)" or finding.get("check") == "data_match" or _against_earlier(finding)


def _against_earlier(finding: dict[str, Any]) -> bool:
    return bool(finding.get("check") == "D.1.3" and finding["outcome"] == "fail")


async def _why_not(landing: Landing, photo: Photo) -> str:
    """Why a photo was not filed."""
    if landing.product is None and landing.kind in PER_PRODUCT:
        products = await Product.filter(enterprise_id=landing.filing.enterprise_id, retired_at=None).order_by("id")
        return f"未放入 {_month(landing.filing)}提报。{product_question(products)}"
    product_id = landing.product.id if landing.product else None
    try:
        await place_for(landing.filing, landing.kind, product_id, photo.received_at)
    except Refused as refusal:
        return f"未放入 {_month(landing.filing)}提报：{refusal.advice}"
    return ""


async def filed_words(ports: Ports, photo: Photo) -> str:
    """The words of :func:`told_of`; empty where there are none."""
    told = await told_of(ports, photo)
    return told.words if told is not None else ""


async def what_next(photos: Sequence[Photo]) -> str:
    """Once for all photos of an answer: what the month still lacks, or that it may be submitted; empty where none of
    them is of a month."""
    months = [sent.filing for photo in photos if (sent := await _sent_for(photo)) is not None]
    if not months:
        return ""
    filing = months[-1]
    found = await checklist(filing)
    if found.passing:
        return f"{_month(filing)}资料已齐并通过检查：回复{tap('完成')}提交。"
    if len(found.missing) == 1 and not found.ledger.have:
        # No chat passes a table on.
        return f"{_month(filing)}照片都有了，{found.missing[0]}：回复{tap('进度')}，打开清单上传。"
    parts = [*found.missing[:_MOST_TOLD]]
    if len(found.missing) > _MOST_TOLD:
        parts.append(f"共 {len(found.missing)} 项，回复{tap('进度')}看全部")
    if not parts and found.findings:
        return f"{_month(filing)}资料已齐，有 {len(found.findings)} 处需更换：回复{tap('进度')}查看。"
    if not parts and found.waiting:
        return f"{_month(filing)}资料已齐，还有 {found.waiting} 份正在检查：稍后回复{tap('完成')}提交。"
    return f"{_month(filing)}资料还没齐：{'；'.join(parts)}。" if parts else ""


def _month(filing: MonthlyFiling) -> str:
    """As the whole chat names it."""
    return f"{Month.parse(filing.month).number} 月"
