"""What a firm can be found by, as keys in one order: whoever begins like the question is an answer (7.6).

Every place in a name has its keys: the rest of the name from there, how that sounds, its initials, and the rest with
one character left open. So a fragment, however common, is the beginning of keys that stand side by side; nothing is
intersected, nothing is scored, and the rarest question costs what the commonest costs. Keys are bytes, which every
database orders the same, whatever its locale.

Places within the tail that nearly every firm has (有限公司 …) have no keys of their own.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

NAME, SOUND, INITIALS, OPEN, CODE = "n", "p", "i", "s", "u"
"""The first byte of a key. In capitals for the place where the name begins, but for the last two."""
ENDS = {NAME: 64, SOUND: 32, INITIALS: 12}
"""Characters (letters) of a key at most; a longer question needs a look at the name itself."""
_OPEN_REST = 4
"""Characters after the open one that its key holds."""

TAILS = ("股份有限公司", "有限责任公司", "有限公司")

_NAMED = {
    "乐": "yue", "任": "ren", "仇": "qiu", "六": "lu", "区": "ou", "卜": "bu", "厦": "xia", "单": "shan", "员": "yun",
    "尉": "yu", "曾": "zeng", "朝": "chao", "查": "zha", "柏": "bo", "泌": "bi", "涡": "guo", "浒": "hu", "盛": "cheng",
    "缪": "miao", "莘": "xin", "荥": "xing", "藏": "zang", "蚌": "beng", "行": "hang", "解": "xie", "都": "du",
    "重": "chong", "铅": "yan", "长": "chang", "阿": "e",
}  # fmt: skip
"""Readings of places, families and firms that a dictionary of words overlooks in a name it never saw."""


def _read_aloud(text: str, **how: Any) -> list[str]:
    """The dictionary's reading of each character; the dictionary takes a third of a second to load, and most processes
    never ask.
    """
    from pypinyin import lazy_pinyin  # noqa: PLC0415

    return lazy_pinyin(text, **how)


@dataclass(frozen=True)
class FirmKeys:
    """The keys of one firm; a firm's row in ``firm_name`` is all they need."""

    folded: str
    readings: str
    uscc: str

    @classmethod
    def of(cls, name: str, uscc: str) -> "FirmKeys":
        """From the name as registered."""
        folded = fold(name)[:200]
        return cls(folded, "/".join(" ".join(way) for way in _ways(folded)), uscc)

    @cached_property
    def keys(self) -> frozenset[bytes]:
        """All of them; about four for every character before the tail."""
        name, core = self.folded, core_length(self.folded)
        keys = {key(CODE, self.uscc)}
        for place in range(core):
            keys.add(key(NAME, name[place:], begins=not place))
            if rest := name[place + 2 :]:
                keys.add(open_key(name[place], rest))
        for way in self.readings.split("/"):
            syllables = way.split(" ")
            initials = "".join(syllable[:1] for syllable in syllables)
            for place in range(core):
                # No key holds more letters than this many syllables have.
                sound = "".join(syllables[place : place + ENDS[SOUND]])
                keys.add(key(SOUND, sound, begins=not place))
                keys.add(key(INITIALS, initials[place:], begins=not place))
        return frozenset(keys)

    def sounds_like(self, letters: str) -> bool:
        """Whether the name said aloud holds ``letters`` from the beginning of some syllable on."""
        return any("".join(way[place:]).startswith(letters) for way in self._syllables() for place in range(len(way)))

    def has_initials(self, letters: str) -> bool:
        """Whether ``letters`` are the initials of neighbours in the name."""
        return any(letters in "".join(syllable[:1] for syllable in way) for way in self._syllables())

    def _syllables(self) -> list[list[str]]:
        return [way.split(" ") for way in self.readings.split("/")]


def key(kind: str, text: str, *, begins: bool = False) -> bytes:
    """The key of ``kind`` for a rest that begins with ``text``, or all the keys that begin with it."""
    text = text[: ENDS.get(kind, len(text))]
    # Two bytes a character where the text is Chinese, one where it is letters.
    return (kind.upper() if begins else kind).encode() + text.encode("utf-16-be" if kind == NAME else "utf-8")


def open_key(before: str, rest: str) -> bytes:
    """The key of a place whose next character may be any, or be missing in the question."""
    return OPEN.encode() + (before + rest[:_OPEN_REST]).encode("utf-16-be")


def past(begin: bytes) -> bytes:
    """The least bytes after everything that begins with ``begin``."""
    kept = begin.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1])


def fold(text: str) -> str:
    """Letters, digits and characters only: half width, small, without tone marks, blanks, brackets, signs."""
    marked = unicodedata.normalize("NFKC", text).lower()
    marked = "".join("v" if character in "üǖǘǚǜ" else character for character in marked)
    return "".join(character for character in unicodedata.normalize("NFKD", marked) if character.isalnum())


def sound_of(folded: str) -> str:
    """The text as it is most likely said, in letters without blanks."""
    return "".join(_read_aloud(folded))


def core_length(folded: str) -> int:
    """Characters before the tail; all of them where there is nothing before it."""
    tail = next((tail for tail in TAILS if folded.endswith(tail)), "")
    return len(folded) - len(tail) or len(folded)


def part_of_tail(folded: str) -> str:
    """The part of the usual tail that the text is, or says; empty where it is none."""
    if any(folded in tail for tail in TAILS):
        return folded
    return _tails_said().get(folded, "")


def _ways(folded: str) -> list[list[str]]:
    """Ways to say a name: as words, each character on its own, and with the readings that names use."""
    runs = _read_aloud(folded, errors=list)  # a list is taken, too
    alone = [_alone(character) for character in folded]
    named = [_NAMED.get(character, said) for character, said in zip(folded, runs, strict=True)]
    ways = []
    for way in (runs, alone, named):
        if way not in ways:
            ways.append(way)
    return ways


@cache
def _alone(character: str) -> str:
    return _read_aloud(character)[0]


@cache
def _tails_said() -> dict[str, str]:
    """Ends of the tail as they are said, and the initials of all but the shortest."""
    return {
        "".join(said): tail[begin:]
        for tail in TAILS
        for begin in range(len(tail) - 1)
        for syllables in [_read_aloud(tail[begin:])]
        for said in (syllables, [syllable[0] for syllable in syllables] if len(syllables) > 2 else syllables)
    }
