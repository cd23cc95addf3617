"""When one is reminded of the months, and the calendar that a phone subscribes to (8.1)."""

from pydantic import Field

from miniapp_api.chapter import Chapter
from miniapp_api.shapes import Answer, Body
from workflow.access import Asker
from workflow.context import Ports
from workflow.telling import reminder_choices
from workflow.telling.reminder_calendar import CHOSEN, FIRST_HOUR, LAST_HOUR, Occasion
from workflow.telling.reminder_choices import OCCASION_NAMES, Choice

chapter = Chapter("reminders", "提醒设置")


class OccasionShown(Answer):
    id: Occasion
    name: str
    meaning: str


class RemindersShown(Answer):
    on: bool = Field(description="false：不提醒；逾期与补报总会告知")
    hour: int = Field(description="几点提醒，北京时间")
    occasions: list[Occasion] = Field(description="在哪些日子提醒")
    words: str
    subscribed: bool = Field(description="已有日历地址")
    choices: list[OccasionShown] = Field(description="可以选的日子")


class Reminders(Body):
    on: bool
    hour: int = Field(ge=FIRST_HOUR, le=LAST_HOUR, description="整点，北京时间")
    occasions: list[Occasion] = Field(max_length=len(Occasion), description="见 choices 的 id；空为全部")


class CalendarMade(Answer):
    url: str = Field(description="日历地址，只在这里出现一次；再次生成后旧地址失效")


@chapter.get("/me/reminders", "提醒设置", clause="8.1(2)")
async def reminders(asker: Asker) -> RemindersShown:
    return _shown(await reminder_choices.choice_of(asker))


@chapter.put("/me/reminders", "更改提醒设置", clause="8.1(2)")
async def choose_reminders(ports: Ports, asker: Asker, body: Reminders) -> RemindersShown:
    chosen = await reminder_choices.choose(ports, asker, on=body.on, hour=body.hour, occasions=body.occasions)
    return _shown(chosen)


# Without an Idempotency-Key: the address is not kept anywhere to be given again.
@chapter.post("/me/calendar", "生成日历地址", status=201, clause="8.1(2)")
async def new_calendar(ports: Ports, asker: Asker) -> CalendarMade:
    return CalendarMade(url=await reminder_choices.calendar_link(ports, asker))


def _shown(choice: Choice) -> RemindersShown:
    return RemindersShown(
        on=choice.on,
        hour=choice.hour,
        occasions=list(choice.occasions or CHOSEN),
        words=choice.words,
        subscribed=choice.subscribed,
        choices=[
            OccasionShown(id=occasion, name=name, meaning=meaning)
            for occasion, (name, meaning) in OCCASION_NAMES.items()
        ],
    )
