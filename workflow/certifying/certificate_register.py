"""The public register: what everybody may see of a certificate (7.6), and whether a file is one of ours (B, note 4)."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from inspection.identify import MediaType, identify
from models import (
    Application,
    ApplicationState,
    Certificate,
    Confirmation,
    Event,
    FilingState,
    MonthlyFiling,
    Rendering,
    RenderingState,
)
from models.prepared import Prepared
from standard import life
from standard.calendar import shanghai_day
from standard.months import MonthState, months_due
from standard.profile import Edition, edition_on
from standard.validity import LIVE, State, state_on_face
from workflow.access import not_found
from workflow.certifying.certificate_life import grade_name, holder_from_json, life_from_json
from workflow.certifying.certificate_months import turn_is_over
from workflow.certifying.certificate_numbers import certificate_path, number_from_path
from workflow.context import Ports
from workflow.ports import SignatureVerdict
from workflow.problems import Kind, Refused

PUBLISHED, NOTED = "certificate:publish", "certificate:register_note"
"""Events that are public, with their words: the certificate's history (7.6)."""

NOT_ONLINE = "企业申报所评价的产品不在网售平台销售，网售平台核验各项不适用（R37）。"
"""Stands below the notes of Appendix B where the firm declared so."""


AHEAD, UNOPENED, MADE_UP_LATE = "ahead", "unopened", "made_up_late"
"""A month that is due later in the term; one that was made up only after its days (6.1(5))."""


@dataclass(frozen=True, slots=True)
class PublicMonth:
    """One month of the record: ``2026-12``, its state and the Chinese for it.

    States are those of ``standard.months.MonthState``; in a term's ``year`` also :data:`AHEAD`,
    :data:`UNOPENED` and :data:`MADE_UP_LATE`.
    """

    month: str
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class PublicCertificate:
    """What everybody may see of a certificate (7.6); days are Shanghai days.

    ``state_words`` is what stands on it, ``continued_through`` a month (``2026-12``), ``history`` what was made public
    about it, each a day and a sentence, the newest first. ``months`` are those with a record, ``year`` all that are due
    in its term (R1), or were until it ended, in their order. ``revision`` is the newest rendering; ``pdf_ready``
    whether a signed one is there.
    """

    number: str
    path: str
    grade: str
    grade_name: str
    state: str
    state_words: str
    alive: bool
    enterprise: str
    uscc: str
    address: str
    categories: tuple[str, ...]
    issued_on: date
    last_day: date
    as_of: date
    continued_through: str
    months: tuple[PublicMonth, ...]
    year: tuple[PublicMonth, ...]
    points: int
    conditions: tuple[str, ...]
    remarks: tuple[str, ...]
    is_sample: bool
    previous: str
    successor: str
    revision: int
    pdf_ready: bool
    history: tuple[tuple[date, str], ...]


LOST = (MonthState.MISSED, MonthState.ON_TIME_FAILED)
"""States whose month may still be made up, and then is restored, not on time."""

_MONTH_WORDS = {
    "open": "提报中",
    "warned": "预警，待补报",
    "on_time": "按时合规",
    "on_time_failed": "不合规",
    "made_up": "补报合规",
    "missed": "未提报",
    MADE_UP_LATE: "逾期补报",
    AHEAD: "未到",
    UNOPENED: "未开放，不计",
}


async def certificate_by_number(number: str) -> Certificate:
    """The certificate with that number, however it is written; for everybody. :class:`Refused` where there is none."""
    known = number_from_path(number)
    found = None if known is None else await Certificate.get_or_none(number=known).prefetch_related("enterprise")
    if found is None:
        advice = "没有这个编号的证书：请核对编号，例如 T/CMIF-2026-000001"
        raise Refused(Kind.NOT_FOUND, "certificate_unknown", advice, clause="7.6")
    return found


async def certificates_of(enterprise_id: int) -> list[Certificate]:
    """All certificates of a firm, the newest first; public (7.6)."""
    return await Certificate.filter(enterprise_id=enterprise_id).order_by("-id").prefetch_related("enterprise")


async def public_certificate(number: str) -> PublicCertificate:
    """What everybody may see of the certificate with that number."""
    return await shown(await certificate_by_number(number))


async def shown(row: Certificate) -> PublicCertificate:
    """What everybody may see of a certificate, whose ``enterprise`` is fetched."""
    now, holder = life_from_json(row.life), holder_from_json(row.holder)
    signed = await Rendering.filter(certificate_id=row.id, state=RenderingState.SIGNED).order_by("-revision").first()
    public = await Event.filter(subject_kind="certificate", subject_id=row.id, action__in=[PUBLISHED, NOTED]).order_by(
        "-id"
    )
    edition = edition_on(row.issued_on)
    return PublicCertificate(
        number=row.number,
        path=certificate_path(row.number),
        grade=row.grade,
        grade_name=grade_name(row.grade, edition),
        state=row.state,
        state_words=state_on_face(State(row.state), now.continued_through, edition),
        alive=row.state in LIVE,
        enterprise=holder.name,
        uscc=holder.uscc,
        address=holder.address,
        categories=holder.categories,
        issued_on=row.issued_on,
        last_day=row.last_day,
        as_of=now.as_of,
        continued_through=str(now.continued_through),
        months=public_months(now),
        year=await _year(row, now, edition),
        points=row.points,
        conditions=now.conditions,
        remarks=await remarks_of(row),
        is_sample=row.enterprise.is_sample,
        previous=now.previous,
        successor=now.successor,
        revision=row.revision,
        pdf_ready=signed is not None,
        history=tuple((shanghai_day(event.at), event.after["text"]) for event in public),
    )


CERTIFICATES = Prepared(lambda firms: Certificate.filter(enterprise_id__in=firms).order_by("-serial"))
"""Of firms by their ids, the newest first."""


async def certificate_alive(enterprise_id: int) -> Certificate | None:
    """The certificate that a firm has now; there is one at the most (R43)."""
    return await Certificate.filter(enterprise_id=enterprise_id, state__in=LIVE).order_by("-id").first()


def certificate_to_show(certificates: Iterable[Certificate]) -> Certificate | None:
    """Of a firm's certificates, the newest first: the newest that is alive, else the newest; None where it has none."""
    ranked = sorted(certificates, key=lambda one: State(one.state) not in LIVE)
    return ranked[0] if ranked else None


async def year_of(row: Certificate) -> tuple[PublicMonth, ...]:
    """The months of a certificate's term, as in :attr:`PublicCertificate.year`."""
    return await _year(row, life_from_json(row.life), edition_on(row.issued_on))


def public_months(lived: life.Certificate) -> tuple[PublicMonth, ...]:
    """The months of a certificate that have a record."""
    return tuple(
        PublicMonth(str(record.month), record.state.value, _MONTH_WORDS[record.state.value]) for record in lived.months
    )


_OPEN_MONTHS = Prepared(lambda certificate: MonthlyFiling.filter(certificate_id=certificate, state=FilingState.OPEN))


async def _year(row: Certificate, now: life.Certificate, edition: Edition) -> tuple[PublicMonth, ...]:
    """Every month that is due in the term, with where it stands; of a certificate that ended, those that came."""
    open_ = [filing.month for filing in await _OPEN_MONTHS(row.id)]
    due = months_due(row.issued_on, row.last_day, edition) if row.state in LIVE else ()
    states = {
        **{str(month): UNOPENED if turn_is_over(row, month, edition) else AHEAD for month in due},
        **dict.fromkeys(map(str, open_), MonthState.OPEN.value),
        **{
            str(one.month): MADE_UP_LATE if one.settled and one.state in LOST else one.state.value for one in now.months
        },
    }
    return tuple(PublicMonth(month, states[month], _MONTH_WORDS[states[month]]) for month in sorted(states))


async def pdf_of(ports: Ports, number: str, revision: int | None = None) -> tuple[bytes, Rendering]:
    """The signed PDF, the newest or that ``revision``; public as the certificate is (7.6)."""
    rendering = await _signed(number, revision)
    assert rendering.pdf_key is not None
    return await ports.storage.get(rendering.pdf_key), rendering


async def png_of(ports: Ports, number: str) -> bytes:
    """The newest signed rendering as a picture; it carries no signature."""
    rendering = await _signed(number, None)
    assert rendering.png_key is not None
    return await ports.storage.get(rendering.png_key)


async def _signed(number: str, revision: int | None) -> Rendering:
    row = await certificate_by_number(number)
    signed = Rendering.filter(certificate_id=row.id, state=RenderingState.SIGNED)
    if revision is not None:
        # What was never drawn is not asked for: the database takes no number of any length.
        rendering = await signed.get_or_none(revision=revision) if revision <= row.revision else None
        if rendering is None:
            raise not_found()
        return rendering
    newest = await signed.order_by("-revision").first()
    if newest is None:
        advice = "证书文件正在生成，请稍后再试"
        raise Refused(Kind.UNAVAILABLE, "certificate_not_ready", advice, clause="7.5(1)", retry_after=10)
    return newest


# --- checking --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether a PDF is one of ours, by its bytes and its signature, never by what its pages say.

    ``outcome``: ``current``, ``historic``, ``unknown`` (our signature, and no record of it), ``altered``, ``not_ours``.
    """

    outcome: str
    sentence: str
    certificate: PublicCertificate | None = None
    signature: SignatureVerdict | None = None
    revision: int | None = None


async def verify_pdf(ports: Ports, data: bytes) -> Verified:
    """What a PDF that somebody shows us is worth (note 4 of Appendix B); any bytes may come.

    The hash of the whole file decides where we know it: then it is, to the byte, what was signed and recorded.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    known = await Rendering.get_or_none(pdf_sha256=sha256, state=RenderingState.SIGNED)
    if known is not None:
        return await _known(known)
    given = await Confirmation.get_or_none(pdf_sha256=sha256, state=RenderingState.SIGNED)
    if given is not None:
        return await _given(given)
    if len(data) > ports.max_bytes or identify(data) is not MediaType.PDF:
        return Verified("not_ours", "这不是平台签发的电子证书：平台签发的证书是 PDF 文件。请上传从平台下载的原文件。")
    verdict = await ports.certifier.verify(data)
    if verdict is None or not verdict.ours:
        return Verified(
            "not_ours",
            "这份文件没有平台的电子签名，不是平台签发的原文件（打印、转换或另存都会丢失签名）。"
            "请上传从平台下载的原文件，或扫描证书上的二维码核验。",
            signature=verdict,
        )
    row = None if verdict.number is None else await Certificate.get_or_none(number=verdict.number)
    certificate = None
    if row is not None:
        await row.fetch_related("enterprise")
        certificate = await shown(row)
    named = _named(verdict)
    if not verdict.intact:
        sentence = f"文件已被改动：它带有平台对{named}的签名，但内容与签名不符。请勿采信，以平台上的证书页为准。"
        return Verified("altered", sentence, certificate, verdict, verdict.revision)
    sentence = (
        f"签名有效，但平台没有签发过这一份文件的记录（{named.strip()}）。"
        "请勿采信，以平台上的证书页为准，并联系运营方核实。"
    )
    return Verified("unknown", sentence, certificate, verdict, verdict.revision)


async def _known(rendering: Rendering) -> Verified:
    row = await Certificate.get(id=rendering.certificate_id).prefetch_related("enterprise")
    certificate = await shown(row)
    now = f"证书当前状态：{certificate.state_words}"
    if rendering.revision == row.revision:
        sentence = f"真实的原文件：证书 {row.number} 的最新版本，截至 {rendering.as_of}，内容未被改动。{now}。"
        return Verified("current", sentence, certificate, None, rendering.revision)
    sentence = (
        f"真实的原文件，但是历史版本：证书 {row.number} 截至 {rendering.as_of} 的第 {rendering.revision} 版，"
        f"此后证书已有更新（现为第 {row.revision} 版）。{now}。"
    )
    return Verified("historic", sentence, certificate, None, rendering.revision)


def _named(verdict: SignatureVerdict) -> str:
    if verdict.confirmation:
        return f"确认书 {verdict.confirmation} "
    return f"证书 {verdict.number} " if verdict.number else "一份平台签发的证书"


async def _given(confirmation: Confirmation) -> Verified:
    """A confirmation: as good as what it says still stands."""
    row = await Certificate.get(id=confirmation.certificate_id).prefetch_related("enterprise")
    certificate = await shown(row)
    said = f"真实的原文件：供应商追溯能力等级确认书，{confirmation.face['as_of_words']}，内容未被改动。"
    now = f"证书当前状态：{certificate.state_words}"
    if confirmation.face["revision"] == row.revision:
        return Verified("current", f"{said}此后证书没有变化。{now}。", certificate)
    sentence = f"{said}此后证书已有更新，请以证书页面为准。{now}。"
    return Verified("historic", sentence, certificate)


async def remarks_of(row: Certificate) -> tuple[str, ...]:
    """What has to be said on a certificate beside the notes of Appendix B."""
    return remarks(sells_online=(await sells_online([row]))[row.id])


async def sells_online(rows: Sequence[Certificate]) -> dict[int, bool]:
    """Whether the firms of these certificates declared that they sell online (R37), by the certificate's id: in the
    application that it was issued for, or in the latest upgrade review that raised it."""
    issued_for = {row.application_id: row.id for row in rows}
    first = await Application.filter(id__in=list(issued_for)).values_list("id", "sells_online")
    raised = Application.filter(upgrades_id__in=list(issued_for.values()), state=ApplicationState.CERTIFIED)
    since = await raised.order_by("id").values_list("upgrades_id", "sells_online")
    return {issued_for[application]: declared for application, declared in first} | dict(since)


def remarks(*, sells_online: bool) -> tuple[str, ...]:
    """The same, by what the firm declared in its application."""
    return () if sells_online else (NOT_ONLINE,)
