"""The job that judges a photo: fetch and keep it, have it inspected, record the verdict with its answer (7.2, D)."""

import logging
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from inspection.report import Inspected, PictureRefused, Request, Size
from models import Answer, EvidenceSource, Inspection, Photo, PhotoState, Product, WeChatIdentity
from models.transactions import transaction
from workflow.answering import photo_scans
from workflow.answering.upload_links import link_for_original
from workflow.applying.application_photos import filed_words, hand_in_photo
from workflow.context import Ports
from workflow.intake import wording
from workflow.intake.evidence import evidence_key, owning, put_object, record_evidence
from workflow.intake.inspections import as_plain, inspection_key, keep_inspected, record_inspection, tried_once_more
from workflow.intake.photo_jobs import JUDGE, UNDER_WAY, first_job, job_keys, tries_under_way
from workflow.knowing.people import MILLI, hint_of, lock_person, micrometres, products_of
from workflow.monthly import month_jobs, month_offers, month_photos
from workflow.ports import (
    BadRequest,
    ClaimedJob,
    InspectionFailed,
    NotReachable,
    ObjectMissing,
    PictureTooLarge,
    WeChatError,
)
from workflow.record import record_event
from workflow.telling import answers

log = logging.getLogger(__name__)

ENDED = (PhotoState.JUDGED, PhotoState.REFUSED, PhotoState.FAILED)

TRIES, GIVEN_UP_AFTER = 4, timedelta(minutes=5)
"""So often a photo is tried whatever its age, and for so long however often: a worker that is killed uses up a try."""
MOST_ATTEMPTS = 20
LONGEST_WAIT_SECONDS = 60
"""Before WeChat is asked for a picture again."""


async def enqueue_judgement(ports: Ports, photo: Photo, *, again: bool = False) -> None:
    """Inside the transaction that wrote the photo, or (``again``) learned more of it: its job. The first one keeps the
    month that the photo was sent for."""
    key = f"{job_keys(photo)}{secrets.token_hex(4)}" if again else first_job(photo.id)
    args = {"photo": photo.id, "update": photo.receipt} | ({} if again else await month_photos.sent_for_now(photo))
    await ports.queue.enqueue(JUDGE, key, args, due=ports.clock.now(), priority=10, max_attempts=MOST_ATTEMPTS)


async def judge(ports: Ports, job: ClaimedJob) -> None:
    """The job: store, inspect, record. Idempotent: each step leaves its mark, the last one closes the job with it."""
    photo = await Photo.get(id=job.args["photo"]).prefetch_related("identity", "evidence", "inspection")
    if photo.state in ENDED:
        async with transaction():
            await ports.queue.finish(job)
        return
    try:
        if photo.evidence is None:
            await _store(ports, photo)
        request, products = await _request(ports, photo)
        assert photo.evidence is not None
        key = inspection_key(photo.evidence, request)
        if (known := await Inspection.get_or_none(key=key)) is not None:
            await _record_known(ports, job, photo, known)
            return
        inspected = await ports.inspector.inspect(request)
    except PictureRefused as refusal:
        await _refuse(ports, job, photo, PhotoState.REFUSED, refusal.code, refusal.advice)
    except PictureTooLarge as problem:
        await _refuse(ports, job, photo, PhotoState.REFUSED, "picture_too_large", wording.too_large(problem.limit))
    except (BadRequest, NotReachable):
        await _refuse(
            ports,
            job,
            photo,
            PhotoState.REFUSED,
            "picture_not_fetched",
            "微信没有给出这张照片（可能已过期），请重新发送",
        )
    except ObjectMissing:
        await _refuse(ports, job, photo, PhotoState.REFUSED, "picture_dropped", "这张照片已按约定删除，请重新发送")
    except WeChatError as problem:
        log.warning("picture not fetched: %s %s", problem.errcode, problem.errmsg)
        later = timedelta(seconds=min(2**job.attempts, LONGEST_WAIT_SECONDS))
        await ports.queue.retry(job, ports.clock.now() + later, str(problem.errcode))
    except InspectionFailed as problem:
        if not await tried_once_more(ports, job, problem):
            await _refuse(
                ports,
                job,
                photo,
                PhotoState.FAILED,
                f"inspection_{problem.reason}",
                "这张照片无法处理，请换一张重新拍摄；仍不行请回复“原图”，从手机上传原始照片",
            )
    else:
        await _record_new(ports, job, photo, products, key, inspected)
    ports.bell.ring("jobs")


async def ended(ports: Ports, photo: Photo, seconds: float) -> bool:
    """Wait until the photo's road has ended, at most ``seconds``; refreshes the row."""

    async def look() -> bool | None:
        await photo.refresh_from_db()
        return photo.state in ENDED or None

    return await ports.bell.awaited(bell_name(photo), look, seconds) is not None


async def give_up(ports: Ports, job: ClaimedJob) -> None:
    """Sweep: photos whose job was buried, or comes to nothing, get an answer all the same; nobody is left waiting."""
    now = ports.clock.now()
    stuck = await Photo.filter(state__in=UNDER_WAY, received_at__lt=now - timedelta(seconds=30))
    tries = await tries_under_way()
    for photo in stuck:
        tried = tries.get(photo.id)
        if tried is not None and (tried < TRIES or photo.received_at >= now - GIVEN_UP_AFTER):
            continue
        async with transaction():
            await _end(ports, photo, PhotoState.FAILED, "gave_up", "这张照片没有检查成功，请重新发送")
    async with transaction():
        await ports.queue.finish(job)
    ports.bell.ring("jobs")


def bell_name(photo: Photo) -> str:
    """Rings when the photo's road has ended."""
    return f"photo:{photo.id}"


async def _store(ports: Ports, photo: Photo) -> None:
    """Fetch the chat picture and keep it before anything is judged."""
    data = await ports.wechat.fetch_picture(photo.pic_url, photo.media_id)
    storage_key = evidence_key(data)
    async with owning(ports, storage_key):
        await put_object(ports, storage_key, data)
        async with transaction():
            await record_evidence(ports, photo, data, EvidenceSource.CHAT, None)
    await photo.refresh_from_db()
    await photo.fetch_related("identity", "evidence")


async def _request(ports: Ports, photo: Photo) -> tuple[Request, list[Product]]:
    """What the inspector is asked: the bytes, the size if it is known, the products the sheet may belong to."""
    evidence, identity = photo.evidence, photo.identity
    assert evidence is not None
    assert identity is not None
    if evidence.size > ports.max_bytes:
        raise PictureRefused("picture_too_large", wording.too_large(ports.max_bytes))
    products = await products_of(identity)
    if photo.product_id is not None:
        products = [product for product in products if product.id == photo.product_id]
    sheet: Size | None = None
    if photo.sheet_width_um and photo.sheet_height_um:
        sheet = photo.sheet_width_um / MILLI, photo.sheet_height_um / MILLI
    elif len(products) == 1:
        # Chosen, or the firm's only one: nothing to recognise before its size may be used.
        sheet = hint_of(products[0]).sheet_mm
    elif not products and identity.sheet_width_um and identity.sheet_height_um:
        sheet = identity.sheet_width_um / MILLI, identity.sheet_height_um / MILLI
    hints = tuple(hint_of(product) for product in products)
    return Request(await ports.storage.get(evidence.storage_key), sheet, hints), products


async def _record_known(ports: Ports, job: ClaimedJob, photo: Photo, known: Inspection) -> None:
    size = known.sheet_width_um, known.sheet_height_um
    landing = await month_photos.landing_of(ports, photo, known.report, known.product_id, size)
    await photo_scans.look_up_photo(ports, photo, known.report)
    async with transaction():
        if await ports.queue.finish(job):
            if photo.identity_id is not None:
                await lock_person(photo.identity_id)  # before the application
            await _judged(ports, photo, known, landing)
    _ring(ports, photo, landing)


async def _record_new(
    ports: Ports, job: ClaimedJob, photo: Photo, products: list[Product], key: str, inspected: Inspected
) -> None:
    """Keep the marked-up picture, then write report, state, event and answer in one transaction with the job's end."""
    assert photo.evidence is not None
    looked = await keep_inspected(ports, photo.evidence, key, inspected)
    report = looked.report
    product = next((p for p in products if str(p.id) == report.product), products[0] if len(products) == 1 else None)
    recognised = product.id if product else None
    size = micrometres(report.sheet_mm)
    landing = await month_photos.landing_of(ports, photo, as_plain(report), recognised, size)
    await photo_scans.look_up_photo(ports, photo, as_plain(report))
    async with transaction():
        if not await ports.queue.finish(job):
            return
        if photo.identity_id is not None:
            await lock_person(photo.identity_id)  # before the evidence, as whoever consents or withdraws holds them
        before = photo.inspection
        if before is None and photo.renews_id is not None:
            before = await Inspection.filter(photos__id=photo.renews_id).first()
        inspection = await record_inspection(
            ports,
            photo.evidence.id,
            looked,
            product_id=recognised,
            supersedes_id=before.id if before else None,
        )
        await _judged(ports, photo, inspection, landing)
    _ring(ports, photo, landing)


async def _judged(ports: Ports, photo: Photo, inspection: Inspection, landing: month_photos.Landing | None) -> None:
    changed = await (
        Photo.filter(id=photo.id)
        .exclude(state__in=ENDED)
        .update(state=PhotoState.JUDGED, inspection_id=inspection.id, judged_at=ports.clock.now())
    )
    if not changed:
        return  # given up meanwhile, and its sender told so
    if photo.identity is not None:
        photo.inspection = inspection
        if landing is None:
            await hand_in_photo(ports, photo.identity, photo)
        else:
            await month_photos.file_photo(ports, photo.identity, photo, landing)
    await _settle(ports, photo)


async def _refuse(ports: Ports, job: ClaimedJob, photo: Photo, state: PhotoState, code: str, advice: str) -> None:
    async with transaction():
        if await ports.queue.finish(job):
            await _end(ports, photo, state, code, advice)
    _ring(ports, photo)


async def _end(ports: Ports, photo: Photo, state: PhotoState, code: str, advice: str) -> None:
    if photo.identity_id is not None:
        await lock_person(photo.identity_id)  # before the photo, as whoever records a verdict holds them
    changed = await (
        Photo.filter(id=photo.id)
        .exclude(state__in=ENDED)
        .update(state=state, refusal_code=code, refusal_advice=advice, judged_at=ports.clock.now())
    )
    if not changed:
        return
    await record_event(
        ports, f"photo:{state.value}", "photo", photo.id, actor="system", clause="4.2.2", after={"code": code}
    )
    await _settle(ports, photo)


def _ring(ports: Ports, photo: Photo, landing: month_photos.Landing | None = None) -> None:
    if landing is not None:
        ports.bell.ring(month_jobs.bell_name(landing.filing.id))
    if photo.answer_id is not None:
        ports.bell.ring(answers.bell_name(photo.answer_id))
    ports.bell.ring(bell_name(photo))
    ports.bell.ring("jobs")


async def _settle(ports: Ports, photo: Photo) -> None:
    """Inside the caller's transaction: once the last photo of an answer has ended, the answer is put into words."""
    if photo.answer_id is None:
        return
    assert photo.identity_id is not None
    identity = await lock_person(photo.identity_id)
    answer = await Answer.get(id=photo.answer_id)
    photos = (
        await Photo.filter(answer_id=answer.id)
        .order_by("id")
        .prefetch_related("inspection__product", "evidence", "identity")
    )
    if any(one.state not in ENDED for one in photos):
        return
    if await _size_told_meanwhile(ports, identity, photos):
        return
    told = [await month_photos.told_of(ports, one) or await photo_scans.told_of(ports, one) for one in photos]
    outcomes = [
        await _outcome(ports, identity, one, words, alone=len(photos) == 1)
        for one, words in zip(photos, told, strict=True)
    ]
    certificates = [one for one, words in zip(photos, told, strict=True) if words is None or not words.alone]
    notice = ""
    if identity.notice_shown_at is None:
        # Whoever follows has read it in the welcome; who came another way reads it with the first verdict, once (R54).
        notice = wording.NOTICE
        await WeChatIdentity.filter(id=identity.id).update(notice_shown_at=ports.clock.now())
    number, picture = _picture(photos, certificates)
    which = wording.which_picture(number) if picture and len(photos) > 1 else ""
    question = await month_photos.what_next(photos) or await _question(identity, certificates)
    filed = any(one.filed for one in outcomes)
    offer = "" if question or filed else await month_offers.offer(identity, photos)
    body = wording.answer(outcomes, which=which, notice=notice, question=question, offer=offer)
    await answers.make_ready(ports, answer, body, picture)


def _picture(photos: Sequence[Photo], certificates: Sequence[Photo]) -> tuple[int, str | None]:
    """The marked-up picture that follows the answer, as messages are counted: the worst verdict's of a certificate, and
    whose it is."""
    order = ("fail", "unclear", "pass")
    marked = [
        (order.index(photo.inspection.verdict), number, photo.inspection.marked_key)
        for number, photo in enumerate(photos, 1)
        if photo in certificates
        and photo.inspection is not None
        and photo.inspection.marked_key
        and not wording.nothing_found(photo.inspection.report)
    ]
    _, number, key = min(marked, default=(0, 0, None))
    return number, key


async def _size_told_meanwhile(ports: Ports, identity: WeChatIdentity, photos: Sequence[Photo]) -> bool:
    """A size that came while its photos were being judged: they are judged once more, and answered then."""
    if not identity.sheet_width_um or await products_of(identity):
        return False
    unsized = [
        one
        for one in photos
        if one.inspection is not None and one.inspection.sheet_width_um is None and one.sheet_width_um is None
    ]  # one that was given the size already and failed is answered as it is
    for photo in unsized:
        await Photo.filter(id=photo.id).update(
            state=PhotoState.STORED,
            judged_at=None,
            sheet_width_um=identity.sheet_width_um,
            sheet_height_um=identity.sheet_height_um,
        )
        await enqueue_judgement(ports, photo, again=True)
    return bool(unsized)


async def _outcome(
    ports: Ports, identity: WeChatIdentity, photo: Photo, told: month_photos.Told | None, *, alone: bool
) -> wording.Outcome:
    inspection, evidence = photo.inspection, photo.evidence
    if inspection is None or evidence is None:
        return wording.Outcome(refusal=photo.refusal_advice or "")
    report: dict[str, Any] = inspection.report
    if told is not None and told.alone:
        return wording.Outcome(report=report, filed=told.words, alone=True)
    unclear = any(
        finding["verdict"] == "unclear" and finding["clause"] not in (*wording.BEYOND_ONE_PHOTO, "D.5.1")
        for finding in report["findings"]
    )
    # Without a size most millimetres are unclear anyway: the question comes first, the original after it.
    # Nor does it help where no sheet was found: then the size or the way it lies is to be put right.
    ask_original = unclear and report["px_per_mm"] is not None and evidence.source == EvidenceSource.CHAT
    return wording.Outcome(
        report=report,
        report_link=ports.links.report(inspection.ref),
        filed=told.words if told is not None else await filed_words(ports, identity, photo),
        upload_link=await link_for_original(ports, identity, photo) if ask_original and alone else "",
        wants_original=ask_original,
        product_name=f"{inspection.product.name} {inspection.product.model}" if inspection.product else "",
    )


async def _question(identity: WeChatIdentity, photos: Sequence[Photo]) -> str:
    """What only the sender can tell: a stranger's sheet size, or which of the firm's products this is."""
    judged = [one.inspection for one in photos if one.inspection is not None]
    legible = [one for one in judged if not wording.nothing_found(one.report)]
    products = await products_of(identity)
    if not any(one.sheet_width_um is None for one in legible):
        lost = [one for one in legible if one.report["px_per_mm"] is None and one.sheet_width_um]
        if not lost or products:
            return ""
        assert lost[0].sheet_width_um is not None
        assert lost[0].sheet_height_um is not None
        return wording.wrong_size(lost[0].sheet_width_um, lost[0].sheet_height_um)
    return wording.product_question(products) if products else wording.SIZE_QUESTION
