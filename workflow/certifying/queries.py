"""Anybody's questions about firms: by name, pinyin, initials, credit code or certificate number; free, for good (7.6).

Public are firms with a published result or a certificate: 7.6 opens results and certificates to everybody, 8.3 keeps
all else that a firm hands in confidential, and that it applied at all is part of that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from models import Certificate, Enterprise, Publication
from standard.validity import State
from workflow.access import firm_by_code
from workflow.certifying.certificate_numbers import number_from_path
from workflow.certifying.certificate_register import certificate_to_show
from workflow.context import Ports
from workflow.ports import CursorInvalid
from workflow.problems import Kind, Refused

MOST = 100
"""Firms on one page at most."""
_SHOWN = ("id", "number", "enterprise_id", "grade", "state", "issued_on", "last_day")


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """A certificate in a list; ``grade`` and ``state`` as they stand now."""

    number: str
    grade: str
    state: str
    state_words: str
    issued_on: date
    last_day: date


@dataclass(frozen=True, slots=True)
class FirmHit:
    """A firm that was found; ``certificate`` is the one it may show today, else its latest, else None."""

    enterprise_id: int
    uscc: str
    name: str
    is_sample: bool
    certificate: CertificateLine | None


@dataclass(frozen=True, slots=True)
class PublicationLine:
    """A result that was made public (7.4)."""

    ref: str
    state: str
    published_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class FirmPage:
    """All that is public of one firm, the newest first; ``certificate`` as in :class:`FirmHit`."""

    uscc: str
    name: str
    is_sample: bool
    certificate: CertificateLine | None
    certificates: list[CertificateLine]
    publications: list[PublicationLine]


async def find_firms(
    ports: Ports, text: str, *, limit: int = 20, after: str | None = None
) -> tuple[list[FirmHit], str | None]:
    """The firms that ``text`` may mean, the likeliest first, and the cursor of the next page where there is one.

    Names that begin with the text come before those that hold it, near ones (by sound, one wrong or missing
    character) only where the exact ones leave room on the first page. A whole certificate number leads to its holder.
    A page may be short and yet have a next one. Raises :class:`Refused` ``cursor_invalid``.
    """
    limit = min(max(limit, 1), MOST)
    holder = None if after else await _holder(text)
    if holder is not None:
        return await _hits([holder]), None
    try:
        found, following = await ports.firms.find(text, limit=limit, after=after)
    except CursorInvalid:
        advice = "翻页标记无效：请从第一页重新查询"
        raise Refused(Kind.INVALID, "cursor_invalid", advice, clause="7.6", field="after") from None
    return await _hits(found), following


async def firm_page(uscc: str) -> FirmPage:
    """The public page of one firm; :class:`Refused` ``not_found`` where nothing of it is public."""
    firm = await firm_by_code(uscc.strip().upper())
    if firm is None:
        raise nothing_public()
    certificates = await Certificate.filter(enterprise_id=firm.id).order_by("-serial").only(*_SHOWN)
    published = await Publication.filter(application__enterprise_id=firm.id).order_by("-id")
    if not (certificates or published):
        raise nothing_public()
    return FirmPage(
        uscc=firm.uscc,
        name=firm.name,
        is_sample=firm.is_sample,
        certificate=_current(certificates),
        certificates=[_line(one) for one in certificates],
        publications=[PublicationLine(one.ref, one.state, one.published_at, one.closes_at) for one in published],
    )


def nothing_public() -> Refused:
    """The same answer for a firm that is not here and for one of which nothing is public (8.3)."""
    advice = "没有查到该企业公开的评价结果或证书：请核对统一社会信用代码"
    return Refused(Kind.NOT_FOUND, "not_found", advice, clause="7.6")


async def _holder(text: str) -> int | None:
    """The firm whose certificate has that number."""
    number = number_from_path(text)
    certificate = await Certificate.get_or_none(number=number).only("id", "enterprise_id") if number else None
    return certificate.enterprise_id if certificate else None


async def _hits(found: list[int]) -> list[FirmHit]:
    """The firms in the order found, each with the certificate to show."""
    if not found:
        return []
    firms = {firm.id: firm for firm in await Enterprise.filter(id__in=found).only("id", "uscc", "name", "is_sample")}
    certificates: dict[int, list[Certificate]] = {}
    for one in await Certificate.filter(enterprise_id__in=found).order_by("-serial").only(*_SHOWN):
        certificates.setdefault(one.enterprise_id, []).append(one)
    return [
        FirmHit(one, firms[one].uscc, firms[one].name, firms[one].is_sample, _current(certificates.get(one, [])))
        for one in found
    ]


def _current(certificates: Iterable[Certificate]) -> CertificateLine | None:
    """The line of the certificate to show, of certificates the newest first."""
    shown = certificate_to_show(certificates)
    return None if shown is None else _line(shown)


def _line(certificate: Certificate) -> CertificateLine:
    return CertificateLine(
        number=certificate.number,
        grade=certificate.grade,
        state=certificate.state,
        state_words=State(certificate.state).words,
        issued_on=certificate.issued_on,
        last_day=certificate.last_day,
    )
