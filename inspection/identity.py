"""What a trace code names, and whether two codes name the same thing: item, batch or class (3.4, R33)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from inspection import tracecode

_IN_PATH = re.compile(r"(?:^|/)01/(\d{14}|\d{13}|\d{12}|\d{8})(?=/|$)")
_IN_ELEMENTS = re.compile(r"(?:\](?:d2|Q3|C1|e0))?\x1d?01(\d{14})")
_BRACKETED = re.compile(r"\((\d{2,4})\)([^()]+)")
_ECODE = re.compile(r"(?:^|[/?&])E=([^&#]+)")
_RETAIL = frozenset({"EAN13", "EAN8", "UPCA", "UPCE", "ITF", "ITF14", "DataBar"})


class Level(StrEnum):
    """What a code tells apart: single items, batches, or only classes of products (R33)."""

    ITEM = "item"
    BATCH = "batch"
    CLASS = "class"


class Sameness(StrEnum):
    """How two codes stand to each other."""

    SAME = "same"
    """The same code, written in whatever way."""
    BATCH = "batch"
    """The same product and batch; at most one of them names the item."""
    OTHER_ITEM = "other_item"
    """The same product and batch, two different items."""
    PRODUCT = "product"
    """The same product; one of them names no batch."""
    OTHER_BATCH = "other_batch"
    OTHER_PRODUCT = "other_product"
    UNKNOWN = "unknown"
    """Codes of different kinds, or without data that could be compared."""


@dataclass(frozen=True, slots=True)
class Identity:
    """``kind`` GS1, Ecode or None; ``gtin`` 14 digits; ``parts`` as :func:`inspection.tracecode.recognise` names them;
    ``canonical`` is the same text for every way of writing the same code."""

    kind: str | None
    gtin: str | None
    parts: dict[str, str]
    canonical: str

    @property
    def level(self) -> Level | None:
        """None where the text does not tell: only the registry knows what an Ecode or an address stands for."""
        if self.parts.get("serial"):
            return Level.ITEM
        if self.parts.get("batch"):
            return Level.BATCH
        return Level.CLASS if self.gtin else None


def identity_of(text: str, symbology: str = "") -> Identity:
    """What the text of a code names; ``symbology`` tells a retail barcode from other digits."""
    plain = _unbracketed(text.strip())
    trace = tracecode.recognise(plain)
    gtin = _gtin(plain, symbology)
    kind = trace.kind or ("GS1" if gtin else None)
    parts = dict(trace.parts)
    if gtin:
        named = [f"({ai}){parts[name]}" for ai, name in (("10", "batch"), ("21", "serial")) if parts.get(name)]
        return Identity(kind, gtin, parts, f"(01){gtin}" + "".join(named))
    if kind == "Ecode" and (found := _ECODE.search(unquote(plain))) is not None:
        return Identity(kind, None, parts, f"ecode:{found[1]}")
    return Identity(kind, None, parts, _folded(plain))


def compare_codes(first: Identity, second: Identity) -> Sameness:
    """Whether two codes name the same item, batch or product."""
    if first.canonical == second.canonical:
        return Sameness.SAME
    if not first.gtin or not second.gtin:
        return Sameness.UNKNOWN
    # The first digit of fourteen is the level of packaging, the last a check digit over it: the product is between.
    if first.gtin[1:13] != second.gtin[1:13]:
        return Sameness.OTHER_PRODUCT
    ours, theirs = first.parts, second.parts
    if ours.get("batch") and theirs.get("batch") and ours["batch"] != theirs["batch"]:
        return Sameness.OTHER_BATCH
    both = bool(ours.get("serial") and theirs.get("serial"))
    if both:
        return Sameness.SAME if ours["serial"] == theirs["serial"] else Sameness.OTHER_ITEM
    return Sameness.BATCH if ours.get("batch") and theirs.get("batch") else Sameness.PRODUCT


def _unbracketed(text: str) -> str:
    """``(01)…(10)…`` as people print it below a code, turned into the element string that the code holds."""
    found = _BRACKETED.findall(text)
    if not found or "".join(f"({ai}){value}" for ai, value in found) != text.replace(" ", ""):
        return text
    fixed = {"00", "01", "02", "11", "12", "13", "15", "16", "17", "20"}
    last = len(found) - 1
    return "".join(ai + value + ("" if ai in fixed or n == last else "\x1d") for n, (ai, value) in enumerate(found))


def _gtin(text: str, symbology: str) -> str | None:
    if re.match(r"https?://", text, re.IGNORECASE):
        found = _IN_PATH.search(unquote(urlsplit(text).path))
    else:
        found = _IN_ELEMENTS.match(text)
        if found is None and text.isascii() and text.isdigit() and (symbology in _RETAIL or not symbology):
            found = re.fullmatch(r"(\d{14}|\d{13}|\d{12}|\d{8})", text)
    return found[1].zfill(14) if found is not None and _checked(found[1]) else None


def _checked(digits: str) -> bool:
    """GB 12904: weights 3 and 1 from the right, without the check digit."""
    total = sum(int(digit) * (3 if n % 2 == 0 else 1) for n, digit in enumerate(reversed(digits[:-1])))
    return (10 - total % 10) % 10 == int(digits[-1])


def _folded(text: str) -> str:
    """An address with its scheme and host in small letters; any other text as it is."""
    if not re.match(r"https?://", text, re.IGNORECASE):
        return text
    url = urlsplit(text)
    tail = url.path.rstrip("/") + (f"?{url.query}" if url.query else "")
    return f"{url.netloc.lower()}{tail}"
