"""What a step of a certificate's life brings with it: recorded, published, told, and drawn anew (``standard.life``).

Everything is written in bulk, for one certificate as for the hundred thousand of a month's end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from config.message_templates import NoticeKind
from models import (
    Certificate,
    Enterprise,
    Event,
    FilingState,
    MonthlyFiling,
    Rendering,
    RenderingState,
)
from standard import credit, life
from standard.calendar import midnight, shanghai_day
from standard.life import Step
from standard.profile import edition_on
from standard.validity import LIVE, Standing, State, certificate_face
from workflow.certifying.certificate_life import face_to_json, grade_name, holder_from_json, life_from_json
from workflow.certifying.certificate_months import month_path
from workflow.certifying.certificate_numbers import certificate_path
from workflow.certifying.certificate_register import NOTED, PUBLISHED, remarks, sells_online
from workflow.certifying.certificate_wording import happened
from workflow.certifying.credit_ledger import hold_ledger, ledger_of, write
from workflow.certifying.state_changes import Taken, announce
from workflow.context import Ports
from workflow.desk import put_on_desk
from workflow.ports import NewJob
from workflow.problems import Kind, Refused
from workflow.record import new_event, record_event, record_events
from workflow.telling.notices import Telling, tell_many
from workflow.telling.still_owed import missed_key
from workflow.transitions import move

RENDER = "certificate.render"
REVOCATION = "revocation"
"""Kind of desk items: a case of revocation that a person decides."""

BAD_MONTH = (life.MissMonth, life.FailMonth, life.MakeUpMissed)
"""Events of a month that the firm can still do something about."""

RENDERED_SOON, RENDERED_IN_TIME = 20, -10
"""Priorities of drawing: where somebody waits for it, and of a month's end, when people's photos go first."""

SEAL_NOTE = "本证书以 PDF 文件中的电子签名（PAdES）为准；此处为签发单位名称，不是公章图样。"
SAMPLE_SEAL_NOTE = "本文件以样例密钥签名，仅供试用，不具法律效力；此处为签发单位名称，不是公章图样。"
"""What the seal block is, said honestly beside it."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How effects are carried out: by whom, and how soon what is drawn; ``seen_by`` is the person who is answered with
    it and needs no push."""

    actor: str
    priority: int = RENDERED_SOON
    seen_by: int | None = None


@dataclass(slots=True)
class _Gathered:
    """What is written together, each kind in the order of the steps and of their effects."""

    events: list[Event] = field(default_factory=list)
    tellings: list[Telling] = field(default_factory=list)
    renderings: list[Rendering] = field(default_factory=list)
    jobs: list[NewJob] = field(default_factory=list)
    cases: list[tuple[Certificate, life.CaseOpened]] = field(default_factory=list)
    barred: list[tuple[Certificate, life.ForbidThrough]] = field(default_factory=list)
    cleared: list[tuple[Certificate, life.ClearPoints]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What has to be known of the firms, what they declared (by certificate), and months."""

    names: dict[int, str]
    samples: set[int]
    online: dict[int, bool]
    months: dict[tuple[int, str], MonthlyFiling] = field(default_factory=dict)
    """The months that came out badly, by certificate and month."""


def renders(row: Certificate, step: Step) -> bool:
    """Whether the step has this certificate drawn anew: its revision goes up by one with it (R45)."""
    return any(isinstance(effect, life.Render) and effect.number == row.number for effect in step.effects)


async def carry_out(ports: Ports, taken: Sequence[Taken], manner: Manner) -> None:
    """Inside the caller's transaction: every effect of every step.

    :class:`Refused` (``not_supported``) where one needs what this system does not keep yet.
    """
    if not taken:
        return
    beside = replace(await _beside([one.row for one in taken]), months=await _bad_months(taken))
    gathered = _Gathered()
    for one in taken:
        _gather(ports, one, manner, beside, gathered)
    await record_events(gathered.events)
    await announce(ports, taken)
    await tell_many(ports, gathered.tellings)
    if gathered.renderings:
        await Rendering.bulk_create(gathered.renderings)
    await ports.queue.enqueue_many(gathered.jobs)
    for row, case in gathered.cases:
        await put_on_desk(
            ports,
            f"{REVOCATION}:{row.id}:{row.version}:{case.ground}",
            REVOCATION,
            "certificate",
            row.id,
            clause=case.ground,
            title=f"撤销立案：{row.number}",
            detail={"ground": case.ground, "text": case.text},
            enterprise_id=row.enterprise_id,
        )
    for row, clearing in gathered.cleared:
        await _clear_points(ports, row, clearing, manner)
    for row, ban in gathered.barred:
        await Enterprise.filter(id=row.enterprise_id).update(barred_through=ban.last_day)


async def _clear_points(ports: Ports, row: Certificate, clearing: life.ClearPoints, manner: Manner) -> None:
    """The firm's ledger to zero, and every certificate of it that shows its points (9.5.1, R17)."""
    await hold_ledger(row.enterprise_id)
    ledger = await ledger_of(row.enterprise_id)
    booking = credit.clear(ledger, ports.clock.now(), clearing.because)
    await write(ports, row.enterprise_id, booking, actor=manner.actor, clause="9.5.1")
    await Certificate.filter(id=row.id).update(points=row.points)
    for other in await Certificate.filter(enterprise_id=row.enterprise_id, state__in=LIVE).exclude(id=row.id):
        await show_points(ports, other, credit.balance(booking.ledger), actor=manner.actor)


async def draw_anew(ports: Ports, row: Certificate, reason: str, after: life.Certificate) -> None:
    """Inside the caller's transaction: what stands on the certificate changed beside its life; ``row.revision`` went up
    with it already."""
    gathered = _Gathered()
    _intend(ports, row, reason, after, [], RENDERED_SOON, await _beside([row]), gathered)
    await Rendering.bulk_create(gathered.renderings)
    await ports.queue.enqueue_many(gathered.jobs)


async def show_points(ports: Ports, certificate: Certificate, points: int, *, actor: str) -> None:
    """Inside the caller's transaction: the firm's points changed, and stand on the certificate anew (8.5, R45)."""
    row = await Certificate.filter(id=certificate.id).select_for_update().get()
    if row.points == points:
        return
    before = row.points
    await move(row, row.state, due_at=row.due_at, points=points, revision=row.revision + 1)
    await record_event(
        ports,
        "certificate:points",
        "certificate",
        row.id,
        actor=actor,
        clause="8.5",
        before={"points": before},
        after={"points": points},
    )
    await draw_anew(ports, row, "points", life_from_json(row.life))


def rendering_job(
    ports: Ports, certificate_id: int, revision: int, key: str, promised: list[str], priority: int = RENDERED_SOON
) -> NewJob:
    """The job that draws and signs what was intended, then tells what was ``promised``."""
    return NewJob(
        RENDER,
        key,
        {"certificate": certificate_id, "revision": revision, "tell": promised},
        due=ports.clock.now(),
        priority=priority,
        max_attempts=20,
    )


def telling_of(
    row: Certificate,
    firm: str,
    key: str,
    title: str,
    text: str,
    clause: str,
    *,
    path: str = "",
    until: date | None = None,
    seen_by: int | None = None,
) -> Telling:
    """``text`` about a certificate, to its firm of that name, under ``title`` with the clause.

    ``until``: the last day on which the firm can do something about it; ``path``: where, if not on its page.
    """
    return Telling(
        row.enterprise_id,
        key,
        clause,
        f"{title}（{clause}）",
        text,
        path or certificate_path(row.number),
        notice={
            "kind": NoticeKind.RESULT if until is None else NoticeKind.MONTHLY,
            "title": title,
            "number": row.number,
            "firm": firm,
            "deadline": "" if until is None else until.isoformat(),
            "state": State(row.state).words,
            "advice": text,
        },
        worth_until=None if until is None else midnight(until + timedelta(days=1)),
        seen_by=seen_by,
    )


async def _beside(rows: Sequence[Certificate]) -> _Beside:
    firms = await Enterprise.filter(id__in={row.enterprise_id for row in rows}).values_list("id", "name", "is_sample")
    return _Beside(
        {firm: name for firm, name, _ in firms},
        {firm for firm, _, sample in firms if sample},
        await sells_online(rows),
    )


async def _bad_months(taken: Sequence[Taken]) -> dict[tuple[int, str], MonthlyFiling]:
    bad = {(one.row.id, str(one.event.month)) for one in taken if isinstance(one.event, BAD_MONTH)}
    if not bad:
        return {}
    filings = MonthlyFiling.filter(certificate_id__in={row for row, _ in bad}, month__in={month for _, month in bad})
    return {(one.certificate_id, one.month): one for one in await filings}


def _gather(ports: Ports, one: Taken, manner: Manner, beside: _Beside, gathered: _Gathered) -> None:
    row, event, step = one.row, one.event, one.step
    gathered.events.append(_of_step(ports, one, manner.actor))
    promised: list[str] = []
    told = 0
    for index, effect in enumerate(step.effects):
        match effect:
            case life.Notify(to=life.Actor.ENTERPRISE, text=text):
                # What says "download it" is told once there is something to download.
                if isinstance(event, life.Issue) and renders(row, step):
                    promised.append(text)
                else:
                    gathered.tellings.append(_telling(one, index, told, text, manner, beside))
                told += 1
            case life.Publish(text=text):
                gathered.events.append(_of_words(ports, row, PUBLISHED, step.clause, text))
            case life.RegisterNote(clause=clause, text=text):
                gathered.events.append(_of_words(ports, row, NOTED, clause, text))
            case life.Render(number=row.number):
                _intend(ports, row, event.kind, step.certificate, promised, manner.priority, beside, gathered)
            case life.CaseOpened():
                gathered.cases.append((row, effect))
            case life.ForbidThrough():
                gathered.barred.append((row, effect))
            case life.ClearPoints():
                gathered.cleared.append((row, effect))
                # Before it is drawn: the certificate that is revoked shows none (9.5.1).
                row.points = 0
            case _:
                raise Refused(
                    Kind.NOT_SUPPORTED,
                    "effect_not_supported",
                    f"「{event.words}」还不能办理：续期换证尚未开通（{step.clause}）",
                    clause=step.clause,
                    rows=step.rows,
                )


def _of_step(ports: Ports, one: Taken, actor: str) -> Event:
    after, before = one.step.certificate, one.before
    return new_event(
        ports,
        f"certificate:{one.event.kind}",
        "certificate",
        one.row.id,
        actor=actor,
        clause=one.step.clause,
        before=None if before is None else {"state": before.state, "grade": before.grade},
        after={
            "state": after.state,
            "grade": after.grade,
            "on": one.event.on.isoformat(),
            "rows": list(one.step.rows),
        },
    )


def _of_words(ports: Ports, row: Certificate, action: str, clause: str, text: str) -> Event:
    return new_event(ports, action, "certificate", row.id, actor="system", clause=clause, after={"text": text})


def _telling(one: Taken, index: int, told: int, text: str, manner: Manner, beside: _Beside) -> Telling:
    """The ``told``-th notice of a step, its effect number ``index``.

    A month that came out badly is told under a key of its own and leads to its page: whether it still stands so is
    looked at when the message goes out (:mod:`workflow.telling.still_owed`).
    """
    row, event, step = one.row, one.event, one.step
    key, path, until = f"certificate:{row.id}:{row.version}:{index}", "", None
    if told == 0 and step.certificate.state in LIVE and isinstance(event, BAD_MONTH):
        filing = beside.months.get((row.id, str(event.month)))
        if filing is not None:
            to = FilingState.SUSPENDED if isinstance(event, life.MakeUpMissed) else FilingState.WARNED
            key, path = missed_key(filing.id, to), month_path(filing)
        until = None if isinstance(event, life.MakeUpMissed) else event.make_up_until
    return telling_of(
        row,
        beside.names[row.enterprise_id],
        key,
        happened(event, one.before, step.certificate, told),
        text,
        step.clause,
        path=path,
        until=until,
        seen_by=manner.seen_by,
    )


def _intend(
    ports: Ports,
    row: Certificate,
    reason: str,
    after: life.Certificate,
    promised: list[str],
    priority: int,
    beside: _Beside,
    gathered: _Gathered,
) -> None:
    """Every word that the next rendering will carry goes on record; a job signs it (R45)."""
    now = ports.clock.now()
    today = shanghai_day(now)
    edition = edition_on(today)
    url = ports.links.page(certificate_path(row.number))
    standing = Standing(
        row.number,
        after.grade,
        after.issued,
        after.last_day,
        after.state,
        after.continued_through,
        row.points,
        after.conditions,
    )
    shown = certificate_face(holder_from_json(row.holder), standing, f"{url}（或扫描二维码）", today, edition)
    sample = row.enterprise_id in beside.samples or ports.certifier.sample
    face = {
        **face_to_json(shown),
        "heading": edition.word("life.face_title"),
        "number": row.number,
        "revision": row.revision,
        "grade": after.grade,
        "grade_name": grade_name(after.grade, edition),
        "alive": after.state in LIVE,
        "active": after.state in LIVE and after.state is not State.SUSPENDED,
        "as_of_words": f"截至 {today.year} 年 {today.month} 月 {today.day} 日（第 {row.revision} 版）",
        "remarks": list(remarks(sells_online=beside.online[row.id])),
        "seal_note": SAMPLE_SEAL_NOTE if ports.certifier.sample else SEAL_NOTE,
        "sample_words": "样例" if sample else "",
        "url": url,
    }
    gathered.renderings.append(
        Rendering(
            certificate_id=row.id,
            revision=row.revision,
            reason=reason,
            face=face,
            as_of=today,
            state=RenderingState.INTENDED,
            intended_at=now,
        )
    )
    key = f"{RENDER}:{row.id}:{row.revision}"
    gathered.jobs.append(rendering_job(ports, row.id, row.revision, key, promised, priority))
