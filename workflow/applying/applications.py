"""Applying (7.1): opening an application, handing in its materials, submitting it; withdrawing it before.

What is handed in is stored first, then judged by a job of its own, so that a firm sees at once what is wrong, still in
its draft. From its submission on a material stays as it is; in a supplement only what failed is replaced (7.2(3)).
"""

import hashlib
import secrets
from typing import Any

from tortoise.exceptions import IntegrityError

from models import (
    OPEN,
    TAKES_FILES,
    Application,
    ApplicationProduct,
    ApplicationState,
    Certificate,
    Enterprise,
    Event,
    Evidence,
    EvidenceSource,
    Material,
    MaterialState,
    Product,
    StaffRole,
)
from models.transactions import transaction
from standard import scope
from standard.calendar import shanghai_day, shipped_calendar
from standard.grades import LEVELS
from standard.handing_in import Ask, DeclaredOdd, declared
from standard.months import Month
from standard.profile import edition_on
from standard.windows import renewal_start, verification_deadline
from workflow.access import REF, Asker, member_of, member_or_operator, not_found
from workflow.applying import upgrades
from workflow.applying.application_wording import NextStep, next_step, page, print_only
from workflow.applying.chat_photos import photos_under_way, wants_photos
from workflow.applying.slots import Progress, Slot, edition_of, progress, progress_of, slots_of
from workflow.certifying.certificate_register import certificate_alive
from workflow.context import Ports
from workflow.intake.evidence import keep_file, kept_bytes
from workflow.intake.uploads import LONGEST_NAME, admitted, checked_key, key_reused
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.telling.notices import Asked
from workflow.transitions import Moved, move

__all__ = (
    "Ask", "NextStep", "Progress", "Slot", "application_of", "applications_of", "current_application",
    "evidence_bytes", "hand_in", "material_of", "next_step", "open_application", "page", "progress", "submit",
    "take_out", "withdraw",
)  # fmt: skip

JUDGE = "material.judge"
VERIFY = "application.verify"


async def open_application(
    ports: Ports,
    asker: Asker,
    enterprise_id: int,
    level: str,
    product_ids: list[int],
    *,
    sells_online: bool,
    produces_since: str | None = None,
    upgrade: bool = False,
) -> Application:
    """A draft for ``level`` (B … AAA) over these products; one at a time a firm (``application_open``).

    ``upgrade``: an upgrade review of the certificate that the firm has (8.5(3), R18), else an evaluation of its own.
    Refused: ``firm_not_verified``, ``barred`` (9.5.1), ``role_not_supported`` (R49), ``certificate_alive`` (R43),
    ``level_unknown``, ``products_missing``, ``product_unknown``, ``month_malformed``, ``application_open``; for a
    review also as :func:`workflow.applying.upgrades.must_be_open` and ``must_cover``.
    """
    await member_of(asker, enterprise_id, StaffRole.STAFF)
    firm = await Enterprise.get(id=enterprise_id)
    await _may_apply(ports, firm)
    if not upgrade:
        await _must_have_no_certificate(ports, firm)
    if level not in LEVELS:
        raise Refused(Kind.INVALID, "level_unknown", "申报等级请选 B、A、AA 或 AAA", clause="6", field="level")
    certificate = await upgrades.must_be_open(ports, enterprise_id, level) if upgrade else None
    if produces_since is not None:
        try:
            produces_since = str(Month.parse(produces_since))
        except ValueError:
            advice = "首次投产月份请写成 2026-03 这样"
            raise Refused(
                Kind.INVALID, "month_malformed", advice, clause="3.6", rows=("R43",), field="produces_since"
            ) from None
    wanted = list(dict.fromkeys(product_ids))
    if not wanted:
        raise Refused(Kind.INVALID, "products_missing", "请至少选择一款产品", clause="7.1(2)", field="products")
    try:
        async with transaction():
            if certificate is not None:
                # Before the firm, as whoever books points on it or raises it holds them.
                await Certificate.filter(id=certificate.id).select_for_update(no_key=True).get()
            # The firm before its products, as whoever takes one out of use holds them.
            await Enterprise.filter(id=enterprise_id).select_for_update(no_key=True).get()
            products = await Product.filter(id__in=wanted, enterprise_id=enterprise_id, retired_at=None)
            if len(products) != len(wanted):
                advice = "所选产品不在本企业的在用产品中：请刷新后重新选择"
                raise Refused(Kind.INVALID, "product_unknown", advice, clause="7.1(2)", field="products")
            if certificate is not None:
                upgrades.must_cover(certificate, {product.category for product in products})
            application = await Application.create(
                ref=secrets.token_urlsafe(9),
                enterprise_id=enterprise_id,
                level=level,
                sells_online=sells_online,
                produces_since=produces_since,
                state=ApplicationState.DRAFT,
                opened_by_id=asker.person_id,
                opened_at=ports.clock.now(),
                upgrades=certificate,
                grade_before=certificate.grade if certificate is not None else "",
            )
            for product_id in wanted:
                await ApplicationProduct.create(application_id=application.id, product_id=product_id)
            after = {"level": level, "products": wanted, "sells_online": sells_online}
            if certificate is None:
                await _note(ports, application, "open", asker.actor, after=after)
            else:
                after |= {"upgrades": certificate.number, "from": certificate.grade}
                await _note(ports, application, "open", asker.actor, clause="8.5(3)", after=after)
    except IntegrityError:
        advice = "本企业已有一份申报在办：请先办完或撤回它，再申报新的"
        raise Refused(Kind.CONFLICT, "application_open", advice, clause="7.1(2)") from None
    return application


async def _may_apply(ports: Ports, firm: Enterprise) -> None:
    today = shanghai_day(ports.clock.now())
    if firm.verified_at is None:
        advice = "企业还没有完成实名注册：请先提交营业执照并通过核验"
        raise Refused(Kind.FORBIDDEN, "firm_not_verified", advice, clause="7.1(1)")
    if firm.barred_through is not None and today <= firm.barred_through:
        advice = f"证书被撤销后一年内不能再次申请：{firm.barred_through} 之后可以申请（9.5.1，R21）"
        raise Refused(Kind.FORBIDDEN, "barred", advice, clause="9.5.1", rows=("R21", "R44"))
    answer = scope.applicant(firm.organisation_role, edition_on(today))
    if answer.standing is not scope.Standing.COVERED:
        raise Refused(Kind.NOT_SUPPORTED, "role_not_supported", answer.reason, clause=answer.clause, rows=answer.rows)


async def _must_have_no_certificate(ports: Ports, firm: Enterprise) -> None:
    if (alive := await certificate_alive(firm.id)) is not None:
        renewal = renewal_start(edition_on(shanghai_day(ports.clock.now())), shipped_calendar(), alive.last_day)
        advice = (
            f"本企业已有证书 {alive.number}，有效期至 {alive.last_day}，一个企业一张证书（R43）："
            f"有效期内不另行申报，平台于 {renewal} 自动启动续期评价（9.3(1)）"
        )
        if alive.grade != LEVELS[-1]:
            advice += "；要提高等级，请申请升级复核（8.5(3)，R18）"
        raise Refused(Kind.CONFLICT, "certificate_alive", advice, clause="9.3(1)", rows=("R43",))


async def application_of(asker: Asker, ref: str, least: StaffRole = StaffRole.VIEWER) -> Application:
    """The application, for members of its firm of at least that role."""
    application = await Application.get_or_none(ref=ref).prefetch_related("enterprise", "upgrades")
    if application is None:
        raise not_found()
    await member_of(asker, application.enterprise_id, least)
    return application


async def applications_of(asker: Asker, enterprise_id: int) -> list[Application]:
    """All applications of the firm, newest first."""
    await member_of(asker, enterprise_id)
    mine = Application.filter(enterprise_id=enterprise_id).order_by("-id")
    return await mine.prefetch_related("enterprise", "upgrades")


async def current_application(enterprise_id: int) -> Application | None:
    """The firm's open application, else its latest; who may see it the caller has checked."""
    mine = Application.filter(enterprise_id=enterprise_id).order_by("-id")
    latest = mine.prefetch_related("enterprise", "upgrades")
    return await latest.filter(state__in=[str(state) for state in OPEN]).first() or await latest.first()


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
) -> Material:
    """Store a file as one material and have it judged; the same key with the same file again is the same material.

    It takes the place of one that failed, or of the only one that its slot holds. Refused: ``key_malformed``,
    ``key_reused``, ``material_unknown``, ``file_empty``, ``file_too_large``, ``file_type``, ``declared_odd``,
    ``material_closed`` (submitted, or passed already), ``slot_full``.
    """
    application = await application_of(asker, ref, StaffRole.STAFF)
    checked_key(key)
    sha256 = hashlib.sha256(data).hexdigest()
    if (known := await _by_key(application, key)) is not None:
        return _same(known, kind, product_id, sha256)
    slot = await _open_slot(ports, application, kind, product_id)
    stated = _declared(ports, application, kind, declared or {})
    media_type = admitted(ports, slot.material.name, slot.accepts, data, file_name, clause="A")
    evidence = await keep_file(
        ports,
        data,
        EvidenceSource.UPLOAD,
        actor=asker.actor,
        media_type=media_type,
        enterprise_id=application.enterprise_id,
        identity_id=asker.identity_id,
        file_name=file_name[-LONGEST_NAME:],
    )
    try:
        async with transaction():
            material = await put_into_slot(
                ports, application, kind, product_id, evidence, key=key, declared=stated, person_id=asker.person_id,
                actor=asker.actor,
            )  # fmt: skip
            await enqueue_judgement(ports, material)
    except IntegrityError:
        # The same upload came twice at once: the other one was quicker.
        if (known := await _by_key(application, key)) is None:
            raise
        return _same(known, kind, product_id, sha256)
    ports.bell.ring("jobs")
    return material


async def put_into_slot(
    ports: Ports,
    application: Application,
    kind: str,
    product_id: int | None,
    evidence: Evidence,
    *,
    key: str,
    declared: dict[str, Any],
    person_id: int,
    actor: str,
    **judged: Any,
) -> Material:
    """Inside the caller's transaction: the row, in place of what it replaces; ``judged`` are columns of a verdict that
    is there already. The application is read afresh under lock: it may have been submitted meanwhile."""
    application = await Application.filter(id=application.id).select_for_update().get()
    slot = await _open_slot(ports, application, kind, product_id)
    replaced = _replaced(slot)
    material = await Material.create(
        ref=secrets.token_urlsafe(9),
        application_id=application.id,
        kind=kind,
        product_id=product_id,
        evidence_id=evidence.id,
        key=key,
        declared=declared,
        handed_in_by_id=person_id,
        handed_in_at=ports.clock.now(),
        **{"state": MaterialState.HANDED_IN, **judged},
    )
    if replaced is not None:
        await Material.filter(id=replaced.id).update(state=MaterialState.REPLACED)
    await record_event(
        ports,
        "material:hand_in",
        "material",
        material.id,
        actor=actor,
        clause="7.1(2)" if application.state == ApplicationState.DRAFT else "7.2(3)",
        after={"kind": kind, "product": product_id, "replaces": replaced.id if replaced else None},
        evidence_sha256=evidence.sha256,
    )
    return material


async def enqueue_judgement(ports: Ports, material: Material, *, again: str = "") -> None:
    """Inside the transaction that wrote the material, or made its verdict void: the job that judges it.

    Once a material; ``again`` is what tells one more judgement's key from those before.
    """
    key = f"{JUDGE}:{material.id}:{again}" if again else f"{JUDGE}:{material.id}"
    args = {"material": material.id}
    await ports.queue.enqueue(JUDGE, key, args, due=ports.clock.now(), priority=5, max_attempts=20)


async def _by_key(application: Application, key: str) -> Material | None:
    return await Material.get_or_none(application_id=application.id, key=key).prefetch_related("evidence", "product")


def _same(known: Material, kind: str, product_id: int | None, sha256: str) -> Material:
    if (known.kind, known.product_id, known.evidence.sha256) == (kind, product_id, sha256):
        return known
    raise key_reused("7.1(2)")


async def _open_slot(ports: Ports, application: Application, kind: str, product_id: int | None) -> Slot:
    """The slot, where it takes a file now."""
    slots = await slots_of(application, edition_of(application, ports.clock.now()))
    if application.state not in TAKES_FILES:
        advice = "资料提交后不能修改：核验有问题时会请您补正（7.1(2)）"
        raise Refused(Kind.CONFLICT, "material_closed", advice, clause="7.1(2)")
    slot = next(
        (s for s in slots if s.material.id == kind and (s.product.id if s.product else None) == product_id), None
    )
    if slot is None or slot.state == "excused":
        advice = "这项资料（或它的产品）不在本次申报的清单里：请刷新后重新选择"
        raise Refused(Kind.INVALID, "material_unknown", advice, clause="A", rows=("R41",), field="kind")
    if application.state == ApplicationState.SUPPLEMENT and not (
        slot.state in ("missing", "failed", "unclear") or any(file.round is None for file in slot.handed_in)
    ):
        advice = f"“{slot.name}”已通过核验，不用更换：补正期间只更换未通过的资料（7.2(3)）"
        raise Refused(Kind.CONFLICT, "material_closed", advice, clause="7.2(3)")
    return slot


def _replaced(slot: Slot) -> Material | None:
    """Whose place the next file takes: one that did not pass, else the only one there may be."""
    for file in slot.handed_in:
        if file.state in (MaterialState.FAILED, MaterialState.UNCLEAR):
            return file
    if len(slot.handed_in) < slot.most:
        return None
    mine = [file for file in slot.handed_in if file.round is None]
    if slot.most == 1 and mine:
        return mine[0]
    advice = f"“{slot.name}”最多 {slot.most} 份，已经交满：请先撤下一份"
    raise Refused(Kind.CONFLICT, "slot_full", advice, clause="A", field="kind")


def _declared(ports: Ports, application: Application, kind: str, given: dict[str, Any]) -> dict[str, Any]:
    try:
        return dict(declared(kind, given, edition_of(application, ports.clock.now())))
    except DeclaredOdd as odd:
        raise Refused(Kind.INVALID, "declared_odd", str(odd), clause="7.1(2)", field=f"declared.{odd.field}") from None


async def judge_product_again(ports: Ports, product_id: int) -> None:
    """Inside the caller's transaction: the product's record has changed, so what was judged by it is judged anew.

    Concerns applications that still take files; one that is being judged is not open to such a change (7.1(2)).
    """
    covering = await ApplicationProduct.filter(product_id=product_id).values_list("application_id", flat=True)
    waiting = Application.filter(id__in=covering, state__in=[str(state) for state in TAKES_FILES])
    application = await waiting.select_for_update().first()
    if application is None:
        return
    judged = (MaterialState.PASSED, MaterialState.FAILED, MaterialState.UNCLEAR)
    concerned = Material.filter(
        application_id=application.id, product_id=product_id, state__in=[str(state) for state in judged]
    )
    for material in await concerned:
        await Material.filter(id=material.id).update(state=MaterialState.HANDED_IN, judged_at=None)
        await enqueue_judgement(ports, material, again=secrets.token_hex(4))


async def take_out(ports: Ports, asker: Asker, ref: str, material_ref: str) -> None:
    """Take a material out before it is submitted; doing it again changes nothing."""
    application = await application_of(asker, ref, StaffRole.STAFF)
    async with transaction():
        application = await Application.filter(id=application.id).select_for_update().get()
        mine = Material.filter(ref=material_ref, application_id=application.id)
        material = await mine.first() if REF.fullmatch(material_ref) else None
        if material is None:
            raise not_found()
        if material.state == MaterialState.REMOVED:
            return
        before = application.state in TAKES_FILES
        if not before or material.round is not None or material.state == MaterialState.REPLACED:
            advice = "这份资料已经提交，不能撤下（7.1(2)）"
            raise Refused(Kind.CONFLICT, "material_closed", advice, clause="7.1(2)")
        await Material.filter(id=material.id).update(state=MaterialState.REMOVED)
        await record_event(ports, "material:take_out", "material", material.id, actor=asker.actor, clause="7.1(2)")


async def submit(ports: Ports, asker: Asker, ref: str, *, seen: int | None = None) -> Application:
    """DRAFT or SUPPLEMENT → VERIFYING: what was handed in is fixed from here on (7.1(2)).

    In a supplement everything that failed was replaced, but for a certificate whose print fails: that may stand, and
    the grade is then at most B (R5). ``seen`` is the round that whoever submits saw: a request that is sent again, once
    what it submitted has come back, does not submit it unmended. Refused: ``photos_pending`` (sent in chat, and about
    to land in it), ``materials_missing``, ``not_supplemented``, ``state_changed``; for a review also
    ``certificate_ended`` and ``upgrade_closed``.
    """
    application = await application_of(asker, ref, StaffRole.STAFF)
    firm = await Enterprise.get(id=application.enterprise_id)
    if application.state == ApplicationState.DRAFT:
        await _may_apply(ports, firm)
        if application.upgrades_id is None:
            await _must_have_no_certificate(ports, firm)
        else:
            await upgrades.must_still_stand(ports, application)
    async with transaction():
        application = await Application.filter(id=application.id).select_for_update().get()
        if application.state not in TAKES_FILES or seen not in (None, application.round):
            raise Moved
        now = ports.clock.now()
        edition = edition_of(application, now)
        slots = await slots_of(application, edition)
        await _must_not_await_photos(application, slots)
        if missing := [slot.name for slot in slots if slot.state == "missing"]:
            advice = f"{progress_of(application, slots).sentence}，还缺：{'、'.join(missing)}（7.1(2)，附录 A）"
            to_look_up = [one["reason"] for slot in slots if slot.state == "missing" for one in slot.look_ups]
            advice = "。".join([advice, *to_look_up])
            raise Refused(Kind.INVALID, "materials_missing", advice, clause="7.1(2)", rows=("R41",))
        if application.state == ApplicationState.SUPPLEMENT:
            _must_be_supplemented(application, slots)
        await begin_verification(ports, application, actor=asker.actor)
    ports.bell.ring("jobs")
    await application.fetch_related("enterprise", "upgrades")
    return application


async def _must_not_await_photos(application: Application, slots: list[Slot]) -> None:
    """With the application locked: a photo under way cannot be filed before whoever holds it is done. One that comes
    later finds it submitted, and its answer says so (:func:`workflow.applying.application_photos.filed_words`)."""
    if wants_photos(slots) and (number := await photos_under_way(application.enterprise_id)):
        advice = f"还有 {number} 张照片正在核验，核验后自动放入申报资料：请几秒后再提交（7.1(2)）"
        raise Refused(Kind.CONFLICT, "photos_pending", advice, clause="7.1(2)", retry_after=3)


def _must_be_supplemented(application: Application, slots: list[Slot]) -> None:
    """Of every problem that was told, at least one of the materials it is about was replaced; a print may stand."""
    standing = {file.ref: slot.name for slot in slots for file in slot.handed_in}
    left: list[str] = []
    for problem in application.findings:
        about = problem["materials"]
        if about and not print_only([problem]) and all(ref in standing for ref in about):
            left += [standing[ref] for ref in about[:1]]
    if left:
        advice = f"还没有更换：{'、'.join(dict.fromkeys(left))}。请先补正再提交（7.2(3)）"
        raise Refused(Kind.INVALID, "not_supplemented", advice, clause="7.2(3)", rows=("R6",))


async def begin_verification(ports: Ports, application: Application, *, actor: str) -> None:
    """Inside the caller's transaction, with the application locked: to VERIFYING, with all that was handed in."""
    now = ports.clock.now()
    edition = edition_of(application, now)
    number = application.round + 1
    before = application.state
    await move(
        application,
        ApplicationState.VERIFYING,
        due_at=verification_deadline(edition, shipped_calendar(), now).ends,
        round=number,
        edition=edition.stamp,
        submitted_at=application.submitted_at or now,
    )
    await (
        Material.filter(application_id=application.id, round=None)
        .exclude(state__in=[MaterialState.REPLACED, MaterialState.REMOVED])
        .update(round=number)
    )
    await _note(ports, application, "submit", actor, clause="7.1(2)" if number == 1 else "7.2(3)", before=before)
    await verify_once_judged(ports, application)


async def asked(application: Application) -> Asked | None:
    """Who handed the application in last, and when; None where the platform went on with it by itself."""
    submissions = Event.filter(subject_kind="application", subject_id=application.id, action="application:submit")
    submitted = await submissions.order_by("-id").first()
    person = submitted.actor.removeprefix("person:") if submitted is not None else ""
    return Asked(int(person), submitted.at) if submitted is not None and person.isdecimal() else None


async def verify_once_judged(ports: Ports, application: Application) -> None:
    """Inside the caller's transaction, with the application locked: enqueue its verification, once a round, where all
    its materials are judged."""
    if application.state != ApplicationState.VERIFYING:
        return
    if await Material.filter(application_id=application.id, state=MaterialState.HANDED_IN).exists():
        return
    await _enqueue_verification(ports, application, f"{VERIFY}:{application.id}:{application.round}")


async def verify_again(ports: Ports, application: Application, again: str) -> None:
    """Inside the caller's transaction, with the application locked, in VERIFYING: what is late of its verification is
    done anew, by a new day: the materials that are not judged, else the verification itself."""
    now = ports.clock.now()
    due = verification_deadline(edition_of(application, now), shipped_calendar(), now).ends
    await move(application, ApplicationState.VERIFYING, due_at=due)
    left = await Material.filter(application_id=application.id, state=MaterialState.HANDED_IN)
    for material in left:
        await enqueue_judgement(ports, material, again=again)
    if not left:
        await _enqueue_verification(ports, application, f"{VERIFY}:{application.id}:{application.round}:{again}")


async def _enqueue_verification(ports: Ports, application: Application, key: str) -> None:
    args = {"application": application.id, "round": application.round}
    await ports.queue.enqueue(VERIFY, key, args, due=ports.clock.now(), priority=8, max_attempts=20)


async def withdraw(ports: Ports, asker: Asker, ref: str) -> None:
    """Take a draft back; one that was submitted stays. Refused: ``application_submitted``."""
    application = await application_of(asker, ref, StaffRole.STAFF)
    if application.state == ApplicationState.WITHDRAWN:
        return
    if application.state != ApplicationState.DRAFT:
        advice = "申报提交后不能撤回：请等待核验结果（7.1(2)）"
        raise Refused(Kind.CONFLICT, "application_submitted", advice, clause="7.1(2)")
    async with transaction():
        await move(application, ApplicationState.WITHDRAWN, ended_at=ports.clock.now())
        await _note(ports, application, "withdraw", asker.actor, before=ApplicationState.DRAFT)


async def material_of(asker: Asker, material_ref: str) -> Material:
    """A material, for members of its firm and for operators."""
    material = await Material.get_or_none(ref=material_ref).prefetch_related(
        "application", "evidence", "product", "inspection"
    )
    if material is None:
        raise not_found()
    await member_or_operator(asker, material.application.enterprise_id)
    return material


async def evidence_bytes(ports: Ports, asker: Asker, material_ref: str) -> tuple[bytes, str]:
    """A material's bytes and media type, for whom :func:`material_of` answers."""
    return await kept_bytes(ports, (await material_of(asker, material_ref)).evidence)


async def _note(
    ports: Ports,
    application: Application,
    action: str,
    actor: str,
    *,
    clause: str = "7.1(2)",
    before: str | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    await record_event(
        ports,
        f"application:{action}",
        "application",
        application.id,
        actor=actor,
        clause=clause,
        before={"state": str(before)} if before else None,
        after={"state": str(application.state), **(after or {})},
    )
