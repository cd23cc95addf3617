"""A photo's answer on its way to the chat: in the callback's reply where there is time, else a message of its own."""

from bot import replies
from bot.router import Context
from models import Photo
from workflow.answering import photos
from workflow.context import Ports
from workflow.telling import answers

ANSWER_MARGIN = 0.4
"""Seconds of the passive window left for claiming, rendering and sending the answer."""
LEAVING_SECONDS = 0.05


async def verdict(context: Context[Ports], photo: Photo, receipt: str) -> replies.Reply | None:
    """Carry the answer if it is there in time; else it follows by itself. ``receipt`` is the message it answers."""
    ports = context.services
    text = await photos.wait_for_answer(ports, photo, receipt, context.seconds_left - ANSWER_MARGIN)
    if text is None:
        return None
    if context.seconds_left < LEAVING_SECONDS and photo.answer_id is not None:
        # Claimed too late: the callback has answered `success`, or is about to.
        await answers.give_back(ports, photo.answer_id, receipt)
        return None
    return replies.Text(text)
