"""The job that verifies an application once all its materials are judged (7.2): together, against each other, against
the registers; then on to its grade, or back to the firm with what to mend.

A certificate whose print fails is mended first. Where it still fails when the supplement is over, or the firm hands the
application in again without replacing it, the case goes on and the grade is at most B (6.1(4), R5).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from inspection.materials import Ledger, LedgerRefused
from models import Application, ApplicationState, Evidence, Material, MaterialState, Product
from models.transactions import transaction
from standard import prints
from standard.calendar import shipped_calendar
from standard.grades import GradeResult, grade
from standard.handing_in import ReadAs, handing
from standard.materials import materials_hold
from standard.outcome import Finding, Outcome
from standard.windows import grading_deadline, supplement_deadline
from workflow.applying.application_wording import (
    lapsed_told,
    named,
    notice_of,
    page,
    print_only,
    problems_told,
    worth_until,
)
from workflow.applying.applications import asked, begin_verification
from workflow.applying.case import Case, case_of
from workflow.applying.consistency import findings_across
from workflow.applying.facts import facts_of, print_verdicts
from workflow.applying.material_judging import STATES, certificate_beside, look_at, record_judgement
from workflow.applying.official_records import official_findings
from workflow.applying.slots import edition_of, first_evaluation, slots_of
from workflow.context import Ports
from workflow.findings import plain_finding, worst_of
from workflow.intake.file_judging import Judged
from workflow.intake.inspections import record_inspection
from workflow.ports import ClaimedJob, InspectionFailed, ObjectMissing
from workflow.record import record_event
from workflow.telling.notices import tell_firm
from workflow.transitions import move

GRADE = "application.grade"
JUDGED = (MaterialState.PASSED, MaterialState.FAILED, MaterialState.UNCLEAR)


@dataclass
class Verified:
    """What a verification came to: ``problems`` are told to the firm; ``open_prints`` stay open with the grade (R5);
    ``noted`` are findings that pass and say how it was found (R34); ``hold`` is the sum of the key checks."""

    problems: list[dict[str, Any]] = field(default_factory=list)
    open_prints: list[dict[str, Any]] = field(default_factory=list)
    noted: list[dict[str, Any]] = field(default_factory=list)
    hold: dict[str, Any] = field(default_factory=dict)


async def verify(ports: Ports, job: ClaimedJob) -> None:
    """The job: look, then change the state, tell the firm and end the job in one transaction. Repeating it finds the
    application past VERIFYING, or in a later round, and changes nothing."""
    application = await Application.get(id=job.args["application"])
    if not _waits(application, job):
        async with transaction():
            await ports.queue.finish(job)
        return
    case = await case_of(ports, application)
    before = {material.id: (material.state, material.findings) for material in case.materials}
    try:
        again = await _judged_again(ports, case)
        ledgers = await _trace_ledgers(ports, case)
    except InspectionFailed as problem:
        await ports.queue.retry(job, ports.clock.now() + timedelta(seconds=min(2**job.attempts, 300)), problem.reason)
        return
    across = [*findings_across(case, ledgers), *await official_findings(ports, case)]
    verified = _verified(ports, case, across, await _missing(case))
    async with transaction():
        if not await ports.queue.finish(job):
            return
        application = await Application.filter(id=application.id).select_for_update().get()
        if not _waits(application, job):
            return
        for material, judged in again:
            await record_judgement(ports, material, judged, over=JUDGED)
        for material in case.materials:
            if (material.state, material.findings) != before[material.id]:
                await Material.filter(id=material.id).update(state=material.state, findings=material.findings)
        if verified.problems:
            await _back_to_firm(ports, application, verified)
        else:
            await _on_to_grade(ports, application, verified)
    ports.bell.ring("jobs")


def _waits(application: Application, job: ClaimedJob) -> bool:
    return application.state == ApplicationState.VERIFYING and application.round == job.args["round"]


# --- looking ---------------------------------------------------------------------------------------------------------


async def _judged_again(ports: Ports, case: Case) -> list[tuple[Material, Judged]]:
    """Body photos that were judged beside another certificate than the one that stands now, or beside none."""
    again = []
    for material in case.materials:
        how = handing(material.kind, case.edition).read_as
        body = how is ReadAs.BODY or (how is ReadAs.CHAIN and material.declared.get("place") != "certificate")
        beside = certificate_beside(case, material) if body and material.report else None
        if beside is None or material.report.get("beside") == beside.id:
            continue
        judged = await look_at(ports, case, material)
        material.state, material.findings, material.report = (
            STATES[judged.outcome],
            judged.findings,
            judged.report or {},
        )
        again.append((material, judged))
    return again


async def _trace_ledgers(ports: Ports, case: Case) -> dict[int, Ledger]:
    """The trace ledgers once more, with all their codes: what is kept of them shows a hundred."""
    found = {}
    for material in case.of("trace_ledger"):
        try:
            data = await ports.storage.get(material.evidence.storage_key)
            found[material.id] = await ports.inspector.read_ledger(data, material.evidence.file_name or "台账")
        except (LedgerRefused, ObjectMissing):
            continue  # its own verdict says so
    return found


def _verified(
    ports: Ports, case: Case, across: Sequence[dict[str, Any]], missing: Sequence[dict[str, Any]]
) -> Verified:
    """The sum of it. Findings across materials are set down in the materials they are about, in memory."""
    misplaced = {photo.ref for photo in case.prints() if _misplaced(photo)}
    settle_across(case, across)
    # Its place is judged beside other sheets: a photo that stands may fail by one that was handed in since.
    known = {
        photo.ref
        for photo in case.prints()
        if _told(case.application, photo) and (photo.ref in misplaced or not _misplaced(photo))
    }
    verdicts = print_verdicts(case)
    capped = {
        photo.ref
        for photo in case.prints()
        if prints.consequence(verdicts[photo.ref], _stage(ports, case, photo, known), case.edition).step
        is prints.Step.CAP
    }
    verified = Verified(noted=[finding for finding in across if finding["outcome"] == Outcome.PASS])
    told = [
        finding | {"materials": [material.ref], "reason": f"{_title(case, material)}：{finding['reason']}"}
        for material in case.materials
        for finding in material.findings
        if not finding.get("across")
    ]
    for finding in (*told, *across):
        if finding["outcome"] != Outcome.PASS:
            over = print_only([finding]) and finding["materials"] and capped.issuperset(finding["materials"])
            (verified.open_prints if over else verified.problems).append(finding)
    verified.problems += missing
    verified.hold = plain_finding(materials_hold(_key_checks(case, verified), case.edition))
    if verified.hold["outcome"] != Outcome.PASS and not verified.problems:
        verified.problems.append(verified.hold)
    return verified


def settle_across(case: Case, across: Sequence[dict[str, Any]]) -> None:
    """Each material's findings and state, its own and those of the others with it; earlier ones of these are gone."""
    for material in case.materials:
        own = [finding for finding in material.findings if not finding.get("across")]
        shared = [f | {"across": True} for f in across if material.ref in f["materials"] and f["outcome"] != "pass"]
        material.findings = own + shared
        material.state = STATES[worst_of(material.findings)]


def _told(application: Application, photo: Material) -> bool:
    """Whether what the photo itself shows was told in an earlier round: it stands since, and was not judged anew."""
    if photo.round is None or photo.round >= application.round:
        return False
    told_at = application.told_at
    return told_at is None or photo.judged_at is None or photo.judged_at <= told_at


def _misplaced(photo: Material) -> bool:
    return any(finding["clause"] == "D.1.3" and finding["outcome"] != Outcome.PASS for finding in photo.findings)


def _stage(ports: Ports, case: Case, photo: Material, known: Collection[str]) -> prints.Stage:
    """Over: what fails of its print was told before (7.2(3)) and the photo still stands, or it was handed in to mend
    one, and the time for that has run out."""
    application = case.application
    if photo.round is not None and photo.round < application.round:
        over = photo.ref in known
    else:
        over = application.told_at is not None and supplement_deadline(
            case.edition, shipped_calendar(), application.told_at
        ).over(ports.clock.now())
    return prints.Stage.SUPPLEMENT_OVER if over else prints.Stage.VERIFICATION


def _key_checks(case: Case, verified: Verified) -> dict[str, Outcome]:
    """7.2(2): the four checks that all must pass. A print that is over is settled by the cap (R5)."""
    findings = [finding for material in case.materials for finding in material.findings]
    facts, _ = facts_of(case, first=True)
    return {
        "code_selection": facts.code_selection or Outcome.UNCLEAR,
        "certificate_print": Outcome.PASS if verified.open_prints else facts.certificate_print or Outcome.UNCLEAR,
        "photo_authentic": worst_of([f for f in findings if f.get("check") == "photo_authentic"]),
        "data_match": worst_of([f for f in findings if f.get("check") in ("data_match", "body.match")]),
    }


async def _missing(case: Case) -> list[dict[str, Any]]:
    """What was not handed in; of look-ups, which code is to be looked up and what the page has to show (R33)."""
    found = []
    for slot in await slots_of(case.application, case.edition):
        if slot.state == "missing":
            reason = f"还缺“{slot.name}”：请补交（7.2(3)，附录 A）。"
            found += slot.look_ups or [plain_finding(Finding("7.2(3)", Outcome.FAIL, reason, ("R41",)))]
    return found


def _title(case: Case, material: Material) -> str:
    title = case.edition.word(f"materials.{material.kind}")
    return f"{title}（{material.product.name} {material.product.model}）" if material.product else title


# --- what follows ----------------------------------------------------------------------------------------------------


async def _back_to_firm(ports: Ports, application: Application, verified: Verified) -> None:
    now = ports.clock.now()
    due = supplement_deadline(edition_of(application), shipped_calendar(), now).ends
    await move(application, ApplicationState.SUPPLEMENT, due_at=due, told_at=now, findings=verified.problems)
    await _note(ports, application, "supplement", "7.2(3)", verified)
    title = f"{named(application)}资料有 {len(verified.problems)} 处需要补正"
    await tell_firm(
        ports,
        application.enterprise_id,
        f"application:{application.id}:problems:{application.round}",
        clause="7.2(3)",
        title=title,
        body=problems_told(verified.problems, due),
        path=page(application),
        notice=await notice_of(application, title),
        worth_until=worth_until(application),
        asked=await asked(application),
    )


async def _on_to_grade(ports: Ports, application: Application, verified: Verified) -> None:
    now = ports.clock.now()
    due = grading_deadline(edition_of(application), shipped_calendar(), now).ends
    await move(
        application,
        ApplicationState.GRADING,
        due_at=due,
        verified_at=now,
        findings=[*verified.open_prints, *verified.noted],
    )
    await _note(ports, application, "verified", "7.2(3)", verified)
    await _enqueue_grading(ports, application, f"{GRADE}:{application.id}:{application.round}")


async def grade_again(ports: Ports, application: Application, again: str) -> None:
    """Inside the caller's transaction, with the application locked, in GRADING: its late grade is found anew, by a new
    day."""
    due = grading_deadline(edition_of(application), shipped_calendar(), ports.clock.now()).ends
    await move(application, ApplicationState.GRADING, due_at=due)
    await _enqueue_grading(ports, application, f"{GRADE}:{application.id}:{application.round}:{again}")


async def _enqueue_grading(ports: Ports, application: Application, key: str) -> None:
    args = {"application": application.id}
    await ports.queue.enqueue(GRADE, key, args, due=ports.clock.now(), priority=8, max_attempts=20)


async def _note(ports: Ports, application: Application, action: str, clause: str, verified: Verified) -> None:
    await record_event(
        ports,
        f"application:{action}",
        "application",
        application.id,
        actor="system",
        clause=clause,
        before={"state": str(ApplicationState.VERIFYING)},
        after={
            "state": str(application.state),
            "round": application.round,
            "problems": len(verified.problems),
            "open_prints": len(verified.open_prints),
            "hold": verified.hold["outcome"],
        },
    )


async def lapse_supplement(ports: Ports, application: Application) -> None:
    """Due, inside the caller's transaction with the row locked: the time to supplement is over (7.2(3)).

    Where nothing but the print of certificates was open, the case goes on as it stands, at most B (R5); else it ends.
    """
    if application.state != ApplicationState.SUPPLEMENT:
        return
    if print_only(application.findings):
        await begin_verification(ports, application, actor="system")
        return
    await move(application, ApplicationState.LAPSED, ended_at=ports.clock.now())
    await record_event(
        ports,
        "application:lapse",
        "application",
        application.id,
        actor="system",
        clause="7.2(3)",
        before={"state": str(ApplicationState.SUPPLEMENT)},
        after={"state": str(application.state)},
    )
    title = f"{named(application)}因逾期未补正而终止"
    await tell_firm(
        ports,
        application.enterprise_id,
        f"application:{application.id}:lapsed",
        clause="7.2(3)",
        title=title,
        body=lapsed_told(application),
        path=page(application),
        notice=await notice_of(application, title),
    )


# --- a review of the result ------------------------------------------------------------------------------------------


async def rejudge(
    ports: Ports,
    application: Application,
    replaced: Sequence[tuple[str, int | None, Evidence]],
    *,
    give_up: bool = False,
) -> tuple[dict[str, Any], GradeResult]:
    """The facts (as :attr:`Application.facts`) and the grade that follow with these files in place of the materials
    (kind, product) they replace (7.5(2)). No state changes; never inside a transaction.

    A file takes the place of what did not pass, or of the only one there may be. One that cannot be looked at
    shows nothing and displaces nothing; where it brings its inspection down, :class:`InspectionFailed` comes first,
    unless ``give_up``.
    """
    case = await case_of(ports, application)
    for kind, product_id, evidence in replaced:
        await _put_in(ports, case, kind, product_id, evidence, give_up=give_up)
    await _judged_again(ports, case)
    settle_across(case, findings_across(case, await _trace_ledgers(ports, case)))
    facts, plain = facts_of(case, first=await first_evaluation(application))
    return plain, grade(facts, case.edition)


async def _put_in(
    ports: Ports, case: Case, kind: str, product_id: int | None, evidence: Evidence, *, give_up: bool
) -> None:
    """Judge the file as that material, and let it stand in the case, which is in memory only."""
    product = next((one for one in case.products if one.id == product_id), None)
    slot = [one for one in case.materials if (one.kind, one.product_id) == (kind, product_id)]
    material = _unsaved(case, kind, product, evidence, slot[-1].declared if slot else {})
    try:
        judged = await look_at(ports, case, material)
    except InspectionFailed:
        if not give_up:
            raise
        return
    if judged.report is None and judged.looked is None and judged.known is None:
        return
    if judged.looked is not None:
        async with transaction():
            material.inspection = await record_inspection(ports, evidence.id, judged.looked, product_id=product_id)
    elif judged.known is not None:
        material.inspection = judged.known
    material.state, material.findings, material.report = STATES[judged.outcome], judged.findings, judged.report or {}
    most = handing(kind, case.edition).most
    gone = [one for one in slot if one.state != MaterialState.PASSED or most == 1]
    case.materials = [*(one for one in case.materials if one not in gone), material]


def _unsaved(case: Case, kind: str, product: Product | None, evidence: Evidence, declared: dict[str, Any]) -> Material:
    """A material that is never written: ids below zero, so that none is taken for one that is."""
    return Material(
        id=-evidence.id,
        ref=f"evidence:{evidence.id}",
        application=case.application,
        kind=kind,
        product=product,
        evidence=evidence,
        inspection=None,
        declared=declared,
        state=MaterialState.HANDED_IN,
        round=case.application.round,
        findings=[],
    )
