"""A photo of a code, sent in chat by somebody who belongs to no firm: they want to know whose it is (4.3.3).

Such a photo is inspected like any other; where it shows a code and no certificate, its answer is that of a look-up.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from inspection.subject import Subject, subject_of
from models import Certificate, Photo, Road, WeChatIdentity
from workflow.access import Asker
from workflow.certifying.certificate_numbers import number_from_link
from workflow.context import Ports
from workflow.monthly.month_photos import Told
from workflow.relying.grade_card_wording import card_words
from workflow.relying.grade_cards import grade_card
from workflow.relying.watching import watches
from workflow.scanning.resolution import resolve
from workflow.scanning.scan_wording import chat_words
from workflow.scanning.scans import Visit, look_up, seen, visitor_hash

LATELY = timedelta(hours=24)
"""How long after its photo a code can still be meant by a word."""
CERTIFICATE_INSTEAD = "要检查合格证印刷，请把整张合格证正对着再拍一张。"


def chat_visit(ports: Ports, identity: WeChatIdentity, road: Road) -> Visit:
    """A look-up by somebody in chat."""
    return Visit(road, visitor_hash(ports, "chat", str(identity.id)))


async def look_up_photo(ports: Ports, photo: Photo, report: Mapping[str, Any]) -> None:
    """Outside any transaction, once the photo (with ``identity``) was inspected: where it is such a one, its code has
    been looked up. Repeating it counts nothing more for a visitor's day."""
    text = _code_on(photo, report)
    if text is not None and photo.identity is not None and number_from_link(ports.links, text) is None:
        await look_up(ports, text, chat_visit(ports, photo.identity, Road.PHOTO))


async def told_of(ports: Ports, photo: Photo) -> Told | None:
    """What the chat's answer says of such a photo (with ``identity`` and ``inspection``); None for any other."""
    if photo.inspection is None or photo.identity is None:
        return None
    if (card := await _card_of(ports, photo.identity, photo.inspection.report)) is not None:
        return Told(card, alone=True)
    text = _code_on(photo, photo.inspection.report)
    if text is None:
        return None
    found = await seen(await resolve(ports, text), chat_visit(ports, photo.identity, Road.PHOTO).visitor)
    return Told(f"{chat_words(ports.links, found, ports.clock.now())}\n{CERTIFICATE_INSTEAD}", alone=True)


async def photographed(ports: Ports, identity: WeChatIdentity) -> str | None:
    """The code on this person's latest photo of a day; None where there is none."""
    photo = (
        await Photo.filter(
            identity_id=identity.id, inspection_id__not_isnull=True, received_at__gte=ports.clock.now() - LATELY
        )
        .order_by("-id")
        .first()
        .prefetch_related("inspection")
    )
    return _first_code(photo.inspection.report) if photo is not None and photo.inspection is not None else None


async def _card_of(ports: Ports, identity: WeChatIdentity, report: Mapping[str, Any]) -> str | None:
    """The grade card of the firm whose certificate (Appendix B) the photo shows, by its QR code; None for any other."""
    number = number_from_link(ports.links, _first_code(report) or "")
    found = await Certificate.get_or_none(number=number).only("id", "enterprise_id") if number else None
    if found is None:
        return None
    card = await grade_card(ports, found.enterprise_id)
    watched = identity.person_id is not None and await watches(Asker(identity.person_id), card.uscc)
    return card_words(ports.links, card, watched=watched)


def _code_on(photo: Photo, report: Mapping[str, Any]) -> str | None:
    """The code of a consumer's photo; None where its sender has a firm, or a certificate is in sight."""
    if photo.identity is None or photo.identity.staff_id is not None:
        return None
    if report["px_per_mm"] is not None or subject_of(report) is not Subject.BODY:
        return None
    return _first_code(report)


def _first_code(report: Mapping[str, Any]) -> str | None:
    """The text of the code that was judged (R51); what was dropped (R54) is none."""
    codes = report.get("codes") or []
    return str(codes[0]["text"]) if codes and codes[0].get("text") else None
