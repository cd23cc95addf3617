"""One handler a kind of job. Each says in its own docstring, in ``workflow/``, why running it twice is harmless."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from models.transactions import transaction
from workflow import due, idempotency
from workflow.answering import judging
from workflow.applying import (
    applications,
    grading,
    material_judging,
    objection_review,
    publicity,
    raising,
    verification,
)
from workflow.certifying import certificates, state_changes
from workflow.context import Ports
from workflow.credit import adoption_judging, adoption_photos, adoptions, feedback
from workflow.firms import registration
from workflow.intake import evidence, retention
from workflow.knowing import persons, sessions
from workflow.monthly import month_files, month_jobs, reminders
from workflow.ports import ClaimedJob
from workflow.relying import change_telling, confirmations, webhook_deliveries, webhooks
from workflow.scanning import items, scan_counts
from workflow.telling import answers, deliveries

Handler = Callable[[Ports, ClaimedJob], Awaitable[None]]

SWEEPS_KEPT = timedelta(days=7)

DROP_UNCONSENTED = "evidence.drop"
GIVE_UP = "photo.give_up"
GIVE_UP_FILES = "filing_file.give_up"
FORGET_SWEEPS = "sweep.forget"
FORGET_REQUESTS = "request.forget"
FORGET_SESSIONS = "session.forget"
DROP_UNREFERRED = "evidence.drop_unreferred"
FORGET_DELIVERIES = "webhook.forget"
ONCE_ONLY = (
    DROP_UNCONSENTED,
    DROP_UNREFERRED,
    GIVE_UP,
    GIVE_UP_FILES,
    FORGET_SWEEPS,
    FORGET_REQUESTS,
    FORGET_SESSIONS,
    FORGET_DELIVERIES,
    webhook_deliveries.DELIVER,
    webhooks.REPLAY,
    due.SWEEP,
    reminders.SWEEP,
    evidence.DELETE_UNOWNED,
    scan_counts.ROLL_UP,
    scan_counts.FORGET,
)
"""Kinds whose keys carry a time or chance and never come again: done long ago, they may be forgotten."""


async def forget_sweeps(ports: Ports, job: ClaimedJob) -> None:
    """Old sweeps are deleted: a tick's key carries its time and never comes again. Repeating it is harmless."""
    async with transaction():
        await ports.queue.finish(job)
        await ports.queue.forget(ONCE_ONLY, ports.clock.now() - SWEEPS_KEPT)


HANDLERS: Mapping[str, Handler] = {
    judging.JUDGE: judging.judge,
    answers.PUSH: answers.push_text,
    answers.PICTURE: answers.push_picture,
    deliveries.LOOK_AGAIN: deliveries.look_again,
    DROP_UNCONSENTED: retention.drop_unconsented,
    GIVE_UP: judging.give_up,
    GIVE_UP_FILES: month_files.give_up,
    publicity.REVIEW: objection_review.review_objection,
    certificates.ISSUE: certificates.issue,
    publicity.RAISE: raising.raise_certificate,
    certificates.RENDER: certificates.render,
    confirmations.SIGN: confirmations.sign,
    evidence.DELETE_UNOWNED: evidence.delete_unowned,
    registration.CHECK: registration.check_registration,
    persons.JOIN: persons.join,
    FORGET_SWEEPS: forget_sweeps,
    FORGET_REQUESTS: idempotency.forget_requests,
    FORGET_SESSIONS: sessions.forget_ended,
    DROP_UNREFERRED: retention.drop_unreferred,
    items.READ: items.read_list,
    scan_counts.ROLL_UP: scan_counts.roll_up,
    scan_counts.FORGET: scan_counts.forget,
    due.SWEEP: due.sweep,
    reminders.SWEEP: reminders.remind,
    reminders.BATCH: reminders.remind_batch,
    reminders.ONE: reminders.remind_one,
    applications.JUDGE: material_judging.judge_material,
    month_jobs.JUDGE: month_files.judge_file,
    adoption_photos.KEEP: adoption_photos.keep_paper,
    adoptions.JUDGE: adoption_judging.judge,
    feedback.CHECK: feedback.check,
    applications.VERIFY: verification.verify,
    verification.GRADE: grading.grade_application,
    state_changes.TELL: change_telling.tell,
    webhook_deliveries.DELIVER: webhook_deliveries.deliver,
    webhooks.REPLAY: webhooks.replay_part,
    FORGET_DELIVERIES: webhooks.forget_deliveries,
}
