"""Telling a change of what is public about a firm to whoever asked: people who watch it, and webhooks (7.4, 7.6, 9).

What is told holds nothing that is not public (8.3): firm, certificate, state, grade, points, publicity.
"""

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from config.message_templates import NoticeKind
from models import (
    Certificate,
    DeliveryState,
    Enterprise,
    Event,
    Publication,
    Watch,
    Webhook,
    WebhookDelivery,
)
from models.transactions import transaction
from standard.validity import State
from workflow.applying.publicity import publication_path, window_of
from workflow.certifying.certificate_numbers import certificate_path
from workflow.certifying.change_kinds import WATCHED, ChangeKind, words_of
from workflow.certifying.state_changes import enqueue, wanted_by
from workflow.context import Ports
from workflow.ports import ClaimedJob
from workflow.relying.webhook_deliveries import PAUSED, delivering
from workflow.telling.notices import Telling, tell_many

CHANGES_AT_ONCE = 250
WATCHES_AT_ONCE = 500
"""What one transaction takes on: on SQLite everybody waits for its end."""
LONGEST_FIRM = 40
"""Characters of a firm's name in a title."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What ``kinds`` changed with ``event``, of which firm, and of which certificate, where it was one's."""

    event: Event
    kinds: tuple[ChangeKind, ...]
    firm: Enterprise
    certificate: Certificate | None
    publication: Publication | None


async def tell(ports: Ports, job: ClaimedJob) -> None:
    """The job: the next part of the changes is told, in one transaction with the job of the part after it.

    Repeating it changes nothing: the job ends in that transaction, an inbox entry has a key by event and person, and a
    delivery is unique by webhook and event.
    """
    changes = [(event, tuple(map(ChangeKind, kinds))) for event, kinds in job.args["changes"]]
    after = job.args["after"]
    part, rest = changes[:CHANGES_AT_ONCE], changes[CHANGES_AT_ONCE:]
    async with transaction():
        if not await ports.queue.finish(job):
            return
        told = await _changes(dict(part))
        if after == 0:
            await _intend_deliveries(ports, told)
        last = await _tell_watching(ports, told, after)
        if last is not None:
            await enqueue(ports, changes, last)
        elif rest:
            await enqueue(ports, rest)
    ports.bell.ring("jobs")


async def _changes(kinds: Mapping[int, tuple[ChangeKind, ...]]) -> list[_Change]:
    """The changes by their events, in the order of these, with a few reads for all."""
    events = await Event.filter(id__in=list(kinds)).order_by("id")
    subjects: dict[str, list[int]] = defaultdict(list)
    for event in events:
        subjects[event.subject_kind].append(event.subject_id)
    certificates = {row.id: row for row in await Certificate.filter(id__in=subjects["certificate"])}
    publications = {
        row.id: row for row in await Publication.filter(id__in=subjects["publication"]).select_related("application")
    }
    owners = {
        **{("certificate", row.id): row.enterprise_id for row in certificates.values()},
        **{("publication", row.id): row.application.enterprise_id for row in publications.values()},
        **{("enterprise", firm): firm for firm in subjects["enterprise"]},
    }
    firms = {firm.id: firm for firm in await Enterprise.filter(id__in=set(owners.values()))}
    return [
        _Change(
            event,
            kinds[event.id],
            firms[owners[event.subject_kind, event.subject_id]],
            certificates.get(event.subject_id) if event.subject_kind == "certificate" else None,
            publications.get(event.subject_id) if event.subject_kind == "publication" else None,
        )
        for event in events
    ]


# --- people who watch ------------------------------------------------------------------------------------------------


async def _tell_watching(ports: Ports, changes: Sequence[_Change], after: int) -> int | None:
    """Tell the next people, by watches beyond ``after``; the last watch where there may be more."""
    of_firm: dict[int, list[_Change]] = defaultdict(list)
    for one in changes:
        if one.certificate is not None and WATCHED.intersection(one.kinds):
            of_firm[one.firm.id].append(one)
    if not of_firm:
        return None
    watches = (
        await Watch.filter(id__gt=after, enterprise_id__in=list(of_firm), ended_at=None)
        .order_by("id")
        .limit(WATCHES_AT_ONCE)
    )
    await tell_many(
        ports,
        [
            _telling(one, one.certificate, watch.person_id)
            for watch in watches
            for one in of_firm[watch.enterprise_id]
            if one.certificate is not None and watch.created_at <= one.event.at
        ],
    )
    return watches[-1].id if len(watches) == WATCHES_AT_ONCE else None


def _telling(change: _Change, certificate: Certificate, person_id: int) -> Telling:
    event, firm = change.event, change.firm
    now, before = State(event.after["state"]), event.before and State(event.before["state"])
    grade = event.after["grade"]
    what = "，".join(words_of(kind, grade, before) for kind in change.kinds if kind in WATCHED)
    clause = event.clause or ""
    body = (
        f"{firm.name}（{firm.uscc}）的证书 {certificate.number}：{what}；{event.after['on']} 起为 {grade} 级，"
        f"状态“{now.words}”。证书的状态随时可能变化，采信前请打开证书页面核对。"
    )
    return Telling(
        firm.id,
        f"watch:{event.id}",
        clause,
        f"您关注的{_short(firm.name)}：{what}（{clause}）",
        body,
        certificate_path(certificate.number),
        person_id=person_id,
        notice={
            "kind": NoticeKind.RESULT,
            "title": what,
            "number": certificate.number,
            "firm": firm.name,
            "deadline": "",
            "state": now.words,
            "advice": body,
        },
    )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_FIRM else f"{name[: LONGEST_FIRM - 1]}…"


# --- webhooks --------------------------------------------------------------------------------------------------------


async def _intend_deliveries(ports: Ports, changes: Sequence[_Change]) -> None:
    """A delivery for each webhook that asked for it, with its job; of a paused one only on record, to be asked for."""
    now = ports.clock.now()
    deliveries = []
    for webhook in await Webhook.filter(ended_at=None, partner__ended_at=None).order_by("id"):
        wanted = wanted_by(webhook.kinds)
        for one in changes:
            kind = next((kind for kind in one.kinds if kind in wanted), None)
            if kind is not None and webhook.created_at <= one.event.at:
                deliveries.append(_delivery(ports, webhook, one, kind, now))
    await WebhookDelivery.bulk_create(deliveries)
    await ports.queue.enqueue_many(
        [delivering(one.ref, "", now) for one in deliveries if one.state == DeliveryState.WAITING]
    )


def _delivery(ports: Ports, webhook: Webhook, change: _Change, kind: ChangeKind, now: datetime) -> WebhookDelivery:
    paused = webhook.paused_at is not None
    return WebhookDelivery(
        ref=secrets.token_hex(12),
        webhook_id=webhook.id,
        event_id=change.event.id,
        kind=kind,
        body=_body(ports, change, kind),
        state=DeliveryState.GIVEN_UP if paused else DeliveryState.WAITING,
        last_error=PAUSED if paused else "",
        created_at=now,
    )


def _body(ports: Ports, change: _Change, kind: ChangeKind) -> dict[str, Any]:
    """What a receiver is told, as of the change: ``docs/webhooks.md`` says what each means."""
    event, firm = change.event, change.firm
    body: dict[str, Any] = {
        "kind": kind,
        "kinds": list(change.kinds),
        "as_of": event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "clause": event.clause,
        "firm": {"uscc": firm.uscc, "name": firm.name, "is_sample": firm.is_sample},
    }
    if change.certificate is not None:
        body["certificate"] = _certificate(ports, event, change.certificate)
    elif change.publication is not None:
        body["publication"] = _publication(ports, change.publication)
    else:
        body["points"] = {"balance": event.after["balance"], "change": event.after["booked"]}
    return body


def _certificate(ports: Ports, event: Event, row: Certificate) -> dict[str, Any]:
    state = State(event.after["state"])
    return {
        "number": row.number,
        "state": state,
        "state_words": state.words,
        "grade": event.after["grade"],
        "on": event.after["on"],
        "last_day": row.last_day.isoformat(),
        "before": event.before,
        "url": ports.links.page(certificate_path(row.number)),
    }


def _publication(ports: Ports, row: Publication) -> dict[str, Any]:
    return {
        "ref": row.ref,
        "grade": row.content["grade"],
        "last_day": window_of(row).deadline.last_day.isoformat(),
        "url": ports.links.page(publication_path(row)),
    }
