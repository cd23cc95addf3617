"""Anybody's questions: firms, certificates, and whether a certificate's file is genuine (7.6, B)."""

from datetime import date
from typing import Literal

from pydantic import Field

from miniapp_api.chapter import Chapter, Rate
from miniapp_api.firms import FirmPath
from miniapp_api.shapes import Answer, File, Form, Moment, Page, Paging, Path, Query, Said
from models import PublicationState
from workflow.certifying import certificate_register, queries
from workflow.certifying.certificate_numbers import number_in_path
from workflow.certifying.certificate_register import PublicCertificate
from workflow.context import Ports
from workflow.credit.credit_public import public_credit

chapter = Chapter("queries", "查询与核验")

NEVER_STALE = 0
"""Seconds that a cache may answer with a certificate's state unasked: a revocation is seen everywhere at once."""
PDF, PNG = "application/pdf", "image/png"


class CertificateLine(Answer):
    number: str
    grade: str
    state: str
    state_words: str
    issued_on: date
    last_day: date


class FirmFound(Answer):
    uscc: str
    name: str
    is_sample: bool
    certificate: CertificateLine | None = Field(description="目前有效的证书；没有则为最近一张")


class PublicationLine(Answer):
    ref: str
    state: PublicationState
    published_at: Moment
    closes_at: Moment


class Note(Answer):
    on: date
    words: str


class FirmRecord(FirmFound):
    """All that is public of one firm, the newest first."""

    certificates: list[CertificateLine]
    publications: list[PublicationLine]
    points: int = Field(description="累计资信分值（8.5(2)）")
    year: int
    year_points: int = Field(description="该自然年的资信分值（R16）")
    praised_by: int = Field(description="给出正面反馈的实名客户数（8.2(2)；内容不公开，8.3）")
    notices: list[Note] = Field(description="公示的虚假采信（8.5(4)），最新的在前")


class Month(Answer):
    month: str
    state: str
    words: str


class CertificateShown(Answer):
    number: str
    path: str = Field(description="证书页的路径，证书上的二维码指向它")
    grade: str
    grade_name: str
    state: str
    state_words: str
    alive: bool = Field(description="true：今天可以出示")
    enterprise: str
    uscc: str
    address: str
    categories: list[str]
    issued_on: date
    last_day: date
    as_of: date
    continued_through: str
    months: list[Month] = Field(description="已有结论的月份")
    year: list[Month] = Field(description="有效期内应提报的全部月份；未到的为 ahead，逾期后补报的为 made_up_late")
    points: int
    conditions: list[str]
    remarks: list[str] = Field(description="证书上的附注，如没有网上销售（R37）")
    is_sample: bool
    previous: str
    successor: str
    revision: int
    pdf_ready: bool
    history: list[Note] = Field(description="公开记录，最新的在前")


class Verified(Answer):
    outcome: Literal["current", "historic", "unknown", "altered", "not_ours"]
    sentence: str
    certificate: CertificateShown | None
    revision: int | None
    signer: str | None
    signed_at: Moment | None


class Searching(Paging):
    q: Said = Field(max_length=100, description="企业名称（片段、拼音、首字母）、统一社会信用代码或证书编号")


class CertificatePath(Path):
    number: str = Field(max_length=60, description="证书编号，斜杠写作横线", examples=["T-CMIF-2026-000001"])


class Revision(Query):
    revision: int | None = Field(None, ge=1, le=10**6, description="第几版；不填为最新一版")


class Suspect(Form):
    file: File = Field(description="要核验的 PDF")


@chapter.get("/firms", "查企业", rate=Rate.SEARCH, clause="7.6", public_seconds=NEVER_STALE)
async def find_firms(ports: Ports, query: Searching) -> Page[FirmFound]:
    found, following = await queries.find_firms(ports, query.q, limit=query.limit, after=query.after)
    return Page(items=[FirmFound.model_validate(hit) for hit in found], next=following)


@chapter.get("/firms/{uscc}/record", "一家企业的公开记录", clause="7.6", public_seconds=NEVER_STALE)
async def firm_record(ports: Ports, path: FirmPath) -> FirmRecord:
    page = await queries.firm_page(path.uscc)
    credit = await public_credit(ports, page.uscc)
    given = {name: getattr(page, name) for name in FirmRecord.model_fields if hasattr(page, name)}
    given |= {name: getattr(credit, name) for name in ("points", "year", "year_points", "praised_by")}
    return FirmRecord.model_validate({**given, "notices": [Note(on=on, words=words) for on, words in credit.notices]})


@chapter.get("/certificates/{number}", "证书", clause="7.6", public_seconds=NEVER_STALE)
async def certificate(path: CertificatePath) -> CertificateShown:
    return certificate_shown(await certificate_register.public_certificate(path.number))


@chapter.get("/certificates/{number}/pdf", "证书 PDF", clause="7.5(1)", media_types=(PDF,), public_seconds=NEVER_STALE)
async def certificate_pdf(ports: Ports, path: CertificatePath, query: Revision) -> File:
    data, rendering = await certificate_register.pdf_of(ports, path.number, query.revision)
    return File(f"{number_in_path(rendering.face['number'])}-{rendering.revision}.pdf", PDF, data)


@chapter.get("/certificates/{number}/png", "证书图片", clause="7.5(1)", media_types=(PNG,), public_seconds=NEVER_STALE)
async def certificate_png(ports: Ports, path: CertificatePath) -> File:
    return File(f"{number_in_path(path.number)}.png", PNG, await certificate_register.png_of(ports, path.number))


@chapter.post("/verifications", "核验证书文件", rate=Rate.CHECK, clause="附录 B 注 4")
async def verify_certificate(ports: Ports, body: Suspect) -> Verified:
    found = await certificate_register.verify_pdf(ports, body.file.data)
    return Verified.model_validate(
        {
            "outcome": found.outcome,
            "sentence": found.sentence,
            "certificate": certificate_shown(found.certificate) if found.certificate else None,
            "revision": found.revision,
            "signer": found.signature.signer if found.signature else None,
            "signed_at": found.signature.signed_at if found.signature else None,
        }
    )


def certificate_shown(shown: PublicCertificate) -> CertificateShown:
    """As it is answered."""
    history = [Note(on=on, words=words) for on, words in shown.history]
    given = {name: getattr(shown, name) for name in CertificateShown.model_fields if name != "history"}
    return CertificateShown.model_validate({**given, "history": history})
