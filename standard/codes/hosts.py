"""Hosts of links: the platforms', those that are somebody's own, and those that only look like a platform's (3.4)."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from standard.citation import cites
from standard.codes.rules import Rules, rules_of
from standard.codes.weblink import WebLink, web_link
from standard.outcome import Finding, Outcome
from standard.profile import Edition

_KEPT = 32
_CODED = "xn--"
"""Begins a label whose letters are not ASCII (RFC 5891)."""


@cites("3.4", rows=("R32",))
def own_host(text: str, edition: Edition) -> str | None:
    """The host of this link where it is no platform's; None for every other text.

    Whoever has a code on a platform shares its host with everybody: it says nothing about whose the code is.
    """
    link = web_link(text.strip())
    if link is None or not link.host or rules_of(edition).host_kind(link.host) is not None:
        return None
    return link.host


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A link's host as it is written, and the platform's that it resembles without being one."""

    shown: str
    genuine: str

    @property
    def finding(self) -> Finding:
        """What to say of it; ``have`` and ``need`` are the two hosts."""
        reason = (
            f"网址 {self.shown} 像 {self.genuine}，但不是：请不要打开这个网址，也不要在上面填写信息或付款；"
            "有疑问请向生产企业或 12315 核实（3.4、R32）"
        )
        return Finding("3.4", Outcome.FAIL, reason, ("R32",), self.shown, self.genuine)


@cites("3.4", rows=("R32",))
def look_alike(text: str, edition: Edition, also: Iterable[str] = ()) -> LookAlike | None:
    """The platform that this link pretends to be; ``also``: further hosts that are somebody's to protect.

    A host resembles another that it holds within itself or before an @, that it is but for letters that look the same,
    or whose name one of its labels spells with at most one wrong letter.
    """
    link = web_link(text.strip())
    if link is None:
        return None
    host, genuine = link.host, _genuine(edition, tuple(also))
    if any(host == one.host or host.endswith(f".{one.host}") for one in genuine):
        return None
    written = _seen(_host_part(link), rules_of(edition))
    labels = [label.replace("-", "") for label in re.split(r"[^\w-]+", written)]
    for one in genuine:
        if one.within.search(written) or any(_nearly(label, name) for name in one.names for label in labels):
            return LookAlike(_host_part(link), one.host)
    return None


class _Genuine(NamedTuple):
    """A host to protect: what holds it ``within`` as the eye sees it, and its labels that are long enough to tell."""

    host: str
    within: re.Pattern[str]
    names: tuple[str, ...]


@lru_cache(_KEPT)
def _genuine(edition: Edition, also: tuple[str, ...]) -> tuple[_Genuine, ...]:
    rules = rules_of(edition)
    return tuple(_to_protect(host, rules) for host in (*rules.hosts, *also))


def _to_protect(host: str, rules: Rules) -> _Genuine:
    seen = _seen(host, rules)
    names = tuple(name for name in seen.split(".") if len(name) >= rules.look_alike_least)
    return _Genuine(host, re.compile(rf"(?<![a-z0-9]){re.escape(seen)}(?![a-z0-9])"), names)


def _host_part(link: WebLink) -> str:
    return re.sub(r":\d*$", "", link.authority, flags=re.ASCII).lower()


def _seen(host: str, rules: Rules) -> str:
    """As the eye sees it: coded labels in their letters, without accents, letters of one look as one letter."""
    letters = unicodedata.normalize("NFKD", ".".join(_decoded(label) for label in host.split("."))).lower()
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    for looks, like in rules.look_alike_letters:
        plain = plain.replace(looks, like)
    return plain


def _decoded(label: str) -> str:
    if not label.startswith(_CODED):
        return label
    try:
        return label.removeprefix(_CODED).encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _nearly(label: str, name: str) -> bool:
    """Whether one letter more, less, other, or two swapped, at most, is all that differs."""
    if label == name:
        return True
    if abs(len(label) - len(name)) > 1:
        return False
    same = next((place for place, (one, other) in enumerate(zip(label, name, strict=False)) if one != other), None)
    if same is None:
        return True
    left, right = label[same:], name[same:]
    swapped = left[:2] == right[1::-1] and left[2:] == right[2:]
    return swapped or left[1:] == right[1:] or left[1:] == right or left == right[1:]
