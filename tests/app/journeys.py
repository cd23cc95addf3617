"""What a journey to the certificate must have left behind in the database, however it went."""

from collections import Counter

from models import (
    Answer,
    AnswerState,
    Application,
    ApplicationState,
    Certificate,
    Event,
    Evidence,
    InboxEntry,
    Inspection,
    Job,
    Material,
    Rendering,
    RenderingState,
)

ONCE = {
    "registration:file", "registration:verified", "enterprise:verify", "application:open", "application:supplement",
    "application:verified", "application:grade", "application:publish", "application:confirm", "application:certify",
    "publication:open", "certificate:issue", "certificate:publish", "certificate:sign",
}  # fmt: skip
"""What happens once on such a road; submitted is twice, as one photo has to be mended."""

TOLD = ("企业实名注册通过", "申报资料有 1 处需要补正", "评价结果：A 级")
"""Titles of what the firm's owner is told on the way, each once and in this order; last comes the certificate."""


UNSENT = (AnswerState.AWAITING, AnswerState.READY, AnswerState.SENDING)
"""States of an answer that is still to reach somebody."""


async def check_one_certificate() -> Certificate:
    """One application, certified; one certificate with the first serial; one signed rendering of each revision."""
    application = await Application.get()
    assert (application.state, application.round, application.grade) == (ApplicationState.CERTIFIED, 2, "A")
    certificate = await Certificate.get()
    assert (certificate.application_id, certificate.serial, certificate.grade) == (application.id, 1, "A")
    renderings = await Rendering.all().order_by("revision")
    assert [one.revision for one in renderings] == list(range(1, certificate.revision + 1))
    assert {one.state for one in renderings} == {RenderingState.SIGNED}
    return certificate


async def check_told_once(certificate: Certificate) -> None:
    """The inbox holds each notice once; each has its own push."""
    entries = await InboxEntry.all().order_by("id")
    assert [one.title for one in entries] == [*TOLD, "证书已发放（7.5(1)）"]
    assert len({one.push_id for one in entries}) == len(entries)
    assert None not in {one.push_id for one in entries}


async def check_events() -> None:
    """Every change of state stands in the log once."""
    happened = Counter(event.action for event in await Event.all())
    assert {action: happened[action] for action in ONCE} == dict.fromkeys(ONCE, 1)
    assert happened["application:submit"] == 2
    filed = Counter(event.subject_id for event in await Event.filter(action="material:hand_in"))
    assert filed == {material.id: 1 for material in await Material.all()}


async def settled() -> bool:
    """Whether nothing is left to be done but what waits for its time."""
    return not await Job.filter(done_at=None, dead_at=None).exclude(kind="object.delete_unowned").exists()


async def check_nothing_given_up() -> None:
    """No job was given up, and no answer is stuck on its way."""
    assert [(job.key, job.last_error) for job in await Job.exclude(dead_at=None)] == []
    assert [(answer.key, answer.state, answer.tried) for answer in await Answer.filter(state__in=UNSENT)] == []


async def check_objects(stored: set[str]) -> None:
    """Every row has its object, and every object its row, or else a job that will delete it."""
    owned = {one.storage_key for one in await Evidence.filter(dropped_at=None)}
    owned |= {one.marked_key for one in await Inspection.all() if one.marked_key}
    for one in await Rendering.all():
        owned |= {one.pdf_key, one.png_key} - {None}
    assert owned <= stored
    pending = await Job.filter(kind="object.delete_unowned", done_at=None, dead_at=None)
    assert stored - owned <= {job.args["key"] for job in pending}
