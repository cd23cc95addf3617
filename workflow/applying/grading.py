"""The job that finds the grade (7.3): facts from the verified materials, the grade by 6.1, then publicity (7.4)."""

from typing import Any

from models import Application, ApplicationState
from models.transactions import transaction
from standard.grades import Grade, GradeResult, grade
from workflow.applying import publicity
from workflow.applying.application_wording import page, result_told
from workflow.applying.applications import asked
from workflow.applying.case import case_of
from workflow.applying.facts import facts_of
from workflow.applying.slots import edition_of, first_evaluation
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
        await _record(ports, application, plain, result)
    ports.bell.ring("jobs")


def result_json(result: GradeResult) -> dict[str, Any]:
    """:meth:`GradeResult.to_json`, with each thing that the next level asks also as a sentence for people."""
    plain = result.to_json()
    if result.next is not None and plain["next"] is not None:
        plain["next"]["words"] = [str(reason) for reason in result.next.missing]
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
    await record_event(
        ports,
        "application:grade",
        "application",
        application.id,
        actor="system",
        clause="7.3" if reached else "6.1(3)",
        before={"state": str(ApplicationState.GRADING)},
        after={"grade": result.grade.value, "capped_by": result.capped_by, "profile": result.profile},
    )
    body = result_told(result)
    if reached:
        public = await publicity.publish(ports, application)
        # What has a deadline first: a message in chat is cut after so many words.
        body = f"{publicity.window_told(public, edition_of(application))}\n{body}"
    await tell_firm(
        ports,
        application.enterprise_id,
        f"application:{application.id}:result",
        clause="7.3" if reached else "6.1(3)",
        title=f"评价结果：{result.grade.named}",
        body=body,
        path=page(application),
        asked=await asked(application),
    )
