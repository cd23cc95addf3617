"""What of a customer's word can be told by itself: insults, advertisements, contacts, nothing said (8.2(2)).

Pure. What is found here is never refused by it: a person looks.
"""

import re
import tomllib
from collections import Counter
from functools import cache
from importlib import resources

from standard.names import fold
from standard.outcome import Finding, Outcome

CLAUSE = "8.2(2)"
SHORTEST, LONGEST = 6, 500
"""Characters of a statement."""
_LEAST_DIFFERENT = 4
"""Different characters that something said has at the least."""
_MOST_OF_ONE = 0.5
_CONTACT = re.compile(
    r"https?://|www\.|[\w.+-]+@[\w-]+\.\w|(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)\d{3,4}-\d{7,8}(?!\d)", re.I
)


def checked(statement: str) -> list[Finding]:
    """Why a person has to look at it; empty where nothing speaks against it."""
    folded = fold(statement)
    found = [
        _unclear(f"{reason}（{word}）")
        for words, reason in _lists()
        if (word := next((word for word in words if fold(word) in folded), None))
    ]
    if _CONTACT.search(statement):
        found.append(_unclear("含有网址、邮箱或电话"))
    counted = Counter(folded)
    if len(counted) < _LEAST_DIFFERENT or max(counted.values()) > _MOST_OF_ONE * len(folded):
        found.append(_unclear("内容多为重复的字，看不出说的是什么"))
    return found


def _unclear(what: str) -> Finding:
    return Finding(CLAUSE, Outcome.UNCLEAR, f"反馈{what}，由平台人工看过后再定（8.2(2)，R6）。", ("R6",))


@cache
def _lists() -> tuple[tuple[tuple[str, ...], str], ...]:
    data = tomllib.loads(resources.files("workflow").joinpath("feedback_words.toml").read_text("utf-8"))
    return tuple((tuple(one["words"]), one["reason"]) for one in data.values())
