"""Adoptions of a firm's result put on record by a customer's own tendering system (8.2(1), 8.5(1))."""

from typing import Literal

from pydantic import Field

from miniapp_api.adopted import AdoptionStands, stands
from miniapp_api.chapter import Chapter
from miniapp_api.findings import FindingShown, findings_of
from miniapp_api.open.answers import Facts, StatedAnswer, stated
from miniapp_api.shapes import Answer, Body, File, Path, Query, Ref, Said, Uscc
from models import Adoption, AdoptionFileState, AdoptionWay, Filer, Partner, PartnerKind
from workflow.context import Ports
from workflow.credit import adoptions
from workflow.relying.partners import Scope

chapter = Chapter("adoptions", "采信备案")

CUSTOMERS = (PartnerKind.CUSTOMER,)


class Adopting(Body):
    supplier_uscc: Uscc
    tender_number: Said = Field(max_length=100, description="招标（采购）编号，与文件上的一致")
    tender_role: Literal["tenderer", "agency", "buyer"] = Field(
        description="采购单位的角色：招标人、招标代理机构、采购人"
    )
    customer_name: Said = Field(max_length=200, description="采购单位全称")
    customer_uscc: Uscc
    way: Literal["uploaded", "obtained"] = Field(
        description="uploaded 随后上传招标文件和中标通知书；obtained 已从平台获取评价结果作为依据"
    )
    confirmation: Ref | None = Field(None, description="确认书编号，有则填写")


class AdoptionPath(Path):
    ref: Ref


class Paper(Query):
    kind: Literal["tender_document", "award_notice"] = Field(description="招标采购文件、中标通知书")
    name: Said = Field(max_length=200, description="文件名")


class PaperFact(Answer):
    kind: str
    name: str
    state: AdoptionFileState
    findings: list[FindingShown]


class AdoptionFacts(AdoptionStands, Facts):
    files: list[PaperFact]


class AdoptionAnswer(StatedAnswer):
    facts: AdoptionFacts


@chapter.post(
    "/adoptions",
    "登记一次招标采信",
    status=201,
    scope=Scope.ADOPT,
    kinds=CUSTOMERS,
    clause="8.2(1)，8.5(1)",
    note="先收存，随后核验；核验有效才计分。同一招标只计一次（8.5(2)，R16）。",
)
async def file_adoption(ports: Ports, partner: Partner, body: Adopting, key: str) -> AdoptionAnswer:
    new = adoptions.NewAdoption(
        body.supplier_uscc,
        body.tender_number,
        body.tender_role,
        body.customer_name,
        body.customer_uscc,
        AdoptionWay(body.way),
    )
    made = await adoptions.file_adoption(
        ports, Filer.PARTNER, new, key, partner=partner, confirmation_ref=body.confirmation
    )
    return await _adoption(ports, await adoptions.adoption_of(made.ref, partner=partner))


@chapter.post(
    "/adoptions/{ref}/files",
    "补充一份文件",
    status=201,
    scope=Scope.ADOPT,
    kinds=CUSTOMERS,
    clause="8.5(1)",
    note="正文就是文件本身（PDF、JPEG、PNG）。同一份文件重发不重复收存。",
)
async def add_file(ports: Ports, partner: Partner, path: AdoptionPath, query: Paper, body: File) -> AdoptionAnswer:
    found = await adoptions.adoption_of(path.ref, partner=partner)
    await adoptions.add_file(ports, found, query.kind, query.name, body.data)
    return await _adoption(ports, found)


@chapter.get("/adoptions/{ref}", "一份采信记录及其结论", scope=Scope.ADOPT, kinds=CUSTOMERS, clause="8.2(2)")
async def adoption(ports: Ports, partner: Partner, path: AdoptionPath) -> AdoptionAnswer:
    return await _adoption(ports, await adoptions.adoption_of(path.ref, partner=partner))


async def _adoption(ports: Ports, found: Adoption) -> AdoptionAnswer:
    files = [
        PaperFact(
            kind=file.kind,
            name=file.name,
            state=AdoptionFileState(file.state),
            findings=findings_of(file.findings),
        )
        for file in await adoptions.files_of(found)
    ]
    facts = AdoptionFacts(**stands(found), files=files)
    return stated(ports, AdoptionAnswer, "adoption", f"adoption:{found.ref}", facts)
