"""What became of a subscribe or template message after WeChat had taken it, as WeChat reports it by the message's
number.

The report may be quicker than our own note of the number, and where the answer to the call was lost there is none: so
what fits nothing yet is looked at again a little later, and then goes to the one message it can be about.
"""

from dataclasses import asdict, dataclass
from datetime import timedelta

from prometheus_client import Counter

from models import Answer, AnswerState, Channel, WeChatIdentity
from models.transactions import transaction
from workflow.context import Ports
from workflow.ports import ClaimedJob
from workflow.telling import answers
from workflow.telling.channels import noted

results = Counter("zhuisu_notice_results_total", "Results of notices as WeChat reported them", ["channel", "result"])

LOOK_AGAIN = "notice.result"
LOOK_AGAIN_AFTER = timedelta(seconds=15)
"""By then whoever sent it has noted its number, or died."""
SAME = timedelta(hours=1)
"""A report that names no number of ours can be about a message at most this old."""


@dataclass(frozen=True, slots=True)
class Result:
    """``said``: WeChat's own words; for a message that did not arrive, why."""

    channel: Channel
    message_id: str
    delivered: bool
    said: str


async def reported(ports: Ports, openid: str, result: Result) -> None:
    """WeChat says what became of a message to ``openid``. Saying it again changes nothing."""
    results.labels(result.channel.value, "delivered" if result.delivered else "refused").inc()
    identity = await WeChatIdentity.get_or_none(app_id=ports.app_id, openid=openid)
    if identity is None:
        return
    async with transaction():
        answer = await Answer.filter(identity_id=identity.id, message_id=result.message_id).first()
        if answer is not None:
            await _record(ports, answer, result)
            return
        args = {"identity": identity.id, **asdict(result), "said": result.said[:200]}
        due = ports.clock.now() + LOOK_AGAIN_AFTER
        await ports.queue.enqueue(LOOK_AGAIN, f"result:{result.channel}:{result.message_id}", args, due=due, priority=5)


async def look_again(ports: Ports, job: ClaimedJob) -> None:
    """The number is known by now, or the report is about the only message that has none; else it is not about ours.

    Running it twice is harmless: a result is recorded once.
    """
    args = dict(job.args)
    identity_id = args.pop("identity")
    result = Result(**{**args, "channel": Channel(args["channel"])})
    if await Answer.exists(identity_id=identity_id, channel=result.channel, state=AnswerState.SENDING):
        await ports.queue.postpone(job, ports.clock.now() + LOOK_AGAIN_AFTER)
        return
    async with transaction():
        await ports.queue.finish(job)
        answer = await Answer.filter(identity_id=identity_id, message_id=result.message_id).first()
        if answer is None:
            nameless = await Answer.filter(
                identity_id=identity_id,
                channel=result.channel,
                message_id=None,
                delivered_at=None,
                state__in=(AnswerState.SENT, AnswerState.UNCERTAIN),
                settled_at__gt=ports.clock.now() - SAME,
            ).limit(2)
            answer = nameless[0] if len(nameless) == 1 else None
        if answer is not None:
            await _record(ports, answer, result)


async def _record(ports: Ports, answer: Answer, result: Result) -> None:
    now = ports.clock.now()
    settled = Answer.filter(
        id=answer.id, state__in=(AnswerState.SENT, AnswerState.UNCERTAIN), delivered_at=None, channel=result.channel
    )
    if result.delivered:
        await settled.update(state=AnswerState.SENT, delivered_at=now, message_id=result.message_id, error=None)
        return
    tried = noted(answer.tried, result.channel, None, result.said, now, refused=True)
    if result.channel != Channel.SUBSCRIBE:
        # The last way, and whoever refused it there wants to hear nothing.
        await settled.update(
            state=AnswerState.REFUSED, tried=tried, message_id=result.message_id, error=result.said[:500]
        )
        return
    if await settled.update(state=AnswerState.READY, channel=None, tried=tried, message_id=None):
        await answers.push_notice(ports, answer.id, f"push:{answer.id}:{result.message_id}")
