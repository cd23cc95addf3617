"""Names and addresses as they are compared: whatever their width, brackets, blanks or case, the same words."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

_BEFORE = (
    "名称",
    "企业",
    "公司",
    "单位",
    "甲方",
    "乙方",
    "方",
    "人",
    "商",
    "厂",
    "者",
    "为",
    "与",
    "和",
    "由",
    "向",
    "致",
)
"""Words after which a firm's name begins where no mark divides them."""
_BRANCH = re.compile(r"[\u4e00-\u9fff（）()]{0,10}分(公司|厂|店)")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－﹣", "-"))


def fold(text: str) -> str:
    """Letters, digits and characters only, in half width and small: for comparing, never for showing."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def same(one: str, other: str) -> bool:
    """Whether two spellings are one name; an empty one is nobody's."""
    return fold(one) == fold(other) != ""


def stands_in(name: str, line: str) -> bool:
    """Whether the line names this firm: not one whose longer name ends with this one, nor a branch of it."""
    text, wanted = unicodedata.normalize("NFKC", line), unicodedata.normalize("NFKC", name)
    for found in re.finditer(re.escape(wanted), text):
        before, after = text[: found.start()].rstrip(), text[found.end() :]
        begins = not before or not before[-1].isalnum() or before.endswith(_BEFORE)
        if begins and not _BRANCH.match(after):
            return True
    return same(name, line)


def plain_number(text: str) -> str:
    """A tender's or contract's number as it is compared: half width, small, one kind of dash, no blanks."""
    return "".join(unicodedata.normalize("NFKC", text).translate(_DASHES).casefold().split())


def number_stands_in(number: str, lines: Sequence[str]) -> bool:
    """Whether one of the lines, or two that follow one another, hold the number, and not as part of a longer one."""
    plain = [plain_number(line) for line in lines]
    wanted = re.compile(rf"(?<![a-z0-9])(?<![a-z0-9]-){re.escape(plain_number(number))}(?![a-z0-9]|-[a-z0-9])")
    wrapped = (one + other for one, other in pairwise(plain))
    return any(wanted.search(line) for line in (*plain, *wrapped))
