"""Publicity of a result, what is said against it, and its confirmation (7.4, 7.5; R11, R15).

A published result is a copy: exactly what the public sees, firm, grade and reasons, never evidence, never people.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from inspection.identify import MediaType, identify
from models import (
    Application,
    ApplicationState,
    DeskItem,
    EvidenceSource,
    Material,
    MaterialState,
    Objection,
    ObjectionEvidence,
    ObjectionState,
    Publication,
    PublicationState,
    StaffRole,
)
from models.transactions import transaction
from standard import windows
from standard.calendar import Deadline, shanghai_day, shipped_calendar
from standard.grade_wording import had, label
from standard.grades import Grade
from standard.matrix import MATRIX
from standard.outcome import Outcome
from standard.profile import Edition
from standard.windows import Party, Publicity, Route, Window
from workflow.access import Asker, member_of, not_found
from workflow.applying.application_wording import notice_of, until
from workflow.applying.case import case_of
from workflow.applying.facts import print_verdicts
from workflow.applying.slots import edition_of, products_of_application
from workflow.certifying.certificate_life import grade_name
from workflow.certifying.certificates import ISSUE, enqueue_issue
from workflow.certifying.state_changes import announce_publication
from workflow.context import Ports
from workflow.desk import put_on_desk
from workflow.idempotency import key_among_all
from workflow.intake.evidence import keep_file
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.telling.notices import Asked, tell_firm, tell_person
from workflow.transitions import Moved, move

REVIEW = "objection.review"
RAISE = "certificate.raise"
COMPLAINT = "complaint"
"""Kind of the desk item of what the public says."""

PRINT_CAP = "6.1(4)"
UNNAMED_PRINT_CLAUSES = ("D.1 至 D.5",)
"""Stands on the certificate where the print caps the grade and no single clause of Appendix D was named."""

SHORTEST_STATEMENT, LONGEST_STATEMENT = 5, 2000
MOST_FILES = 20


@dataclass(frozen=True, slots=True)
class SupportingFile:
    """A file handed in with an objection; ``kind`` names the material of the application that it replaces, or is empty.

    ``product_id`` tells of which product, where that material is handed in by product.
    """

    data: bytes
    file_name: str
    kind: str = ""
    product_id: int | None = None


# --- publishing ------------------------------------------------------------------------------------------------------


async def publish(ports: Ports, application: Application) -> Publication:
    """Inside the caller's transaction: a graded result goes public, GRADING → PUBLICITY, for three working days (7.4).

    ``application`` holds facts, result and grade, the grade at least B: below it there is nothing to certify (6.1(3)).
    Whoever graded it tells the firm, with :func:`window_told`.
    """
    edition, now = edition_of(application), ports.clock.now()
    window = windows.publicity_window(edition, shipped_calendar(), now)
    made = await record_publication(
        ports, application, PublicationState.RUNNING, window.deadline.ends, final=False, clause="7.4"
    )
    await move(application, ApplicationState.PUBLICITY, due_at=window.deadline.ends)
    await record_event(
        ports,
        "application:publish",
        "application",
        application.id,
        actor="system",
        clause="7.4",
        before={"state": ApplicationState.GRADING},
        after={"state": ApplicationState.PUBLICITY, "publication": made.id},
    )
    return made


async def record_publication(
    ports: Ports, application: Application, state: PublicationState, closes_at: datetime, *, final: bool, clause: str
) -> Publication:
    """Inside the caller's transaction: the row with its content, and its event; the application is left as it is."""
    made = await Publication.create(
        ref=secrets.token_urlsafe(9),
        application_id=application.id,
        content=await _content(ports, application, final=final),
        published_at=ports.clock.now(),
        closes_at=closes_at,
        state=state,
    )
    # From its first publication on a firm can be found by everybody (7.6); before, nobody hears of it (8.3).
    await ports.firms.record(application.enterprise_id)
    await record_event(
        ports,
        "publication:open",
        "publication",
        made.id,
        actor="system",
        clause=clause,
        after={"state": str(state), "closes_at": closes_at.isoformat(), "grade": application.grade},
    )
    await announce_publication(ports, made)
    return made


def window_told(public: Publication, edition: Edition) -> str:
    """How long the result is public, and what may be done meanwhile."""
    then = "发放电子证书"
    if (upgrade := public.content.get("upgrade")) is not None:
        then = f"把证书 {upgrade['number']} 升为 {public.content['grade']} 级，编号和有效期不变"
    return (
        f"公示 {edition.whole('windows.publicity')} 个工作日，至 {until(window_of(public).deadline.ends)}（7.4）。"
        f"无异议的，平台自动确认并{then}；有异议请在公示期内提交说明和证明材料（7.5(2)）。"
    )


async def categories_of(application: Application) -> list[str]:
    """The product categories that an application covers: one certificate lists them all (R43)."""
    return sorted({product.category for product in await products_of_application(application)})


def publication_path(publication: Publication) -> str:
    """Its public page, a path of ours."""
    return f"/publicity/{publication.ref}"


def window_of(publication: Publication) -> Window:
    """When it is open for objections, as it stands now: a stopped window may have been lengthened (R15)."""
    last_day = shanghai_day(publication.closes_at - timedelta(microseconds=1))
    return Window(publication.published_at, Deadline(shanghai_day(publication.published_at), last_day))


# --- looking ---------------------------------------------------------------------------------------------------------


async def publications(after: int | None = None, limit: int = 20, *, running_only: bool = False) -> list[Publication]:
    """The published results, the newest first, older than the one with id ``after``; for everybody (7.4, 7.6)."""
    wanted = Publication.all() if after is None else Publication.filter(id__lt=after)
    if running_only:
        wanted = wanted.filter(state__in=[PublicationState.RUNNING, PublicationState.STOPPED])
    return await wanted.order_by("-id").limit(limit)


async def publication(ref: str) -> Publication:
    """One published result; for everybody."""
    found = await Publication.get_or_none(ref=ref).prefetch_related("application")
    if found is None:
        raise not_found()
    return found


# --- what is said against it -----------------------------------------------------------------------------------------


async def object_to(
    ports: Ports, asker: Asker, publication_ref: str, key: str, statement: str, files: list[SupportingFile]
) -> Objection:
    """The firm objects (7.5(2)): what it gave is kept, then the window stops and the review is due.

    The same ``key`` again answers with the same objection. :class:`Refused` outside the window, with the way to go
    then; while another objection is under review; and once a review has spoken, for its result is final.
    """
    public = await publication(publication_ref)
    application = public.application
    await member_of(asker, application.enterprise_id, StaffRole.STAFF)
    key = key_among_all(f"firm:{application.enterprise_id}", key)
    if (known := await Objection.get_or_none(key=key)) is not None:
        return known
    _check_statement(statement)
    await _check_files(ports, application, files)
    await _may_object(ports, public, application)
    kept = [
        await keep_file(
            ports,
            file.data,
            EvidenceSource.UPLOAD,
            actor=asker.actor,
            media_type=identify(file.data).value,
            enterprise_id=application.enterprise_id,
            identity_id=asker.identity_id,
            file_name=file.file_name[:255],
        )
        for file in files
    ]
    async with transaction():
        # Held from here on, so that of two requests at once the second sees what the first has filed, and that it is
        # confirmed before or after: the application first, as whoever confirms or reviews holds them.
        application = await Application.filter(id=application.id).select_for_update().get()
        public = await Publication.get(id=public.id)
        if (known := await Objection.get_or_none(key=key)) is not None:
            return known
        deadline = await _may_object(ports, public, application)
        objection = await Objection.create(
            ref=secrets.token_urlsafe(9),
            publication_id=public.id,
            party=Party.ENTERPRISE,
            route=Route.OBJECTION,
            person_id=asker.person_id,
            key=key,
            statement=statement.strip(),
            state=ObjectionState.OPEN,
            filed_at=ports.clock.now(),
            due_at=deadline.ends,
        )
        for file, evidence in zip(files, kept, strict=True):
            await ObjectionEvidence.create(
                objection_id=objection.id, evidence_id=evidence.id, kind=file.kind, product_id=file.product_id
            )
        await _stop(ports, public, application, objection, deadline, actor=asker.actor)
    ports.bell.ring("jobs")
    return objection


async def complain(
    ports: Ports, publication_ref: str, key: str, statement: str, *, asker: Asker | None = None
) -> Objection:
    """Anybody speaks up: a complaint under 8.4(3), which the operator answers or turns into an objection (R15)."""
    public = await publication(publication_ref)
    key = key_among_all(f"public:{public.id}:{asker.person_id if asker else 0}", key)
    if (known := await Objection.get_or_none(key=key)) is not None:
        return known
    _check_statement(statement)
    application = public.application
    now = ports.clock.now()
    heard = windows.objection(edition_of(application), shipped_calendar(), window_of(public), now, Party.PUBLIC)
    assert heard.deadline is not None
    try:
        async with transaction():
            complaint = await Objection.create(
                ref=secrets.token_urlsafe(9),
                publication_id=public.id,
                party=Party.PUBLIC,
                route=Route.COMPLAINT,
                person_id=asker.person_id if asker else None,
                key=key,
                statement=statement.strip(),
                state=ObjectionState.OPEN,
                filed_at=now,
                due_at=heard.deadline.ends,
            )
            await record_event(
                ports,
                "complaint:file",
                "objection",
                complaint.id,
                actor=asker.actor if asker else "public",
                clause=heard.clause,
                after={"publication": public.id, "due": heard.deadline.ends.isoformat()},
            )
            await put_on_desk(
                ports,
                f"{COMPLAINT}:{complaint.id}",
                COMPLAINT,
                "objection",
                complaint.id,
                clause=heard.clause,
                title=f"公示投诉：{public.content['firm']}",
                detail={
                    "statement": complaint.statement,
                    "publication": public.ref,
                    "may_object": heard.may_object,
                    "reason": heard.reason,
                },
                due_at=heard.deadline.ends,
                enterprise_id=application.enterprise_id,
            )
    except IntegrityError:
        if (known := await Objection.get_or_none(key=key)) is not None:
            return known
        raise
    return complaint


async def decide_complaint(ports: Ports, item: DeskItem, decision: str, reason: str, asker: Asker) -> None:
    """The operator ``answer``s a complaint with ``reason``, or has it reviewed (``make_objection``, R15)."""
    async with transaction():
        complaint = await Objection.filter(id=item.subject_id).select_for_update().get()
        if complaint.state != ObjectionState.OPEN or complaint.route != Route.COMPLAINT:
            raise Refused(Kind.CONFLICT, "complaint_decided", "这件投诉已经处理过了", clause="8.4(3)")
        if decision == "answer":
            await _answer(ports, complaint, reason, asker)
        elif decision == "make_objection":
            await _make_objection(ports, complaint, reason, asker)
        else:
            raise Refused(Kind.INVALID, "decision_unknown", "请选择：答复，或转为异议", field="decision")
    ports.bell.ring("jobs")


async def closed_choices(ports: Ports, item: DeskItem) -> frozenset[str]:
    """A complaint becomes an objection only while the result is public (7.4, R15): after that it is answered."""
    complaint = await Objection.get_or_none(id=item.subject_id).prefetch_related("publication")
    if complaint is not None:
        public = complaint.publication
        if public.state == PublicationState.RUNNING and window_of(public).holds(ports.clock.now()):
            return frozenset()
    return frozenset({"make_objection"})


async def objections_of(asker: Asker, public: Publication) -> list[Objection]:
    """The firm's own objections against a result, the newest first; for its members."""
    await public.fetch_related("application")
    await member_of(asker, public.application.enterprise_id)
    return await Objection.filter(publication_id=public.id, party=Party.ENTERPRISE).order_by("-id")


# --- confirming ------------------------------------------------------------------------------------------------------


async def confirm(ports: Ports, application: Application) -> None:
    """Due: the window is over and no objection is open, so the result stands and is certified (7.5(1)).

    Repeating it, or coming too early, changes nothing.
    """
    async with transaction():
        application = await Application.filter(id=application.id).select_for_update().get()
        public = await Publication.filter(application_id=application.id, state=PublicationState.RUNNING).first()
        if application.state != ApplicationState.PUBLICITY or public is None:
            return
        waiting = await Objection.filter(
            publication_id=public.id, route=Route.OBJECTION, state=ObjectionState.OPEN
        ).count()
        now = ports.clock.now()
        stands = windows.publicity_state(edition_of(application), window_of(public), now, waiting)
        if stands is not Publicity.CONFIRMED:
            return
        await turn(public, PublicationState.CONFIRMED)
        await certify(ports, application, clause="7.5(1)")
    ports.bell.ring("jobs")


async def certify(ports: Ports, application: Application, *, clause: str) -> None:
    """Inside the caller's transaction: the result is confirmed, and its certificate will be issued; of an upgrade
    review, the one that it is about raised (8.5(3))."""
    before = application.state
    await move(application, ApplicationState.CONFIRMED)
    await record_event(
        ports,
        "application:confirm",
        "application",
        application.id,
        actor="system",
        clause=clause,
        before={"state": str(before)},
        after={"state": ApplicationState.CONFIRMED, "grade": application.grade},
    )
    if application.upgrades_id is None:
        await enqueue_issue(ports, application.id, f"{ISSUE}:{application.id}")
    else:
        args = {"application": application.id}
        key = f"{RAISE}:{application.id}"
        await ports.queue.enqueue(RAISE, key, args, due=ports.clock.now(), priority=20, max_attempts=20)


async def turn(public: Publication, to: PublicationState, **values: Any) -> None:
    """Inside the caller's transaction: the publication to state ``to``, or :class:`Moved`."""
    changed = await Publication.filter(id=public.id, state=public.state, version=public.version).update(
        state=to, version=F("version") + 1, **values
    )
    if changed != 1:
        raise Moved
    public.state, public.version = to, public.version + 1
    for name, value in values.items():
        setattr(public, name, value)


# --- the parts -------------------------------------------------------------------------------------------------------


async def _may_object(ports: Ports, public: Publication, application: Application) -> Deadline:
    """By when the firm's objection is reviewed, or :class:`Refused` with the route that is open instead."""
    edition, now = edition_of(application), ports.clock.now()
    heard = windows.objection(edition, shipped_calendar(), window_of(public), now, Party.ENTERPRISE)
    reviewed = await Objection.exists(
        publication_id=public.id,
        party=Party.ENTERPRISE,
        state__in=[ObjectionState.UPHELD, ObjectionState.REJECTED],
    )
    if public.content["final"] or reviewed:
        raise Refused(
            Kind.CONFLICT,
            "review_is_final",
            "本次评价已经过异议复核，复核结果为最终结果（7.5(2)）；仍有意见，"
            f"可自收到结果起 {edition.whole('windows.appeal')} 个工作日内申诉（8.4(1)）",
            clause="7.5(2)",
        )
    if public.state == PublicationState.STOPPED:
        raise Refused(
            Kind.CONFLICT,
            "objection_under_review",
            "已有一件异议正在复核，公示已中止；复核后公示继续，届时仍可提出异议（R15）",
            clause="7.5(2)",
            rows=("R15",),
        )
    if heard.route is not Route.OBJECTION or public.state != PublicationState.RUNNING:
        advice = (
            heard.reason if heard.route is not Route.OBJECTION else "评价结果已经确认，可自收到结果起按 8.4(1) 提出申诉"
        )
        raise Refused(Kind.CONFLICT, "publicity_over", advice, clause=heard.clause, rows=heard.rows)
    assert heard.deadline is not None
    return heard.deadline


async def _stop(
    ports: Ports, public: Publication, application: Application, objection: Objection, deadline: Deadline, *, actor: str
) -> None:
    """Inside the caller's transaction: the window stops, the application waits for the review, the review is due."""
    await turn(public, PublicationState.STOPPED)
    await move(application, ApplicationState.OBJECTED, due_at=deadline.ends)
    await record_event(
        ports,
        "objection:file",
        "objection",
        objection.id,
        actor=actor,
        clause="7.5(2)",
        before={"publication": PublicationState.RUNNING},
        after={"publication": PublicationState.STOPPED, "due": deadline.ends.isoformat()},
    )
    await _enqueue_review(ports, objection, f"{REVIEW}:{objection.id}")
    title = "异议已受理，公示中止"
    await tell_firm(
        ports,
        application.enterprise_id,
        f"objection:{objection.id}",
        clause="7.5(2)",
        title=title,
        body=f"平台最迟 {deadline.last_day} 完成复核，复核结果为最终结果（7.5(2)）。",
        path=publication_path(public),
        notice=await notice_of(application, title),
        asked=asked(objection),
    )


def asked(objection: Objection) -> Asked | None:
    """Who of the firm objected, and when; None where somebody else spoke up, whose complaint the operator turned."""
    if objection.party != Party.ENTERPRISE or objection.person_id is None:
        return None
    return Asked(objection.person_id, objection.filed_at)


async def review_again(ports: Ports, objection: Objection, again: str) -> None:
    """Inside the caller's transaction, with the open objection locked: its late review is done anew, by a new day."""
    public = await Publication.get(id=objection.publication_id).prefetch_related("application")
    deadline = windows.objection_review_deadline(edition_of(public.application), shipped_calendar(), ports.clock.now())
    await move(objection, objection.state, due_at=deadline.ends)
    await _enqueue_review(ports, objection, f"{REVIEW}:{objection.id}:{again}")


async def _enqueue_review(ports: Ports, objection: Objection, key: str) -> None:
    args = {"objection": objection.id}
    await ports.queue.enqueue(REVIEW, key, args, due=ports.clock.now(), priority=10, max_attempts=10)


async def _answer(ports: Ports, complaint: Objection, reason: str, asker: Asker) -> None:
    await move(
        complaint,
        ObjectionState.ANSWERED,
        outcome={"answer": reason},
        decided_at=ports.clock.now(),
        decided_by=asker.actor,
    )
    await record_event(
        ports,
        "complaint:answer",
        "objection",
        complaint.id,
        actor=asker.actor,
        clause="8.4(3)",
        before={"state": ObjectionState.OPEN},
        after={"state": ObjectionState.ANSWERED, "answer": reason},
    )
    if complaint.person_id is not None:
        await complaint.fetch_related("publication")
        await tell_person(
            ports,
            complaint.person_id,
            f"complaint:{complaint.id}",
            clause="8.4(3)",
            title="您的投诉已答复",
            body=reason,
            path=publication_path(complaint.publication),
        )


async def _make_objection(ports: Ports, complaint: Objection, reason: str, asker: Asker) -> None:
    filed_against = await Publication.get(id=complaint.publication_id)
    application = await Application.filter(id=filed_against.application_id).select_for_update().get()
    public = await Publication.get(id=filed_against.id)
    now = ports.clock.now()
    if public.state == PublicationState.STOPPED:
        advice = "已有一件异议正在复核：复核后公示继续，届时再转"
        raise Refused(Kind.CONFLICT, "objection_under_review", advice, clause="7.4", rows=("R15",))
    if public.state != PublicationState.RUNNING or not window_of(public).holds(now):
        advice = "公示期已过，不能再转为异议：请直接答复（8.4(3)）"
        raise Refused(Kind.CONFLICT, "publicity_over", advice, clause="7.4", rows=("R15",))
    deadline = windows.objection_review_deadline(edition_of(application), shipped_calendar(), now)
    # Its days count from now: until now it was a complaint.
    await move(complaint, ObjectionState.OPEN, due_at=deadline.ends, route=Route.OBJECTION, filed_at=now)
    await record_event(
        ports,
        "complaint:make_objection",
        "objection",
        complaint.id,
        actor=asker.actor,
        clause="7.4",
        before={"route": Route.COMPLAINT},
        after={"route": Route.OBJECTION, "reason": reason},
    )
    await _stop(ports, public, application, complaint, deadline, actor=asker.actor)


def _check_statement(statement: str) -> None:
    if not SHORTEST_STATEMENT <= len(statement.strip()) <= LONGEST_STATEMENT:
        advice = f"请写明理由，{SHORTEST_STATEMENT} 至 {LONGEST_STATEMENT} 字"
        raise Refused(Kind.INVALID, "statement_length", advice, clause="7.5(2)", field="statement")


async def _check_files(ports: Ports, application: Application, files: list[SupportingFile]) -> None:
    """:class:`Refused` where a file is none that can be looked at, or replaces what the application does not have."""
    if len(files) > MOST_FILES:
        advice = f"一次最多提交 {MOST_FILES} 个文件"
        raise Refused(Kind.INVALID, "too_many_files", advice, clause="7.5(2)", field="files")
    slots = {
        (material.kind, material.product_id)
        for material in await Material.filter(application_id=application.id).exclude(state=MaterialState.REMOVED)
    }
    for file in files:
        if not 0 < len(file.data) <= ports.max_bytes:
            advice = f"「{file.file_name}」应不超过 {ports.max_bytes // 2**20} MB，且不为空"
            raise Refused(Kind.INVALID, "file_size", advice, clause="7.5(2)", field="files")
        if file.kind and (file.kind, file.product_id) not in slots:
            advice = f"「{file.file_name}」要替换的资料不在这次申报里：请选择已提交过的资料，或作为补充说明提交"
            raise Refused(Kind.INVALID, "material_unknown", advice, clause="7.5(2)", field="files")
        if not file.kind and identify(file.data) is MediaType.UNKNOWN:
            advice = f"「{file.file_name}」不是图片或 PDF：请换成 JPEG、PNG 或 PDF"
            raise Refused(Kind.INVALID, "file_kind", advice, clause="7.5(2)", field="files")


async def _content(ports: Ports, application: Application, *, final: bool) -> dict[str, Any]:
    """What the public sees (7.4): firm, categories, grade, the core basis by element, the print's result; of an upgrade
    review the grade that the certificate is raised to, and from which."""
    await application.fetch_related("enterprise")
    firm, result, edition = application.enterprise, application.result, edition_of(application)
    assert result is not None
    conditions = await _open_conditions(ports, application, result)
    upgrade = result.get("upgrade")
    grade = result["grade"] if upgrade is None else upgrade["to"]
    return {
        "firm": firm.name,
        "uscc": firm.uscc,
        "is_sample": firm.is_sample,
        "categories": await categories_of(application),
        "level": application.level,
        "grade": grade,
        "grade_name": _grade_words(grade, edition),
        "upgrade": None if upgrade is None else _upgrade(upgrade),
        "basis": [_basis(element) for element in result["elements"]],
        "print": _print(result, conditions, edition),
        "conditions": list(conditions),
        "edition": result["profile"],
        "final": final,
    }


def _upgrade(upgrade: dict[str, Any]) -> dict[str, Any]:
    """Which certificate an upgrade review raises, from which grade, and the sentence that says so (8.5(3)); ``applies``
    until it is clear that nothing comes of it."""
    before, to = upgrade["from"], upgrade["to"]
    words = f"升级复核：证书 {upgrade['number']} 由 {before} 级升为 {to} 级（8.5(3)）。"
    return {"number": upgrade["number"], "grade_before": before, "words": words, "applies": True}


def _basis(element: dict[str, Any]) -> dict[str, str]:
    """One element in plain words: what the firm has, fact by fact, and the level that follows."""
    titles = {known.name: known.title for known in MATRIX}
    have = {reason["fact"]: reason["have"] for reason in (*element["met"], *element["missing"])}
    words = [had(fact, value) for fact, value in have.items() if value is not None]
    if lacking := [label(fact) for fact, value in have.items() if value is None]:
        words.append(f"未提供{'、'.join(lacking)}")
    return {
        "element": element["element"],
        "title": titles[element["element"]],
        "level": element["level"],
        "level_name": Grade(element["level"]).named,
        "clause": element["clause"],
        "words": "；".join(words),
    }


def _print(result: dict[str, Any], conditions: tuple[str, ...], edition: Edition) -> dict[str, str]:
    """The print result of 7.4: pass, fail or unclear, and a sentence."""
    outcome = print_found(result)
    named, cap = "、".join(conditions), edition.word("grades.print_cap")
    words = {
        Outcome.PASS: "合格证赋码印刷符合附录 D",
        Outcome.FAIL: f"合格证赋码印刷尚不符合附录 D 第 {named} 条，等级不高于 {cap} 级（6.1(4)，R5）",
        Outcome.UNCLEAR: f"合格证赋码印刷尚不能判定符合附录 D 第 {named} 条，等级不高于 {cap} 级（6.1(4)，R5、R6）",
    }[outcome]
    return {"outcome": outcome.value, "words": words}


def print_found(result: dict[str, Any]) -> Outcome:
    """What a result rests on of the certificates' print (Appendix D as a whole)."""
    reasons = [reason for element in result["elements"] for reason in (*element["met"], *element["missing"])]
    have = next((reason["have"] for reason in reasons if reason["fact"] == "certificate_print"), None)
    return Outcome(have) if have in set(Outcome) else Outcome.UNCLEAR


async def _open_conditions(ports: Ports, application: Application, result: dict[str, Any]) -> tuple[str, ...]:
    """The clauses of Appendix D that cap the grade (R5, R50); none where it is not capped."""
    if result["capped_by"] != PRINT_CAP:
        return ()
    case = await case_of(ports, application)
    still_open = {clause for verdict in print_verdicts(case).values() for clause in verdict.failed + verdict.unclear}
    return tuple(sorted(still_open)) or UNNAMED_PRINT_CLAUSES


def _grade_words(grade: str, edition: Edition) -> str:
    """``AA 级（优秀级）``, ``未达标``."""
    named = Grade(grade).named
    return named if grade == Grade.NOT_REACHED else f"{named}（{grade_name(grade, edition)}）"
