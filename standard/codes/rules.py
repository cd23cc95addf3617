"""The edition's parameters of trace codes, checked once and made ready for reading."""

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

from standard.codes.ai import identifiers
from standard.codes.tracecode import Kind, Level
from standard.outcome import Finding
from standard.profile import Edition, ProfileError

_KEPT = 32
_LAYOUT_RULES = ("off", "warn", "enforce")
_LAYOUT_CHARACTERS = ("digits", "alphanumeric")


@dataclass(frozen=True, slots=True)
class PrefixOffice:
    """What a three-digit GS1 prefix says: whose office gives it, and how the maker's own prefix is cut."""

    china: bool
    region: str | None
    closed: bool
    closed_gtin8: bool
    publication: bool
    company_digits: int | None


@dataclass(frozen=True, slots=True)
class EcodeLayout:
    """How long the parts of an Ecode of one version are."""

    nsi: int
    longest: int
    digits: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """Parameters of ``codes.toml``, typed. ``verdicts``: answers of the judge that were already worded."""

    stamp: str
    allowed: frozenset[Kind]
    product_keys: frozenset[str]
    batch: frozenset[str]
    serial: frozenset[str]
    least: Level
    least_aaa: Level
    opaque_kinds: frozenset[Kind]
    ecode_level: Level
    assigned_link_level: Level
    prefixes: dict[str, PrefixOffice]
    hosts: dict[str, Kind]
    look_alike_letters: tuple[tuple[str, str], ...]
    look_alike_least: int
    stem: str
    pad_short_gtin: bool
    link_names: dict[str, str]
    batch_forbidden: str
    ecode_versions: tuple[str, ...]
    ecode_layouts: dict[str, EcodeLayout]
    ecode_layout_rule: str
    ecode_marks: tuple[str, ...]
    ecode_resolver: str
    handle_prefix: str
    oid_china: str
    scan_prefixes: frozenset[str]
    verdicts: dict[tuple[Any, ...], tuple[Finding, ...]] = field(default_factory=dict, compare=False)

    def host_kind(self, host: str) -> Kind | None:
        """The kind of code that this host, or one above it, serves: whole labels count, cniotroot.com is another."""
        while host:
            if (kind := self.hosts.get(host)) is not None:
                return kind
            host = host.partition(".")[2]
        return None


@lru_cache(_KEPT)
def rules_of(edition: Edition) -> Rules:
    """The rules of an edition; :class:`ProfileError` where its data is not as it must be."""
    return Rules(
        stamp=edition.stamp,
        allowed=frozenset(_kind(edition, "codes.allowed_kinds", name) for name in edition.words("codes.allowed_kinds")),
        product_keys=_identifiers(edition, "codes.product_keys"),
        batch=_identifiers(edition, "codes.batch_qualifiers"),
        serial=_identifiers(edition, "codes.serial_qualifiers"),
        least=_level(edition, "codes.least_level"),
        least_aaa=_level(edition, "codes.least_level_aaa"),
        opaque_kinds=frozenset(
            _kind(edition, "codes.opaque_kinds", name) for name in edition.words("codes.opaque_kinds")
        ),
        ecode_level=_level(edition, "codes.ecode_level"),
        assigned_link_level=_level(edition, "codes.assigned_link_level"),
        prefixes=_prefixes(edition),
        hosts={host: _kind(edition, "codes.hosts", kind) for host, kind in rows(edition, "codes.hosts", (str, str))},
        look_alike_letters=rows(edition, "codes.look_alike_letters", (str, str)),
        look_alike_least=edition.whole("codes.look_alike_least"),
        stem=edition.word("codes.canonical_stem"),
        pad_short_gtin=_flag(edition, "codes.pad_short_gtin"),
        link_names=dict(rows(edition, "codes.link_names", (str, str))),
        batch_forbidden=edition.word("codes.national_batch_forbidden"),
        ecode_versions=edition.words("codes.ecode_versions"),
        ecode_layouts=_layouts(edition),
        ecode_layout_rule=_choice(edition, "codes.ecode_layout_rule", _LAYOUT_RULES),
        ecode_marks=edition.words("codes.ecode_marks"),
        ecode_resolver=edition.word("codes.ecode_resolver"),
        handle_prefix=edition.word("codes.handle_prefix"),
        oid_china=edition.word("codes.oid_china"),
        scan_prefixes=frozenset(edition.words("codes.scan_prefixes")),
    )


def rows(edition: Edition, name: str, types: tuple[type, ...]) -> tuple[tuple[Any, ...], ...]:
    """A parameter that is a list of equal rows, its cells checked."""
    value = edition.value(name)
    if not isinstance(value, tuple) or not all(
        isinstance(row, tuple) and len(row) == len(types) and all(map(isinstance, row, types)) for row in value
    ):
        shape = ", ".join(kind.__name__ for kind in types)
        raise ProfileError(f"{edition.id}: {name} is a list of rows ({shape})")
    if len({row[0] for row in value}) < len(value):
        raise ProfileError(f"{edition.id}: {name} has two rows for the same thing")
    return value


def _prefixes(edition: Edition) -> dict[str, PrefixOffice]:
    china = _in_ranges(edition, "codes.china_prefixes")
    closed = _in_ranges(edition, "codes.closed_prefixes")
    closed_gtin8 = _in_ranges(edition, "codes.closed_prefixes_gtin8")
    publication = _in_ranges(edition, "codes.publication_prefixes")
    regions = {
        prefix: region
        for span, region in rows(edition, "codes.region_prefixes", (str, str))
        for prefix in _range(edition, "codes.region_prefixes", span)
    }
    lengths = {
        prefix: digits
        for span, digits in rows(edition, "codes.company_prefix_lengths", (str, int))
        for prefix in _range(edition, "codes.company_prefix_lengths", span)
    }
    return {
        prefix: PrefixOffice(
            prefix in china,
            regions.get(prefix),
            prefix in closed,
            prefix in closed_gtin8,
            prefix in publication,
            lengths.get(prefix),
        )
        for prefix in (f"{number:03}" for number in range(1000))
    }


def _in_ranges(edition: Edition, name: str) -> frozenset[str]:
    return frozenset(prefix for span in edition.words(name) for prefix in _range(edition, name, span))


def _range(edition: Edition, name: str, span: str) -> list[str]:
    ends = span.split("-")
    if len(ends) != 2 or not all(len(end) == 3 and end.isascii() and end.isdigit() for end in ends):
        raise ProfileError(f"{edition.id}: {name}: {span!r} is not a range of prefixes such as 690-699")
    if any(first > last for first, last in pairwise(ends)):
        raise ProfileError(f"{edition.id}: {name}: {span!r} ends before it begins")
    return [f"{number:03}" for number in range(int(ends[0]), int(ends[1]) + 1)]


def _layouts(edition: Edition) -> dict[str, EcodeLayout]:
    layouts = {}
    for version, nsi, longest, characters in rows(edition, "codes.ecode_layout", (str, int, int, str)):
        if characters not in _LAYOUT_CHARACTERS:
            raise ProfileError(f"{edition.id}: codes.ecode_layout: {characters!r} is not one of {_LAYOUT_CHARACTERS}")
        layouts[version] = EcodeLayout(nsi, longest, characters == "digits")
    return layouts


def _kind(edition: Edition, name: str, word: str) -> Kind:
    try:
        return Kind(word)
    except ValueError:
        raise ProfileError(f"{edition.id}: {name}: {word!r} is no kind of code") from None


def _level(edition: Edition, name: str) -> Level:
    try:
        return Level(edition.word(name))
    except ValueError:
        raise ProfileError(f"{edition.id}: {name} is one of {', '.join(Level)}") from None


def _identifiers(edition: Edition, name: str) -> frozenset[str]:
    words = edition.words(name)
    if strange := [word for word in words if word not in identifiers()]:
        raise ProfileError(f"{edition.id}: {name}: {strange[0]!r} is no application identifier")
    return frozenset(words)


def _choice(edition: Edition, name: str, choices: tuple[str, ...]) -> str:
    word = edition.word(name)
    if word not in choices:
        raise ProfileError(f"{edition.id}: {name} is one of {', '.join(choices)}")
    return word


def _flag(edition: Edition, name: str) -> bool:
    value = edition.value(name)
    if not isinstance(value, bool):
        raise ProfileError(f"{edition.id}: {name} is true or false")
    return value
