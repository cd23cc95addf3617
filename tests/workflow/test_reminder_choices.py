"""What a person chose holds, and nobody can choose what would wake them or hide what is at stake."""

import pytest

from models import Event, Person, ReminderChoice
from tests.workflow.firms import somebody
from tests.workflow.world import World
from workflow.knowing.persons import merge
from workflow.problems import Refused
from workflow.telling.reminder_calendar import ALWAYS, CHOSEN, Occasion
from workflow.telling.reminder_choices import Choice, calendar_link, choice_of, choose


async def test_what_is_chosen_stays_and_the_rest_is_left(world: World) -> None:
    who = await somebody(world)
    assert await choice_of(who.asker) == Choice(on=True, hour=9, occasions=(), subscribed=False)
    await choose(world.ports, who.asker, hour=18)
    await choose(world.ports, who.asker, occasions=["last", "t3", "missed"])
    await choose(world.ports, who.asker, on=False)
    await choose(world.ports, who.asker, on=False)
    await calendar_link(world.ports, who.asker)
    assert await choice_of(who.asker) == Choice(False, 18, (Occasion.T3, Occasion.LAST), True)
    assert await Event.filter(action="reminder:choose").count() == 3
    last = await Event.filter(action="reminder:choose").order_by("-id").first()
    assert last is not None
    assert (last.before, last.after) == (
        {"on": True, "hour": 18, "occasions": ["t3", "last"]},
        {"on": False, "hour": 18, "occasions": ["t3", "last"]},
    )
    assert (await choose(world.ports, who.asker, occasions=list(Occasion))).occasions == ()
    assert await ReminderChoice.all().count() == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"hour": 8}, "hour_out_of_range"),
        ({"hour": 21}, "hour_out_of_range"),
        ({"occasions": ["t3", "t2"]}, "occasion_unknown"),
        ({"occasions": ["missed", "make_up"]}, "occasion_none"),
    ],
)
async def test_what_cannot_be_chosen_is_refused_and_changes_nothing(
    world: World, given: dict[str, object], code: str
) -> None:
    who = await somebody(world)
    with pytest.raises(Refused) as refused:
        await choose(world.ports, who.asker, on=False, **given)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert (await choice_of(who.asker)).on


@pytest.mark.parametrize("choice", [Choice(on=False), Choice(occasions=(Occasion.T3,)), Choice()])
def test_what_was_missed_is_told_in_any_case(choice: Choice) -> None:
    assert all(choice.wants(occasion) for occasion in ALWAYS)
    chosen = () if not choice.on else choice.occasions or CHOSEN
    assert {occasion for occasion in CHOSEN if choice.wants(occasion)} == set(chosen)


def test_the_choice_is_said_in_words() -> None:
    assert Choice(hour=18, occasions=(Occasion.T3, Occasion.LAST)).words == (
        "还没有提报时提醒：截止前 3 天、截止当天，18:00 发送；逾期与补报总会告知。"
    )
    assert Choice(on=False).words == "已关闭月度提醒；逾期、补报和结果仍会告知。"


@pytest.mark.parametrize("both", [True, False])
async def test_of_two_who_are_one_person_the_choice_of_the_one_that_stays_holds(world: World, both: bool) -> None:
    keep, other = await somebody(world), await somebody(world)
    await choose(world.ports, other.asker, hour=18)
    if both:
        await choose(world.ports, keep.asker, hour=12)
    await merge(world.ports, await Person.get(id=keep.person.id), await Person.get(id=other.person.id), actor="system")
    assert (await choice_of(keep.asker)).hour == (12 if both else 18)
