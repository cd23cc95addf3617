"""Adoptions of a firm's result in tenders: put on record with their papers, and the points they score (8.2(1), 8.5)."""

from datetime import date
from typing import Literal

from pydantic import Field

from miniapp_api.adopted import AdoptionStands, stands
from miniapp_api.chapter import Chapter, Rate
from miniapp_api.findings import FindingShown
from miniapp_api.firms import FirmPath
from miniapp_api.shapes import Answer, Body, File, Form, Moment, Path, Ref, Said, Uscc
from models import Adoption, AdoptionFileState, AdoptionWay, Filer
from standard.calendar import shanghai_day
from workflow.access import Asker, firm_of_members
from workflow.certifying.credit_ledger import ledger_of, points_of
from workflow.context import Ports
from workflow.credit import adoption_judging, adoptions
from workflow.credit.adoption_judging import LONGEST_WORD, SHORTEST_WORD
from workflow.credit.adoptions import NewAdoption, Paper
from workflow.intake.uploads import PDF, PICTURES

chapter = Chapter("adoptions", "招标采信与资信分值")


class Adopting(Form):
    filed_by: Literal["customer", "supplier"] = Field("customer", description="谁登记：采购单位，或被采信的企业自己")
    supplier_uscc: Uscc
    tender_number: Said = Field(max_length=100, description="招标（采购）编号，与文件上的一致")
    tender_role: Literal["tenderer", "agency", "buyer"] = Field(
        description="采购单位的角色：招标人、招标代理机构、采购人"
    )
    customer_name: Said = Field(max_length=200, description="采购单位全称")
    customer_uscc: str = Field(
        "", max_length=18, description="采购单位的统一社会信用代码；企业自己登记且不知道的可不填"
    )
    way: AdoptionWay = Field(
        AdoptionWay.UPLOADED, description="uploaded 上传招标文件和中标通知书；obtained 已从平台获取确认书"
    )
    confirmation: Ref | None = Field(None, description="确认书编号，way 为 obtained 时填写")
    tender_document: list[File] = Field(default_factory=list, description="招标采购文件，含采信要求")
    award_notice: list[File] = Field(default_factory=list, description="中标通知书")


class AddingFile(Form):
    kind: Literal["tender_document", "award_notice"]
    file: File


class AdoptionFileShown(Answer):
    ref: str
    kind: str
    name: str
    state: AdoptionFileState
    filed_at: Moment
    judged_at: Moment | None
    findings: list[FindingShown]


class AdoptionShown(AdoptionStands):
    filed_by: Filer
    files: list[AdoptionFileShown] = Field(description="登记的一方和运营可见，其他人得到空列表（8.3）")


class Adoptions(Answer):
    items: list[AdoptionShown]


class AdoptionPath(Path):
    ref: Ref


class AdoptionFilePath(AdoptionPath):
    file: Ref


class Establishing(Body):
    established: Said = Field(min_length=SHORTEST_WORD, max_length=LONGEST_WORD, description="怎样查实的")


class EntryShown(Answer):
    kind: str = Field(description="adoption 采信，false_record 虚假记录扣分，revocation 撤销清零")
    on: date
    year: int
    points: int
    reason: str


class CreditShown(Answer):
    """The firm's ledger, for its members."""

    balance: int
    year: int
    year_points: int
    barred_through: date | None = Field(description="取消加分资格的最后一天（8.5(4)）")
    adoptions_12m: int = Field(description="近 12 个月有效采信记录（R4）")
    entries: list[EntryShown] = Field(description="全部分录，最新的在前")


@chapter.post(
    "/adoptions",
    "登记一次招标采信",
    status=201,
    rate=Rate.UPLOAD,
    clause="8.2(1)，8.5(1)",
    note="先收存，随后核验；核验有效才计分。断线后带同一个 Idempotency-Key 重发，得到同一份记录。",
)
async def file_adoption(ports: Ports, asker: Asker, body: Adopting, key: str) -> AdoptionShown:
    new = NewAdoption(
        body.supplier_uscc, body.tender_number, body.tender_role, body.customer_name, body.customer_uscc, body.way
    )
    papers = [
        Paper(kind, file.name, file.data)
        for kind, files in (("tender_document", body.tender_document), ("award_notice", body.award_notice))
        for file in files
    ]
    made = await adoptions.file_with_papers(
        ports, Filer(body.filed_by), new, key, papers, asker=asker, confirmation_ref=body.confirmation
    )
    return await _adoption(asker, await adoptions.adoption_of(made.ref, asker=asker))


@chapter.get("/adoptions", "我登记的采信，最新的在前", clause="8.2(1)")
async def my_adoptions(asker: Asker) -> Adoptions:
    return Adoptions(items=[await _adoption(asker, one) for one in await adoptions.filed_by_person(asker)])


@chapter.get("/adoptions/{ref}", "一份采信记录及其结论", clause="8.2(2)")
async def adoption(asker: Asker, path: AdoptionPath) -> AdoptionShown:
    return await _adoption(asker, await adoptions.adoption_of(path.ref, asker=asker))


@chapter.post("/adoptions/{ref}/files", "补充一份文件", status=201, rate=Rate.UPLOAD, clause="8.5(1)")
async def add_adoption_file(
    ports: Ports, asker: Asker, path: AdoptionPath, body: AddingFile, key: str
) -> AdoptionFileShown:
    found = await adoptions.adoption_to_add_to(asker, path.ref)
    made = await adoptions.add_file(ports, found, body.kind, body.file.name, body.file.data)
    return AdoptionFileShown.model_validate(made)


@chapter.get(
    "/adoptions/{ref}/files/{file}",
    "采信文件原件",
    clause="8.3",
    note="登记的一方和运营可见。",
    media_types=(*PICTURES, PDF),
)
async def adoption_file(ports: Ports, asker: Asker, path: AdoptionFilePath) -> File:
    data, media_type, name = await adoptions.file_bytes(ports, asker, path.ref, path.file)
    return File(name, media_type, data)


@chapter.post(
    "/adoptions/{ref}/false-record", "查实虚假采信", clause="8.5(4)", note="运营；扣分、公示，企业自己登记的另立案。"
)
async def establish_false(ports: Ports, asker: Asker, path: AdoptionPath, body: Establishing) -> AdoptionShown:
    return await _adoption(asker, await adoption_judging.establish_false(ports, asker, path.ref, body.established))


@chapter.get("/firms/{uscc}/adoptions", "本企业被采信的记录（成员可见）", clause="8.2(1)")
async def adoptions_of_firm(asker: Asker, path: FirmPath) -> Adoptions:
    firm, _ = await firm_of_members(asker, path.uscc)
    return Adoptions(items=[await _adoption(asker, one) for one in await adoptions.of_supplier(asker, firm.id)])


@chapter.get("/firms/{uscc}/credit", "资信分值台账（成员可见）", clause="8.5(2)")
async def credit_of_firm(ports: Ports, asker: Asker, path: FirmPath) -> CreditShown:
    firm, _ = await firm_of_members(asker, path.uscc)
    points = await points_of(firm.id, shanghai_day(ports.clock.now()))
    return CreditShown(
        balance=points.balance,
        year=points.year,
        year_points=points.of_year,
        barred_through=points.barred_through,
        adoptions_12m=points.adoptions_12m,
        entries=[
            EntryShown(kind=one.kind, on=shanghai_day(one.at), year=one.year, points=one.points, reason=one.reason)
            for one in reversed(await ledger_of(firm.id))
        ],
    )


async def _adoption(asker: Asker, row: Adoption) -> AdoptionShown:
    files = [AdoptionFileShown.model_validate(file) for file in await adoptions.files_for(asker, row)]
    return AdoptionShown(**stands(row), filed_by=Filer(row.filed_by), files=files)
