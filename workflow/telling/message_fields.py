"""What stands in the fields of a subscribe or template message: WeChat refuses the whole message (47003) where a value
does not fit its field's type, so every value is fitted here, and a template that cannot be filled is not used.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from config.clock import SHANGHAI
from config.message_templates import MessageTemplate, field_type

NOTHING = "无"
"""Where there is nothing to say: an empty value is refused."""

_HAN = re.compile(r"[^\u4e00-\u9fff]")
_NOT_ASCII = re.compile(r"[^!-~]")
_NOT_LETTER = re.compile(r"[^A-Za-z]")
_NUMBER = re.compile(r"\d{1,32}(?:\.\d{1,8})?")
_DAY_END = time(23, 59)


class Unfillable(Exception):
    """A field needs something that this notice does not say; the text names field and source."""


def filled(template: MessageTemplate, notice: Mapping[str, Any], written: datetime) -> dict[str, str]:
    """The fields of ``template`` for a notice (``config.message_templates.SOURCES``) written at that moment.

    Raises :class:`Unfillable`.
    """
    return {
        name: _fitted(name, source, written if source == "time" else str(notice.get(source) or ""))
        for name, source in template.fields.items()
    }


def _fitted(name: str, source: str, value: str | datetime) -> str:
    kind = field_type(name)
    if kind in {"time", "date"}:
        fitted = _moment(kind, value)
    else:
        text = value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else value
        fitted = _TEXTS[kind](" ".join(_shown(text).split()))
    if not fitted:
        raise Unfillable(f"{name} 需要 {source}")
    return fitted


def _moment(kind: str, value: str | datetime) -> str:
    """``2026年11月30日 23:59``: of a day its last minute, since a deadline runs to the end of it; empty: no moment."""
    if isinstance(value, str):
        try:
            value = datetime.combine(date.fromisoformat(value), _DAY_END, SHANGHAI)
        except ValueError:
            return ""
    here = value.astimezone(SHANGHAI)
    day = f"{here.year}年{here.month}月{here.day}日"
    return day if kind == "date" else f"{day} {here:%H:%M}"


def _shown(text: str) -> str:
    """Without control characters, and without what WeChat counts as two (emoji and rare characters)."""
    return "".join(
        " " if unicodedata.category(character).startswith("C") else character
        for character in text
        if ord(character) <= 0xFFFF
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _name(text: str) -> str:
    """Ten characters, or twenty where none of them is Chinese."""
    return (text[:20] if text.isascii() else text[:10]).strip()


def _number(text: str) -> str:
    found = _NUMBER.search(text)
    return found[0] if found else ""


_TEXTS: Mapping[str, Callable[[str], str]] = {
    "thing": lambda text: _cut(text, 20) or NOTHING,
    "short_thing": lambda text: text[:5].strip() or NOTHING,
    "phrase": lambda text: _HAN.sub("", text)[:5] or NOTHING,
    "character_string": lambda text: _NOT_ASCII.sub("", text)[:32] or "-",
    "letter": lambda text: _NOT_LETTER.sub("", text)[:32],
    "number": _number,
    "name": lambda text: _name(text) or NOTHING,
    "const": lambda text: text[:20],
}
"""By type, what fits; empty: nothing does. What stands in a ``const`` must be one of the template's own values."""
