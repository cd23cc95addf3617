"""Records of a customer's adoption of a firm's result in a tender: filed, with their files, and who may see them
(8.2(1), 8.5(1); R16).

A record is stored first (CHECKING), then judged (:mod:`workflow.credit.adoption_judging`); it scores nothing until
verified. Of one supplier a customer's tender number stands once. Where somebody who has to prove more filed it first,
whoever speaks for the customer takes it over: nobody blocks a customer's record by guessing its number.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q

from models import (
    Adoption,
    AdoptionFile,
    AdoptionFileState,
    AdoptionState,
    AdoptionWay,
    Certificate,
    Confirmation,
    Enterprise,
    EvidenceSource,
    Filer,
    Partner,
    PartnerKind,
    PlatformRole,
    Staff,
    StaffRole,
)
from models.transactions import transaction
from standard.calendar import shanghai_day, shipped_calendar
from standard.credit import tender_key
from standard.identifiers import credit_code
from standard.names import same
from standard.outcome import Finding, Outcome
from standard.profile import edition_on
from standard.windows import adoption_supplement_deadline, verification_deadline
from workflow.access import RANK, Asker, firm_by_code, holds, member_of, not_found
from workflow.certifying.certificate_register import certificate_alive
from workflow.context import Ports
from workflow.findings import plain_finding
from workflow.idempotency import key_among_all
from workflow.intake.evidence import keep_file, kept_bytes
from workflow.intake.uploads import LONGEST_NAME, PDF, PICTURES, admitted
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.telling.notices import tell_person
from workflow.transitions import move

JUDGE = "adoption.judge"
CLAUSE = "8.5(1)"
FILES = {"tender_document": "招标采购文件", "award_notice": "中标通知书"}
"""What may be uploaded (``credit.evidence_uploaded``)."""
ROLES = {"tenderer": "招标人", "agency": "招标代理机构", "buyer": "采购人"}
"""What the customer is in the tender."""
GRACE = timedelta(minutes=10)
"""So long after the filing a file that lacks is not asked for: it may be on its way."""
MOST_OPEN = 50
"""Records of one person that are checked or wait at the same time."""
MOST_FILES = 20
"""Files of one record: a tender document may come as photos of its pages."""
OPEN = (AdoptionState.CHECKING, AdoptionState.WAITING)
PLATFORM_RESULT, PLATFORM_FILING = "platform_result", "platform_filing"


@dataclass(frozen=True, slots=True)
class NewAdoption:
    """What is put on record; ``tender_role`` is one of :data:`ROLES`. ``customer_uscc`` may be empty where the supplier
    files it and does not know it."""

    supplier_uscc: str
    tender_number: str
    tender_role: str
    customer_name: str
    customer_uscc: str
    way: AdoptionWay


@dataclass(frozen=True, slots=True)
class Paper:
    """A file as it is handed in with a record; ``kind`` is one of :data:`FILES`."""

    kind: str
    name: str
    data: bytes


def adoption_path(adoption: Adoption) -> str:
    """Its page for those concerned, a path of ours."""
    return f"/my/adoptions/{adoption.ref}"


# --- filing ----------------------------------------------------------------------------------------------------------


async def file_adoption(
    ports: Ports,
    filed_by: Filer,
    new: NewAdoption,
    key: str,
    *,
    asker: Asker | None = None,
    partner: Partner | None = None,
    confirmation_ref: str | None = None,
) -> Adoption:
    """Put an adoption on record; the same ``key`` of the same filer again is the same record.

    ``asker`` files for a customer or the supplier, ``partner`` is the system that files. Refused: ``supplier_unknown``,
    ``supplier_not_certified``, ``tender_number``, ``tender_role``, ``customer_name``, ``customer_uscc``,
    ``customer_is_supplier``, ``file_as_supplier``, ``confirmation_unknown``, ``too_many_open``, ``adoption_known``.
    """
    who = f"person:{asker.person_id}" if asker else f"partner:{partner.id if partner else 0}"
    key = key_among_all(f"{filed_by}:{who}", key)
    if (known := await _by_key(key)) is not None:
        return _same(known, new)
    supplier = await _supplier(filed_by, new, asker)
    certificate = await certificate_alive(supplier.id)
    if certificate is None:
        advice = f"“{supplier.name}”现在没有有效的评价证书，没有可供采信的评价结果（8.5(1)）"
        raise Refused(Kind.CONFLICT, "supplier_not_certified", advice, clause=CLAUSE, field="supplier_uscc")
    new = _checked(ports, filed_by, supplier, new)
    customer = await customer_of(filed_by, new.customer_uscc, asker.person_id if asker else None, partner)
    if customer is not None:
        new = NewAdoption(
            new.supplier_uscc, new.tender_number, new.tender_role, customer.name, new.customer_uscc, new.way
        )
    confirmation = await _confirmation(confirmation_ref, supplier, customer, asker)
    await _not_too_many(asker)
    folded = tender_key(new.customer_name, new.tender_number)
    now = ports.clock.now()
    try:
        async with transaction():
            await _make_way(ports, supplier, folded, _weight(filed_by, customer))
            made = await Adoption.create(
                ref=secrets.token_urlsafe(9),
                key=key,
                supplier_id=supplier.id,
                certificate_id=certificate.id,
                confirmation_id=confirmation.id if confirmation else None,
                customer_id=customer.id if customer else None,
                customer_name=new.customer_name,
                customer_uscc=new.customer_uscc,
                tender_number=new.tender_number,
                customer_folded=folded[0],
                tender_folded=folded[1],
                tender_role=new.tender_role,
                way=new.way,
                filed_by=filed_by,
                person_id=asker.person_id if asker else None,
                partner_id=partner.id if partner else None,
                state=AdoptionState.CHECKING,
                filed_at=now,
                due_at=due_day(ports),
            )
            await record_event(
                ports,
                "adoption:file",
                "adoption",
                made.id,
                actor=asker.actor if asker else who,
                clause="8.2(1)",
                after={"supplier": supplier.id, "way": str(new.way), "filed_by": str(filed_by)},
            )
            await _enqueue(ports, made, "filed", after=timedelta() if new.way is AdoptionWay.OBTAINED else GRACE)
    except IntegrityError:
        if (known := await _by_key(key)) is not None:
            return _same(known, new)
        raise _known(new) from None
    ports.bell.ring("jobs")
    return made


async def file_with_papers(
    ports: Ports,
    filed_by: Filer,
    new: NewAdoption,
    key: str,
    papers: Sequence[Paper],
    *,
    asker: Asker,
    confirmation_ref: str | None = None,
) -> Adoption:
    """A person's record with its papers, all of which are looked at before anything is stored; refuses like
    :func:`file_adoption` and :func:`add_file`."""
    if len(papers) > MOST_FILES:
        raise _too_many_files()
    for paper in papers:
        _admitted(ports, paper.kind, paper.name, paper.data)
    made = await file_adoption(ports, filed_by, new, key, asker=asker, confirmation_ref=confirmation_ref)
    for paper in papers:
        await add_file(ports, made, paper.kind, paper.name, paper.data)
    return made


async def add_file(ports: Ports, adoption: Adoption, kind: str, name: str, data: bytes) -> AdoptionFile:
    """Store a file of a record, and have it judged; the same file again is the same row. Who may the caller has checked
    (:func:`may_add`).

    Refused: ``file_kind_unknown``, ``adoption_closed``, ``too_many_files``, ``file_empty``, ``file_too_large``,
    ``file_type``.
    """
    media_type = _admitted(ports, kind, name, data)
    sha256 = hashlib.sha256(data).hexdigest()
    if (known := await _by_content(adoption, sha256)) is not None:
        return known
    if adoption.state not in OPEN:
        raise _closed()
    evidence = await keep_file(
        ports,
        data,
        EvidenceSource.API if adoption.filed_by == Filer.PARTNER else EvidenceSource.UPLOAD,
        actor=_actor(adoption),
        media_type=media_type,
        enterprise_id=adoption.supplier_id if adoption.filed_by == Filer.SUPPLIER else adoption.customer_id,
        file_name=name[-LONGEST_NAME:],
    )
    async with transaction():
        held = await Adoption.filter(id=adoption.id).select_for_update().get()
        if (known := await _by_content(held, sha256)) is not None:
            return known
        if held.state not in OPEN:
            raise _closed()
        if await AdoptionFile.filter(adoption_id=held.id).count() >= MOST_FILES:
            raise _too_many_files()
        file = await AdoptionFile.create(
            ref=secrets.token_urlsafe(9),
            adoption_id=held.id,
            evidence_id=evidence.id,
            kind=kind,
            name=name[-200:],
            state=AdoptionFileState.HANDED_IN,
            filed_at=ports.clock.now(),
        )
        if held.state == AdoptionState.WAITING:
            await move(held, AdoptionState.CHECKING, due_at=due_day(ports))
        await record_event(
            ports,
            "adoption_file:hand_in",
            "adoption_file",
            file.id,
            actor=_actor(held),
            clause=CLAUSE,
            after={"adoption": held.id, "kind": kind},
            evidence_sha256=sha256,
        )
        await _enqueue(ports, held, f"file:{file.id}", file=file.id)
    adoption.state, adoption.version = held.state, held.version
    ports.bell.ring("jobs")
    return file


async def check_again(ports: Ports, adoption: Adoption, again: str) -> None:
    """Inside the caller's transaction, with the open record locked: it is judged anew, by a new day."""
    await move(adoption, AdoptionState.CHECKING, due_at=due_day(ports))
    await _enqueue(ports, adoption, again)


async def customer_known(ports: Ports, firm: Enterprise) -> None:
    """Inside the caller's transaction: the firm was verified, or somebody joined it; what waits for that is looked at
    again (8.2(2)). So is what is being checked, by what was known before; its deadline stands."""
    unfinished = Adoption.filter(customer_uscc=firm.uscc, state__in=[str(one) for one in OPEN]).order_by("id")
    for adoption in await unfinished.select_for_update():
        again = f"customer:{adoption.version}"
        if adoption.state == AdoptionState.WAITING:
            await check_again(ports, adoption, again)
        else:
            await _enqueue(ports, adoption, again)


# --- seeing ----------------------------------------------------------------------------------------------------------


async def adoption_of(ref: str, *, asker: Asker | None = None, partner: Partner | None = None) -> Adoption:
    """The record with ``supplier``, for whoever filed it, members of both firms, operators, and the partner whose it
    is; not found for everybody else."""
    adoption = await Adoption.get_or_none(ref=ref).prefetch_related("supplier")
    if adoption is None:
        raise not_found()
    if partner is not None and adoption.partner_id == partner.id:
        return adoption
    if asker is not None and await _concerns(asker, adoption):
        return adoption
    raise not_found()


async def may_add(asker: Asker, adoption: Adoption) -> bool:
    """Whether they may add files, and see those that are there: whoever filed it, or does the work of the firm that
    did. For the supplier only its members speak. The other firm sees what was found, not the papers (8.3)."""
    if adoption.person_id == asker.person_id and adoption.filed_by != Filer.SUPPLIER:
        return True
    firm = {Filer.SUPPLIER: adoption.supplier_id, Filer.CUSTOMER: adoption.customer_id}.get(Filer(adoption.filed_by))
    staff = await Staff.get_or_none(person_id=asker.person_id, enterprise_id=firm, left_at=None) if firm else None
    return staff is not None and RANK[StaffRole(staff.role)] >= RANK[StaffRole.STAFF]


async def adoption_to_add_to(asker: Asker, ref: str) -> Adoption:
    """The record for whoever may add files to it; others who may see it are told ``not_the_filer``."""
    adoption = await adoption_of(ref, asker=asker)
    if not await may_add(asker, adoption):
        advice = "这份记录由登记的一方补充文件：请联系登记人"
        raise Refused(Kind.FORBIDDEN, "not_the_filer", advice, clause=CLAUSE)
    return adoption


async def files_for(asker: Asker, adoption: Adoption) -> list[AdoptionFile]:
    """Its files for the side that filed it, and operators; none for everybody else (8.3)."""
    return await files_of(adoption) if await _reads_papers(asker, adoption) else []


async def files_of(adoption: Adoption) -> list[AdoptionFile]:
    """Its files in the order they came, with their ``evidence``."""
    return await AdoptionFile.filter(adoption_id=adoption.id).order_by("id").prefetch_related("evidence")


async def file_bytes(ports: Ports, asker: Asker, ref: str, file_ref: str) -> tuple[bytes, str, str]:
    """A file of the record with its media type and name; for the side that filed it, and operators."""
    adoption = await adoption_of(ref, asker=asker)
    if not await _reads_papers(asker, adoption):
        raise not_found()
    file = await AdoptionFile.get_or_none(adoption_id=adoption.id, ref=file_ref).prefetch_related("evidence")
    if file is None:
        raise not_found()
    data, media_type = await kept_bytes(ports, file.evidence)
    return data, media_type, file.name or file.ref


async def filed_by_person(asker: Asker) -> list[Adoption]:
    """What they filed themselves, the newest first, with ``supplier``; for a supplier, while they are its member."""
    firms = await Staff.filter(person_id=asker.person_id, left_at=None).values_list("enterprise_id", flat=True)
    still = ~Q(filed_by=Filer.SUPPLIER) | Q(supplier_id__in=list(firms))
    return await Adoption.filter(still, person_id=asker.person_id).order_by("-id").prefetch_related("supplier")


async def of_supplier(asker: Asker, enterprise_id: int) -> list[Adoption]:
    """Every record of the firm as the one whose result was adopted, the newest first; for its members."""
    await member_of(asker, enterprise_id)
    return await Adoption.filter(supplier_id=enterprise_id).order_by("-id").prefetch_related("supplier")


# --- the parts -------------------------------------------------------------------------------------------------------


def _admitted(ports: Ports, kind: str, name: str, data: bytes) -> str:
    """The media type of a file that a record may hold."""
    if kind not in FILES:
        advice = f"请选择文件种类：{'、'.join(FILES.values())}"
        raise Refused(Kind.INVALID, "file_kind_unknown", advice, clause=CLAUSE, field="kind")
    return admitted(ports, FILES[kind], (*PICTURES, PDF), data, name, clause=CLAUSE)


async def customer_of(filed_by: Filer, uscc: str, person_id: int | None, partner: Partner | None) -> Enterprise | None:
    """The customer's firm where it is verified, or the filer belongs to it, and the filer may speak of it: a person as
    its member, a system as its own, a supplier of any that is verified."""
    firm = await firm_by_code(uscc)
    if firm is None:
        return None
    match filed_by:
        case Filer.CUSTOMER:
            there = await Staff.exists(enterprise_id=firm.id, person_id=person_id, left_at=None)
        case Filer.PARTNER:
            there = firm.verified_at is not None and speaks_for(partner, uscc)
        case Filer.SUPPLIER:
            there = firm.verified_at is not None
    return firm if there else None


def speaks_for(partner: Partner | None, uscc: str) -> bool:
    """Whether the system is the customer's own: its operator was verified when its key was given."""
    return partner is not None and partner.kind == PartnerKind.CUSTOMER and partner.uscc == uscc != ""


async def _supplier(filed_by: Filer, new: NewAdoption, asker: Asker | None) -> Enterprise:
    firm = await firm_by_code(new.supplier_uscc.strip().upper())
    if filed_by is Filer.SUPPLIER:
        assert asker is not None
        if firm is None:
            raise not_found()
        await member_of(asker, firm.id, StaffRole.STAFF)
        return firm
    if firm is None or not await Certificate.exists(enterprise_id=firm.id):
        advice = "没有查到该供应商的评价证书：请核对统一社会信用代码（7.6）"
        raise Refused(Kind.INVALID, "supplier_unknown", advice, clause=CLAUSE, field="supplier_uscc")
    if asker is not None and await Staff.exists(enterprise_id=firm.id, person_id=asker.person_id, left_at=None):
        advice = f"您是“{firm.name}”的成员，不能代表它的客户登记：请在企业页面以本企业名义登记（8.2(1)）"
        raise Refused(Kind.FORBIDDEN, "file_as_supplier", advice, clause="8.2(1)")
    return firm


def _checked(ports: Ports, filed_by: Filer, supplier: Enterprise, new: NewAdoption) -> NewAdoption:
    """The same in its one spelling, or why it cannot be right."""
    # One line each: they stand in the middle of sentences.
    number, name = " ".join(new.tender_number.split()), " ".join(new.customer_name.split())
    for text, most, field, advice in (
        (number, 100, "tender_number", "请填写招标（采购）编号，与招标文件上的一致，最多 100 字"),
        (name, 200, "customer_name", "请填写采购单位的全称，最多 200 字"),
    ):
        if not text or max(len(text), *map(len, tender_key(text, text))) > most or not any(map(str.isalnum, text)):
            raise Refused(Kind.INVALID, field, advice, clause=CLAUSE, field=field)
    if new.tender_role not in ROLES:
        advice = f"请选择采购单位在招标中的角色：{'、'.join(ROLES.values())}"
        raise Refused(Kind.INVALID, "tender_role", advice, clause=CLAUSE, field="tender_role")
    uscc = new.customer_uscc.strip().upper()
    if uscc or filed_by is not Filer.SUPPLIER:
        code = credit_code(uscc, edition=edition_on(shanghai_day(ports.clock.now())))
        if not code.valid:
            advice = f"采购单位的统一社会信用代码：{code.findings[0].reason}"
            raise Refused(Kind.INVALID, "customer_uscc", advice, clause="8.2(2)", field="customer_uscc")
        uscc = code.normal
    if uscc == supplier.uscc or same(name, supplier.name):
        advice = "采购单位与被采信的企业是同一家：本企业的采购不是客户采信（8.5(1)）"
        raise Refused(Kind.INVALID, "customer_is_supplier", advice, clause=CLAUSE, field="customer_uscc")
    if filed_by is Filer.SUPPLIER and new.way is not AdoptionWay.UPLOADED:
        advice = "企业自己登记的，请上传招标采购文件和中标通知书；从平台获取结果并备案须由采购单位办理（8.5(1)）"
        raise Refused(Kind.INVALID, "way_not_open", advice, clause=CLAUSE, field="way")
    return NewAdoption(supplier.uscc, number, new.tender_role, name, uscc, new.way)


async def _confirmation(
    ref: str | None, supplier: Enterprise, customer: Enterprise | None, asker: Asker | None
) -> Confirmation | None:
    """The confirmation by which the result was obtained: of this supplier, and given to whoever files."""
    if ref is None:
        return None
    found = await Confirmation.get_or_none(ref=ref).prefetch_related("certificate")
    theirs = found is not None and (
        (asker is not None and found.person_id == asker.person_id)
        or (customer is not None and found.purchaser_id == customer.id)
        or (asker is None and found.person_id is None)
    )
    if found is None or not theirs or found.certificate.enterprise_id != supplier.id:
        advice = "没有找到这份确认书，或它不是给您、不是这家供应商的：请重新获取确认书"
        raise Refused(Kind.INVALID, "confirmation_unknown", advice, clause=CLAUSE, field="confirmation")
    return found


async def _not_too_many(asker: Asker | None) -> None:
    if asker is None:
        return
    if await Adoption.filter(person_id=asker.person_id, state__in=[str(one) for one in OPEN]).count() >= MOST_OPEN:
        advice = f"您有 {MOST_OPEN} 份采信记录还没有办完：请先补齐，或等核验结果出来"
        raise Refused(Kind.TOO_MANY, "too_many_open", advice, clause=CLAUSE, retry_after=3600)


def _weight(filed_by: Filer, customer: Enterprise | None) -> int:
    """How much a filer has shown of being the one concerned: the customer, the supplier, somebody."""
    if filed_by is Filer.SUPPLIER:
        return 1
    return 2 if customer is not None else 0


async def _make_way(ports: Ports, supplier: Enterprise, folded: tuple[str, str], weight: int) -> None:
    """Inside the caller's transaction: a record of the same tender by somebody who has shown less gives way."""
    earlier = (
        await Adoption.filter(supplier_id=supplier.id, customer_folded=folded[0], tender_folded=folded[1])
        .exclude(state=AdoptionState.REFUSED)
        .select_for_update()
        .prefetch_related("customer")
        .first()
    )
    if earlier is None or earlier.state not in OPEN or _weight(Filer(earlier.filed_by), earlier.customer) >= weight:
        return  # the index of those in force says so
    reason = "同一招标已由采购单位（或企业）本身登记，以其记录为准（8.5(2)，R16）。"
    finding = Finding("8.5(2)", Outcome.FAIL, reason, ("R16",))
    before = earlier.state
    findings: list[dict[str, Any]] = [plain_finding(finding)]
    await move(earlier, AdoptionState.REFUSED, findings=findings, decided_at=ports.clock.now())
    await record_event(
        ports,
        "adoption:give_way",
        "adoption",
        earlier.id,
        actor="system",
        clause="8.5(2)",
        before={"state": before},
        after={"state": AdoptionState.REFUSED},
    )
    if earlier.person_id is not None:
        await tell_person(
            ports,
            earlier.person_id,
            f"adoption:{earlier.id}:{earlier.version}",
            clause="8.5(2)",
            title="招标采信记录：已有本人登记",
            body=reason,
            path=adoption_path(earlier),
        )


async def _by_key(key: str) -> Adoption | None:
    return await Adoption.get_or_none(key=key).prefetch_related("supplier")


def _same(known: Adoption, new: NewAdoption) -> Adoption:
    """The record of that key (with ``supplier``), where it is of the same supplier and tender."""
    of_tender = tender_key("", known.tender_number) == tender_key("", new.tender_number)
    if not of_tender or known.supplier.uscc != new.supplier_uscc.strip().upper():
        advice = "这个编号已用于另一份记录：请刷新后重新登记"
        raise Refused(Kind.CONFLICT, "key_reused", advice, clause=CLAUSE, field="key")
    return known


def _known(new: NewAdoption) -> Refused:
    advice = (
        f"「{new.customer_name}」招标编号「{new.tender_number}」的采信记录已经登记过：同一招标只计一次（8.5(2)，R16）。"
        "编号填错的，请核对招标文件后重新登记"
    )
    return Refused(Kind.CONFLICT, "adoption_known", advice, clause="8.5(2)", rows=("R16",), field="tender_number")


def _too_many_files() -> Refused:
    advice = f"一份记录最多 {MOST_FILES} 个文件：请合成 PDF 后上传"
    return Refused(Kind.INVALID, "too_many_files", advice, clause=CLAUSE, field="file")


def _closed() -> Refused:
    return Refused(
        Kind.CONFLICT, "adoption_closed", "这份记录已有结论，不再收文件：请另行登记", clause=CLAUSE, field="file"
    )


async def _by_content(adoption: Adoption, sha256: str) -> AdoptionFile | None:
    return await AdoptionFile.filter(adoption_id=adoption.id, evidence__sha256=sha256).first()


async def _reads_papers(asker: Asker, adoption: Adoption) -> bool:
    return await may_add(asker, adoption) or await holds(asker, PlatformRole.OPERATOR)


async def _concerns(asker: Asker, adoption: Adoption) -> bool:
    if adoption.person_id == asker.person_id and adoption.filed_by != Filer.SUPPLIER:
        return True
    firms = [one for one in (adoption.supplier_id, adoption.customer_id) if one is not None]
    member = await Staff.filter(Q(person_id=asker.person_id, enterprise_id__in=firms, left_at=None)).exists()
    return member or await holds(asker, PlatformRole.OPERATOR)


def _actor(adoption: Adoption) -> str:
    return f"partner:{adoption.partner_id}" if adoption.partner_id is not None else f"person:{adoption.person_id}"


def due_day(ports: Ports) -> datetime:
    """By when a record is judged at the latest (7.2(4), R35)."""
    now = ports.clock.now()
    return verification_deadline(edition_on(shanghai_day(now)), shipped_calendar(), now).ends


def supplement_day(ports: Ports) -> datetime:
    """Until when a record waits for whoever filed it, from now (R56)."""
    now = ports.clock.now()
    return adoption_supplement_deadline(edition_on(shanghai_day(now)), shipped_calendar(), now).ends


def complete_through(adoption: Adoption) -> date | None:
    """The last day on which whoever filed it may bring what lacks; None where it does not wait for them."""
    if adoption.state != AdoptionState.WAITING or adoption.due_at is None:
        return None
    return shanghai_day(adoption.due_at - timedelta(microseconds=1))


async def _enqueue(
    ports: Ports, adoption: Adoption, name: str, *, file: int = 0, after: timedelta = timedelta()
) -> None:
    """Inside the caller's transaction: the job that judges, of one ``file`` where it is about one."""
    await ports.queue.enqueue(
        JUDGE,
        f"{JUDGE}:{adoption.id}:{name}",
        {"adoption": adoption.id, "file": file},
        due=ports.clock.now() + after,
        priority=8,
        max_attempts=20,
    )
