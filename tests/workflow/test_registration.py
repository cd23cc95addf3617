"""Real-name registration: the form against the licence's scan and the registry, and who becomes the owner."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from inspection.materials import DocumentReport
from inspection.report import PictureRefused
from jobs.handlers import HANDLERS
from models import (
    Application,
    DeskItem,
    Enterprise,
    Event,
    Evidence,
    InboxEntry,
    Job,
    PlatformRole,
    Registration,
    Staff,
    StaffRole,
    WeChatIdentity,
)
from tests import rows
from tests.workflow.firms import Somebody, member, role_of, somebody
from tests.workflow.world import World
from workflow.firms import members, registration
from workflow.firms.registration import RegistrationForm
from workflow.ports import InspectionFailed, Register, RegistryAnswer, Reply
from workflow.problems import Kind, Refused

USCC = "91310000MA0000007L"
NAME = "样例电缆（上海）有限公司"
ADDRESS = "上海市样例区样例路 1 号"
FORM = RegistrationForm(USCC, NAME, ADDRESS, "样例人", "maker", "张工（样例）", "质量经理")
SCAN = b"%PDF-1.7 a licence"

LICENCE = DocumentReport(
    media="application/pdf",
    kind="business_licence",
    pages=1,
    legible=True,
    fields={
        "name": "样例电缆(上海)有限公司",
        "uscc": USCC,
        "address": "上海市样例区样例路1号",
        "legal_representative": "样例人",
    },
    uscc=(USCC,),
    seal="seal_seen",
    seal_text="",
    signatures=(),
    text=("营业执照", "名称样例电缆(上海)有限公司"),
    retake=None,
    ms={},
    engine="recorded/1",
)


async def file(world: World, who: Somebody, key: str = "k1", **changed: Any) -> Registration:
    return await registration.register(world.ports, who.asker, key, replace(FORM, **changed), SCAN, "营业执照.pdf")


async def checked(world: World, row: Registration, scan: DocumentReport | Exception = LICENCE) -> Registration:
    world.inspector.documents[SCAN] = scan
    await world.work()
    return await Registration.get(id=row.id)


async def refused(act: Awaitable[Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        await act
    return caught.value


async def test_what_a_form_says_is_one_line_each(world: World) -> None:
    row = await file(
        world, await somebody(world), name=" 样例电缆（上海）\n有限公司", address="上海市样例区\n\n样例路 1 号"
    )
    assert (row.name, row.address) == ("样例电缆（上海） 有限公司", "上海市样例区 样例路 1 号")


async def test_a_firm_nobody_has_heard_of_gets_its_owner(world: World) -> None:
    who = await somebody(world)
    row = await file(world, who)
    assert row.state == "checking"
    # Tuesday: until the end of Wednesday in Shanghai.
    assert row.due_at == datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
    row = await checked(world, row)
    assert (row.state, row.decided_at) == ("verified", world.clock.now())
    firm = await Enterprise.get(uscc=USCC)
    assert (firm.name, firm.address, firm.organisation_role, firm.verified_at) == (
        NAME,
        ADDRESS,
        "maker",
        world.clock.now(),
    )
    staff = await Staff.get(enterprise_id=firm.id)
    assert (staff.role, staff.name, staff.title, staff.person_id) == (
        "owner",
        "张工（样例）",
        "质量经理",
        who.person.id,
    )
    assert (await WeChatIdentity.get(id=who.identity.id)).staff_id == staff.id
    assert {finding["outcome"] for finding in row.findings} == {"pass"}
    assert any("工商登记查询还没有接入" in finding["reason"] for finding in row.findings)
    assert (await InboxEntry.get()).title == "企业实名注册通过"
    actions = await Event.all().order_by("id").values_list("action", flat=True)
    assert actions[-3:] == ["enterprise:register", "enterprise:verify", "registration:verified"]
    evidence = await Evidence.get()
    assert (evidence.drop_at, evidence.media_type, evidence.enterprise_id) == (None, "application/pdf", firm.id)


async def test_the_same_key_is_the_same_registration_even_at_once(world: World) -> None:
    who = await somebody(world)
    found = await asyncio.gather(*(file(world, who) for _ in range(3)))
    assert len({row.id for row in found}) == 1
    assert await Job.filter(kind="registration.check").count() == 1


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "name": ({"fields": {**LICENCE.fields, "name": "样例电器有限公司"}, "text": ()}, "fail", "企业名称"),
    "longer name": (
        {"fields": {"name": "大样例电缆（上海）有限公司"}, "text": ("大样例电缆（上海）有限公司",)},
        "fail",
        "企业名称",
    ),
    "no name": ({"fields": {}, "text": ()}, "unclear", "企业名称没有读清"),
    "code": ({"uscc": ("91110000MA00000013",)}, "fail", "统一社会信用代码"),
    "no code": ({"uscc": ()}, "unclear", "没有读清"),
    "representative": (
        {"fields": {**LICENCE.fields, "legal_representative": "别人"}},
        "fail",
        "法定代表人",
    ),
    "expired": ({"fields": {**LICENCE.fields, "valid_through": "2026-11-23"}}, "fail", "已过期"),
    "not legible": ({"legible": False, "retake": "请避开反光"}, "unclear", "请避开反光"),
    "not a licence": ({"kind": "agreement"}, "fail", "不是营业执照"),
    "no seal": ({"seal": "seal_not_seen"}, "fail", "没有看到企业电子公章"),
    "seal uncertain": ({"seal": "seal_uncertain"}, "unclear", "看不出有没有公章"),
    "seal broken": ({"seal": "signature_broken"}, "fail", "电子签章验证不通过"),
    "ofd": ({"seal": "ofd"}, "unclear", "OFD"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_does_not_agree_is_said_and_may_be_mended(world: World, name: str) -> None:
    changed, outcome, words = WRONG[name]
    who = await somebody(world)
    row = await checked(world, await file(world, who), replace(LICENCE, **changed))
    assert row.state == "mend"
    wrong = [finding for finding in row.findings if finding["outcome"] != "pass"]
    assert [finding["outcome"] for finding in wrong] == [outcome]
    assert words in wrong[0]["reason"]
    assert wrong[0]["clause"] in {"7.1", "7.2(1)"}
    assert wrong[0]["rows"]
    assert await Enterprise.all().count() == 0
    told = await InboxEntry.get()
    assert (told.title, wrong[0]["reason"] in told.body) == ("企业实名注册需要更正", True)
    # Handed in again, it passes.
    again = await checked(world, await file(world, who, "k2"))
    assert again.state == "verified"


async def test_the_licence_may_run_until_today_and_the_place_of_production_may_be_elsewhere(world: World) -> None:
    fields = {**LICENCE.fields, "valid_through": "2026-11-24", "address": "上海市样例区别处 2 号"}
    row = await checked(world, await file(world, await somebody(world)), replace(LICENCE, fields=fields))
    assert row.state == "verified"
    assert any("与填写的生产地址不同" in finding["reason"] for finding in row.findings)


async def test_a_purchaser_is_not_asked_where_it_produces(world: World) -> None:
    who = await somebody(world)
    with pytest.raises(Refused, match="请填写地址"):
        await file(world, who, organisation_role=registration.PURCHASER, address=" ")
    row = await checked(world, await file(world, who, organisation_role=registration.PURCHASER))
    assert any("地址与营业执照的住所一致" in finding["reason"] for finding in row.findings)
    assert "生产" not in str(row.findings)
    assert "下一步：查供应商的等级" in (await InboxEntry.get()).body


REGISTRY: dict[str, tuple[RegistryAnswer, str, str]] = {
    "found": (
        RegistryAnswer(Register.BUSINESS, Reply.FOUND, {"name": "样例电缆(上海)有限公司", "status": "active"}),
        "verified",
        "已查询工商登记",
    ),
    "away": (RegistryAnswer(Register.BUSINESS, Reply.NOT_REACHABLE), "verified", "工商登记暂时查询不到"),
    "not found": (RegistryAnswer(Register.BUSINESS, Reply.NOT_FOUND), "mend", "工商登记中没有查到"),
    "differs": (
        RegistryAnswer(Register.BUSINESS, Reply.FOUND, {"name": "样例电器有限公司"}),
        "mend",
        "名称登记为“样例电器有限公司”",
    ),
    "cancelled": (
        RegistryAnswer(Register.BUSINESS, Reply.FOUND, {"name": NAME, "status": "cancelled"}),
        "mend",
        "状态是注销",
    ),
    "another person": (
        RegistryAnswer(Register.BUSINESS, Reply.FOUND, {"name": NAME, "legal_representative": "别人"}),
        "mend",
        "工商登记上是“别人”",
    ),
}


@pytest.mark.parametrize("name", REGISTRY)
async def test_the_registry_is_asked_and_what_it_said_is_told(world: World, name: str) -> None:
    answer, state, words = REGISTRY[name]
    world.registries.answers[Register.BUSINESS, USCC] = answer
    row = await checked(world, await file(world, await somebody(world)))
    assert row.state == state
    assert any(words in finding["reason"] and "R34" in finding["rows"] for finding in row.findings)
    assert world.registries.asked == [(Register.BUSINESS, USCC)]


@pytest.mark.parametrize(
    ("changed", "kind", "code", "field"),
    [
        ({"uscc": "91310000MA0000007M"}, Kind.INVALID, "uscc_invalid", "uscc"),
        ({"uscc": "123"}, Kind.INVALID, "uscc_invalid", "uscc"),
        ({"organisation_role": "seller"}, Kind.NOT_SUPPORTED, "role_not_supported", "organisation_role"),
        ({"organisation_role": "distributor"}, Kind.NOT_SUPPORTED, "role_not_supported", "organisation_role"),
        ({"organisation_role": "bank"}, Kind.INVALID, "role_outside", "organisation_role"),
        ({"name": " "}, Kind.INVALID, "field_missing", "name"),
        ({"address": "路" * 301}, Kind.INVALID, "field_too_long", "address"),
        ({"applicant_name": ""}, Kind.INVALID, "field_missing", "applicant_name"),
    ],
)
async def test_a_form_that_cannot_be_right_is_refused_at_once(
    world: World, changed: dict[str, Any], kind: Kind, code: str, field: str
) -> None:
    problem = await refused(file(world, await somebody(world), **changed))
    assert (problem.kind, problem.code, problem.field) == (kind, code, field)
    assert problem.clause
    assert await Evidence.all().count() == 0


async def test_a_code_in_full_width_is_the_same_code(world: World) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) for c in USCC.lower())
    assert (await file(world, await somebody(world), uscc=f" {wide} ")).uscc == USCC


@pytest.mark.parametrize("data", [b"", b"MZ program", b"GIF89a picture", b"PK\x03\x04 xl/workbook.xml"])
async def test_only_documents_are_taken(world: World, data: bytes) -> None:
    who = await somebody(world)
    problem = await refused(registration.register(world.ports, who.asker, "k", FORM, data, "a"))
    assert (problem.code, problem.field) == ("file_type", "licence")
    ofd = await registration.register(world.ports, who.asker, "k", FORM, b"PK\x03\x04 OFD.xml", "a.ofd")
    assert (await Evidence.get(id=ofd.licence_id)).media_type == "application/ofd"


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (PictureRefused("picture_unreadable", "打不开这个文件，请重新导出"), "打不开这个文件"),
        (InspectionFailed("crash"), "处理不了"),
    ],
)
async def test_a_file_that_cannot_be_read_is_handed_back(world: World, problem: Exception, words: str) -> None:
    row = await checked(world, await file(world, await somebody(world)), problem)
    assert row.state == "mend"
    assert words in row.findings[0]["reason"]


async def test_a_check_that_runs_twice_decides_once(world: World) -> None:
    row = await file(world, await somebody(world))
    world.inspector.documents[SCAN] = LICENCE
    (job,) = await world.ports.queue.claim(1, 60)
    await HANDLERS[job.kind](world.ports, job)
    await HANDLERS[job.kind](world.ports, job)
    assert await Event.filter(action="registration:verified").count() == 1
    assert await Staff.all().count() == 1
    assert (await Registration.get(id=row.id)).version == 1


async def test_of_two_who_register_one_firm_at_once_one_owns_it(world: World) -> None:
    first, second = await somebody(world), await somebody(world)
    filed = [await file(world, who) for who in (first, second)]
    world.inspector.documents[SCAN] = LICENCE
    jobs = await world.ports.queue.claim(2, 60)
    await asyncio.gather(*(HANDLERS[job.kind](world.ports, job) for job in jobs))
    states = sorted([(await Registration.get(id=row.id)).state for row in filed])
    assert states == ["disputed", "verified"]
    assert await Enterprise.all().count() == 1
    assert await Staff.filter(role=StaffRole.OWNER, left_at=None).count() == 1
    item = await DeskItem.get()
    assert (item.kind, item.clause) == ("registration_dispute", "7.1(1)")


async def test_a_firm_that_we_entered_gets_its_owner_and_keeps_its_members(world: World) -> None:
    firm = await rows.enterprise(uscc=USCC, name="样例旧名")
    staff, who = await member(world, firm, StaffRole.STAFF), await member(world, firm, StaffRole.VIEWER)
    assert (await checked(world, await file(world, who))).state == "verified"
    assert (await role_of(staff, firm), await role_of(who, firm)) == ("staff", "owner")
    assert (await Enterprise.get(id=firm.id)).name == NAME


async def test_the_owner_may_register_again(world: World) -> None:
    who = await somebody(world)
    await checked(world, await file(world, who))
    assert (await checked(world, await file(world, who, "k2", address="新址（样例）"))).state == "verified"
    assert (await Enterprise.get(uscc=USCC)).address == "新址（样例）"
    assert await Staff.all().count() == 1


@pytest.mark.parametrize(("state", "expected"), [("draft", "verified"), ("publicity", "mend"), ("lapsed", "verified")])
async def test_what_a_case_shows_changes_by_a_change_report_only(world: World, state: str, expected: str) -> None:
    who = await somebody(world)
    await checked(world, await file(world, who))
    firm = await Enterprise.get()
    await Application.create(
        ref="a", enterprise_id=firm.id, level="B", sells_online=False, state=state, opened_by_id=who.person.id,
        opened_at=rows.NOW,
    )  # fmt: skip
    assert (await checked(world, await file(world, who, "same"))).state == "verified"
    row = await checked(world, await file(world, who, "k2", address="新址（样例）"))
    assert row.state == expected
    if expected == "mend":
        assert row.findings[-1]["clause"] == "9.4"
        assert (await Enterprise.get()).address == ADDRESS


async def test_no_more_than_five_are_checked_for_one_person_at_a_time(world: World) -> None:
    who = await somebody(world)
    for number in range(5):
        await file(world, who, f"k{number}")
    problem = await refused(file(world, who, "one more"))
    assert (problem.kind, problem.code) == (Kind.TOO_MANY, "too_many_registrations")
    assert (await file(world, who, "k0")).state == "checking"
    assert (await file(world, await somebody(world))).state == "checking"


async def disputed(world: World) -> tuple[Somebody, Somebody, Somebody, Enterprise, Registration, DeskItem]:
    firm = await rows.enterprise(uscc=USCC)
    owner, who, operator = await member(world, firm, StaffRole.OWNER), await somebody(world), await somebody(world)
    await members.grant(world.ports, operator.person.id, PlatformRole.OPERATOR, by="cli")
    row = await checked(world, await file(world, who))
    assert row.state == "disputed"
    return owner, who, operator, firm, row, await DeskItem.get()


async def test_an_operator_gives_the_firm_to_the_applicant(world: World) -> None:
    owner, who, operator, firm, row, item = await disputed(world)
    for asker in (owner.asker, who.asker):
        denied = await refused(registration.decide_dispute(world.ports, item, "give_to_applicant", "理由", asker))
        assert denied.code == "not_found"
    decide = registration.decide_dispute
    assert (await refused(decide(world.ports, item, "burn", "理由", operator.asker))).code == "decision_unknown"
    assert (await refused(decide(world.ports, item, "keep_owner", " ", operator.asker))).code == "reason_missing"
    await decide(world.ports, item, "give_to_applicant", "已核实授权书", operator.asker)
    assert (await role_of(owner, firm), await role_of(who, firm)) == (None, "owner")
    row = await Registration.get(id=row.id)
    assert row.state == "verified"
    assert "已核实授权书" in row.findings[-1]["reason"]
    assert {finding["outcome"] for finding in row.findings} == {"pass"}
    assert "已核实授权书" in (await InboxEntry.get(person_id=owner.person.id)).body
    # Decided once.
    assert (await refused(decide(world.ports, item, "keep_owner", "理由", operator.asker))).code == "not_disputed"


async def test_a_firm_given_to_the_applicant_in_mid_case_keeps_the_name_that_the_case_shows(world: World) -> None:
    owner, who, operator, firm, _, item = await disputed(world)
    await Application.create(
        ref="a", enterprise_id=firm.id, level="B", sells_online=False, state="publicity", opened_by_id=owner.person.id,
        opened_at=rows.NOW,
    )  # fmt: skip
    await registration.decide_dispute(world.ports, item, "give_to_applicant", "已核实", operator.asker)
    assert await role_of(who, firm) == "owner"
    assert (await Enterprise.get(id=firm.id)).name == firm.name != NAME


async def test_an_operator_keeps_the_owner(world: World) -> None:
    owner, who, operator, firm, row, item = await disputed(world)
    await registration.decide_dispute(world.ports, item, "keep_owner", "现任仍在职", operator.asker)
    assert (await role_of(owner, firm), await role_of(who, firm)) == ("owner", None)
    row = await Registration.get(id=row.id)
    assert (row.state, row.findings[-1]["outcome"]) == ("mend", "fail")
    told = await InboxEntry.filter(person_id=who.person.id).order_by("-id").first()
    assert told is not None
    assert "现任仍在职" in told.body


async def test_a_registration_is_its_persons_and_the_operators(world: World) -> None:
    who, stranger, operator = await somebody(world), await somebody(world), await somebody(world)
    await members.grant(world.ports, operator.person.id, PlatformRole.OPERATOR, by="cli")
    row = await file(world, who)
    assert (await refused(registration.registration(stranger.asker, row.ref))).code == "not_found"
    assert (await refused(registration.registration(who.asker, "none"))).code == "not_found"
    for asker in (who.asker, operator.asker):
        assert (await registration.registration(asker, row.ref)).id == row.id
    assert await registration.registrations_of(stranger.asker) == []
    assert [one.id for one in await registration.registrations_of(who.asker)] == [row.id]


async def test_whoever_we_bind_is_a_person_and_the_first_owner_stays_the_only_one(world: World) -> None:
    firm = await registration.register_enterprise(world.ports, USCC, NAME)
    assert (await registration.register_enterprise(world.ports, USCC, "another")).id == firm.id
    bound = [
        await registration.bind_staff(world.ports, firm, f"{name}（样例）", "厂长", name, role=StaffRole.OWNER)
        for name in ("o1", "o2", "o1")
    ]
    assert bound[0].id == bound[2].id
    assert all(identity.person_id and identity.consented_at for identity in bound)
    roles = await Staff.filter(enterprise_id=firm.id).order_by("id").values_list("role", "title")
    assert roles == [("owner", "厂长"), ("staff", "厂长")]
