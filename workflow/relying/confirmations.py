"""Confirmations for a tender's file: how a supplier stood at a moment, signed (4.3.2, 7.6, 8.5(1), 10.2(2)).

Every word is on record before it is signed, like a certificate's rendering; a job draws and signs it. To be given one
is to obtain the result from the platform (8.5(1)). Who asked for which is the purchaser's own: they and the operators
see it, nobody else (8.3).
"""

import hashlib
import logging
import secrets
from datetime import UTC, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError

from config.clock import for_people
from models import Certificate, Confirmation, DeskItem, Enterprise, PlatformRole, RenderingState
from models.transactions import transaction
from standard.profile import Edition, edition_on
from standard.reliance import Tender
from standard.validity import State, state_on_face
from workflow.access import Asker, holds, not_found
from workflow.certifying.certificate_effects import SAMPLE_SEAL_NOTE, SEAL_NOTE
from workflow.certifying.certificate_life import holder_from_json, life_from_json
from workflow.certifying.certificate_numbers import certificate_path
from workflow.context import Ports
from workflow.desk import put_on_desk
from workflow.idempotency import key_among_all
from workflow.intake.evidence import owning, put_object
from workflow.ports import CertifierFailed, ClaimedJob
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.relying.grade_cards import GradeCard, grade_card_of
from workflow.relying.purchasers import purchaser_of
from workflow.telling.notices import Asked, tell_person

log = logging.getLogger(__name__)

SIGN = "confirmation.sign"
FAILED = "confirmation_failed"
"""Kind of desk items."""
RETRY = "retry"
CLAUSE = "7.6"
TITLE = "供应商追溯能力等级确认书"
BASIS = "依据 T/ZGJDJX—3—2026 第 4.3.2、7.6、8.5(1)、10.2(2) 条"
MOST, WITHIN = 20, timedelta(hours=1)
"""So many confirmations one person may have made in so long: each is drawn and signed."""

CERTIFICATE_NUMBER = "证书编号"
_STRONG = ("供应商名称", "追溯能力等级", CERTIFICATE_NUMBER, "证书状态")


def confirmation_path(confirmation: Confirmation) -> str:
    """Its page for whoever asked for it, a path of ours."""
    return f"/my/confirmations/{confirmation.ref}"


async def ask_for_confirmation(ports: Ports, asker: Asker, uscc: str, key: str) -> Confirmation:
    """Put on record how the firm stands now, and have it signed; the same ``key`` again is the same confirmation.

    :class:`Refused`: ``not_found`` (nothing of it is public), ``no_certificate``, ``too_many_confirmations``.
    """
    key = key_among_all(str(asker.person_id), key)
    if (known := await Confirmation.get_or_none(key=key)) is not None:
        return known
    card = await grade_card_of(ports, uscc)
    if not card.number:
        advice = f"“{card.name}”还没有评价证书，不能出具确认书：请以公开的评价结果为准（7.6）"
        raise Refused(Kind.CONFLICT, "no_certificate", advice, clause=CLAUSE)
    await _not_too_many(ports, asker)
    certificate = await Certificate.get(number=card.number).prefetch_related("enterprise")
    purchaser = await purchaser_of(asker, supplier_id=card.enterprise_id)
    ref = secrets.token_urlsafe(9)
    try:
        async with transaction():
            made = await Confirmation.create(
                ref=ref,
                key=key,
                certificate_id=certificate.id,
                person_id=asker.person_id,
                purchaser_id=purchaser.id if purchaser else None,
                face=_face(ports, ref, card, certificate, purchaser),
                as_of=card.as_of,
                state=RenderingState.INTENDED,
            )
            await _enqueue(ports, made, f"{SIGN}:{made.id}")
            await record_event(
                ports,
                "confirmation:ask",
                "confirmation",
                made.id,
                actor=asker.actor,
                clause="8.5(1)",
                after={"certificate": card.number, "purchaser": purchaser.id if purchaser else None},
            )
    except IntegrityError:
        return await Confirmation.get(key=key)
    ports.bell.ring("jobs")
    return made


async def confirmation_of(asker: Asker, ref: str) -> Confirmation:
    """The confirmation with ``certificate`` and its firm, for whoever asked for it, and operators; else not found."""
    found = await Confirmation.get_or_none(ref=ref).prefetch_related("certificate__enterprise", "purchaser")
    if found is None or not (found.person_id == asker.person_id or await holds(asker, PlatformRole.OPERATOR)):
        raise not_found()
    return found


async def confirmations_of(asker: Asker, *, limit: int = 20) -> list[Confirmation]:
    """Those they asked for, the newest first, with ``certificate`` and its firm."""
    own = Confirmation.filter(person_id=asker.person_id).order_by("-id").limit(limit)
    return await own.prefetch_related("certificate__enterprise")


async def latest_of(asker: Asker, enterprise_id: int) -> Confirmation | None:
    """The newest one they asked for of that firm."""
    own = Confirmation.filter(person_id=asker.person_id, certificate__enterprise_id=enterprise_id)
    return await own.order_by("-id").first()


async def pdf_of(ports: Ports, asker: Asker, ref: str) -> tuple[bytes, Confirmation]:
    """The signed PDF; :class:`Refused` ``confirmation_not_ready`` while it is being signed."""
    found = await confirmation_of(asker, ref)
    if found.pdf_key is None:
        advice = "确认书正在签署，请稍后再试"
        raise Refused(Kind.UNAVAILABLE, "confirmation_not_ready", advice, clause=CLAUSE, retry_after=5)
    return await ports.storage.get(found.pdf_key), found


# --- signing ---------------------------------------------------------------------------------------------------------


async def sign(ports: Ports, job: ClaimedJob) -> None:
    """The job: draw, sign, keep, record the hash of what was signed, and tell who asked for it.

    Idempotent as ``certificates.render`` is: the words stand on record, and one file counts, whose hash is recorded.
    """
    confirmation = await Confirmation.get(id=job.args["confirmation"])
    if confirmation.state == RenderingState.SIGNED:
        async with transaction():
            await ports.queue.finish(job)
        return
    face = confirmation.face
    try:
        if missing := await ports.certifier.missing_glyphs(_words_of(face)):
            named = "、".join(f"{one}（U+{ord(one):04X}）" for one in missing)
            await _wait_for_operator(ports, job, confirmation, f"缺字：{named}")
            return
        drawn = await ports.certifier.render_confirmation(face, face["url"])
        signed = await ports.certifier.sign_confirmation(drawn, face["number"])
    except CertifierFailed as problem:
        if job.attempts < job.max_attempts:
            raise
        await _wait_for_operator(ports, job, confirmation, str(problem))
        return
    sha256 = hashlib.sha256(signed).hexdigest()
    pdf_key = f"confirmations/{sha256[:2]}/{sha256}.pdf"
    async with owning(ports, pdf_key):
        await put_object(ports, pdf_key, signed)
        async with transaction():
            if await ports.queue.finish(job):
                await _signed(ports, confirmation, pdf_key, sha256)
    ports.bell.ring("jobs")


async def _signed(ports: Ports, confirmation: Confirmation, pdf_key: str, sha256: str) -> None:
    recorded = await Confirmation.filter(id=confirmation.id, state=RenderingState.INTENDED).update(
        state=RenderingState.SIGNED, signed_at=ports.clock.now(), pdf_key=pdf_key, pdf_sha256=sha256
    )
    if not recorded:
        return
    await record_event(
        ports,
        "confirmation:sign",
        "confirmation",
        confirmation.id,
        actor="system",
        clause=CLAUSE,
        after={"as_of": confirmation.as_of.isoformat()},
        evidence_sha256=sha256,
    )
    await confirmation.refresh_from_db()  # two rows of one person may have become one since
    if confirmation.person_id is None:
        return
    await tell_person(
        ports,
        confirmation.person_id,
        f"confirmation:{confirmation.id}:signed",
        clause=CLAUSE,
        title="供应商等级确认书已签署",
        body=f"{confirmation.face['supplier']}，{confirmation.face['as_of_words']}。打开页面下载 PDF（7.6）。",
        path=confirmation_path(confirmation),
        asked=Asked(confirmation.person_id, confirmation.as_of),
    )


async def sign_again(ports: Ports, item: DeskItem, decision: str, _reason: str, _asker: Asker) -> None:
    """The operator has mended what kept a confirmation from being signed (``retry``): it is tried anew."""
    if decision != RETRY:
        raise Refused(Kind.INVALID, "decision_unknown", "请选择：重新签署", field="decision")
    confirmation = await Confirmation.get(id=item.subject_id)
    await _enqueue(ports, confirmation, f"{SIGN}:{confirmation.id}:{item.id}")


async def _enqueue(ports: Ports, confirmation: Confirmation, key: str) -> None:
    args = {"confirmation": confirmation.id}
    await ports.queue.enqueue(SIGN, key, args, due=ports.clock.now(), priority=20, max_attempts=20)


async def _wait_for_operator(ports: Ports, job: ClaimedJob, confirmation: Confirmation, problem: str) -> None:
    async with transaction():
        if not await ports.queue.finish(job):
            return
        advice = "请按原因检查字体、密钥与时间戳服务（zhuisu check-config），修复后选择“重新签署”"
        await put_on_desk(
            ports,
            f"{FAILED}:{confirmation.id}:{job.id}",
            FAILED,
            "confirmation",
            confirmation.id,
            clause=CLAUSE,
            title=f"确认书 {confirmation.ref} 未能签署",
            detail={"problem": problem[:500], "advice": advice},
        )
    log.error("confirmation %s was not signed: %s", confirmation.id, problem)


# --- its words -------------------------------------------------------------------------------------------------------


def _face(
    ports: Ports, ref: str, card: GradeCard, certificate: Certificate, purchaser: Enterprise | None
) -> dict[str, Any]:
    """Every word that will be signed; ``as_of`` in UTC, ``revision`` the certificate's at that moment."""
    edition = edition_on(certificate.issued_on)
    url = ports.links.page(certificate_path(certificate.number))
    fields = _fields(card, certificate, purchaser, url, edition)
    labels = [label for label, _ in fields]
    alarming = [] if card.state is State.ACTIVE else ["证书状态"]
    if card.tender.tender is Tender.BELOW_ENTRY:
        alarming.append("招标采购参考")
    sample = certificate.enterprise.is_sample or ports.certifier.sample
    moment = f"{for_people(card.as_of)}（北京时间）"
    return {
        "title": TITLE,
        "subtitle": BASIS,
        "number": ref,
        "number_words": f"确认书编号 {ref}",
        "supplier": card.name,
        "certificate": certificate.number,
        "revision": certificate.revision,
        "as_of": card.as_of.astimezone(UTC).isoformat(),
        "as_of_words": f"截至 {moment}",
        "statement": f"按评价平台的记录，截至 {moment}，下列供应商的质量追溯能力评价结果如下：",
        "fields": fields,
        "strong": [labels.index(label) for label in _STRONG],
        "alarm": [labels.index(label) for label in alarming],
        "seal": edition.word("life.face_seal"),
        "seal_note": (SAMPLE_SEAL_NOTE if ports.certifier.sample else SEAL_NOTE).replace("本证书", "本确认书"),
        "sample_words": "样例" if sample else "",
        "notes": [
            "本确认书只说明截至上述时刻的情况；此后的等级和状态，以扫描二维码打开的证书页面为准。",
            card.disclaimer,
            "原文件带有平台的电子签名；打印件、截图没有签名，收到电子文件可在平台“核验证书文件”页面上传核验。",
            "以本评价结果作为招标采购采信依据的，请在平台备案（8.5(1)）。",
        ],
        "url": url,
    }


def _fields(
    card: GradeCard, certificate: Certificate, purchaser: Enterprise | None, url: str, edition: Edition
) -> list[tuple[str, str]]:
    holder, lived = holder_from_json(certificate.holder), life_from_json(certificate.life)
    state = state_on_face(card.state, lived.continued_through, edition)
    months = f"本期已有 {card.months} 个月核验合格（8.1）" if card.months else "还没有到第一个月度提报月份（8.1）"
    return [
        ("供应商名称", holder.name),
        ("统一社会信用代码", holder.uscc),
        ("生产地址", holder.address),
        ("产品品类", "、".join(holder.categories)),
        ("追溯能力等级", f"{card.grade} 级（{card.grade_name}）"),
        (CERTIFICATE_NUMBER, certificate.number),
        ("有效期", f"{certificate.issued_on} 至 {certificate.last_day}"),
        ("证书状态", state),
        ("月度提报", months),
        *([("合格证印刷", f"附录 D 第 {'、'.join(card.conditions)} 条整改中（6.1(4)）")] if card.conditions else []),
        ("资信分值", f"累计 {card.points} 分，其中 {card.year} 年 {card.year_points} 分（8.5(2)）"),
        ("招标采购参考", card.tender.reason),
        ("出具给", f"{purchaser.name}（{purchaser.uscc}）" if purchaser else "未注明采购单位"),
        ("核验地址", url),
    ]


def _words_of(face: dict[str, Any]) -> str:
    """Every word that stands on a confirmation with that face."""
    pairs = [part for pair in face["fields"] for part in pair]
    names = ("title", "subtitle", "number_words", "as_of_words", "statement", "seal", "seal_note", "sample_words")
    return "\n".join([*pairs, *face["notes"], *(face[name] for name in names)])


async def _not_too_many(ports: Ports, asker: Asker) -> None:
    since = ports.clock.now() - WITHIN
    if await Confirmation.filter(person_id=asker.person_id, as_of__gte=since).count() >= MOST:
        advice = f"一小时内最多出具 {MOST} 份确认书：请稍后再试"
        raise Refused(Kind.TOO_MANY, "too_many_confirmations", advice, clause=CLAUSE, retry_after=600)
