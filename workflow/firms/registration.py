"""Real-name registration of a firm (7.1(1), 7.2(1)): the form and the licence's scan, checked, make an owner."""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from tortoise.expressions import Q

from inspection.identify import MediaType, identify
from inspection.report import PictureRefused
from models import (
    OPEN,
    Application,
    ApplicationState,
    Certificate,
    DeskItem,
    Enterprise,
    Evidence,
    EvidenceSource,
    PlatformRole,
    Registration,
    RegistrationState,
    Staff,
    StaffRole,
    WeChatIdentity,
)
from models.transactions import transaction
from standard.calendar import shanghai_day, shipped_calendar
from standard.identifiers import credit_code
from standard.names import same
from standard.outcome import Finding, Outcome, worst
from standard.profile import edition_on
from standard.scope import Standing, applicant
from standard.windows import verification_deadline
from workflow.access import REF, Asker, holds, must_hold, not_found
from workflow.context import Ports
from workflow.credit.adoptions import customer_known
from workflow.desk import put_on_desk
from workflow.firms.licences import Stated, address_name, judge_licence
from workflow.firms.lines import filled_line, one_line
from workflow.intake.evidence import keep_file
from workflow.intake.inspections import tried_once_more
from workflow.knowing.people import meet
from workflow.knowing.persons import current, hold, person_of, speak_for
from workflow.ports import ClaimedJob, InspectionFailed, ObjectMissing, Register
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.telling import notices
from workflow.transitions import move

CHECK = "registration.check"
DISPUTE = "registration_dispute"
CLAUSE = "7.1(1)"

MOST_CHECKING = 5
"""Registrations of one person that are checked at the same time: each has a document read."""

GIVE_TO_APPLICANT = "give_to_applicant"
KEEP_OWNER = "keep_owner"
DISPUTE_CHOICES = {
    GIVE_TO_APPLICANT: "由申请人接任企业管理员",
    KEEP_OWNER: "维持现任企业管理员，退回申请",
}
"""What an operator may decide where a firm has an owner already."""

PURCHASER = "buyer"
"""An organisation that only buys: it is verified to put adoptions on record (8.2(2)), and cannot apply itself (1)."""

OFD = "application/ofd"
TAKEN = {MediaType.JPEG: "image/jpeg", MediaType.PNG: "image/png", MediaType.PDF: "application/pdf"}


@dataclass(frozen=True, slots=True)
class RegistrationForm:
    """What the applicant fills in; ``organisation_role`` is ``maker``, ``seller`` or ``distributor`` (1, R49), or
    :data:`PURCHASER`."""

    uscc: str
    name: str
    address: str
    legal_representative: str
    organisation_role: str
    applicant_name: str
    title: str = ""


async def register(
    ports: Ports, asker: Asker, key: str, form: RegistrationForm, licence: bytes, file_name: str
) -> Registration:
    """Keep form and scan, and have them checked; the same ``key`` again is the same registration.

    Nothing is kept where it is :class:`Refused`: ``uscc_invalid``, ``role_not_supported`` (R49), ``file_type`` …
    """
    key = key[:128]
    if (known := await Registration.get_or_none(person_id=asker.person_id, key=key)) is not None:
        return known
    stated = _stated(ports, form)
    if await Registration.filter(person_id=asker.person_id, state=RegistrationState.CHECKING).count() >= MOST_CHECKING:
        advice = f"您有 {MOST_CHECKING} 份注册正在核对：请等结果出来再提交"
        raise Refused(Kind.TOO_MANY, "too_many_registrations", advice, clause=CLAUSE, retry_after=60)
    media_type = _media_type(ports, licence)
    evidence = await keep_file(
        ports,
        licence,
        EvidenceSource.UPLOAD,
        actor=asker.actor,
        media_type=media_type,
        file_name=file_name[:255],
    )
    now = ports.clock.now()
    async with transaction():
        person = (await hold(asker)).person
        if (known := await Registration.get_or_none(person_id=person.id, key=key)) is not None:
            return known
        row = await Registration.create(
            ref=secrets.token_urlsafe(9),
            person_id=person.id,
            key=key,
            licence_id=evidence.id,
            state=RegistrationState.CHECKING,
            created_at=now,
            due_at=_due(ports),
            **asdict(stated),
        )
        await _enqueue_check(ports, row, f"{CHECK}:{row.id}")
        await record_event(
            ports,
            "registration:file",
            "registration",
            row.id,
            actor=asker.actor,
            clause=CLAUSE,
            after={"uscc": row.uscc},
            evidence_sha256=evidence.sha256,
        )
    ports.bell.ring("jobs")
    return row


async def check_again(ports: Ports, row: Registration, again: str) -> None:
    """Inside the caller's transaction, with the row locked, in CHECKING: its late check is done anew, by a new day."""
    await move(row, RegistrationState.CHECKING, due_at=_due(ports))
    await _enqueue_check(ports, row, f"{CHECK}:{row.id}:{again}")


async def _enqueue_check(ports: Ports, row: Registration, key: str) -> None:
    args = {"registration": row.id}
    await ports.queue.enqueue(CHECK, key, args, due=ports.clock.now(), priority=10, max_attempts=20)


async def registration(asker: Asker, ref: str) -> Registration:
    """One registration: the person's own, or any for an operator."""
    known = Registration.filter(ref=ref).prefetch_related("enterprise")
    row = await known.first() if REF.fullmatch(ref) else None
    if row is None or not (row.person_id == asker.person_id or await holds(asker, PlatformRole.OPERATOR)):
        raise not_found()
    return row


async def registrations_of(asker: Asker) -> list[Registration]:
    """Their registrations, the newest first."""
    return await Registration.filter(person_id=asker.person_id).order_by("-id").prefetch_related("enterprise")


async def check_registration(ports: Ports, job: ClaimedJob) -> None:
    """The job: read the scan, ask the registry, decide. Idempotent: only a registration that is being checked moves."""
    row = await Registration.get(id=job.args["registration"]).prefetch_related("licence")
    if row.state != RegistrationState.CHECKING:
        async with transaction():
            await ports.queue.finish(job)
        return
    try:
        findings = await _findings(ports, row)
    except InspectionFailed as problem:
        if await tried_once_more(ports, job, problem):
            return
        reason = "这份营业执照文件处理不了：请另存为 PDF，或重新扫描成图片后上传（7.2(1)，R6）"
        findings = [Finding("7.2(1)", Outcome.UNCLEAR, reason, ("R6",))]
    async with transaction():
        if not await ports.queue.finish(job):
            return
        held = await hold(Asker((await current(row.person_id)).id))
        row = await Registration.get(id=row.id)
        plain = [plain_finding(finding) for finding in findings]
        if worst(finding.outcome for finding in findings) is not Outcome.PASS:
            await _decided(ports, row, RegistrationState.MEND, plain)
        else:
            firm = await _firm(ports, row)
            owner = await Staff.get_or_none(enterprise_id=firm.id, role=StaffRole.OWNER, left_at=None)
            if owner is not None and owner.person_id != held.person.id:
                await _dispute(ports, row, firm, plain)
            elif await _rests_on(firm, row):
                await _decided(ports, row, RegistrationState.MEND, [*plain, plain_finding(_FOR_9_4)], firm)
            else:
                await _own(ports, row, firm, held.identities)
                await _decided(ports, row, RegistrationState.VERIFIED, plain, firm)
    ports.bell.ring("jobs")


async def decide_dispute(ports: Ports, item: DeskItem, decision: str, reason: str, asker: Asker) -> None:
    """An operator decides who owns the firm (one of :data:`DISPUTE_CHOICES`), with the reason that both sides read."""
    await must_hold(asker, PlatformRole.OPERATOR)
    if decision not in DISPUTE_CHOICES:
        raise Refused(Kind.INVALID, "decision_unknown", "没有这个选项：请刷新后重选", field="decision")
    if not reason.strip():
        raise Refused(Kind.INVALID, "reason_missing", "请写明理由：双方都会看到", field="reason")
    async with transaction():
        row = await Registration.get(id=item.subject_id)
        if row.state != RegistrationState.DISPUTED:
            raise Refused(Kind.CONFLICT, "not_disputed", "这件事已经有了结果：请刷新后查看")
        assert row.enterprise_id is not None
        applicant_id = (await current(row.person_id)).id
        owner = await Staff.get_or_none(enterprise_id=row.enterprise_id, role=StaffRole.OWNER, left_at=None)
        concerned = Q(person_id=applicant_id)
        if owner is not None:
            concerned |= Q(staff_id=owner.id)
        await WeChatIdentity.filter(concerned).order_by("id").select_for_update(no_key=True)
        held = await hold(Asker(applicant_id))
        firm = await Enterprise.filter(id=row.enterprise_id).select_for_update(no_key=True).get()
        finding = Finding(CLAUSE, Outcome.PASS, f"{DISPUTE_CHOICES[decision]}：{reason.strip()}（7.1(1)）")
        if decision == GIVE_TO_APPLICANT:
            owner = await Staff.get_or_none(enterprise_id=firm.id, role=StaffRole.OWNER, left_at=None)
            if owner is not None and owner.person_id != held.person.id:
                await Staff.filter(id=owner.id).update(left_at=ports.clock.now())
                await WeChatIdentity.filter(staff_id=owner.id).update(staff_id=None)
                await _tell_owner(ports, row, firm, owner, reason)
            await _own(ports, row, firm, held.identities)
            state = RegistrationState.VERIFIED
        else:
            finding = Finding(CLAUSE, Outcome.FAIL, finding.reason)
            state = RegistrationState.MEND
        checks = [one for one in row.findings if one["clause"] != CLAUSE]  # that there is an owner is settled now
        await _decided(ports, row, state, [*checks, plain_finding(finding)], firm, actor=asker.actor)
    ports.bell.ring("jobs")


async def register_enterprise(ports: Ports, uscc: str, name: str, *, is_sample: bool = False) -> Enterprise:
    """The firm with that USCC, entered by us, made where it is new."""
    async with transaction():
        firm, made = await Enterprise.get_or_create(
            uscc=uscc, defaults={"name": name, "is_sample": is_sample, "created_at": ports.clock.now()}
        )
        if made:
            await record_event(ports, "enterprise:register", "enterprise", firm.id, actor="system", clause="7.1")
    return firm


async def bind_staff(
    ports: Ports, firm: Enterprise, name: str, title: str, openid: str, *, role: StaffRole = StaffRole.STAFF
) -> WeChatIdentity:
    """Make a WeChat user a member of the firm and their chat speak for it; who speaks for one already keeps it.

    That includes consent: the firm's photos are its records (R54). Where there is an owner, nobody is a second one.
    """
    identity = await meet(ports, openid)
    async with transaction():
        await WeChatIdentity.filter(id=identity.id).select_for_update(no_key=True).get()
        person = await person_of(ports, identity)
        await Enterprise.filter(id=firm.id).select_for_update(no_key=True).get()
        await identity.refresh_from_db()
        if identity.staff_id is not None:
            return identity
        owned = await Staff.exists(enterprise_id=firm.id, role=StaffRole.OWNER, left_at=None)
        role = StaffRole.STAFF if owned and role is StaffRole.OWNER else role
        staff, _ = await Staff.get_or_create(
            enterprise_id=firm.id,
            person_id=person.id,
            left_at=None,
            defaults={"name": name, "title": title, "role": role, "created_at": ports.clock.now()},
        )
        await speak_for(ports, [identity], staff)
        await WeChatIdentity.filter(id=identity.id).update(subscribed=True)
        await record_event(ports, "staff:bind", "staff", staff.id, actor=f"identity:{identity.id}", clause="7.1")
    await identity.refresh_from_db()
    return identity


def plain_finding(finding: Finding) -> dict[str, Any]:
    """A finding as it is stored."""
    return {**asdict(finding), "outcome": finding.outcome.value, "rows": list(finding.rows)}


ENDED = ("expired", "revoked", "cancelled", "superseded")
"""States of a certificate that nothing changes any more."""

_FOR_9_4 = Finding(
    "9.4",
    Outcome.FAIL,
    "企业有在办的申报或有效证书，名称、生产地址与登记的不同：须按变更申请办理（9.4），或按已登记的内容提交",
)


def _stated(ports: Ports, form: RegistrationForm) -> RegistrationForm:
    """The form in its one spelling, or why it cannot be right."""
    edition = edition_on(shanghai_day(ports.clock.now()))
    answer = applicant(form.organisation_role, edition)
    if answer.standing is not Standing.COVERED and form.organisation_role != PURCHASER:
        outside = answer.standing is Standing.OUTSIDE
        raise Refused(
            Kind.INVALID if outside else Kind.NOT_SUPPORTED,
            "role_outside" if outside else "role_not_supported",
            answer.reason,
            clause=answer.clause,
            rows=answer.rows,
            field="organisation_role",
        )
    number = credit_code(form.uscc, edition=edition)
    if not number.valid:
        finding = number.findings[0]
        raise Refused(
            Kind.INVALID, "uscc_invalid", finding.reason, clause=finding.clause, rows=finding.rows, field="uscc"
        )
    return RegistrationForm(
        number.normal,
        filled_line(form.name, "name", "企业名称", 200, clause=CLAUSE),
        filled_line(form.address, "address", address_name(form.organisation_role), 300, clause=CLAUSE),
        one_line(form.legal_representative)[:60],
        form.organisation_role,
        filled_line(form.applicant_name, "applicant_name", "办理人姓名", 60, clause=CLAUSE),
        one_line(form.title)[:40],
    )


def _media_type(ports: Ports, licence: bytes) -> str:
    if len(licence) > ports.max_bytes:
        advice = f"文件超过 {ports.max_bytes // 2**20} MB：请压缩或重新扫描后上传"
        raise Refused(Kind.INVALID, "file_too_large", advice, clause=CLAUSE, field="licence")
    if (media_type := TAKEN.get(identify(licence))) is not None:
        return media_type
    if licence.startswith(b"PK\x03\x04") and b"OFD.xml" in licence:
        return OFD
    advice = "营业执照请上传 PDF、OFD 文件，或 JPEG、PNG 扫描图片"
    raise Refused(Kind.INVALID, "file_type", advice, clause=CLAUSE, field="licence")


def _due(ports: Ports) -> datetime:
    """By when a registration is checked, or a dispute decided, at the latest (7.2(4), R35)."""
    now = ports.clock.now()
    return verification_deadline(edition_on(shanghai_day(now)), shipped_calendar(), now).ends


async def _findings(ports: Ports, row: Registration) -> list[Finding]:
    today = shanghai_day(ports.clock.now())
    assert row.licence is not None
    try:
        data = await ports.storage.get(row.licence.storage_key)
        scan = await ports.inspector.read_document(data)
    except PictureRefused as refusal:
        return [Finding("7.2(1)", Outcome.UNCLEAR, f"{refusal.advice}（7.2(1)，R6）", ("R6",))]
    except ObjectMissing:
        return [Finding("7.2(1)", Outcome.UNCLEAR, "营业执照文件已不在：请重新上传（7.2(1)，R6）", ("R6",))]
    answer = await ports.registries.ask(Register.BUSINESS, row.uscc)
    stated = Stated(row.uscc, row.name, row.address, row.legal_representative, row.organisation_role)
    return judge_licence(stated, scan, answer, today, edition_on(today))


async def _firm(ports: Ports, row: Registration) -> Enterprise:
    """The firm's row, locked: of two registrations at once the later one sees what the first one did."""
    firm, made = await Enterprise.get_or_create(
        uscc=row.uscc, defaults={"name": row.name, "created_at": ports.clock.now()}
    )
    if made:
        await record_event(
            ports, "enterprise:register", "enterprise", firm.id, actor=f"person:{row.person_id}", clause=CLAUSE
        )
    return await Enterprise.filter(id=firm.id).select_for_update(no_key=True).get()


async def _rests_on(firm: Enterprise, row: Registration) -> bool:
    """Whether something public or submitted shows the firm's name or address otherwise than the registration."""
    if same(firm.name, row.name) and same(firm.address, row.address):
        return False
    under_way = [str(state) for state in OPEN if state != ApplicationState.DRAFT]
    return (
        await Application.exists(enterprise_id=firm.id, state__in=under_way)
        or await Certificate.filter(enterprise_id=firm.id).exclude(state__in=ENDED).exists()
    )


async def _own(ports: Ports, row: Registration, firm: Enterprise, identities: list[WeChatIdentity]) -> None:
    """Inside the caller's transaction: the firm is as the registration says, and the applicant is its owner.

    What a case or certificate shows stays: it changes by a change report only (9.4).
    """
    now = ports.clock.now()
    shown = {} if await _rests_on(firm, row) else {"name": row.name, "address": row.address}
    await Enterprise.filter(id=firm.id).update(organisation_role=row.organisation_role, verified_at=now, **shown)
    await ports.firms.renamed(firm.id)
    # The scan is the firm's record from now on, whoever handed it in.
    await Evidence.filter(id=row.licence_id).update(enterprise_id=firm.id)
    person = await current(row.person_id)
    there = await Staff.get_or_none(enterprise_id=firm.id, person_id=person.id, left_at=None)
    if there is None:
        there = await Staff.create(
            enterprise_id=firm.id,
            person_id=person.id,
            name=row.applicant_name,
            title=row.title,
            role=StaffRole.OWNER,
            created_at=now,
        )
    else:
        await Staff.filter(id=there.id).update(role=StaffRole.OWNER, name=row.applicant_name, title=row.title)
    await speak_for(ports, [one for one in identities if one.staff_id is None], there)
    await customer_known(ports, firm)
    await record_event(
        ports,
        "enterprise:verify",
        "enterprise",
        firm.id,
        actor=f"person:{person.id}",
        clause=CLAUSE,
        before={"name": firm.name, "address": firm.address},
        after={**shown, "owner": there.id},
    )


async def _decided(
    ports: Ports,
    row: Registration,
    state: RegistrationState,
    findings: list[dict[str, Any]],
    firm: Enterprise | None = None,
    *,
    actor: str = "system",
) -> None:
    before = row.state
    await move(
        row,
        state,
        findings=findings,
        decided_at=ports.clock.now(),
        enterprise_id=firm.id if firm is not None else row.enterprise_id,
    )
    await record_event(
        ports,
        f"registration:{state}",
        "registration",
        row.id,
        actor=actor,
        clause="7.2(1)",
        before={"state": before},
        after={"state": state},
    )
    title, body = _told(row)
    applicant = (await current(row.person_id)).id
    await notices.tell_person(
        ports,
        applicant,
        f"registration:{row.id}:{row.version}",
        clause="7.2(1)",
        title=title,
        body=body,
        path=f"/my/registrations/{row.ref}",
        enterprise_id=row.enterprise_id,
        asked=notices.Asked(applicant, row.created_at),
    )


def _told(row: Registration) -> tuple[str, str]:
    match row.state:
        case RegistrationState.VERIFIED:
            following = "登记产品，然后提交评价申报"
            if row.organisation_role == PURCHASER:
                following = "查供应商的等级，出具确认书，登记采信"
            return "企业实名注册通过", f"{row.name}已完成实名注册，您是企业管理员。下一步：{following}。"
        case RegistrationState.DISPUTED:
            return (
                "企业已有管理员",
                f"资料核对无误，但{row.name}已有企业管理员。可请现任管理员邀请您加入或移交；平台也会人工核实并告知结果。",
            )
        case _:
            wrong = [one["reason"] for one in row.findings if one["outcome"] != Outcome.PASS]
            return "企业实名注册需要更正", "\n".join(["请按下面的说明更正后重新提交：", *wrong])


async def _dispute(ports: Ports, row: Registration, firm: Enterprise, findings: list[dict[str, Any]]) -> None:
    reason = "该企业已有管理员：请现任管理员邀请您加入或移交，平台也会人工核实（7.1(1)）"
    found = plain_finding(Finding(CLAUSE, Outcome.UNCLEAR, reason))
    await _decided(ports, row, RegistrationState.DISPUTED, [*findings, found], firm)
    await put_on_desk(
        ports,
        f"{DISPUTE}:{row.id}",
        DISPUTE,
        "registration",
        row.id,
        clause=CLAUSE,
        title=f"{firm.name[:150]}：另有人提交实名注册，须确定由谁管理",
        detail={"registration": row.ref, "applicant": row.applicant_name, "title": row.title},
        due_at=_due(ports),
        enterprise_id=firm.id,
    )


async def _tell_owner(ports: Ports, row: Registration, firm: Enterprise, owner: Staff, reason: str) -> None:
    if owner.person_id is None:
        return
    await notices.tell_person(
        ports,
        owner.person_id,
        f"registration:{row.id}:owner",
        clause=CLAUSE,
        title="企业管理员已变更",
        body=f"经平台核实，{firm.name}改由他人管理，您的成员身份已结束。理由：{reason.strip()}",
        path="/my",
    )
