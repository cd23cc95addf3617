"""Certificates as W3C Verifiable Credentials 2.0, secured with JOSE, and the status lists that go with them.

``vc-data-model-2.0``, ``vc-jose-cose`` and ``vc-bitstring-status-list`` (Recommendations of 2025-05-15). The place of a
certificate in both lists is its serial: certificates are public (7.6), so that nothing has to be hidden by the place.

What may change of a certificate is left to the lists and to ``/open/v1``: months and points are not in a credential. A
grade may change, too (9.2(2), 8.5(3)); the signature therefore holds for a week, and is had anew for nothing.
"""

import gzip
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from config.clock import real_seconds
from models import Certificate
from standard.calendar import midnight
from standard.profile import edition_on
from standard.validity import State
from workflow.certifying.certificate_life import grade_name, holder_from_json, life_from_json
from workflow.certifying.certificate_numbers import number_in_path
from workflow.certifying.certificate_register import certificate_by_number
from workflow.context import Ports
from workflow.relying.statements import signed

VC_JWT = "vc+jwt"
CONTEXT = "https://www.w3.org/ns/credentials/v2"
CREDENTIAL_SECONDS = 7 * 86_400
LIST_SECONDS = 300
"""How long their signatures hold, real time."""
TTL_MS = 500
"""How long a verifier may keep a list: with our own half second, a revocation is seen everywhere within a second."""
FRESH_SECONDS = 0.4
"""How long we keep one ourselves; with the time it takes to answer, none is older than half a second."""
SHORTEST = 131_072
"""Bits of a list at the least (16 KB); it grows by as many."""


class Purpose(StrEnum):
    """What a list says of a certificate."""

    REVOCATION = "revocation"
    SUSPENSION = "suspension"


STATES: Mapping[Purpose, tuple[State, ...]] = MappingProxyType(
    {
        Purpose.REVOCATION: (State.REVOKED, State.CANCELLED, State.SUPERSEDED),
        Purpose.SUSPENSION: (State.SUSPENDED,),
    }
)
"""The states that set a certificate's bit. One that was superseded is out of force for good, like one that was revoked;
one whose term is over says so itself (``validUntil``)."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate as a signed credential."""

    number: str
    text: str


async def credential_of(ports: Ports, number: str) -> Credential:
    """The credential of the certificate with that number; for everybody, like the certificate (7.6)."""
    row = await certificate_by_number(number)
    claims = {**_credential(ports, row), **_signature_claims(ports, CREDENTIAL_SECONDS)}
    return Credential(row.number, signed(ports, claims, VC_JWT))


async def status_list(ports: Ports, purpose: Purpose) -> str:
    """The signed list of that purpose as it stands in the database, at most half a second ago."""
    kept = f"status_list:{purpose}"
    if (known := await ports.cache.get(kept)) is not None:
        return known.decode()
    text = signed(ports, await _list(ports, purpose), VC_JWT)
    await ports.cache.put(kept, text.encode(), FRESH_SECONDS)
    return text


def _credential(ports: Ports, row: Certificate) -> dict[str, Any]:
    issuer, holder, lived = ports.statements.issuer, holder_from_json(row.holder), life_from_json(row.life)
    edition = edition_on(row.issued_on)
    subject = {
        "type": "Enterprise",
        "name": holder.name,
        "uscc": holder.uscc,
        "certificateNumber": row.number,
        "grade": row.grade,
        "gradeName": grade_name(row.grade, edition),
        "categories": list(holder.categories),
        "conditions": list(lived.conditions),
        "standard": "T/ZGJDJX—3—2026",
        "page": ports.links.page(f"/c/{number_in_path(row.number)}"),
        **({"sample": True} if row.enterprise.is_sample or ports.statements.sample else {}),
    }
    return {
        "@context": [CONTEXT, {"@vocab": f"{issuer}/open/v1/terms#"}],
        "id": f"{issuer}/open/v1/certificates/{number_in_path(row.number)}/credential",
        "type": ["VerifiableCredential", "TraceabilityCapabilityCertificate"],
        "issuer": issuer,
        "validFrom": _moment(midnight(row.issued_on)),
        "validUntil": _moment(midnight(row.last_day + timedelta(days=1)) - timedelta(seconds=1)),
        "credentialStatus": [_entry(issuer, purpose, row.serial) for purpose in Purpose],
        "credentialSubject": subject,
    }


def _entry(issuer: str, purpose: Purpose, serial: int) -> dict[str, str]:
    listed = _address(issuer, purpose)
    return {
        "id": f"{listed}#{serial}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose.value,
        "statusListIndex": str(serial),
        "statusListCredential": listed,
    }


async def _list(ports: Ports, purpose: Purpose) -> dict[str, Any]:
    states = [str(state) for state in STATES[purpose]]
    newest = await Certificate.all().order_by("-serial").only("id", "serial").first()
    serials = await Certificate.filter(state__in=states).values_list("serial", flat=True)
    issuer, now = ports.statements.issuer, datetime.fromtimestamp(int(real_seconds()), UTC)
    return {
        "@context": [CONTEXT],
        "id": _address(issuer, purpose),
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": _moment(now),
        "validUntil": _moment(now + timedelta(seconds=LIST_SECONDS)),
        "credentialSubject": {
            "id": f"{_address(issuer, purpose)}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose.value,
            "encodedList": encoded(serials, at_least=0 if newest is None else newest.serial),
            "ttl": TTL_MS,
        },
        **_signature_claims(ports, LIST_SECONDS),
    }


def encoded(serials: Iterable[Any], *, at_least: int) -> str:
    """The bitstring with these bits set, the first at the left of the first byte: gzip, then multibase base64url.

    Long enough for the serial ``at_least``.
    """
    bits = bytearray((at_least // SHORTEST + 1) * SHORTEST // 8)
    for serial in serials:
        bits[serial // 8] |= 0x80 >> serial % 8
    return "u" + urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).rstrip(b"=").decode()


def _address(issuer: str, purpose: Purpose) -> str:
    return f"{issuer}/open/v1/status/{purpose}"


def _signature_claims(ports: Ports, seconds: int) -> dict[str, Any]:
    """``iss`` says the same as ``issuer``; ``iat`` and ``exp`` are those of the signature, not of what is signed."""
    issued = int(real_seconds())
    return {"iss": ports.statements.issuer, "iat": issued, "exp": issued + seconds}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
