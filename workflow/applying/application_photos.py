"""Photos sent in chat land in the firm's open application (7.1(2)): judged once, in chat, filed with that verdict."""

from typing import Any

from inspection.subject import Subject, subject_of
from models import TAKES_FILES, Application, ApplicationState, Inspection, Material, Photo, WeChatIdentity
from workflow.applying.application_wording import page
from workflow.applying.applications import enqueue_judgement, put_into_slot
from workflow.applying.case import Case, case_of
from workflow.applying.chat_photos import BODY, CERTIFICATE, WANTED
from workflow.applying.material_judging import STATES
from workflow.applying.slots import Slot, slots_of
from workflow.context import Ports
from workflow.findings import worst_of
from workflow.intake.file_judging import print_findings, prove_by
from workflow.intake.judged_codes import opaque_code, trace_code_of
from workflow.intake.wording import link, nothing_found
from workflow.knowing.persons import speaks_for

TITLES = {CERTIFICATE: "合格证照片", BODY: "本体照片"}
TOO_LATE = {
    ApplicationState.VERIFYING: "申报已经提交，这张照片没有放入申报资料；核验后如需补正，请届时重新发送（7.1(2)）",
    ApplicationState.GRADING: "申报资料已经核验通过，这张照片没有放入申报资料（7.1(2)）",
    ApplicationState.SUPPLEMENT: "这张照片核验时申报已经提交，没有放入申报资料；现在可以补正，请重新发送（7.2(3)）",
}
"""What is said of a photo that would have been filed, had the application not been submitted before it was judged."""


async def hand_in_photo(ports: Ports, identity: WeChatIdentity, photo: Photo) -> Material | None:
    """Inside the caller's transaction, once the photo (with ``inspection`` and ``evidence``) is judged: file it as a
    certificate's photo, or as one of the body where no certificate is seen.

    None where it belongs nowhere: no open application that takes photos, no product it can be told to be of, nothing
    on it, or its slot holds one that passed. The same photo again is the same material.
    """
    firm_id, person_id = await speaks_for(identity)
    evidence, inspection = photo.evidence, photo.inspection
    if firm_id is None or person_id is None or evidence is None or inspection is None:
        return None
    if not _of_the_firm(photo, firm_id):
        return None
    application = await Application.filter(
        enterprise_id=firm_id, state__in=[str(state) for state in TAKES_FILES]
    ).first()
    if application is None:
        return None
    key = _key(photo)
    if (known := await Material.get_or_none(application_id=application.id, key=key)) is not None:
        return known
    application = await Application.filter(id=application.id).select_for_update().get()
    if application.state not in TAKES_FILES:
        return None  # submitted while the photo was looked at
    case = await case_of(ports, application)
    kind, product_id, slot = await _slot(case, inspection)
    if slot is None or slot.state not in WANTED:
        return None  # what passed is left alone: a photo in chat may be meant as a check only
    judged: dict[str, Any] = {}
    # The register is asked of an opaque code, which takes a job of its own (R33).
    if kind == CERTIFICATE and opaque_code(inspection.report, case.edition) is None:
        findings = print_findings(inspection.report, case.edition)
        judged = {
            "state": STATES[worst_of(findings)],
            "findings": findings,
            "inspection_id": inspection.id,
            "judged_at": ports.clock.now(),
        }
    material = await put_into_slot(
        ports,
        application,
        kind,
        product_id,
        evidence,
        key=key,
        declared={} if kind == CERTIFICATE else {"place": "body"},
        person_id=person_id,
        actor=f"identity:{identity.id}",
        **judged,
    )
    if judged:
        await prove_by(ports, product_id, inspection, evidence.sha256)
    else:
        await enqueue_judgement(ports, material)
    return material


async def filed_words(ports: Ports, identity: WeChatIdentity, photo: Photo) -> str:
    """What the chat's answer says of it: ``已放入申报资料：合格证照片（2/2）``; where to submit, once nothing is left
    to hand in or to replace. Where it was not filed because the application was submitted meanwhile, that; else empty.
    """
    material = await Material.filter(key=_key(photo)).prefetch_related("application").first()
    if material is None:
        return await _too_late(ports, identity, photo)
    every = await slots_of(material.application)
    slots = [slot for slot in every if slot.material.id == material.kind]
    filled = sum(bool(slot.handed_in) for slot in slots)
    words = f"已放入申报资料：{TITLES[material.kind]}（{filled}/{len(slots)}）"
    if material.application.state not in TAKES_FILES or any(slot.state in WANTED for slot in every):
        return words
    return f"{words}\n{link(ports.links.page(page(material.application)), '资料已齐，去提交')}"


def _key(photo: Photo) -> str:
    return f"chat-photo:{photo.id}"


async def _too_late(ports: Ports, identity: WeChatIdentity, photo: Photo) -> str:
    """Why it was not filed, where nothing else stood in its way."""
    firm_id, _ = await speaks_for(identity)
    if firm_id is None or photo.inspection is None or not _of_the_firm(photo, firm_id):
        return ""
    submitted = Application.filter(enterprise_id=firm_id, state__in=[str(state) for state in TOO_LATE])
    application = await submitted.first()
    if application is None:
        return ""
    if application.state == ApplicationState.SUPPLEMENT:
        told, judged = application.told_at, photo.judged_at
        if told is None or judged is None or judged >= told:
            return ""  # it was judged when files were taken
    _, _, slot = await _slot(await case_of(ports, application), photo.inspection)
    return TOO_LATE[ApplicationState(application.state)] if slot is not None and slot.state != "passed" else ""


def _of_the_firm(photo: Photo, firm_id: int) -> bool:
    """Whether its bytes are there and the firm's, and show something."""
    evidence, inspection = photo.evidence, photo.inspection
    if evidence is None or evidence.enterprise_id != firm_id or evidence.dropped_at is not None:
        return False
    return inspection is not None and not nothing_found(inspection.report)


def _product(case: Case, inspection: Inspection) -> int | None:
    """The application's product that it shows: as it was recognised, by its code's GTIN, or the only one there is."""
    ids = [product.id for product in case.products]
    if inspection.product_id is not None:
        return inspection.product_id if inspection.product_id in ids else None
    code = trace_code_of(inspection.report, case.edition)
    gtin = code.parts.get("01") if code is not None and code.valid else None
    by_code = [product.id for product in case.products if gtin and product.gtin == gtin]
    if len(by_code) == 1:
        return by_code[0]
    return ids[0] if len(ids) == 1 else None


async def _slot(case: Case, inspection: Inspection) -> tuple[str, int | None, Slot | None]:
    """What it is filed as, of which product, and the slot for that, where the application has one."""
    subject, product_id = subject_of(inspection.report), _product(case, inspection)
    kind = CERTIFICATE if subject is Subject.CERTIFICATE else BODY
    if subject is Subject.SCREENSHOT:
        return kind, product_id, None  # by which way it was looked up has to be stated beside it
    slots = await slots_of(case.application, case.edition)
    slot = next(
        (s for s in slots if s.product is not None and (s.material.id, s.product.id) == (kind, product_id)), None
    )
    return kind, product_id, slot
