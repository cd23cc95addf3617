"""The account's templates, and what WeChat lets stand in their fields."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from config.message_templates import KINDS, SOURCES, MessageTemplate, NoticeKind
from simulator.errors import ApiError

_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d"
_DAY = r"\d{4}(?:年\d{1,2}月\d{1,2}日|-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}|\.\d{1,2}\.\d{1,2})"
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


_FITS: dict[str, Callable[[str], bool]] = {
    "thing": lambda value: len(value) <= 20,
    "short_thing": lambda value: len(value) <= 5,
    "const": lambda value: len(value) <= 20,
    "number": lambda value: len(value) <= 32 and _matches(r"-?\d+(?:\.\d+)?")(value),
    "letter": _matches(r"[A-Za-z]{1,32}"),
    "symbol": _matches(r"[!-/:-@\[-`{-~]{1,5}"),
    "character_string": _matches(r"[ -~]{1,32}"),
    "time": _matches(rf"(?:{_DAY} )?{_CLOCK}(?:~(?:{_DAY} )?{_CLOCK})?"),
    "date": _matches(rf"{_DAY}(?: {_CLOCK})?"),
    "amount": _matches(r"[¥$€£]?\d{1,10}(?:\.\d+)?元?"),
    "phone_number": _matches(r"[\d!-/:-@]{1,17}"),
    "car_number": lambda value: len(value) <= 8,
    "name": lambda value: len(value) <= (20 if value.isascii() else 10),
    "phrase": _matches(r"[\u4e00-\u9fff]{1,5}"),
}


@dataclass(frozen=True, slots=True)
class Template:
    """``labels``: what stands before each field on the card, by the field's name."""

    id: str
    title: str
    labels: Mapping[str, str]

    def card(self, data: Any) -> list[list[str]]:
        """The lines of the card, label and value, from a message's ``data``; :class:`ApiError` 47003 names the field.

        Fields that the template does not have are dropped, as WeChat drops them.
        """
        if not isinstance(data, dict):
            raise ApiError(47001)
        lines = []
        for name, label in self.labels.items():
            given = data.get(name)
            value = given.get("value") if isinstance(given, dict) else None
            if not isinstance(value, str) or not value:
                raise ApiError(47003, f"data.{name}.value is empty")
            if value != value.strip() or _UNSEEN.search(value) or not _FITS[name.rstrip("0123456789")](value):
                raise ApiError(47003, f"data.{name}.value invalid")
            lines.append([label, value])
        return lines


def templates_of(configured: Mapping[NoticeKind, MessageTemplate]) -> dict[str, Template]:
    """By their ids, as the platform knows them."""
    return {
        one.id: Template(one.id, KINDS[kind], {name: SOURCES[source] for name, source in one.fields.items()})
        for kind, one in configured.items()
    }
