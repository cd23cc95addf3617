"""One handler a kind of job. Each says in its own docstring, in ``workflow/``, why running it twice is harmless."""

from collections.abc import Awaitable, Callable, Mapping

from workflow import answers, judging, retention
from workflow.context import Ports
from workflow.ports import ClaimedJob

Handler = Callable[[Ports, ClaimedJob], Awaitable[None]]

DROP_UNCONSENTED = "evidence.drop"
GIVE_UP = "photo.give_up"

HANDLERS: Mapping[str, Handler] = {
    judging.JUDGE: judging.judge,
    answers.PUSH: answers.push_text,
    answers.PICTURE: answers.push_picture,
    DROP_UNCONSENTED: retention.drop_unconsented,
    GIVE_UP: judging.give_up,
}
