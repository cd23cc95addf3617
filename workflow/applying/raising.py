"""A certificate is raised by its upgrade review, once the result is confirmed (8.5(3), R18): number and term stay."""

from models import Application, ApplicationState, Certificate
from models.transactions import transaction
from standard import life
from standard.calendar import shanghai_day
from standard.outcome import Finding, Outcome
from workflow.applying.publicity import print_found
from workflow.applying.upgrades import end_as_refused, points_in_year, refusal
from workflow.certifying.certificate_effects import Manner
from workflow.certifying.certificate_life import life_from_json
from workflow.certifying.certificates import apply_event, apply_to_held, held
from workflow.certifying.credit_ledger import hold_ledger
from workflow.context import Ports
from workflow.ports import ClaimedJob
from workflow.record import record_event
from workflow.transitions import move


async def raise_certificate(ports: Ports, job: ClaimedJob) -> None:
    """The job: CONFIRMED → CERTIFIED with the certificate raised and all that follows, in one transaction; where the
    certificate may not be raised as it stands now, the review ends and its firm is told why.

    Idempotent: the application leaves CONFIRMED with it. A month's judgement, a revocation, a booking of points at the
    same moment come before or after: certificate and ledger are held.
    """
    async with transaction():
        if not await ports.queue.finish(job):
            return
        application = await Application.filter(id=job.args["application"]).select_for_update().get()
        if application.state == ApplicationState.CONFIRMED:
            await _raise(ports, application)
    ports.bell.ring("jobs")


async def _raise(ports: Ports, application: Application) -> None:
    assert application.upgrades_id is not None, "an upgrade review names its certificate"
    assert application.result is not None, "what is confirmed was graded"
    row = (await held([application.upgrades_id]))[application.upgrades_id]
    await hold_ledger(row.enterprise_id)
    _, points = await points_in_year(application)
    today = shanghai_day(ports.clock.now())
    lived, to = life_from_json(row.life), application.result["upgrade"]["to"]
    if (why := refusal(lived, to, points, today)) is not None:
        await end_as_refused(ports, application, why, None)
        await mend_print(ports, application)
        return
    before = row.grade
    # First, so that the certificate is drawn with what the review declared (R37).
    await move(application, ApplicationState.CERTIFIED, ended_at=ports.clock.now(), grade_before=before)
    if lived.conditions:
        # Above B the print was found to pass: the conditions are over (6.1(4), R5).
        await _step(ports, row, life.PrintMended(on=today))
    await _step(ports, row, life.Raise(on=today, to=to, points_in_year=points))
    await record_event(
        ports,
        "application:raise",
        "application",
        application.id,
        actor="system",
        clause="8.5(3)",
        before={"state": ApplicationState.CONFIRMED, "grade": before},
        after={"state": ApplicationState.CERTIFIED, "grade": to, "certificate": row.number, "points": points},
    )


async def mend_print(ports: Ports, application: Application) -> None:
    """Inside the caller's transaction, with the review locked that raises nothing: a print that it found to pass is
    mended, whatever else keeps the grade (6.1(4), R5)."""
    row = await Certificate.get(id=application.upgrades_id)
    assert application.result is not None, "what a review found is told once it was graded"
    if print_found(application.result) is Outcome.PASS and life_from_json(row.life).conditions:
        # Where the certificate has ended, its life does not take it.
        await apply_event(ports, row, life.PrintMended(on=shanghai_day(ports.clock.now())), actor="system")


async def _step(ports: Ports, row: Certificate, event: life.Event) -> None:
    (answer,) = await apply_to_held(ports, [(row, event)], Manner("system"))
    assert not isinstance(answer, Finding), answer.reason
