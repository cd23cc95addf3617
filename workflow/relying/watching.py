"""Suppliers that a person watches: when the state of their certificate changes, the person is told (7.6, 10.2(2)).

Who watches whom is the person's own: neither the firm nor anybody else learns of it (8.3).
"""

from collections.abc import Sequence

from models import Enterprise, Watch
from models.transactions import transaction
from workflow.access import CREDIT_CODE, Asker
from workflow.context import Ports
from workflow.knowing.persons import hold
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.relying.grade_cards import GradeCard, grade_card_of, grade_cards

MOST = 50
"""Firms that one person watches at the same time."""
CLAUSE = "7.6"


async def watch(ports: Ports, asker: Asker, uscc: str) -> GradeCard:
    """Watch the firm from now on, and its card; who watches it already goes on doing so.

    :class:`Refused` ``not_found`` where nothing of it is public, ``too_many_watches`` above :data:`MOST`.
    """
    card = await grade_card_of(ports, uscc)
    async with transaction():
        person_id = (await hold(asker)).person.id
        if await Watch.exists(person_id=person_id, enterprise_id=card.enterprise_id, ended_at=None):
            return card
        if await Watch.filter(person_id=person_id, ended_at=None).count() >= MOST:
            advice = f"最多同时关注 {MOST} 家企业：请先取消关注其中一家，再关注“{card.name}”"
            raise Refused(Kind.CONFLICT, "too_many_watches", advice, clause=CLAUSE)
        made = await Watch.create(person_id=person_id, enterprise_id=card.enterprise_id, created_at=ports.clock.now())
        await _note(ports, asker, "watch:begin", made)
    return card


async def unwatch(ports: Ports, asker: Asker, uscc: str) -> bool:
    """Watch the firm no more; whether it was watched."""
    if not CREDIT_CODE.fullmatch(uscc):
        return False
    async with transaction():
        person_id = (await hold(asker)).person.id
        held = await Watch.get_or_none(person_id=person_id, enterprise__uscc=uscc, ended_at=None)
        if held is None:
            return False
        await Watch.filter(id=held.id).update(ended_at=ports.clock.now())
        await _note(ports, asker, "watch:end", held)
    return True


async def watches(asker: Asker, uscc: str) -> bool:
    """Whether they watch the firm now."""
    return await Watch.exists(person_id=asker.person_id, enterprise__uscc=uscc, ended_at=None)


async def watched_by(ports: Ports, asker: Asker) -> list[GradeCard]:
    """The cards of the firms that they watch, the one they began to watch last first."""
    return await grade_cards(ports, await _usccs(asker))


async def _usccs(asker: Asker) -> Sequence[str]:
    held = (
        await Watch.filter(person_id=asker.person_id, ended_at=None)
        .order_by("-id")
        .values_list("enterprise_id", flat=True)
    )
    usccs = dict(await Enterprise.filter(id__in=list(held)).values_list("id", "uscc"))
    return [usccs[firm] for firm in held]


async def _note(ports: Ports, asker: Asker, action: str, held: Watch) -> None:
    await record_event(
        ports,
        action,
        "watch",
        held.id,
        actor=asker.actor,
        clause=CLAUSE,
        after={"enterprise": held.enterprise_id},
    )
