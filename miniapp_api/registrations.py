"""Registering a firm with its licence, and what the check said (7.1(1), 7.2(1))."""

from typing import Literal

from pydantic import Field

from miniapp_api.chapter import Chapter, Rate
from miniapp_api.findings import FindingShown, findings_of
from miniapp_api.shapes import Answer, File, Form, Moment, Path, Ref, Said, Uscc
from models import Registration, RegistrationState
from workflow.access import Asker
from workflow.context import Ports
from workflow.firms import registration
from workflow.firms.registration import RegistrationForm

chapter = Chapter("registrations", "实名注册")


class Registering(Form):
    uscc: Uscc
    name: Said = Field(max_length=200, description="企业名称，与营业执照一致")
    address: Said = Field(max_length=300, description="生产地址")
    legal_representative: Said = Field(max_length=60, description="法定代表人，与营业执照一致")
    organisation_role: Literal["maker", "seller", "distributor", "buyer"] = Field(
        "maker", description="maker 生产，seller 销售，distributor 经销，buyer 只采购（8.2(2)）"
    )
    applicant_name: Said = Field(max_length=60, description="办理人姓名")
    title: str = Field("", max_length=40, description="办理人职务")
    licence: File = Field(description="营业执照扫描件或照片")


class RegistrationShown(Answer):
    ref: str
    state: RegistrationState = Field(
        description="checking 核对中，verified 已通过，mend 需更正后重新提交，disputed 已有管理员、等待平台裁决"
    )
    uscc: str
    name: str
    findings: list[FindingShown]
    created_at: Moment
    due_at: Moment | None = Field(description="最迟何时有结果")
    decided_at: Moment | None


class RegistrationPath(Path):
    ref: Ref


class Registrations(Answer):
    items: list[RegistrationShown]


@chapter.post("/registrations", "实名注册企业", status=202, rate=Rate.UPLOAD, clause="7.1(1)")
async def register_firm(ports: Ports, asker: Asker, body: Registering, key: str) -> RegistrationShown:
    form = RegistrationForm(**body.model_dump(exclude={"licence"}))
    return _registration(await registration.register(ports, asker, key, form, body.licence.data, body.licence.name))


@chapter.get("/registrations", "本人提交的注册")
async def registrations(asker: Asker) -> Registrations:
    return Registrations(items=[_registration(row) for row in await registration.registrations_of(asker)])


@chapter.get("/registrations/{ref}", "注册核对结果", clause="7.2(1)")
async def registration_result(asker: Asker, path: RegistrationPath) -> RegistrationShown:
    return _registration(await registration.registration(asker, path.ref))


def _registration(row: Registration) -> RegistrationShown:
    return RegistrationShown(
        ref=row.ref,
        state=RegistrationState(row.state),
        uscc=row.uscc,
        name=row.name,
        findings=findings_of(row.findings),
        created_at=row.created_at,
        due_at=row.due_at,
        decided_at=row.decided_at,
    )
