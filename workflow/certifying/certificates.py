"""Electronic certificates: issued, changed by the events of their life, drawn and signed (7.5(1), 9, B).

What becomes of a certificate is decided by ``standard.life``; here a step is carried out, in one transaction. Each step
that shows on the certificate records a rendering first, with every word that will be signed, and a job signs it.
"""

import hashlib
import logging
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from tortoise.expressions import F

from models import (
    Application,
    ApplicationState,
    Certificate,
    Counter,
    DeskItem,
    Enterprise,
    Publication,
    PublicationState,
    Rendering,
    RenderingState,
)
from models.transactions import transaction
from standard import life
from standard.calendar import midnight, shanghai_day
from standard.life import Step
from standard.outcome import Finding
from standard.profile import edition_on
from standard.validity import LIVE, Holder, certificate_number
from workflow.access import Asker
from workflow.certifying.certificate_effects import (
    RENDER,
    Manner,
    carry_out,
    rendering_job,
    renders,
    telling_of,
)
from workflow.certifying.certificate_life import holder_to_json, life_from_json, life_to_json
from workflow.certifying.certificate_months import LOOK_AGAIN, close_months, first_opening, undecided
from workflow.certifying.certificate_wording import ISSUED
from workflow.certifying.credit_ledger import points_of
from workflow.certifying.state_changes import Taken
from workflow.context import Ports
from workflow.desk import put_on_desk
from workflow.intake.evidence import owning, put_object
from workflow.ports import CertifierFailed, ClaimedJob
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.telling.notices import tell_many
from workflow.transitions import Move, move, move_many

log = logging.getLogger(__name__)

ISSUE = "certificate.issue"
"""Kind of the job."""
SERIAL = "certificate"
"""Name of the counter of serials."""
MISSING_GLYPHS = "certificate_font"
FAILED_RENDERING = "certificate_failed"
REFUSED_ISSUE = "certificate_refused"
"""Kinds of desk items."""
HELD_AT_MOST = timedelta(days=3)
"""So long a certificate's end waits for its last month to be judged: far longer than any queue of ours."""


# --- issuing ---------------------------------------------------------------------------------------------------------


async def enqueue_issue(ports: Ports, application_id: int, key: str) -> None:
    """Inside the caller's transaction: a confirmed application's certificate is due."""
    await ports.queue.enqueue(
        ISSUE, key, {"application": application_id}, due=ports.clock.now(), priority=20, max_attempts=20
    )


class _NotIssued(Exception):
    """The life of a certificate does not begin, by this finding; what was done for it is rolled back."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.reason)
        self.finding = finding


async def issue(ports: Ports, job: ClaimedJob) -> None:
    """The job: number, certificate, its first rendering intended, CONFIRMED → CERTIFIED, all in one transaction.

    Idempotent: the application is certified with it, and an application has one certificate. The serial is taken in
    the same transaction, under the lock of its counter: none is lost by a crash, none is given twice (R14).
    """
    try:
        async with transaction():
            if not await ports.queue.finish(job):
                return
            application = await Application.filter(id=job.args["application"]).select_for_update().get()
            if application.state == ApplicationState.CONFIRMED:
                await _issue(ports, application)
    except _NotIssued as refused:
        await _put_refusal_on_desk(ports, job, refused.finding)
    ports.bell.ring("jobs")


async def _issue(ports: Ports, application: Application) -> None:
    public = await Publication.get(application_id=application.id, state=PublicationState.CONFIRMED)
    # Held, so that the points it begins with are those of every later booking, too.
    firm = await Enterprise.filter(id=application.enterprise_id).select_for_update(no_key=True).get()
    today = shanghai_day(ports.clock.now())
    edition = edition_on(today)
    serial = await _next_serial()
    event = life.Issue(
        on=today,
        number=certificate_number(today.year, serial, edition),
        grade=public.content["grade"],
        conditions=tuple(public.content["conditions"]),
        barred_through=firm.barred_through,
    )
    step = life.apply(life.Certificate(), event, edition)
    if isinstance(step, Finding):
        raise _NotIssued(step)
    born = step.certificate
    holder = Holder(firm.name, firm.uscc, firm.address, tuple(public.content["categories"]))
    certificate = await Certificate.create(
        number=born.number,
        serial=serial,
        enterprise_id=firm.id,
        application_id=application.id,
        grade=born.grade,
        state=born.state,
        issued_on=born.issued,
        last_day=born.last_day,
        holder=holder_to_json(holder),
        life=life_to_json(born),
        points=(await points_of(firm.id, today)).balance,
        revision=1,
        created_at=ports.clock.now(),
        due_at=midnight(born.last_day + timedelta(days=1)),
        month_opens_at=first_opening(born.issued, born.last_day, edition),
    )
    await carry_out(ports, [Taken(certificate, event, step, None)], Manner("system"))
    await move(application, ApplicationState.CERTIFIED, ended_at=ports.clock.now())
    await record_event(
        ports,
        "application:certify",
        "application",
        application.id,
        actor="system",
        clause="7.5(1)",
        before={"state": ApplicationState.CONFIRMED},
        after={"state": ApplicationState.CERTIFIED, "certificate": certificate.number},
    )


async def _next_serial() -> int:
    """Inside the caller's transaction: the next serial; its counter stays locked until that ends."""
    if not await Counter.filter(name=SERIAL).update(value=F("value") + 1):
        # The first certificates of all may come at the same moment: whoever is second waits for the first one's row.
        await Counter.bulk_create([Counter(name=SERIAL, value=0)], ignore_conflicts=True)
        await Counter.filter(name=SERIAL).update(value=F("value") + 1)
    return (await Counter.get(name=SERIAL)).value


async def _put_refusal_on_desk(ports: Ports, job: ClaimedJob, finding: Finding) -> None:
    async with transaction():
        if not await ports.queue.finish(job):
            return
        application = await Application.get(id=job.args["application"]).prefetch_related("enterprise")
        await put_on_desk(
            ports,
            f"{REFUSED_ISSUE}:{application.id}:{job.id}",
            REFUSED_ISSUE,
            "application",
            application.id,
            clause=finding.clause,
            title=f"未能发证：{application.enterprise.name}",
            detail={"reason": finding.reason},
            enterprise_id=application.enterprise_id,
        )


# --- what happens to a certificate -----------------------------------------------------------------------------------


async def apply_event(ports: Ports, certificate: Certificate, event: life.Event, *, actor: str) -> Step | Finding:
    """Carry one event of the life out with all its effects, in one transaction; a finding says why it does not fit.

    Within a caller's transaction it joins that one. :class:`Refused` (``not_supported``) where an effect needs what
    this system does not keep yet; nothing is changed then.
    """
    (answer,) = await apply_events(ports, [(certificate, event)], Manner(actor))
    return answer


async def apply_events(
    ports: Ports, changes: Sequence[tuple[Certificate, life.Event]], manner: Manner
) -> list[Step | Finding]:
    """The same for many certificates, each of them once, with a few statements for all; answers in their order.

    The certificates in memory follow. Where one ends, the months that it still owes are closed with it.
    """
    async with transaction():
        rows = await held({certificate.id for certificate, _ in changes})
        answers = await apply_to_held(ports, [(rows[certificate.id], event) for certificate, event in changes], manner)
    for certificate, _ in changes:
        for name in Certificate._meta.db_fields:
            setattr(certificate, name, getattr(rows[certificate.id], name))
    ports.bell.ring("jobs")
    return answers


async def held(certificate_ids: Collection[int]) -> dict[int, Certificate]:
    """Inside the caller's transaction, which holds them from now on: these certificates by their ids."""
    # In this order: whoever else needs some of them waits for us, and holds none that we wait for.
    rows = await Certificate.filter(id__in=certificate_ids).order_by("id").select_for_update()
    return {row.id: row for row in rows}


async def apply_to_held(
    ports: Ports, changes: Sequence[tuple[Certificate, life.Event]], manner: Manner
) -> list[Step | Finding]:
    """Inside the caller's transaction: :func:`apply_events` on certificates that it holds."""
    assert len({row.id for row, _ in changes}) == len(changes), "a certificate changes once at a time"
    answers: list[Step | Finding] = []
    taken: list[Taken] = []
    for row, event in changes:
        before = life_from_json(row.life)
        answer = life.apply(before, event, edition_on(event.on))
        answers.append(answer)
        if not isinstance(answer, Finding):
            taken.append(Taken(row, event, answer, before))
    await move_many([_move(one.row, one.step) for one in taken])
    await carry_out(ports, taken, manner)
    ended = [one.row.id for one in taken if one.step.certificate.state not in LIVE]
    await close_months(ports, ended, actor=manner.actor)
    return answers


def _move(row: Certificate, step: Step) -> Move:
    after = step.certificate
    alive = after.state in LIVE
    return Move(
        row,
        after.state,
        midnight(after.last_day + timedelta(days=1)) if alive else None,
        {
            "grade": after.grade,
            "last_day": after.last_day,
            "life": life_to_json(after),
            "revision": row.revision + renders(row, step),
            "month_opens_at": row.month_opens_at if alive else None,
        },
    )


async def end_term(ports: Ports, certificate: Certificate) -> None:
    """Due: the last day of validity is over (9.1, R44). Coming too early, or again, changes nothing.

    A month that was filed in time and is still being judged is decided first, if that comes in :data:`HELD_AT_MOST`.
    """
    now = ports.clock.now()
    today = shanghai_day(now)
    if certificate.last_day >= today:
        return
    if today <= certificate.last_day + HELD_AT_MOST and await undecided(certificate.id, today):
        await Certificate.filter(id=certificate.id).update(due_at=now + LOOK_AGAIN)
        return
    await apply_event(ports, certificate, life.TermEnded(on=today), actor="system")


# --- drawing and signing ---------------------------------------------------------------------------------------------


async def render(ports: Ports, job: ClaimedJob) -> None:
    """The job: check the fonts, draw, sign, keep, and record the hash of what was signed; then tell the firm.

    Idempotent. What will be signed is on record before, and a rendering counts by the one hash that is recorded with
    SIGNED: a process that dies after signing leaves a file that nobody was given and no row names, which is deleted by
    the job that was due before it was written. The next attempt signs the same words again and records that file.
    """
    row = await Certificate.get(id=job.args["certificate"])
    rendering = await Rendering.get(certificate_id=row.id, revision=job.args["revision"])
    if rendering.state == RenderingState.SIGNED:
        async with transaction():
            await ports.queue.finish(job)
        return
    try:
        if missing := await ports.certifier.missing_glyphs(words_of(rendering.face)):
            await _put_missing_on_desk(ports, job, row, rendering, missing)
            return
        drawn = await ports.certifier.render(rendering.face, rendering.face["url"])
        signed = await ports.certifier.sign(drawn.pdf, row.number, rendering.revision)
    except CertifierFailed as problem:
        if job.attempts < job.max_attempts:
            raise
        await _put_failure_on_desk(ports, job, row, rendering, str(problem))
        return
    sha256 = hashlib.sha256(signed).hexdigest()
    pdf_key = f"certificates/{sha256[:2]}/{sha256}.pdf"
    png_key = f"certificates/{sha256[:2]}/{sha256}.png"
    async with owning(ports, pdf_key), owning(ports, png_key):
        await put_object(ports, pdf_key, signed)
        await put_object(ports, png_key, drawn.png)
        async with transaction():
            if not await ports.queue.finish(job):
                return
            recorded = await Rendering.filter(id=rendering.id, state=RenderingState.INTENDED).update(
                state=RenderingState.SIGNED,
                signed_at=ports.clock.now(),
                pdf_key=pdf_key,
                pdf_sha256=sha256,
                png_key=png_key,
            )
            if recorded:
                await record_event(
                    ports,
                    "certificate:sign",
                    "certificate",
                    row.id,
                    actor="system",
                    clause="B",
                    after={"revision": rendering.revision, "as_of": rendering.as_of.isoformat()},
                    evidence_sha256=sha256,
                )
                firm = await Enterprise.get(id=row.enterprise_id)
                await tell_many(
                    ports,
                    [
                        telling_of(row, firm.name, f"certificate:{row.id}:signed:{index}", ISSUED, text, "7.5(1)")
                        for index, text in enumerate(job.args["tell"])
                    ],
                )
    ports.bell.ring("jobs")


def words_of(face: dict[str, Any]) -> str:
    """Every word that stands on a certificate with that face."""
    pairs = [part for pair in face["fields"] for part in pair]
    rest = (face[name] for name in ("heading", "grade_name", "as_of_words", "seal_note", "sample_words"))
    return "\n".join([face["title"], *pairs, face["seal"], *face["notes"], *face["remarks"], *rest])


async def _put_missing_on_desk(
    ports: Ports, job: ClaimedJob, row: Certificate, rendering: Rendering, missing: str
) -> None:
    """A certificate never shows boxes: it waits until the operator has installed a font that has the characters."""
    named = [f"{character}（U+{ord(character):04X}）" for character in missing]
    advice = "请安装含有这些字的字体（ZHUISU_CERTIFICATE__FONT_DIRS），重启后选择“重新生成”"
    await _wait_for_operator(
        ports,
        job,
        row,
        rendering,
        MISSING_GLYPHS,
        f"证书 {row.number} 缺字：{'、'.join(named)}",
        {"characters": named, "advice": advice},
    )
    log.warning("certificate %s waits for fonts: %s", row.number, ", ".join(f"U+{ord(one):04X}" for one in missing))


async def _put_failure_on_desk(
    ports: Ports, job: ClaimedJob, row: Certificate, rendering: Rendering, problem: str
) -> None:
    """Drawing or signing failed to the last attempt: the key, the time stamp service or the fonts want mending."""
    advice = "请按原因检查密钥、时间戳服务与字体（zhuisu check-config），修复后选择“重新生成”"
    title = f"证书 {row.number} 未能生成"
    await _wait_for_operator(
        ports, job, row, rendering, FAILED_RENDERING, title, {"problem": problem, "advice": advice}
    )
    log.error("certificate %s was not rendered: %s", row.number, problem)


async def _wait_for_operator(
    ports: Ports,
    job: ClaimedJob,
    row: Certificate,
    rendering: Rendering,
    kind: str,
    title: str,
    detail: dict[str, Any],
) -> None:
    async with transaction():
        if not await ports.queue.finish(job):
            return
        await put_on_desk(
            ports,
            f"{kind}:{rendering.id}:{job.id}",
            kind,
            "rendering",
            rendering.id,
            clause="B",
            title=title[:200],
            detail={"number": row.number, "revision": rendering.revision, "tell": job.args["tell"], **detail},
            enterprise_id=row.enterprise_id,
        )


async def render_again(ports: Ports, item: DeskItem, decision: str, reason: str, asker: Asker) -> None:
    """The operator has mended what kept a certificate from being drawn (``retry``): it is tried anew."""
    _must_be_retry(decision)
    async with transaction():
        rendering = await Rendering.get(id=item.subject_id)
        key = f"{RENDER}:{rendering.certificate_id}:{rendering.revision}:{item.id}"
        await ports.queue.enqueue_many(
            [rendering_job(ports, rendering.certificate_id, rendering.revision, key, item.detail["tell"])]
        )
        await record_event(
            ports,
            "certificate:render_again",
            "certificate",
            rendering.certificate_id,
            actor=asker.actor,
            clause="B",
            after={"revision": rendering.revision, "reason": reason},
        )
    ports.bell.ring("jobs")


async def issue_again(ports: Ports, item: DeskItem, decision: str, reason: str, asker: Asker) -> None:
    """What kept a certificate from being issued is over (``retry``): it is tried anew."""
    _must_be_retry(decision)
    async with transaction():
        key = f"{ISSUE}:{item.subject_id}:{item.id}"
        await enqueue_issue(ports, item.subject_id, key)
        await record_event(
            ports,
            "application:issue_again",
            "application",
            item.subject_id,
            actor=asker.actor,
            clause="7.5(1)",
            after={"reason": reason},
        )
    ports.bell.ring("jobs")


def _must_be_retry(decision: str) -> None:
    if decision != "retry":
        raise Refused(Kind.INVALID, "decision_unknown", "请选择：重新办理", field="decision")
