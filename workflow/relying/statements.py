"""What the platform states to machines: facts with who states them, of whom, when, and for how long (4.3.2, 10.2–10.4).

A statement is about a moment: what is true of a certificate may change in the next. Its claims are ``iss``, ``sub``,
``iat`` and ``exp`` (real time), ``as_of`` (business time), ``question`` (what was asked, so that an answer to one is
none to another) and the ``facts`` of the answer that carries it, exactly as they stand there.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from config.clock import real_seconds
from workflow.context import Ports
from workflow.ports import StatementsUnavailable
from workflow.problems import Kind, Refused

STATEMENT = "zhuisu-statement+jwt"
VALID = timedelta(hours=24)
"""How long a statement may be shown to somebody else; whoever decides something asks again."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A signed statement, and the moment it is about, to the second."""

    as_of: datetime
    text: str


def state(ports: Ports, question: str, about: str, facts: dict[str, Any] | None) -> Statement:
    """The signed statement of these facts; ``about`` is a URI: ``firm:<credit code>``, ``certificate:<number>`` …"""
    issued = int(real_seconds())
    as_of = ports.clock.now().replace(microsecond=0)
    claims = {
        "iss": ports.statements.issuer,
        "sub": about,
        "iat": issued,
        "exp": issued + int(VALID.total_seconds()),
        "as_of": as_of.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "question": question,
        **({"sample": True} if ports.statements.sample else {}),
        "facts": facts,
    }
    return Statement(as_of, signed(ports, claims, STATEMENT))


def signed(ports: Ports, claims: dict[str, Any], typ: str) -> str:
    """The claims as compact JWS; :class:`Refused` ``statements_unavailable`` where there is no key to sign with."""
    try:
        return ports.statements.sign(claims, typ=typ)
    except StatementsUnavailable:
        advice = "平台尚未配置签发声明的密钥，暂时不能给出可核验的答复：请联系运营方"
        raise Refused(Kind.UNAVAILABLE, "statements_unavailable", advice) from None
