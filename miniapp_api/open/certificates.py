"""Certificates and trace codes for partners (7.6, 4.3.3), and certificates as verifiable credentials for anybody."""

from typing import Literal

from pydantic import Field

from miniapp_api.certificates import CertificatePath, CertificateShown, certificate_shown
from miniapp_api.chapter import Chapter
from miniapp_api.findings import FindingShown
from miniapp_api.open.answers import Facts, StatedAnswer, stated
from miniapp_api.shapes import Answer, File, Path, Query, Said
from models import ScanOutcome
from standard.codes import Kind
from standard.validity import LIVE, State
from workflow.certifying import certificate_register
from workflow.certifying.certificate_numbers import number_in_path
from workflow.context import Ports
from workflow.relying import credentials
from workflow.relying.credentials import Purpose
from workflow.relying.partners import Scope
from workflow.scanning.resolution import Resolved, resolve

chapter = Chapter("certificates", "证书、追溯码与可验证凭证")

VC_JWT = "application/vc+jwt"


class CertificateFacts(Facts, CertificateShown):
    """A certificate as its page shows it."""


class CertificateAnswer(StatedAnswer):
    facts: CertificateFacts


class Code(Query):
    code: Said = Field(max_length=500, description="追溯码全文，如 https://id.gs1.org/01/…；放在网址里须百分号编码")


class ProductFact(Answer):
    name: str
    model: str
    category: str
    gtin: str | None


class MakerFact(Answer):
    uscc: str
    name: str
    is_sample: bool


class HeldFact(Answer):
    number: str
    grade: str
    state: State
    state_words: str
    alive: bool


class CodeFacts(Facts):
    """Whose a trace code is; asking for it counts as no look-up of the code."""

    code: str = Field(description="规范写法；不是追溯码的，原样")
    kind: Kind
    outcome: ScanOutcome = Field(
        description="known 查到，unknown 没有登记，not_allowed 不在认可清单，malformed 不合格式"
    )
    findings: list[FindingShown] = Field(description="3.4 对这个码的各条结论")
    product: ProductFact | None
    maker: MakerFact | None
    certificate: HeldFact | None = Field(description="生产企业目前可出示的证书；没有则为最近一张")
    covered: bool = Field(description="证书是否列入该产品的品类")


class CodeAnswer(StatedAnswer):
    facts: CodeFacts


class PurposePath(Path):
    purpose: Literal["revocation", "suspension"] = Field(description="revocation 撤销、注销、换新证；suspension 暂停")


@chapter.get("/certificates/{number}", "证书", scope=Scope.QUERY, shared=True, clause="7.6")
async def certificate(ports: Ports, path: CertificatePath) -> CertificateAnswer:
    shown = certificate_shown(await certificate_register.public_certificate(path.number))
    facts = CertificateFacts.model_validate(shown.model_dump())
    return stated(ports, CertificateAnswer, "certificate", f"certificate:{shown.number}", facts)


@chapter.get(
    "/codes", "追溯码是谁家的什么产品", scope=Scope.QUERY, shared=True, clause="4.3.3", note="不计入查询记录。"
)
async def code(ports: Ports, query: Code) -> CodeAnswer:
    found = await resolve(ports, query.code)
    return stated(ports, CodeAnswer, "code", f"code:{found.key}", _code(found))


@chapter.get(
    "/certificates/{number}/credential",
    "证书的可验证凭证",
    clause="7.6",
    note="W3C Verifiable Credentials 2.0，以 JOSE 签名；无须密钥。",
    media_types=(VC_JWT,),
)
async def credential(ports: Ports, path: CertificatePath) -> File:
    issued = await credentials.credential_of(ports, path.number)
    return File(f"{number_in_path(issued.number)}.jwt", VC_JWT, issued.text.encode())


@chapter.get(
    "/status/{purpose}",
    "凭证的状态列表",
    clause="9.2，9.5",
    note="W3C Bitstring Status List 1.0，以 JOSE 签名；至多半秒前的状态；无须密钥。",
    media_types=(VC_JWT,),
)
async def status_list(ports: Ports, path: PurposePath) -> File:
    listed = await credentials.status_list(ports, Purpose(path.purpose))
    return File(f"{path.purpose}.jwt", VC_JWT, listed.encode())


def _code(found: Resolved) -> CodeFacts:
    product, held = found.product, found.certificate
    state = State.NONE if held is None else State(held.state)
    return CodeFacts(
        code=found.code.canonical or found.code.text,
        kind=found.code.kind,
        outcome=found.outcome,
        findings=[FindingShown.model_validate(finding) for finding in found.findings],
        product=None if product is None else ProductFact.model_validate(product),
        maker=None if product is None else MakerFact.model_validate(product.enterprise),
        certificate=None
        if held is None
        else HeldFact(number=held.number, grade=held.grade, state=state, state_words=state.words, alive=state in LIVE),
        covered=found.covered,
    )
