"""When a person wants to be reminded, and the link of their own calendar."""

from collections.abc import Collection
from dataclasses import dataclass

from models import ReminderChoice
from models.transactions import transaction
from workflow.access import Asker
from workflow.context import Ports
from workflow.links import new_token, token_hash
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.telling.reminder_calendar import ALWAYS, CHOSEN, FIRST_HOUR, LAST_HOUR, USUAL_HOUR, Occasion

OCCASION_NAMES = {
    Occasion.OPENS: ("开放当天", "当月提报开始的那天"),
    Occasion.T7: ("截止前 7 天", "还没有提报时"),
    Occasion.T3: ("截止前 3 天", "还没有提报时"),
    Occasion.T1: ("截止前 1 天", "还没有提报时；企业管理员总会收到"),
    Occasion.LAST: ("截止当天", "还没有提报时"),
}
"""What may be chosen: its name and what it means."""


@dataclass(frozen=True, slots=True)
class Choice:
    """``on``: reminded at all; ``hour``: of the day, Asia/Shanghai; ``occasions``: the chosen ones, empty: all of
    them; ``subscribed``: a calendar link of theirs is in force."""

    on: bool = True
    hour: int = USUAL_HOUR
    occasions: tuple[Occasion, ...] = ()
    subscribed: bool = False

    def wants(self, occasion: Occasion) -> bool:
        """Whether they are to be told by a message; what was missed is told in any case."""
        return occasion in ALWAYS or (self.on and (not self.occasions or occasion in self.occasions))

    @property
    def words(self) -> str:
        """The choice in one sentence."""
        if not self.on:
            return "已关闭月度提醒；逾期、补报和结果仍会告知。"
        days = "、".join(OCCASION_NAMES[occasion][0] for occasion in self.occasions or CHOSEN)
        return f"还没有提报时提醒：{days}，{self.hour}:00 发送；逾期与补报总会告知。"


async def choice_of(asker: Asker) -> Choice:
    """Theirs, or what holds for who chose nothing."""
    return (await choices_of([asker.person_id])).get(asker.person_id, Choice())


async def choices_of(people: Collection[int]) -> dict[int, Choice]:
    """Of those among ``people`` who chose something."""
    return {row.person_id: _choice(row) for row in await ReminderChoice.filter(person_id__in=people)}


async def choose(
    ports: Ports,
    asker: Asker,
    *,
    on: bool | None = None,
    hour: int | None = None,
    occasions: Collection[str] | None = None,
) -> Choice:
    """Change what is given, and leave the rest; no occasions mean all of them.

    Refused: ``hour_out_of_range``, ``occasion_unknown``, ``occasion_none``.
    """
    if hour is not None and not FIRST_HOUR <= hour <= LAST_HOUR:
        words = f"提醒时间请选 {FIRST_HOUR} 点到 {LAST_HOUR} 点之间的整点（夜间不打扰）"
        raise Refused(Kind.INVALID, "hour_out_of_range", words, field="hour")
    chosen = None if occasions is None else _known(occasions)
    async with transaction():
        row = await _held(ports, asker)
        before = _choice(row)
        if on is not None:
            row.on = on
        if hour is not None:
            row.hour = hour
        if chosen is not None:
            row.occasions = [occasion.value for occasion in chosen]
        after = _choice(row)
        if after != before:
            row.changed_at = ports.clock.now()
            await row.save(update_fields=["on", "hour", "occasions", "changed_at"])
            await record_event(
                ports,
                "reminder:choose",
                "person",
                asker.person_id,
                actor=asker.actor,
                clause="8.1(2)",
                before=_plain(before),
                after=_plain(after),
            )
    return after


async def calendar_link(ports: Ports, asker: Asker) -> str:
    """A new link of their calendar feed; the one before works no more. Only its hash is kept."""
    token = new_token()
    async with transaction():
        row = await _held(ports, asker)
        await ReminderChoice.filter(id=row.id).update(calendar_hash=token_hash(token), changed_at=ports.clock.now())
        await record_event(ports, "reminder:calendar", "person", asker.person_id, actor=asker.actor, clause="8.1(2)")
    return ports.links.page(f"/calendar/{token}.ics")


async def _held(ports: Ports, asker: Asker) -> ReminderChoice:
    """Inside the caller's transaction: their row, locked, made where there is none."""
    await ReminderChoice.get_or_create(person_id=asker.person_id, defaults={"changed_at": ports.clock.now()})
    return await ReminderChoice.filter(person_id=asker.person_id).select_for_update().get()


def _known(names: Collection[str]) -> tuple[Occasion, ...]:
    """The occasions of those names in their order, none where it is all of them."""
    if unknown := set(names) - set(Occasion):
        words = f"没有这种提醒：{'、'.join(sorted(unknown))}"
        raise Refused(Kind.INVALID, "occasion_unknown", words, field="occasions")
    chosen = tuple(occasion for occasion in CHOSEN if occasion in names)
    if names and not chosen:
        words = "请至少选一个提醒的日子，或者选“不提醒”：逾期与补报总会告知"
        raise Refused(Kind.INVALID, "occasion_none", words, field="occasions")
    return () if chosen == CHOSEN else chosen


def _choice(row: ReminderChoice) -> Choice:
    occasions = tuple(occasion for occasion in CHOSEN if occasion in row.occasions)
    return Choice(row.on, row.hour, occasions, row.calendar_hash is not None)


def _plain(choice: Choice) -> dict[str, object]:
    return {"on": choice.on, "hour": choice.hour, "occasions": list(choice.occasions)}
