"""The job that finds the grade (7.3): facts from the verified materials, the grade by 6.1, then publicity (7.4)."""

from typing import Any

from models import Application, ApplicationState, Certificate
from models.transactions import transaction
from standard.calendar import shanghai_day
from standard.grades import Grade, GradeResult, grade
from standard.validity import LIVE
from workflow.applying import publicity, upgrades
from workflow.applying.application_wording import notice_of, page, result_told, worth_until
from workflow.applying.applications import asked
from workflow.applying.case import case_of
from workflow.applying.facts import facts_of
from workflow.applying.raising import mend_print
from workflow.applying.slots import edition_of, first_evaluation
from workflow.certifying.certificate_life import life_from_json
from workflow.context import Ports
from workflow.ports import ClaimedJob
from workflow.record import record_event
from workflow.telling.notices import tell_firm
from workflow.transitions import move


async def grade_application(ports: Ports, job: ClaimedJob) -> None:
    """The job: facts and grade, then their record, the next state and the job's end in one transaction. Repeating it
    finds the application past GRADING."""
    application = await Application.get(id=job.args["application"])
    if application.state != ApplicationState.GRADING:
        async with transaction():
            await ports.queue.finish(job)
        return
    case = await case_of(ports, application)
    facts, plain = facts_of(case, first=await first_evaluation(application))
    result = grade(facts, case.edition)
    async with transaction():
        if not await ports.queue.finish(job):
            return
        application = await Application.filter(id=application.id).select_for_update().get()
        if application.state != ApplicationState.GRADING:
            return
        if application.upgrades_id is None:
            await _record(ports, application, plain, result)
        else:
            await _record_review(ports, application, plain, result)
    ports.bell.ring("jobs")


def result_json(result: GradeResult) -> dict[str, Any]:
    """:meth:`GradeResult.to_json`, with each thing that the next level asks also as a sentence for people."""
    plain = result.to_json()
    if result.next is not None and plain["next"] is not None:
        plain["next"]["words"] = [str(reason) for reason in result.next.missing]
    return plain


async def outcome_of(application: Application, result: GradeResult) -> dict[str, Any]:
    """:func:`result_json`, of an upgrade review with what it comes to for its certificate, ``upgrade``."""
    plain = result_json(result)
    if application.upgrades_id is not None:
        plain["upgrade"] = await upgrades.upgrade_found(application, result)
    return plain


async def _record(ports: Ports, application: Application, facts: dict[str, Any], result: GradeResult) -> None:
    now = ports.clock.now()
    found: dict[str, Any] = {
        "facts": facts,
        "result": result_json(result),
        "grade": result.grade.value,
        "graded_at": now,
    }
    reached = result.grade is not Grade.NOT_REACHED
    if not reached:
        await move(application, ApplicationState.NOT_REACHED, ended_at=now, **found)
    else:
        await Application.filter(id=application.id).update(**found)
        application = await Application.get(id=application.id)
    clause = "7.3" if reached else "6.1(3)"
    await _note(ports, application, clause, result)
    body = result_told(result)
    if reached:
        public = await publicity.publish(ports, application)
        # What has a deadline first: a message in chat is cut after so many words.
        body = f"{publicity.window_told(public, edition_of(application))}\n{body}".strip()
    title = f"评价结果：{result.grade.named}"
    await _tell(ports, application, clause, title, body)


async def _record_review(ports: Ports, application: Application, facts: dict[str, Any], result: GradeResult) -> None:
    """An upgrade review (8.5(3), R18): public where it raises the certificate, else over, and the firm told what lacks.

    One whose certificate ended meanwhile is over, too; a certificate that is warned or suspended may be in order again
    when the publicity is over.
    """
    row = await Certificate.get(id=application.upgrades_id)
    found = await outcome_of(application, result)
    raised = upgrades.raises(found)
    await Application.filter(id=application.id).update(
        facts=facts,
        result=found,
        grade=found["upgrade"]["to"] if raised else result.grade.value,
        grade_before=row.grade,
        graded_at=ports.clock.now(),
    )
    application = await Application.get(id=application.id)
    upgrade = found["upgrade"]
    await _note(
        ports, application, "8.5(3)", result, **{name: upgrade[name] for name in ("from", "to", "points", "year")}
    )
    if row.state not in LIVE:
        today = shanghai_day(ports.clock.now())
        why = upgrades.refusal(life_from_json(row.life), upgrade["to"], 0, today)
        assert why is not None, "a certificate that ended is not raised"
        await upgrades.end_as_refused(ports, application, why, await asked(application))
        return
    title, body = f"升级复核结果：仍为 {row.grade} 级", upgrades.found_told(found, result.grade)
    if raised:
        public = await publicity.publish(ports, application)
        title = f"升级复核结果：由 {row.grade} 级升为 {application.grade} 级"
        body = f"{publicity.window_told(public, edition_of(application))}\n{body}"
    else:
        await upgrades.end_without_raise(ports, application)
        await mend_print(ports, application)
    await _tell(ports, application, "8.5(3)", title, body)


async def _note(ports: Ports, application: Application, clause: str, result: GradeResult, **more: Any) -> None:
    await record_event(
        ports,
        "application:grade",
        "application",
        application.id,
        actor="system",
        clause=clause,
        before={"state": str(ApplicationState.GRADING)},
        after={"grade": result.grade.value, "capped_by": result.capped_by, "profile": result.profile, **more},
    )


async def _tell(ports: Ports, application: Application, clause: str, title: str, body: str) -> None:
    await tell_firm(
        ports,
        application.enterprise_id,
        f"application:{application.id}:result",
        clause=clause,
        title=title,
        body=body,
        path=page(application),
        notice=await notice_of(application, title),
        worth_until=worth_until(application),
        asked=await asked(application),
    )
