"""The review of an objection: new evidence is judged, the grade found anew, and that result is final (7.5(2), R15)."""

from datetime import timedelta
from typing import Any

from models import (
    Application,
    ApplicationState,
    Objection,
    ObjectionEvidence,
    ObjectionState,
    Publication,
    PublicationState,
)
from models.transactions import transaction
from standard import windows
from standard.calendar import shipped_calendar
from standard.grades import Grade
from standard.windows import Party
from workflow.applying import upgrades
from workflow.applying.application_wording import notice_of, worth_until
from workflow.applying.grading import outcome_of
from workflow.applying.publicity import asked, certify, publication_path, record_publication, turn, window_of
from workflow.applying.raising import mend_print
from workflow.applying.verification import rejudge
from workflow.context import Ports
from workflow.ports import ClaimedJob, InspectionFailed
from workflow.record import record_event
from workflow.telling.notices import tell_firm, tell_person
from workflow.transitions import move

MOST_LOOKS = 3
"""A file that still brings its inspection down at this look shows nothing: the review ends in time (7.5(2))."""


async def review_objection(ports: Ports, job: ClaimedJob) -> None:
    """The job: judge first, with no transaction open, then decide in one.

    Idempotent: an objection that is decided is left as it is, and judging the same evidence again changes nothing.
    """
    objection = await Objection.get(id=job.args["objection"]).prefetch_related("publication__application")
    application = objection.publication.application
    if objection.state != ObjectionState.OPEN:
        async with transaction():
            await ports.queue.finish(job)
        return
    files = await ObjectionEvidence.filter(objection_id=objection.id).order_by("id").prefetch_related("evidence")
    replaced = [(file.kind, file.product_id, file.evidence) for file in files if file.kind]
    try:
        facts, result = await rejudge(ports, application, replaced, give_up=job.attempts >= MOST_LOOKS)
    except InspectionFailed as problem:
        await ports.queue.retry(job, ports.clock.now() + timedelta(seconds=min(2**job.attempts, 300)), problem.reason)
        return
    found = await outcome_of(application, result)
    outcome = {
        "replaced": [
            {"kind": kind, "product_id": product_id, "sha256": evidence.sha256}
            for kind, product_id, evidence in replaced
        ],
        "before": _essence(application.result or {}),
        "after": _essence(found),
    }
    async with transaction():
        if not await ports.queue.finish(job):
            return
        objection = await Objection.filter(id=objection.id).select_for_update().get()
        application = await Application.filter(id=application.id).select_for_update().get()
        public = await Publication.get(id=objection.publication_id)
        if outcome["before"] == outcome["after"]:
            await _reject(ports, objection, public, application, outcome)
        else:
            await _uphold(ports, objection, public, application, outcome, facts, found)
    ports.bell.ring("jobs")


async def _reject(
    ports: Ports, objection: Objection, public: Publication, application: Application, outcome: dict[str, Any]
) -> None:
    """The result stands: what was left of the window goes on (R15)."""
    now = ports.clock.now()
    window = windows.publicity_resumed(shipped_calendar(), window_of(public), objection.filed_at, now)
    await _decide(ports, objection, ObjectionState.REJECTED, outcome)
    await turn(public, PublicationState.RUNNING, closes_at=window.deadline.ends)
    await move(application, ApplicationState.PUBLICITY, due_at=window.deadline.ends)
    await record_event(
        ports,
        "publication:resume",
        "publication",
        public.id,
        actor="system",
        clause="7.4",
        before={"state": PublicationState.STOPPED},
        after={"state": PublicationState.RUNNING, "closes_at": window.deadline.ends.isoformat()},
    )
    body = (
        f"复核结果与公示一致：{public.content['grade_name']}。复核结果为最终结果（7.5(2)）；"
        f"公示继续，至 {window.deadline.last_day} 24:00 期满后确认。"
    )
    await _tell(ports, objection, public, application, "异议复核：结果不变", body)


async def _uphold(
    ports: Ports,
    objection: Objection,
    public: Publication,
    application: Application,
    outcome: dict[str, Any],
    facts: dict[str, Any],
    result: dict[str, Any],
) -> None:
    """Another result: it takes the place of the published one, at once and for good."""
    now = ports.clock.now()
    await _decide(ports, objection, ObjectionState.UPHELD, outcome)
    review = application.upgrades_id is not None
    raised = review and upgrades.raises(result)
    grade = result["upgrade"]["to"] if raised else result["grade"]
    application.facts, application.result, application.grade = facts, result, grade
    await Application.filter(id=application.id).update(facts=facts, result=result, grade=grade)
    if review and not raised:
        await _not_raised(ports, objection, public, application, result)
        return
    await turn(public, PublicationState.OVERTURNED)
    final = await record_publication(ports, application, PublicationState.CONFIRMED, now, final=True, clause="7.5(2)")
    if result["grade"] == Grade.NOT_REACHED:
        await move(application, ApplicationState.NOT_REACHED, ended_at=now)
        await record_event(
            ports,
            "application:not_reached",
            "application",
            application.id,
            actor="system",
            clause="6.1(3)",
            before={"state": ApplicationState.OBJECTED},
            after={"state": ApplicationState.NOT_REACHED},
        )
        then = "未达到 B 级，不发证书；整改后可再次申报（6.1(3)）。"
    else:
        await certify(ports, application, clause="7.5(2)")
        then = "平台随即更新证书。" if review else "平台随即发放电子证书。"
    body = (
        f"复核结果由 {public.content['grade_name']} 改为 {final.content['grade_name']}，为最终结果（7.5(2)）。{then}"
        if public.content["grade"] != final.content["grade"]
        else f"等级仍为 {final.content['grade_name']}，核验依据已更正，为最终结果（7.5(2)）。{then}"
    )
    await _tell(ports, objection, final, application, "异议复核：结果已更正", body)


async def _not_raised(
    ports: Ports, objection: Objection, public: Publication, application: Application, result: dict[str, Any]
) -> None:
    """An upgrade review that was public raises nothing after all: its certificate stays as it is (8.5(3), R18)."""
    await turn(public, PublicationState.OVERTURNED, content=upgrades.taken_back(public.content))
    await upgrades.end_without_raise(ports, application)
    await mend_print(ports, application)
    told = upgrades.found_told(result, Grade(result["grade"]))
    await _tell(
        ports,
        objection,
        public,
        application,
        "异议复核：结果已更正",
        f"复核结果没有高于证书现有等级，为最终结果（7.5(2)）。{told}",
    )


async def _decide(ports: Ports, objection: Objection, to: ObjectionState, outcome: dict[str, Any]) -> None:
    now = ports.clock.now()
    await move(objection, to, outcome=outcome, decided_at=now, decided_by="system")
    await record_event(
        ports,
        "objection:decide",
        "objection",
        objection.id,
        actor="system",
        clause="7.5(2)",
        before={"state": ObjectionState.OPEN},
        after={"state": to, **outcome},
    )


async def _tell(
    ports: Ports, objection: Objection, public: Publication, application: Application, title: str, body: str
) -> None:
    """The firm, and whoever spoke up where that was somebody else."""
    path = publication_path(public)
    key = f"reviewed:{objection.id}"
    await tell_firm(
        ports,
        application.enterprise_id,
        key,
        clause="7.5(2)",
        title=title,
        body=body,
        path=path,
        notice=await notice_of(application, title),
        worth_until=worth_until(application),
        asked=asked(objection),
    )
    if objection.party == Party.PUBLIC and objection.person_id is not None:
        await tell_person(ports, objection.person_id, key, clause="7.5(2)", title=title, body=body, path=path)


def _essence(result: dict[str, Any]) -> dict[str, Any]:
    """What a result comes to: the grade, what caps it, and the level of each element; of an upgrade review also the
    grade that its certificate is raised to."""
    return {
        "grade": result["grade"],
        "capped_by": result["capped_by"],
        "levels": {element["element"]: element["level"] for element in result["elements"]},
        "to": result["upgrade"]["to"] if "upgrade" in result else None,
    }
