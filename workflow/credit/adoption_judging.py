"""The job that judges an adoption, and what an operator decides of one (8.2(2), 8.5; R6, R16, R47).

=====================================  ================================================================================
what has to hold                       where it does not
=====================================  ================================================================================
the evidence of 8.5(1) is complete     WAITING: the filer is told what lacks, or what to send again
its papers agree with the record       another number or winner: REFUSED · not read: WAITING, an operator looks
the customer is verified here (7.1)    WAITING where a customer files: it registers, or its member files · where the
                                       supplier files, its papers carry it, if the notice bears the customer's seal;
                                       else an operator looks
customer and supplier are not related  REFUSED: a person who belongs to both, or one legal representative
=====================================  ================================================================================

All of it holds: VALID, booked in the same transaction. What waits for its filer is REFUSED once its time is over (R56);
what waits for an operator waits on the desk. Repeating the job changes nothing: a file is judged once, and a
record is decided only while it is being checked.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inspection.report import PictureRefused
from models import (
    Adoption,
    AdoptionFile,
    AdoptionFileState,
    AdoptionState,
    AdoptionWay,
    Certificate,
    DeskItem,
    Enterprise,
    Filer,
    PlatformRole,
    Registration,
    RegistrationState,
    Staff,
)
from models.transactions import transaction
from standard import credit, life
from standard.calendar import shanghai_day
from standard.credit import Booking
from standard.names import same
from standard.outcome import Finding, Outcome
from standard.profile import Edition, edition_on
from standard.validity import State
from workflow.access import Asker, must_hold
from workflow.certifying.certificate_register import certificate_alive
from workflow.certifying.certificates import apply_event
from workflow.certifying.credit_ledger import filed_by_firm
from workflow.context import Ports
from workflow.credit.adoption_papers import (
    Stated,
    award_notice,
    paper_of,
    sealed_by_customer,
    tender_document,
)
from workflow.credit.adoptions import (
    FILES,
    GRACE,
    OPEN,
    PLATFORM_FILING,
    PLATFORM_RESULT,
    adoption_of,
    adoption_path,
    complete_through,
    customer_of,
    due_day,
    speaks_for,
    supplement_day,
)
from workflow.credit.credit_booking import book
from workflow.desk import put_on_desk
from workflow.findings import plain_finding
from workflow.intake.inspections import as_plain, tried_once_more
from workflow.ports import ClaimedJob, InspectionFailed, ObjectMissing
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.telling.notices import Asked, tell_firm, tell_person
from workflow.transitions import move

PASS, FAIL, UNCLEAR = Outcome.PASS, Outcome.FAIL, Outcome.UNCLEAR
CLAUSE = "8.2(2)"
ADOPTION = "adoption"
"""Kind of the desk item of a record whose papers a person has to look at."""
WITHOUT_CASE = "false_adoption"
"""Kind of the desk item of a false record that no certificate has a case for; it can be noted only."""
SHORTEST_WORD, LONGEST_WORD = 5, 300
"""Characters of how a false record was established: with what is said around it, an entry holds it."""
ACCEPT, REFUSE, ASK = "accept", "refuse", "ask"
FALSE_RECORD = "credit:publish"
"""Public event of a firm: a false record was established (8.5(4))."""


Said = tuple[Finding, str]
"""A finding, and who can mend it: ``filer``, ``operator``, or nobody (empty)."""


@dataclass(frozen=True, slots=True)
class _Looked:
    """What reading one file came to."""

    state: AdoptionFileState
    finding: Finding
    report: dict[str, Any] | None = None


# --- the job ---------------------------------------------------------------------------------------------------------


async def judge(ports: Ports, job: ClaimedJob) -> None:
    """The job: read the one file that it is about, then write its verdict and decide the record, in one transaction."""
    file = await AdoptionFile.get_or_none(id=job.args["file"] or 0).prefetch_related("evidence")
    looked: _Looked | None = None
    if file is not None and file.state == AdoptionFileState.HANDED_IN:
        try:
            looked = await _read(ports, file)
        except InspectionFailed as problem:
            if await tried_once_more(ports, job, problem):
                return
            reason = "这份文件无法处理：请重新扫描或拍摄后，换一份上传（8.2(2)，R6）。"
            looked = _Looked(AdoptionFileState.UNCLEAR, Finding(CLAUSE, UNCLEAR, reason, ("R6",)))
    async with transaction():
        if not await ports.queue.finish(job):
            return
        adoption = await Adoption.filter(id=job.args["adoption"]).select_for_update().get()
        if file is not None and looked is not None:
            await AdoptionFile.filter(id=file.id, state=AdoptionFileState.HANDED_IN).update(
                state=looked.state,
                findings=[plain_finding(looked.finding)],
                report=looked.report,
                judged_at=ports.clock.now(),
            )
        await _decide_once_judged(ports, adoption)
    ports.bell.ring("jobs")


async def _read(ports: Ports, file: AdoptionFile) -> _Looked:
    """Outside any transaction: the text of one file, or why it cannot be read."""
    try:
        report = await ports.inspector.read_document(await ports.storage.get(file.evidence.storage_key))
    except PictureRefused as refusal:
        return _Looked(AdoptionFileState.FAILED, Finding(CLAUSE, FAIL, refusal.advice))
    except ObjectMissing:
        reason = "这份文件已不在存储中：请重新上传（8.2(2)）。"
        return _Looked(AdoptionFileState.UNCLEAR, Finding(CLAUSE, UNCLEAR, reason, ("R6",)))
    if not report.legible:
        advice = report.retake or "文件看不清：请重新扫描后上传。"
        return _Looked(AdoptionFileState.UNCLEAR, Finding(CLAUSE, UNCLEAR, f"{advice}（8.2(2)，R6）", ("R6",)))
    return _Looked(AdoptionFileState.PASSED, Finding(CLAUSE, PASS, "文件可读（8.2(2)）。"), as_plain(report))


async def _decide_once_judged(ports: Ports, adoption: Adoption) -> None:
    """Inside the caller's transaction, the record locked: decide it, if it is checked and no file waits any more."""
    if adoption.state != AdoptionState.CHECKING:
        return
    files = await AdoptionFile.filter(adoption_id=adoption.id).order_by("id").prefetch_related("evidence")
    if any(file.state == AdoptionFileState.HANDED_IN for file in files):
        return
    edition = edition_on(shanghai_day(ports.clock.now()))
    lacking = _lacking(adoption, files, edition)
    on_their_way = {file.kind for file in files} < set(edition.words("credit.evidence_uploaded"))
    if adoption.way == AdoptionWay.UPLOADED and on_their_way and ports.clock.now() < adoption.filed_at + GRACE:
        return  # the job of that moment decides
    await adoption.fetch_related("supplier", "partner")
    said = [*lacking, *await _customer(adoption), *await _papers(adoption, files, edition)]
    findings = [finding for finding, _ in said]
    if any(finding.outcome is FAIL for finding in findings):
        await _refuse(ports, adoption, findings)
    elif any(finding.outcome is UNCLEAR and who == "filer" for finding, who in said):
        await _wait(ports, adoption, [one for one, who in said if who == "filer" or one.outcome is PASS], told=True)
    elif any(finding.outcome is UNCLEAR for finding in findings):
        await _wait(ports, adoption, findings, told=False)
        await _ask_operator(ports, adoption, findings, files)
    else:
        await _accept(ports, adoption, findings, _evidence(adoption, files), actor="system")


# --- what has to hold ------------------------------------------------------------------------------------------------


def _evidence(adoption: Adoption, files: list[AdoptionFile]) -> frozenset[str]:
    """Kinds of evidence by 8.5(1): files that could be read, and what was done on the platform."""
    kinds = {file.kind for file in files if file.state == AdoptionFileState.PASSED}
    if adoption.confirmation_id is not None:
        kinds.add(PLATFORM_RESULT)
    if adoption.filed_by != Filer.SUPPLIER:
        kinds.add(PLATFORM_FILING)
    return frozenset(kinds)


def _lacking(adoption: Adoption, files: list[AdoptionFile], edition: Edition) -> list[Said]:
    """What the filer has to send, or to send again."""
    there = _evidence(adoption, files)
    if adoption.way == AdoptionWay.OBTAINED and PLATFORM_RESULT not in there:
        reason = "还没有从平台获取这家供应商的确认书：请先获取确认书再备案，或改为上传招标文件和中标通知书（8.5(1)）。"
        return [(Finding("8.5(1)", UNCLEAR, reason, ("R6",)), "filer")]
    if adoption.way == AdoptionWay.OBTAINED:
        return []
    said: list[Said] = []
    for kind in edition.words("credit.evidence_uploaded"):
        if kind in there:
            continue
        unread = [file for file in files if file.kind == kind]
        if unread:
            advice = unread[-1].findings[0]["reason"]
            said.append((Finding("8.5(1)", UNCLEAR, f"{FILES[kind]}：{advice}", ("R6",)), "filer"))
        else:
            said.append((Finding("8.5(1)", UNCLEAR, f"请上传{FILES[kind]}（8.5(1)）。", ("R6",)), "filer"))
    return said


async def _customer(adoption: Adoption) -> list[Said]:
    """Who adopted it: verified, the one that was named, and nobody of the supplier's."""
    filed_by = Filer(adoption.filed_by)
    firm = await customer_of(filed_by, adoption.customer_uscc, adoption.person_id, adoption.partner)
    adoption.customer_id = firm.id if firm else None
    if firm is not None and (relation := await _related(adoption.supplier, firm)):
        return [(Finding(CLAUSE, FAIL, f"{relation}，不计为客户采信（8.5(1)，8.2(2)）。"), "")]
    if firm is not None and not same(firm.name, adoption.customer_name):
        reason = f"采购单位“{adoption.customer_name}”与其统一社会信用代码不是同一家：请更正后重新登记（8.2(2)）。"
        return [(Finding(CLAUSE, FAIL, reason), "")]
    if firm is not None and firm.verified_at is not None:
        return [(Finding(CLAUSE, PASS, "采购单位已在平台实名，与被采信企业没有关联（8.2(2)）。"), "")]
    if filed_by is Filer.PARTNER and speaks_for(adoption.partner, adoption.customer_uscc):
        return [(Finding(CLAUSE, PASS, "由采购单位自己的系统登记（8.2(2)）。"), "")]
    if filed_by is Filer.CUSTOMER:
        reason = (
            f"采购单位“{adoption.customer_name}”须先在平台实名一次：请注册该单位，或由其管理员邀请您加入；"
            "完成后自动继续核验，在此之前不计分（8.2(2)，7.1(1)）。"
        )
        return [(Finding(CLAUSE, UNCLEAR, reason, ("R6",)), "filer")]
    return []


async def _related(supplier: Enterprise, customer: Enterprise) -> str:
    """Why the two are not independent of each other, in Chinese; empty where nothing says so."""
    people = Staff.filter(enterprise_id=supplier.id, left_at=None, person_id__not_isnull=True)
    ours = await people.values_list("person_id", flat=True)
    if await Staff.exists(enterprise_id=customer.id, left_at=None, person_id__in=list(ours)):
        return "采购单位与被采信企业在平台上有同一名成员，属关联企业"
    heads = [await _legal_representative(firm.id) for firm in (supplier, customer)]
    if same(*heads):
        return "采购单位与被采信企业的法定代表人相同，属关联企业"
    return ""


async def _legal_representative(enterprise_id: int) -> str:
    """By the firm's latest registration that passed; empty where none says."""
    passed = Registration.filter(enterprise_id=enterprise_id, state=RegistrationState.VERIFIED).order_by("-id")
    found = await passed.first()
    return found.legal_representative if found else ""


async def _papers(adoption: Adoption, files: list[AdoptionFile], edition: Edition) -> list[Said]:
    """What the files say, those of one kind together."""
    stated = Stated(
        adoption.tender_number,
        adoption.supplier.name,
        adoption.supplier.uscc,
        adoption.customer_name,
        adoption.customer_uscc,
    )
    said: list[Said] = []
    for kind, judged in (("tender_document", tender_document), ("award_notice", award_notice)):
        legible = [file for file in files if file.kind == kind and file.state == AdoptionFileState.PASSED]
        if not legible:
            continue
        paper = paper_of(FILES[kind], [file.report or {} for file in legible])
        said += [(finding, "operator") for finding in judged(stated, paper, edition)]
        if kind == "award_notice":
            said += [(finding, "operator") for finding in await _used_before(adoption, legible)]
            if _on_papers_alone(adoption):
                said.append((sealed_by_customer(stated, paper), "operator"))
    return said


def _on_papers_alone(adoption: Adoption) -> bool:
    """Whether nobody who was verified speaks for the customer."""
    if adoption.filed_by == Filer.PARTNER:
        return adoption.customer_id is None and not speaks_for(adoption.partner, adoption.customer_uscc)
    return adoption.filed_by == Filer.SUPPLIER


async def _used_before(adoption: Adoption, files: list[AdoptionFile]) -> list[Finding]:
    """7.2(2): the very notice that stands for another tender already."""
    other = (
        await AdoptionFile.filter(kind="award_notice", evidence__sha256__in=[file.evidence.sha256 for file in files])
        .exclude(adoption_id=adoption.id)
        .exclude(adoption__state=AdoptionState.REFUSED)
        .first()
    )
    if other is None:
        return []
    reason = "这份中标通知书已用于另一份采信记录，由平台人工核实（8.2(2)，R6）。"
    return [Finding(CLAUSE, UNCLEAR, reason, ("R6",))]


# --- what comes of it ------------------------------------------------------------------------------------------------


async def _accept(
    ports: Ports, adoption: Adoption, findings: list[Finding], evidence: frozenset[str], *, actor: str
) -> None:
    """VALID and booked, or REFUSED where its certificate is revoked by now, or the ledger says that it is no new
    record."""
    if await _revoked(adoption):
        reason = "所采信的证书已被撤销，资信分值已清零，此前的采信不再计分（9.5.1，R17）：新证书被采信的，请另行登记。"
        await _refuse(ports, adoption, [Finding("9.5.1", FAIL, reason, ("R17",))], actor=actor)
        return
    now = ports.clock.now()
    record = credit.Adoption(adoption.customer_name, adoption.tender_number, evidence, PASS, now)
    edition = edition_on(shanghai_day(now))
    booking = await book(
        ports,
        adoption.supplier_id,
        lambda ledger: credit.record_adoption(ledger, record, edition),
        actor=actor,
        clause="8.5(2)",
        title="招标采信记录有效",
        adoption=adoption,
    )
    if isinstance(booking, Finding):
        await _refuse(ports, adoption, [booking], actor=actor)
        return
    await _turn(ports, adoption, AdoptionState.VALID, findings, actor=actor)
    await _tell_filer(ports, adoption, "已核实", "采信记录真实有效，已记入企业的资信档案（8.5(2)）。")
    if adoption.filed_by == Filer.SUPPLIER and adoption.customer_id is not None:
        await tell_firm(
            ports,
            adoption.customer_id,
            f"adoption:{adoption.id}:customer",
            clause=CLAUSE,
            title="供应商登记了贵单位的采信记录",
            body=f"“{adoption.supplier.name}”登记：贵单位招标编号 {adoption.tender_number} 采信了其追溯能力评价结果。"
            "如与事实不符，请向平台运营方反映（8.5(4)）。",
            path=adoption_path(adoption),
        )


async def _revoked(adoption: Adoption) -> bool:
    """Whether the certificate whose result was adopted is revoked; the firm's certificates are held from now on, so
    that none is revoked before the record is booked."""
    held = await Certificate.filter(enterprise_id=adoption.supplier_id).order_by("id").select_for_update()
    return any(one.id == adoption.certificate_id and one.state == State.REVOKED for one in held)


async def _refuse(ports: Ports, adoption: Adoption, findings: list[Finding], *, actor: str = "system") -> None:
    await _turn(ports, adoption, AdoptionState.REFUSED, findings, actor=actor)
    reasons = [finding.reason for finding in findings if finding.outcome is FAIL]
    await _tell_filer(ports, adoption, "未通过核验", " ".join(reasons) + "可以更正后重新登记。")


async def _wait(
    ports: Ports, adoption: Adoption, findings: list[Finding], *, told: bool, actor: str = "system"
) -> None:
    due_at = supplement_day(ports) if told else None
    await _turn(ports, adoption, AdoptionState.WAITING, findings, actor=actor, due_at=due_at)
    if told:
        reasons = [finding.reason for finding in findings if finding.outcome is UNCLEAR]
        last = f"请在 {complete_through(adoption)} 及以前补齐，逾期按不成立结案（R56）。"
        await _tell_filer(ports, adoption, "待补充", " ".join([*reasons, last]))


async def lapse(ports: Ports, adoption: Adoption) -> None:
    """Inside the caller's transaction, with the record locked: what it waited for did not come in time (R56)."""
    reason = f"要求补充的，{complete_through(adoption)} 及以前没有补齐，按不成立结案（8.2(2)，R56）。"
    await _refuse(ports, adoption, [Finding(CLAUSE, FAIL, reason, ("R56",))])


async def _turn(
    ports: Ports,
    adoption: Adoption,
    to: AdoptionState,
    findings: list[Finding],
    *,
    actor: str,
    clause: str = CLAUSE,
    due_at: datetime | None = None,
) -> None:
    before = adoption.state
    over = to not in OPEN
    await move(
        adoption,
        to,
        due_at=due_at,
        findings=[plain_finding(finding) for finding in findings],
        customer_id=adoption.customer_id,
        decided_at=ports.clock.now() if over else None,
    )
    await record_event(
        ports,
        "adoption:decide" if over else "adoption:wait",
        "adoption",
        adoption.id,
        actor=actor,
        clause=clause,
        before={"state": before},
        after={"state": to},
    )


async def _tell_filer(ports: Ports, adoption: Adoption, what: str, body: str) -> None:
    if adoption.person_id is None:
        return  # a system asks for itself
    await tell_person(
        ports,
        adoption.person_id,
        f"adoption:{adoption.id}:{adoption.version}",
        clause=CLAUSE,
        title=f"招标采信记录 {adoption.tender_number}：{what}"[:60],
        body=body,
        path=adoption_path(adoption),
        # Whoever files at night is still there when it is judged.
        asked=Asked(adoption.person_id, adoption.filed_at),
    )


async def _ask_operator(ports: Ports, adoption: Adoption, findings: list[Finding], files: list[AdoptionFile]) -> None:
    unclear = [finding.reason for finding in findings if finding.outcome is UNCLEAR]
    await put_on_desk(
        ports,
        # The same papers are looked at once.
        f"{ADOPTION}:{adoption.id}:{files[-1].id if files else 0}",
        ADOPTION,
        "adoption",
        adoption.id,
        clause=CLAUSE,
        title=f"采信记录待核实：{adoption.supplier.name}"[:200],
        detail={
            "customer": adoption.customer_name,
            "tender": adoption.tender_number,
            "filed_by": adoption.filed_by,
            "text": " ".join(unclear),
        },
        due_at=due_day(ports),
        enterprise_id=adoption.supplier_id,
    )


# --- what an operator decides ----------------------------------------------------------------------------------------


async def closed_choices(_ports: Ports, item: DeskItem) -> frozenset[str]:
    """Once it waits no more (new files came, or it was taken over), nothing is decided here."""
    waits = await Adoption.exists(id=item.subject_id, state=AdoptionState.WAITING)
    return frozenset() if waits else frozenset({ACCEPT, REFUSE, ASK})


async def decide(ports: Ports, item: DeskItem, decision: str, reason: str, asker: Asker) -> None:
    """Inside the decision's transaction: the operator accepts the papers, refuses them, or asks the filer for others.

    Refused: ``went_on``, ``evidence_lacks``.
    """
    if decision not in (ACCEPT, REFUSE, ASK):
        return
    adoption = await Adoption.filter(id=item.subject_id).select_for_update().prefetch_related("supplier").get()
    if adoption.state != AdoptionState.WAITING:
        advice = "这份记录已经往下办了：请刷新"
        raise Refused(Kind.CONFLICT, "went_on", advice, clause=CLAUSE)
    if decision == REFUSE:
        await _refuse(
            ports, adoption, [Finding(CLAUSE, FAIL, f"人工核实不成立：{reason}（8.2(2)）。")], actor=asker.actor
        )
        return
    if decision == ASK:
        asked = Finding(CLAUSE, UNCLEAR, f"请补充：{reason}（8.2(2)，R6）。", ("R6",))
        await _wait(ports, adoption, [asked], told=True, actor=asker.actor)
        return
    evidence = _evidence(adoption, await AdoptionFile.filter(adoption_id=adoption.id))
    edition = edition_on(shanghai_day(ports.clock.now()))
    record = credit.Adoption(adoption.customer_name, adoption.tender_number, evidence, PASS, ports.clock.now())
    if lacks := credit.evidence(record, edition):
        raise Refused(Kind.CONFLICT, "evidence_lacks", lacks.reason, clause=lacks.clause)
    good = Finding(CLAUSE, PASS, f"人工核实：{reason}（8.2(2)）。")
    await _accept(ports, adoption, [good], evidence, actor=asker.actor)


# --- false records ---------------------------------------------------------------------------------------------------


async def establish_false(ports: Ports, asker: Asker, ref: str, established: str) -> Adoption:
    """An operator has found a valid record to be false (8.5(4), R47): its point is reversed, it is published, and
    where the firm itself filed it, a year without points begins and a case of revocation is opened (9.5.1(8)). Done
    before, it is answered the same.

    ``established`` says how, for the firm and the case; the public hears no customer's name (8.3). Refused:
    ``reason_missing``, ``not_valid``.
    """
    await must_hold(asker, PlatformRole.OPERATOR)
    found = await adoption_of(ref, asker=asker)
    how = established.strip()
    if not SHORTEST_WORD <= len(how) <= LONGEST_WORD:
        advice = f"请写明怎样查实的，{SHORTEST_WORD} 至 {LONGEST_WORD} 字"
        raise Refused(Kind.INVALID, "reason_missing", advice, clause="8.5(4)", field="established")
    async with transaction():
        adoption = await Adoption.filter(id=found.id).select_for_update().prefetch_related("supplier").get()
        if adoption.state == AdoptionState.FALSE:
            return adoption
        if adoption.state != AdoptionState.VALID:
            advice = "只有已记入档案的记录才按虚假采信处理；尚未有效的，请在待办里作“不成立”处理"
            raise Refused(Kind.CONFLICT, "not_valid", advice, clause="8.5(4)")
        await _establish(ports, asker, adoption, how)
    ports.bell.ring("jobs")
    return adoption


async def _establish(ports: Ports, asker: Asker, adoption: Adoption, how: str) -> None:
    now = ports.clock.now()
    edition = edition_on(shanghai_day(now))
    booking = await book(
        ports,
        adoption.supplier_id,
        lambda ledger: credit.false_record(
            ledger,
            adoption.customer_name,
            adoption.tender_number,
            now,
            how,
            edition,
            by_firm=filed_by_firm(adoption),
        ),
        actor=asker.actor,
        clause="8.5(4)",
        title="查实虚假招标采购记录",
        adoption=adoption,
    )
    if isinstance(booking, Finding):
        raise Refused(Kind.CONFLICT, "not_valid", booking.reason, clause=booking.clause)
    finding = Finding("8.5(4)", FAIL, f"{booking.reason}。", ("R47",))
    await _turn(ports, adoption, AdoptionState.FALSE, [finding], actor=asker.actor, clause="8.5(4)")
    await _publish(ports, adoption, booking)
    if booking.case_ground is not None:
        await _open_case(ports, adoption, booking.case_ground, how)
    if not filed_by_firm(adoption):
        await _tell_filer(ports, adoption, "按虚假采信处理", f"这份记录经查实不实：{how}（8.5(4)）。")


async def _publish(ports: Ports, adoption: Adoption, booking: Booking) -> None:
    """8.5(4): in public, who filed it and what follows, without what the customer's papers say (8.3)."""
    firm, taken = adoption.supplier.name, -sum(entry.points for entry in booking.added)
    if filed_by_firm(adoption):
        text = (
            f"“{firm}”提交的招标采购记录经查实为虚假：扣除资信分值 {taken} 分，"
            f"{booking.barred_through} 及以前取消资信加分资格（8.5(4)）"
        )
    else:
        text = f"由采购方登记的招标采购记录经查实为虚假：“{firm}”因该记录扣除资信分值 {taken} 分（8.5(4)）"
    await record_event(
        ports,
        FALSE_RECORD,
        "enterprise",
        adoption.supplier_id,
        actor="system",
        clause="8.5(4)",
        after={"text": text},
    )


async def _open_case(ports: Ports, adoption: Adoption, ground: str, how: str) -> None:
    """A case in the certificate's life; without one that is alive, or where one is open already, the desk alone."""
    alive = await certificate_alive(adoption.supplier_id)
    because = "企业没有有效证书"
    if alive is not None:
        today = shanghai_day(ports.clock.now())
        event = life.OpenCase(on=today, ground=ground, by=life.Actor.PLATFORM)
        step = await apply_event(ports, alive, event, actor="system")
        if not isinstance(step, Finding):
            return
        because = step.reason
    await put_on_desk(
        ports,
        f"{WITHOUT_CASE}:{adoption.id}",
        WITHOUT_CASE,
        "adoption",
        adoption.id,
        clause=ground,
        title=f"虚假采信：{adoption.supplier.name}"[:200],
        detail={"ground": ground, "text": how, "reason": because},
        enterprise_id=adoption.supplier_id,
    )
