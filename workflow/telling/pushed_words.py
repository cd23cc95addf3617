"""A notice's words as they go to the chat: the whole of a short one, the beginning of a long one, several in a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow.intake.wording import TEXT_BYTES, link
from workflow.links import Links

MOST_ALONE, MOST_PUSHED = 1600, 600
"""Bytes of a notice's words in chat, alone and among others: the rest stands on its page. Alone, all that separates a
firm from the next grade has its place."""
MOST_LISTED = 5


@dataclass(frozen=True, slots=True)
class Said:
    """One notice: its title, plain Chinese text, and the path of ours where one goes on."""

    title: str
    body: str
    path: str


def pushed_words(links: Links, said: Sequence[Said]) -> str:
    """The text of one message for everything in ``said``, in its order, within what a text holds."""
    if len(said) == 1:
        return _one(links, said[0], MOST_ALONE)
    for listed in range(min(MOST_LISTED, len(said)), 1, -1):
        left = TEXT_BYTES - len(_list(links, said, listed, 0).encode())
        if left >= 0:
            return _list(links, said, listed, min(left // listed, MOST_PUSHED))
    return _list(links, said, 1, 0)


def notice_together(notices: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The fields of one message for several notices, each with its ``path``, by the keys of their inbox entries.

    Several are told as the one whose deadline comes first, and lead to the inbox, where all are; ``parts`` keeps each,
    so that what holds no more when the message goes out can be left out.
    """
    if not notices:
        return None
    first = min(notices.values(), key=lambda notice: notice["deadline"] or "9")
    if len(notices) == 1:
        return first
    more = {"advice": f"共 {len(notices)} 件，请看收件箱", "path": "/my/inbox", "parts": dict(notices)}
    return {**first, **more}


def _list(links: Links, said: Sequence[Said], listed: int, most: int) -> str:
    lines = [f"{number}. {_one(links, one, most)}" for number, one in enumerate(said[:listed], start=1)]
    if more := len(said) - listed:
        lines.append(f"另有 {more} 件，见{link(links.page('/my/inbox'), '收件箱')}")
    return "\n\n".join((f"您有 {len(said)} 件事：", *lines))


def _one(links: Links, said: Said, most: int) -> str:
    words = _cut(said.body, most)
    where = f"\n{link(links.page(said.path), '查看详情')}" if said.path else ""
    return f"{said.title}\n{words}{where}"


def _cut(text: str, most: int) -> str:
    """At most ``most`` bytes of it, and a sign where something is left out."""
    data = text.encode()
    return text if len(data) <= most else f"{data[: max(0, most - 3)].decode(errors='ignore')}…"
