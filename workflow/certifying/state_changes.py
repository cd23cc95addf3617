"""Changes of what is public about a firm are announced in the transaction that makes them (7.4, 7.6, 8.5, 9).

All that change together are one job, and none where nobody asked to be told; :mod:`workflow.relying.change_telling`
does it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from tortoise.functions import Max

from models import Certificate, Event, Publication, Watch, Webhook
from standard import life
from standard.credit import EntryKind
from standard.life import Step
from workflow.certifying.change_kinds import ON_REQUEST, WATCHED, ChangeKind, kinds_of
from workflow.context import Ports
from workflow.ports import NewJob

TELL = "state.tell"
TOLD_IN_TIME = -5
"""Priority: people's photos go first."""

Changes = Sequence[tuple[int, Sequence[ChangeKind]]]
"""Ids of events, each with what it changed for others."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that a certificate has taken; its ``row`` stands moved already, ``revision`` included.

    ``before`` is the life it started from, None where it began with this step.
    """

    row: Certificate
    event: life.Event
    step: Step
    before: life.Certificate | None


async def announce(ports: Ports, taken: Sequence[Taken]) -> None:
    """Inside the transaction that took the steps, their events written: what others see of them is told by one job.

    Called for every batch of a month's end: two small reads where nobody asked.
    """
    changed = {
        one.row.id: (one.row.enterprise_id, one.event.kind, kinds)
        for one in taken
        if (kinds := kinds_of(one.before, one.step.certificate))
    }
    if not changed:
        return
    watched = {firm for firm, _, kinds in changed.values() if WATCHED.intersection(kinds)}
    if not (watched and await Watch.exists(enterprise_id__in=watched, ended_at=None)):
        asked_for = await _asked_for()
        changed = {row: one for row, one in changed.items() if asked_for.intersection(one[2])}
    if changed:
        events = await _last_events("certificate", changed, {f"certificate:{kind}" for _, kind, _ in changed.values()})
        await enqueue(ports, [(events[row], kinds) for row, (_, _, kinds) in changed.items()])


async def announce_points(ports: Ports, enterprise_id: int) -> None:
    """Inside the transaction that booked for the firm: its points changed (8.5)."""
    booked = [f"credit:{kind}" for kind in EntryKind]
    await _announce_one(ports, ChangeKind.POINTS_CHANGED, "enterprise", enterprise_id, booked)


async def announce_publication(ports: Ports, publication: Publication) -> None:
    """Inside the transaction that made a result public (7.4)."""
    await _announce_one(ports, ChangeKind.PUBLICATION_OPENED, "publication", publication.id, ["publication:open"])


def wanted_by(kinds: Collection[str]) -> frozenset[ChangeKind]:
    """What a webhook with these kinds is told: all that it named; where it named none, all that need no naming."""
    return frozenset(map(ChangeKind, kinds)) or frozenset(ChangeKind) - ON_REQUEST


async def enqueue(ports: Ports, changes: Changes, after: int = 0) -> None:
    """Inside the caller's transaction: the job that tells ``changes``, of the first part those beyond ``after``."""
    job = NewJob(
        TELL,
        f"{TELL}:{changes[0][0]}:{after}",
        {"changes": [[event, list(kinds)] for event, kinds in changes], "after": after},
        due=ports.clock.now(),
        priority=TOLD_IN_TIME,
        max_attempts=20,
    )
    await ports.queue.enqueue_many([job])


async def _announce_one(
    ports: Ports, kind: ChangeKind, subject_kind: str, subject_id: int, actions: Collection[str]
) -> None:
    if kind in await _asked_for():
        events = await _last_events(subject_kind, [subject_id], actions)
        await enqueue(ports, [(events[subject_id], (kind,))])


async def _asked_for() -> frozenset[ChangeKind]:
    """What some webhook wants to be told. A paused one still does: it may ask for it later."""
    asked = await Webhook.filter(ended_at=None, partner__ended_at=None).values_list("kinds", flat=True)
    return frozenset(kind for kinds in asked for kind in wanted_by(kinds))


async def _last_events(subject_kind: str, subjects: Iterable[int], actions: Collection[str]) -> dict[int, int]:
    """The event that was just written for each of the subjects, which the caller holds; ids by subject."""
    events = Event.filter(subject_kind=subject_kind, subject_id__in=list(subjects), action__in=list(actions))
    return dict(await events.annotate(last=Max("id")).group_by("subject_id").values_list("subject_id", "last"))
