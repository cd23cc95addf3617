"""The index of firms: every question is a stretch of one ordered table (7.6).

``gateways.firm_keys`` makes the keys. A question becomes steps, the exact ones first; each reads a stretch of keys in
their order, so that a page costs the same whether ten firms answer or a million, and the next page goes on where this
one ended. A firm is told once: at its least key of the first step that it answers. All that is asked of the database is
a B-tree over bytes: no extension, no locale, no statistics. ``benchmarks.firm_search`` measures it.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tortoise.connection import get_connection

from gateways.firm_keys import (
    CODE,
    ENDS,
    INITIALS,
    NAME,
    SOUND,
    FirmKeys,
    core_length,
    fold,
    key,
    open_key,
    part_of_tail,
    past,
    sound_of,
)
from models import Certificate, Enterprise, FirmName, Publication
from models.transactions import CONNECTION, transaction
from workflow.ports import CursorInvalid

_LONGEST = 200
"""Characters of a question that are looked at; no name has more."""
_WORDS = 4
"""Words of a question that are looked for one by one; more are one text only."""
_BATCH = 500
"""Keys read at once at most, firms indexed anew at once."""
_EXAMINED = 600
"""Keys that one page looks at: where few of them answer, the page is short and its cursor goes on behind them."""
_FEW = 500
"""Keys of a word that are counted, to begin with the rarest word."""
_PROBED = 12
"""Places of a mistake that are looked up one by one; one further on is looked for behind what stands before it."""
_PER_PROBE = 25
"""Keys looked at for each place of a mistake."""

_Shows = Callable[[FirmKeys], bool]


class TableFirmIndex:
    """:class:`workflow.ports.FirmIndex` on the tables ``firm_name`` and ``firm_key``."""

    async def record(self, enterprise_id: int) -> None:
        """Join the caller's transaction; recording the same name again changes nothing."""
        firm = await Enterprise.get(id=enterprise_id).only("id", "name", "uscc")
        new = FirmKeys.of(firm.name, firm.uscc)
        row = await FirmName.select_for_update().get_or_none(enterprise_id=enterprise_id)
        old = FirmKeys(row.folded, row.readings, row.uscc) if row else None
        if old == new:
            return
        if old is not None:
            taken_out = [[enterprise_id, one] for one in sorted(old.keys - new.keys)]
            await _execute_many("DELETE FROM firm_key WHERE enterprise_id = $1 AND key = $2", taken_out)
        await _put({enterprise_id: new})

    async def renamed(self, enterprise_id: int) -> None:
        """Join the caller's transaction: found by the new name instead of the old one, where it is found at all."""
        if await FirmName.exists(enterprise_id=enterprise_id):
            await self.record(enterprise_id)

    async def reindex(self) -> int:
        """Make the index anew, all or nothing, once keys have changed their form; the number of firms in it."""
        async with transaction():
            for table in ("firm_key", "firm_name"):
                await get_connection(CONNECTION).execute_query(f"DELETE FROM {table}")  # noqa: S608 - our own tables
            published = await Publication.all().distinct().values_list("application__enterprise_id", flat=True)
            certified = await Certificate.all().distinct().values_list("enterprise_id", flat=True)
            public = sorted({*published, *certified})
            for first in range(0, len(public), _BATCH):
                firms = await Enterprise.filter(id__in=public[first : first + _BATCH]).only("id", "name", "uscc")
                await _put({firm.id: FirmKeys.of(firm.name, firm.uscc) for firm in firms})
        return len(public)

    async def find(self, text: str, *, limit: int, after: str | None = None) -> tuple[list[int], str | None]:
        """See :class:`workflow.ports.FirmIndex`; a page may be short, even empty, and yet have a cursor."""
        place = _Place.of(after) if after is not None else None
        question = _Question.of(text)
        exact = await _exact_steps(question, place)
        steps = exact + question.steps_by_sound()
        start = 0 if place is None else place.find(steps)
        if place is not None and start < len(exact):
            steps = exact  # what is only near is for questions whose exact answers fill no page
        reading = _Page(limit)
        for number in range(start, len(steps)):
            if number == len(exact) and len(reading.found) == limit:
                break
            behind = place if place is not None and number == start else _Place(steps[number].name, steps[number].begin)
            if await reading.read(steps, number, behind):
                return reading.found, str(reading.last)
        if place is None:
            reading.found += await _near(question, steps, limit - len(reading.found))
        return reading.found, None


# --- what is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Step:
    """The stretch of all keys that begin with ``begin``, and what a firm found there must still show."""

    name: str
    begin: bytes
    shows: _Shows | None = None

    def key_of(self, firm: FirmKeys) -> bytes | None:
        """The key at which the firm is told in this step; None where it is no answer of it."""
        least = min((one for one in firm.keys if one.startswith(self.begin)), default=None)
        return None if least is None or (self.shows is not None and not self.shows(firm)) else least


@dataclass(frozen=True, slots=True)
class _Question:
    """A text that was asked, folded; ``words`` are its parts between blanks, where they may stand apart in a name."""

    text: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "_Question":
        words = tuple(dict.fromkeys(folded for word in text[:_LONGEST].split() if (folded := fold(word))))
        joined = fold(text[:_LONGEST])[:_LONGEST]
        syllables = len(words) > 2 and all(word.isascii() for word in words)
        return cls(joined, () if len(words) == 1 or len(words) > _WORDS or syllables else words)

    def steps_as_written(self) -> list[_Step]:
        """Credit code, name, for letters also sound and initials."""
        steps = []
        if re.fullmatch(r"(?=.*\d)[0-9a-z]{6,18}", self.text):
            steps.append(_Step("code", key(CODE, self.text.upper())))
        return steps + (_steps_of(self.text, "a") if self.text else [])

    def steps_of_words(self, first: int) -> list[_Step]:
        """The keys of one word, of firms that show the others, too."""
        others = [word for number, word in enumerate(self.words) if number != first]

        def shows(firm: FirmKeys) -> bool:
            return all(
                word in firm.folded or (word.isascii() and (firm.sounds_like(word) or firm.has_initials(word)))
                for word in others
            )

        return [_Step(step.name, step.begin, shows) for step in _steps_of(self.words[first], f"w{first}")]

    def steps_of_tail(self) -> list[_Step]:
        """All names in order, where the question stands in the tail that nearly every one of them has."""
        part = part_of_tail(self.text)
        return [_Step("tail", key(NAME, "", begins=True), lambda firm: part in firm.folded)] if part else []

    def steps_by_sound(self) -> list[_Step]:
        """Names that sound like it: who types a wrong character mostly types one of the right sound."""
        if len(self.text) < 2 or self.text.isascii() or part_of_tail(self.text):
            return []
        return _steps_by(SOUND, sound_of(self.text), "h")

    def probes(self) -> Iterator["_Probe"]:
        """One for each place and kind of a single mistake."""
        text = self.text[: core_length(self.text)]
        if text.isascii() or not 3 <= len(text) <= ENDS[NAME]:
            return
        for place in range(1, len(text)):
            head, rest = text[:place], text[place:]
            yield _Probe.of(head, rest, missing=1)
            if len(rest) > 1:  # another character stands here
                yield _Probe.of(head, rest[1:], missing=1)
        if len(text) > 3:
            for place in range(len(text)):  # this one is too much
                for begins in (True, False):
                    yield _Probe.of(text[:place], text[place + 1 :], begins=begins)


@dataclass(frozen=True, slots=True)
class _Probe:
    """Keys of names that may hold ``head`` and ``rest`` with so many characters between them."""

    begin: bytes
    head: str
    rest: str
    missing: int

    @classmethod
    def of(cls, head: str, rest: str, *, missing: int = 0, begins: bool = False) -> "_Probe":
        if len(head) >= _PROBED:
            begin = key(NAME, head[:_PROBED], begins=begins)
        elif missing:
            begin = open_key(head[-1], rest)
        else:
            begin = key(NAME, head + rest, begins=begins)
        return cls(begin, head, rest, missing)

    def fits(self, folded: str) -> bool:
        at = folded.find(self.head)
        while at >= 0:
            if folded.startswith(self.rest, at + len(self.head) + self.missing):
                return True
            at = folded.find(self.head, at + 1)
        return False


def _steps_of(text: str, name: str) -> list[_Step]:
    steps = _steps_by(NAME, text, name)
    if text.isascii():
        steps += _steps_by(SOUND, text, name)
        if len(text) > 1:
            steps += _steps_by(INITIALS, text, name)
    return steps


def _steps_by(kind: str, text: str, name: str) -> list[_Step]:
    """Where the text begins the name, then where it stands further on."""
    shows: dict[str, _Shows] = {
        NAME: lambda firm: text in firm.folded,
        SOUND: lambda firm: firm.sounds_like(text),
        INITIALS: lambda firm: firm.has_initials(text),
    }
    cut = shows[kind] if len(text) > ENDS[kind] else None
    return [_Step(f"{name}{kind}{begins:d}", key(kind, text, begins=begins), cut) for begins in (True, False)]


async def _exact_steps(question: _Question, place: "_Place | None") -> list[_Step]:
    """The steps of the whole question, then of its words one by one, then of the usual tail."""
    steps = question.steps_as_written()
    if question.words:
        went_on = re.match(r"w(\d)", place.step) if place is not None else None
        first = int(went_on[1]) if went_on else await _rarest(question.words)
        if first is not None and first < len(question.words):
            steps += question.steps_of_words(first)
    return steps + question.steps_of_tail()


async def _rarest(words: Sequence[str]) -> int | None:
    """The word that begins the fewest keys; None where all of them stand in the usual tail."""
    values: list[Any] = []
    counts = []
    for number, word in enumerate(words):
        if part_of_tail(word):
            continue
        for step in _steps_of(word, "w"):
            values += [step.begin, past(step.begin)]
            counts.append(
                f"SELECT {number} AS word, count(*) AS keys FROM (SELECT 1 FROM firm_key"  # noqa: S608 - numbers only
                f" WHERE key >= ${len(values) - 1} AND key < ${len(values)} LIMIT {_FEW}) AS few"
            )
    if not counts:
        return None
    query = f"SELECT word FROM ({' UNION ALL '.join(counts)}) AS counted GROUP BY word ORDER BY sum(keys), word LIMIT 1"  # noqa: S608
    return int((await _query(query, values))[0]["word"])


# --- how it is read --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """Behind this key of this firm in that step; as text, a cursor."""

    step: str
    key: bytes
    enterprise_id: int = -1

    def __str__(self) -> str:
        return f"{self.step}.{self.enterprise_id}.{urlsafe_b64encode(self.key).decode().rstrip('=')}"

    @classmethod
    def of(cls, cursor: str) -> "_Place":
        found = re.fullmatch(r"(\w{1,8})\.(-1|\d{1,18})\.([A-Za-z0-9_-]{2,400})", cursor, re.ASCII)
        if found is None or len(found[3]) % 4 == 1:
            raise CursorInvalid
        return cls(found[1], urlsafe_b64decode(found[3] + "=" * (-len(found[3]) % 4)), int(found[2]))

    def find(self, steps: list[_Step]) -> int:
        """The number of its step; raises :class:`CursorInvalid` where it belongs to another question."""
        for number, step in enumerate(steps):
            if step.name == self.step and self.key.startswith(step.begin):
                return number
        raise CursorInvalid


class _Page:
    """A page being filled."""

    def __init__(self, limit: int) -> None:
        self.found: list[int] = []
        self.last = _Place("", b"")
        self._limit = limit
        self._examined = 0

    async def read(self, steps: list[_Step], number: int, behind: _Place) -> bool:
        """Take the answers of one step from ``behind`` on; True where the page is over before the step is."""
        self.last, size = behind, min(2 * self._limit, _BATCH)
        while True:
            rows = await _stretch(steps[number], self.last, size)
            for key_, enterprise_id, firm in rows:
                if _answers(firm, key_, steps, number):
                    if len(self.found) == self._limit:
                        return True
                    self.found.append(enterprise_id)
                self.last = _Place(steps[number].name, key_, enterprise_id)
            self._examined += len(rows)
            if len(rows) < size:
                return False
            if self._examined >= _EXAMINED:
                return True
            size = min(2 * size, _BATCH)


def _answers(firm: FirmKeys, key_: bytes, steps: list[_Step], number: int) -> bool:
    """Whether the firm is told by this key of this step, and was not in a step before."""
    shows = steps[number].shows
    if shows is not None and not shows(firm):
        return False  # asked before the keys are made: most firms fail here, where any do
    return steps[number].key_of(firm) == key_ and all(step.key_of(firm) is None for step in steps[:number])


async def _stretch(step: _Step, behind: _Place, size: int) -> list[tuple[bytes, int, FirmKeys]]:
    rows = await _query(
        "SELECT k.key, k.enterprise_id, f.folded, f.readings, f.uscc FROM ("  # noqa: S608 - a number only
        "SELECT key, enterprise_id FROM firm_key WHERE (key, enterprise_id) > ($1, $2) AND key < $3"
        f" ORDER BY key, enterprise_id LIMIT {size}"
        ") AS k JOIN firm_name AS f ON f.enterprise_id = k.enterprise_id ORDER BY k.key, k.enterprise_id",
        [behind.key, behind.enterprise_id, past(step.begin)],
    )
    return [(bytes(row["key"]), row["enterprise_id"], _firm(row)) for row in rows]


async def _near(question: _Question, steps: list[_Step], room: int) -> list[int]:
    """Firms whose name holds the question but for one character, and that no step tells; the shortest names first."""
    probes: dict[bytes, list[_Probe]] = {}
    for probe in question.probes() if room > 0 else ():
        probes.setdefault(probe.begin, []).append(probe)
    if not probes:
        return []
    values: list[Any] = []
    parts = []
    for number, begin in enumerate(probes):
        values += [begin, past(begin)]
        parts.append(
            f"SELECT * FROM (SELECT {number} AS probe, enterprise_id FROM firm_key"  # noqa: S608 - numbers only
            f" WHERE key >= ${len(values) - 1} AND key < ${len(values)}"
            f" ORDER BY key, enterprise_id LIMIT {_PER_PROBE}) AS few"
        )
    rows = await _query(
        "SELECT k.probe, f.enterprise_id, f.folded, f.readings, f.uscc"  # noqa: S608 - numbers only
        f" FROM ({' UNION ALL '.join(parts)}) AS k JOIN firm_name AS f ON f.enterprise_id = k.enterprise_id",
        values,
    )
    alike = list(probes.values())
    near = {
        row["enterprise_id"]: _firm(row)
        for row in rows
        if any(probe.fits(row["folded"]) for probe in alike[row["probe"]])
    }
    ranked = sorted(near, key=lambda one: (len(near[one].folded), one))
    return list(islice((one for one in ranked if all(step.key_of(near[one]) is None for step in steps)), room))


def _firm(row: Mapping[str, Any]) -> FirmKeys:
    return FirmKeys(row["folded"], row["readings"], row["uscc"])


# --- tables ----------------------------------------------------------------------------------------------------------


async def _put(firms: Mapping[int, FirmKeys]) -> None:
    await FirmName.bulk_create(
        [
            FirmName(enterprise_id=one, uscc=firm.uscc, folded=firm.folded, readings=firm.readings)
            for one, firm in firms.items()
        ],
        on_conflict=["enterprise_id"],
        update_fields=["uscc", "folded", "readings"],
    )
    keys = [[one, key_] for one, firm in firms.items() for key_ in sorted(firm.keys)]
    await _execute_many("INSERT INTO firm_key (enterprise_id, key) VALUES ($1, $2) ON CONFLICT DO NOTHING", keys)


async def _query(query: str, values: list[Any]) -> Sequence[Mapping[str, Any]]:
    connection = get_connection(CONNECTION)
    return await connection.execute_query_dict(_in_dialect(query, connection), values)


async def _execute_many(query: str, values: list[list[Any]]) -> None:
    connection = get_connection(CONNECTION)
    if values:
        await connection.execute_many(_in_dialect(query, connection), values)


def _in_dialect(query: str, connection: Any) -> str:
    """Parameters as the database numbers them."""
    return query if connection.capabilities.dialect == "postgres" else query.replace("$", "?")
