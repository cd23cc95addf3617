"""Conditions on an update, to be joined with ``&``, ``|`` and ``~``."""

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.updates import Text

if TYPE_CHECKING:
    from bot.router import Context


class Filter:
    """A condition on a :class:`bot.router.Context`."""

    __slots__ = ("_test",)

    def __init__(self, test: "Callable[[Context[Any]], bool]") -> None:
        self._test = test

    def __call__(self, context: "Context[Any]") -> bool:
        return self._test(context)

    def __and__(self, other: "Filter") -> "Filter":
        return Filter(lambda context: self(context) and other(context))

    def __or__(self, other: "Filter") -> "Filter":
        return Filter(lambda context: self(context) or other(context))

    def __invert__(self) -> "Filter":
        return Filter(lambda context: not self(context))


def text_is(*words: str) -> Filter:
    """A text that is one of ``words``, whatever its width, case, blanks around it or full stop after it."""
    wanted = frozenset(map(_folded, words))
    return Filter(lambda context: isinstance(context.update, Text) and _folded(context.update.content) in wanted)


def text_matches(pattern: str | re.Pattern[str]) -> Filter:
    """A text whose :func:`plain` form ``pattern`` matches as a whole."""
    compiled = re.compile(pattern)
    return Filter(
        lambda context: (
            isinstance(context.update, Text) and compiled.fullmatch(plain(context.update.content)) is not None
        )
    )


def plain(text: str) -> str:
    """The text in narrow letters, digits and signs, blanks around it cut: ``１２０ｘ８０`` → ``120x80``."""
    return unicodedata.normalize("NFKC", text).strip()


def _folded(text: str) -> str:
    folded = plain(text).casefold()
    return folded.strip("“”\"'「」").rstrip("。.!,~ ") or folded
