"""How each material of Appendix A is handed in and read: once or per product, how many files, what is stated beside
them, and which words a document must hold at the least (5, 6 column 3, 7.2(2)); ``editions/…/handing_in.toml``."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, cast
from urllib.parse import urlsplit

from standard.citation import cites
from standard.facts import PublicQuery
from standard.grades import Grade
from standard.materials import Due, Material
from standard.names import fold
from standard.outcome import Finding, Outcome
from standard.profile import Edition, ProfileError


class ReadAs(StrEnum):
    """By which inspection a material is judged."""

    PRINT = "print"
    BODY = "body"
    CHAIN = "chain"
    LEDGER = "ledger"
    RECORD = "record"
    SCREENSHOT = "screenshot"
    LINK = "link"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Ask:
    """Something that is stated beside a file: ``kind`` is ``choice``, ``number``, ``text``, ``url`` or ``day``;
    ``choices`` are pairs of a word and what people read."""

    name: str
    label: str
    kind: str
    choices: tuple[tuple[str, str], ...]
    required: bool


@dataclass(frozen=True, slots=True)
class Handing:
    """How one material is handed in: ``least`` to ``most`` files, what is stated beside each (``asks``), which words a
    document holds, one of each group (``words``), and whether it names the firm by name, credit code or seal."""

    read_as: ReadAs
    per_product: bool
    least: int
    most: int
    asks: tuple[Ask, ...]
    words: tuple[tuple[str, ...], ...]
    names_firm: bool


@cites("A", "7.1", "7.2(2)", rows=("R41", "R43"))
def handing(material: str, edition: Edition) -> Handing:
    """How the material of this id is handed in; :class:`ProfileError` where the edition does not say."""
    read_as = next((how for how in ReadAs if material in edition.words(f"handing_in.{how}")), None)
    if read_as is None:
        raise ProfileError(f"{edition.id}: handing_in does not say how {material} is read")
    return Handing(
        read_as,
        material in edition.words("handing_in.per_product"),
        _number_of("least_files", material, edition),
        _number_of("most_files", material, edition),
        asked_beside(material, edition),
        _groups(f"handing_in.words_{material}", edition),
        material in edition.words("handing_in.named"),
    )


@cites("6 B", "A", rows=("R37",))
def online_from_b(level: Grade, edition: Edition, *, sells_online: bool) -> tuple[Material, ...]:
    """What a firm that sells online hands in below the level from which Appendix A lists it: 6 B-5 asks that how it
    fares at the marketplaces is stated (R37)."""
    if not sells_online or level is not Grade.B:
        return ()
    return _from_b("handing_in.online_from_b", edition)


@cites("3.4", "5", rows=("R33",))
def look_ups(edition: Edition) -> tuple[Material, ...]:
    """What a firm hands in at every level once a certificate carries a code that only its platform explains (R33)."""
    return _from_b("handing_in.look_up", edition)


def _from_b(list_name: str, edition: Edition) -> tuple[Material, ...]:
    """The materials of a list, asked from B on for the list's own reason."""
    entry = edition[list_name]
    return tuple(
        Material(
            name, edition.word(f"materials.{name}"), Grade.B, Due.REQUIRED, False, entry.clause, entry.note, entry.rows
        )
        for name in edition.words(list_name)
    )


class DeclaredOdd(ValueError):
    """What was stated beside a file is not what is asked; ``field`` says where, the message what to write."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


_LONGEST = 500
_MOST = 1_000_000


@cites("7.1", "A")
def declared(material: str, given: Mapping[str, Any], edition: Edition) -> dict[str, str | int]:
    """What was stated, in one form each; :class:`DeclaredOdd` where something is missing, wrong or not asked."""
    asks = {ask.name: ask for ask in asked_beside(material, edition)}
    if strange := next((name for name in given if name not in asks), None):
        raise DeclaredOdd(strange, "这项资料不需要填写这一栏")
    found: dict[str, str | int] = {}
    for name, ask in asks.items():
        value = given.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            if ask.required:
                raise DeclaredOdd(name, f"请填写“{ask.label}”")
            continue
        found[name] = _stated(ask, value)
    for whole, part in (("main_suppliers", "cooperating"), ("checked", "passed")):
        if whole in found and part in found:
            if not int(found[whole]):
                raise DeclaredOdd(whole, f"“{asks[whole].label}”应大于 0")
            if int(found[part]) > int(found[whole]):
                raise DeclaredOdd(part, f"“{asks[part].label}”不能多于“{asks[whole].label}”")
    return found


def _stated(ask: Ask, value: Any) -> str | int:
    text = str(value).strip()
    if ask.kind == "choice":
        if text not in dict(ask.choices):
            raise DeclaredOdd(ask.name, f"“{ask.label}”请选：{'、'.join(words for _, words in ask.choices)}")
        return text
    if ask.kind == "number":
        if isinstance(value, bool) or not (text.isascii() and text.isdigit() and int(text[:9]) <= _MOST):
            raise DeclaredOdd(ask.name, f"“{ask.label}”请填 0 到 {_MOST} 的整数")
        return int(text)
    if ask.kind == "day":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise DeclaredOdd(ask.name, f"“{ask.label}”请写成 2026-11-03 这样") from None
    if len(text) > _LONGEST:
        raise DeclaredOdd(ask.name, f"“{ask.label}”最多 {_LONGEST} 字")
    if ask.kind == "url" and not _is_link(text):
        raise DeclaredOdd(ask.name, f"“{ask.label}”请写完整网址，例如 https://query.example.com/")
    return text


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme in {"http", "https"} and "." in host and not any(c.isspace() for c in text)


@cites("7.2(2)", "A", rows=("R6",))
def words_found(material: str, text: Iterable[str], edition: Edition) -> Finding:
    """Whether a document says at the least what this material is about; where it may only be illegible, unclear."""
    name = f"handing_in.words_{material}"
    clause = edition[name].clause if name in edition.parameters else "A"
    groups = _groups(name, edition)
    words = "".join(text)
    title = edition.word(f"materials.{material}")
    lacking = [group for group in groups if not _has(words, group)]
    if not lacking:
        return Finding("7.2(2)", Outcome.PASS, f"内容与“{title}”相符（{clause}，7.2(2)）。")
    asked = "、".join("或".join(group[:3]) for group in lacking)
    if len(lacking) == len(groups):
        outcome, what = Outcome.FAIL, f"文件不像是“{title}”，应写明{asked}"
    else:
        outcome, what = Outcome.UNCLEAR, f"“{title}”里没有读到{asked}"
    reason = f"{what}（{clause}，7.2(2)）：请换成写明这些内容的文件，或扫描清楚后重新上传。"
    return Finding("7.2(2)", outcome, reason, ("R6",))


@cites("6 A", "6 AA")
def query_words(asked: PublicQuery, edition: Edition) -> tuple[tuple[str, ...], ...]:
    """The words that a look-up page shows at the least to be ``basic``, or those beside them to be ``full``."""
    return _groups(f"handing_in.query_{asked}", edition)


@cites("6 A", "6 AA")
def query_shows(words: Collection[str], edition: Edition) -> PublicQuery:
    """What the public sees, by the words of a look-up page."""
    text = "".join(words)
    basic, full = (
        all(_has(text, group) for group in query_words(asked, edition))
        for asked in (PublicQuery.BASIC, PublicQuery.FULL)
    )
    if not basic:
        return PublicQuery.NONE
    return PublicQuery.FULL if full else PublicQuery.BASIC


def _has(text: str, group: Iterable[str]) -> bool:
    said = fold(text)
    return any(fold(word) in said for word in group)


def _groups(name: str, edition: Edition) -> tuple[tuple[str, ...], ...]:
    """Groups of words; none where the edition names none."""
    return cast("tuple[tuple[str, ...], ...]", edition.value(name)) if name in edition.parameters else ()


def _number_of(entry: str, material: str, edition: Edition) -> int:
    stated = cast("tuple[tuple[str, int], ...]", edition.value(f"handing_in.{entry}"))
    return dict(stated).get(material, 1)


@cites("7.1", "C(2)", "C(4)", rows=("R39", "R40"))
def asked_beside(filed_as: str, edition: Edition) -> tuple[Ask, ...]:
    """What is stated beside a file: by the id of its material, or ``month_`` with the kind of a month's file."""
    name = f"handing_in.asks_{filed_as}"
    if name not in edition.parameters:
        return ()
    rows = cast("tuple[tuple[Any, ...], ...]", edition.value(name))
    return tuple(Ask(name, label, kind, choices, required) for name, label, kind, required, choices in rows)
