"""A firm's own pages, from the licence to the submitted application; who sees what; the desk."""

import re
from datetime import UTC, datetime

import pytest

from inspection.materials import DocumentReport
from models import (
    Application,
    DeskItem,
    Enterprise,
    InboxEntry,
    Invitation,
    Material,
    PlatformRole,
    Product,
    Publication,
    Registration,
    Staff,
    StaffRole,
)
from tests import rows
from tests.web.conftest import Browser
from tests.workflow.filed import CCC, GTIN, RecordedInspector, certificate, good_files
from tests.workflow.firms import member, somebody
from tests.workflow.graded import published
from tests.workflow.living import held_for_its_case
from tests.workflow.months import filed, owed_month
from tests.workflow.test_registration import LICENCE, SCAN
from tests.workflow.world import World
from web.routes import PAGES
from workflow.answering import photos
from workflow.applying import publicity
from workflow.firms import members

FORM = {
    "uscc": "91310000MA0000007L",
    "name": "样例电缆（上海）有限公司",
    "address": "上海市样例区样例路 1 号",
    "legal_representative": "样例人",
    "organisation_role": "maker",
    "applicant_name": "张工（样例）",
    "title": "质量经理",
}
PRODUCT = {
    "category": "电线电缆",
    "name": "样例电缆",
    "model": "YL-1",
    "qualification_number": CCC,
    "code_issuer": "GS1",
    "gtin": GTIN,
    "width": "100",
    "height": "70",
    "host": "id.gs1.org",
}


async def register(world: World, browser: Browser, licence: DocumentReport = LICENCE, **changed: str) -> Registration:
    onward = await browser.send("/my/firms/new", "/my/firms/new", licence=("执照.pdf", SCAN), **{**FORM, **changed})
    page = await browser.get(onward)
    assert "核对中" in page
    world.inspector.documents[SCAN] = licence
    await world.work()
    return await Registration.all().order_by("-id").first()  # type: ignore[return-value]


async def test_whoever_comes_for_the_first_time_is_told_where_to_begin(outsider: Browser) -> None:
    page = await outsider.get("/my")
    assert "实名注册企业" in page
    assert "我有同事给的邀请码" in page
    assert "/desk" not in page
    assert "还没有消息" in await outsider.get("/my/inbox")


async def test_a_firm_is_registered_with_its_licence(world: World, outsider: Browser) -> None:
    row = await register(world, outsider)
    page = await outsider.get(f"/my/registrations/{row.ref}")
    assert "已通过" in page
    assert f'href="/my/firms/{FORM["uscc"]}"' in page
    page = await outsider.get("/my")
    assert FORM["name"] in page
    assert "1 条未读" in page
    page = await outsider.get(f"/my/firms/{FORM['uscc']}")
    assert "您是企业管理员" in page
    assert "登记产品" in page


async def test_a_wrong_form_comes_back_as_it_was_filled_in_with_its_fault_at_the_field(outsider: Browser) -> None:
    wrong = {**FORM, "uscc": "91310000MA0000007M"}
    page = await outsider.send("/my/firms/new", "/my/firms/new", 422, licence=("执照.pdf", SCAN), **wrong)
    assert 'value="91310000MA0000007M"' in page
    assert re.search(r'<input id="uscc"[^>]*aria-invalid="true"', page)
    assert FORM["name"] in page
    page = await outsider.send("/my/firms/new", "/my/firms/new", 422, **FORM)
    assert "没有收到营业执照" in page
    assert not await Registration.exists()


async def test_what_does_not_agree_is_told_and_the_form_comes_back_to_be_mended(
    world: World, outsider: Browser
) -> None:
    row = await register(world, outsider, name="样例电缆（北京）有限公司")
    page = await outsider.get(f"/my/registrations/{row.ref}")
    assert "需要修改" in page
    assert "不合格" in page
    page = await outsider.get(f"/my/firms/new?again={row.ref}")
    assert "样例电缆（北京）有限公司" in page


async def test_a_registration_is_its_persons_alone(world: World, outsider: Browser, browser_of) -> None:  # type: ignore[no-untyped-def]
    row = await register(world, outsider)
    await (await browser_of(await somebody(world))).get(f"/my/registrations/{row.ref}", 404)


async def test_the_same_form_sent_twice_registers_once(outsider: Browser) -> None:
    page = await outsider.get("/my/firms/new")
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    first = await outsider.post("/my/firms/new", licence=("执照.pdf", SCAN), **FORM, **hidden)
    assert await outsider.post("/my/firms/new", licence=("执照.pdf", SCAN), **FORM, **hidden) == first
    assert await Registration.all().count() == 1


# --- people ----------------------------------------------------------------------------------------------------------


async def test_a_colleague_joins_by_a_code_that_is_shown_once(
    world: World, owner: Browser, outsider: Browser, firm: Enterprise
) -> None:
    here = f"/my/firms/{firm.uscc}"
    page = await owner.send(here, f"{here}/invitations", 200, role="staff", how="code")
    code = re.search(r'<p class="invite"[^>]*>([^<]+)</p>', page)
    assert code is not None
    assert code[1] not in await owner.get(here)
    page = await outsider.send("/my", "/my/join", 404, code="AAAA2222", name="李工（样例）")
    assert 'value="AAAA2222"' in page
    assert await outsider.send("/my", "/my/join", code=code[1], name="李工（样例）") == here
    assert "您是办理人员" in await outsider.get(here)
    assert "李工（样例）" in await owner.get(here)


async def test_an_invitation_can_be_a_picture_and_be_taken_back(owner: Browser, firm: Enterprise) -> None:
    here = f"/my/firms/{firm.uscc}"
    page = await owner.send(here, f"{here}/invitations", 200, role="viewer", how="qr")
    assert 'src="data:image/svg+xml' in page
    assert "请选择邀请对方担任什么角色" in await owner.post(
        f"{here}/invitations", 422, role="king", form_token=_token(await owner.get(here))
    )
    await owner.send(here, f"{here}/invitations/revoke")
    assert (await Invitation.get()).revoked_at is not None


async def test_the_owner_removes_a_member_and_cannot_leave_before_handing_over(
    world: World, owner: Browser, browser_of, firm: Enterprise
) -> None:  # type: ignore[no-untyped-def]
    here = f"/my/firms/{firm.uscc}"
    colleague = await browser_of(await member(world, firm, StaffRole.STAFF))
    assert "移交" in await owner.send(here, f"{here}/leave", 409)
    assert await owner.send(here, f"{here}/members/remove") == f"{here}#members"
    await colleague.get(here, 404)
    assert await Staff.filter(left_at=None).count() == 1


async def test_a_member_chooses_for_which_firm_the_chat_speaks_and_leaves(
    world: World, browser_of, firm: Enterprise
) -> None:  # type: ignore[no-untyped-def]
    viewer = await browser_of(await member(world, firm, StaffRole.VIEWER))
    here = f"/my/firms/{firm.uscc}"
    assert await viewer.send(here, f"{here}/act") == here
    await viewer.who.identity.refresh_from_db()
    assert viewer.who.identity.staff_id is not None
    assert "邀请同事" not in await viewer.get(here)
    assert await viewer.send(here, f"{here}/leave") == "/my"
    await viewer.get(here, 404)


def _token(page: str) -> str:
    return re.findall(r'name="form_token" value="([^"]+)"', page)[0]


# --- products --------------------------------------------------------------------------------------------------------


async def test_a_product_is_registered_changed_and_retired(owner: Browser, firm: Enterprise) -> None:
    here = f"/my/firms/{firm.uscc}/products"
    page = await owner.send(f"{here}/new", f"{here}/new", 422, **{**PRODUCT, "width": "dünn"})
    assert "请填写合格证的宽" in page
    assert re.search(r'<input id="width"[^>]*aria-invalid', page)
    assert await owner.send(f"{here}/new", f"{here}/new", **PRODUCT) == here
    product = await Product.get().prefetch_related("code_patterns")
    assert (product.sheet_width_um, product.product_class) == (100_000, "ccc")
    assert product.record["生产企业"] == firm.name
    assert [(one.kind, one.value) for one in product.code_patterns] == [("host", "id.gs1.org")]
    page = await owner.get(f"{here}/{product.id}")
    assert "待证实" in page
    changed = {**PRODUCT, "model": "YL-2", "record": "产品名称：样例电缆\n执行标准: GB/T 5023", "product_class": "ccc"}
    assert await owner.send(f"{here}/{product.id}", f"{here}/{product.id}", **changed) == here
    await product.refresh_from_db()
    assert (product.model, product.record) == ("YL-2", {"产品名称": "样例电缆", "执行标准": "GB/T 5023"})
    hidden = {"form_token": _token(await owner.get(f"{here}/{product.id}")), "retire": "1"}
    assert await owner.post(f"{here}/{product.id}", **hidden) == here
    await owner.get(f"{here}/{product.id}", 404)


async def test_a_category_that_is_not_listed_is_written_down(owner: Browser, firm: Enterprise) -> None:
    here = f"/my/firms/{firm.uscc}/products"
    other = {**PRODUCT, "category": "other", "other_category": "样例品类"}
    page = await owner.send(f"{here}/new", f"{here}/new", 422, **other)
    assert "请选择管理方式" in page
    assert 'value="样例品类"' in page
    assert await owner.send(f"{here}/new", f"{here}/new", **other, product_class="class_3") == here
    page = await owner.get(f"{here}/{(await Product.get()).id}")
    assert 'value="样例品类"' in page


# --- applications ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def applied(world: World, owner: Browser, firm: Enterprise) -> Application:
    """A draft for B, opened on the pages."""
    object.__setattr__(world.ports, "inspector", RecordedInspector())
    here = f"/my/firms/{firm.uscc}"
    await owner.send(f"{here}/products/new", f"{here}/products/new", **PRODUCT)
    product = await Product.get()
    chosen = {"level": "B", "product": product.id, "sells_online": "no"}
    onward = await owner.send(f"{here}/apply", f"{here}/apply", **chosen)
    application = await Application.get()
    assert onward == f"/my/applications/{application.ref}"
    return application


async def hand_in(owner: Browser, application: Application, kind: str, status: int = 303) -> str:
    data, name, declared = next(rest for one, *rest in good_files("A") if one == kind)
    here = f"/my/applications/{application.ref}"
    page = await owner.get(here)
    form = next(f for f in re.findall(r"<form.*?</form>", page, re.S) if f'value="{kind}"' in f and "file" in f)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form))
    stated = {f"declared.{key}": value for key, value in declared.items()}
    return await owner.post(f"{here}/materials", status, file=(name, data), **hidden, **stated)


async def test_without_a_product_there_is_nothing_to_apply_for(owner: Browser, firm: Enterprise) -> None:
    assert await owner.get(f"/my/firms/{firm.uscc}/apply", 303) == f"/my/firms/{firm.uscc}/products"


async def test_each_level_says_what_it_asks(owner: Browser, applied: Application, firm: Enterprise) -> None:
    page = await owner.get(f"/my/firms/{firm.uscc}/apply")
    assert "B 级（基础级）" in page
    assert "MES 系统集成截图" in page
    page = await owner.send(f"/my/firms/{firm.uscc}/apply", f"/my/firms/{firm.uscc}/apply", 422, level="B", product="1")
    assert "请选择是否在网上销售" in page


async def test_applying_twice_leads_to_the_one_that_is_open(
    owner: Browser, applied: Application, firm: Enterprise
) -> None:
    product = await Product.get()
    chosen = {"level": "A", "product": product.id, "sells_online": "no"}
    onward = await owner.send(f"/my/firms/{firm.uscc}/apply", f"/my/firms/{firm.uscc}/apply", **chosen)
    assert onward == f"/my/applications/{applied.ref}"


async def test_materials_are_handed_in_one_by_one_taken_out_and_submitted(
    world: World, owner: Browser, applied: Application
) -> None:
    here = f"/my/applications/{applied.ref}"
    page = await owner.get(here)
    assert "已交 0 项，共 12 项" in page
    page = await owner.send(here, f"{here}/submit", 422)
    assert "还缺" in page
    onward = await hand_in(owner, applied, "trace_policy")
    assert "已收到，正在核对" in await owner.get(onward)
    await world.work()
    page = await owner.get(here)
    assert "已交 1 项，共 12 项" in page
    material = await Material.get()
    page = await owner.get(f"/my/materials/{material.ref}")
    assert "制度.pdf" in page
    assert await owner.send(here, f"{here}/take-out", material=material.ref) == f"{here}?done=taken-out"
    for kind, *_ in good_files("B"):
        await hand_in(owner, applied, kind)
        await world.work()
    assert "已交 12 项，共 12 项" in await owner.get(here)
    assert await owner.send(here, f"{here}/submit") == f"{here}?done=submitted"
    page = await owner.get(here)
    assert "核验" in page
    assert 'type="file"' not in page
    await world.work()
    page = await owner.get(here)
    assert "B 级（基础级）" in page
    assert "公示" in page


async def test_a_file_sent_twice_with_its_forms_key_is_filed_once(owner: Browser, applied: Application) -> None:
    data, name, _ = next(rest for one, *rest in good_files() if one == "trace_policy")
    here = f"/my/applications/{applied.ref}"
    sent = {"form_token": _token(await owner.get(here)), "key": "sample-key-1", "kind": "trace_policy"}
    for _ in range(2):
        await owner.post(f"{here}/materials", file=(name, data), **sent)
    assert await Material.all().count() == 1


async def test_a_wrong_file_is_refused_beside_its_form(owner: Browser, applied: Application) -> None:
    here = f"/my/applications/{applied.ref}"
    sent = {"form_token": _token(await owner.get(here)), "key": "sample-key-1", "kind": "production_ledger"}
    page = await owner.post(f"{here}/materials", 422, file=("x.jpg", b"\xff\xd8\xff\xe0"), **sent)
    assert re.search(r'<details class="slot" id="production_ledger" open>', page)
    assert "请上传" in page
    assert "没有收到文件" in await owner.post(f"{here}/materials", 422, **sent)


async def test_what_failed_stands_on_top_and_is_replaced(world: World, owner: Browser, applied: Application) -> None:
    here = f"/my/applications/{applied.ref}"
    for kind, *_ in good_files("B"):
        await hand_in(owner, applied, kind)
    bad = b"%PDF-1.7\n" + '{"text": "样例文件，什么也没写"}'.encode()
    sent = {"form_token": _token(await owner.get(here)), "key": "sample-key-1", "kind": "trace_policy"}
    await owner.post(f"{here}/materials", file=("x.pdf", bad), **sent)
    await world.work()
    await owner.send(here, f"{here}/submit")
    await world.work()
    page = await owner.get(here)
    assert "待补正" in page
    slots = re.findall(r'<details class="slot" id="([^"]+)"( open)?>', page)
    assert slots[0] == ("trace_policy", " open")
    assert "替换并上传" in page
    await hand_in(owner, applied, "trace_policy")
    await world.work()
    assert await owner.send(here, f"{here}/submit") == f"{here}?done=submitted"
    await world.work()
    assert (await Application.get()).state == "publicity"


async def test_a_submission_sent_again_does_not_hand_in_what_came_back(
    world: World, owner: Browser, applied: Application
) -> None:
    """The page was open since before it was judged."""
    here = f"/my/applications/{applied.ref}"
    for kind, *_ in good_files("B"):
        if kind != "certificate_photo":
            await hand_in(owner, applied, kind)
    sent = {"form_token": _token(await owner.get(here)), "key": "sample-key-1", "kind": "certificate_photo"}
    small = certificate("small_code_100x70")
    await owner.post(f"{here}/materials", file=("1.jpg", small), product=(await Product.get()).id, **sent)
    await world.work()
    older = await owner.get(here)
    (round_,) = re.findall(r'<input type="hidden" name="round" value="([^"]+)">', older)
    await owner.send(here, f"{here}/submit")
    await world.work()
    page = await owner.post(f"{here}/submit", 409, form_token=_token(older), round=round_)
    assert "状态刚刚发生了变化" in page
    assert "待补正" in page
    assert await owner.send(here, f"{here}/submit") == f"{here}?done=submitted"  # it may stand (R5)


async def test_who_submits_while_a_photo_is_looked_at_is_told_so_on_the_page(
    world: World, owner: Browser, applied: Application
) -> None:
    speaks = await Staff.get(enterprise_id=applied.enterprise_id)
    chat = await rows.identity(person_id=speaks.person_id, staff_id=speaks.id)
    await photos.receive(world.ports, chat, "m1", "", "m1")
    here = f"/my/applications/{applied.ref}"
    page = await owner.send(here, f"{here}/submit", 409)
    assert "还有 1 张照片正在核验" in page
    assert "确认并提交" in page


async def test_a_draft_is_withdrawn(owner: Browser, applied: Application) -> None:
    here = f"/my/applications/{applied.ref}"
    assert await owner.send(here, f"{here}/withdraw") == here
    assert "已撤回" in await owner.get(here)


async def test_evidence_is_for_the_firm_and_operators_and_runs_nothing(
    world: World, owner: Browser, outsider: Browser, browser_of, applied: Application
) -> None:  # type: ignore[no-untyped-def]
    await hand_in(owner, applied, "production_ledger")
    material = await Material.get()
    address = f"/my/materials/{material.ref}/file"
    async with owner.client.get(address, headers=owner._headers) as answer:
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "private, no-store"
    await outsider.get(address, 404)
    operator = await somebody(world)
    await members.grant(world.ports, operator.person.id, PlatformRole.OPERATOR, by="system")
    assert "月份" in await (await browser_of(operator)).get(address)


async def test_what_is_a_firms_own_is_kept_by_no_browser_and_listed_by_no_search_engine(
    owner: Browser, applied: Application, firm: Enterprise
) -> None:
    await hand_in(owner, applied, "production_ledger")
    material = f"/my/materials/{(await Material.get()).ref}"
    here = f"/my/firms/{firm.uscc}"
    for path in (
        "/my", "/my/inbox", "/my/firms/new", here, f"{here}/products", f"{here}/products/new", f"{here}/apply",
        f"/my/applications/{applied.ref}", material, f"{material}/file",
    ):  # fmt: skip
        async with owner.client.get(path, headers=owner._headers, allow_redirects=False) as answer:
            assert answer.status == 200, path
            assert "no-store" in answer.headers["Cache-Control"], path
            assert answer.headers["X-Robots-Tag"] == "noindex", path
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path


async def test_the_firm_objects_with_a_file_while_the_result_is_public(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    application, _ = await published(world)
    firm = await Enterprise.get(id=application.enterprise_id)
    owner = await browser_of(await member(world, firm, StaffRole.OWNER))
    here = f"/my/applications/{application.ref}"
    page = await owner.get(here)
    assert "评价结果：A 级（良好级）" in page
    assert "到 AA 级还差" in page
    page = await owner.send(f"{here}/objection", f"{here}/objection", 422, statement="短")
    assert ">短</textarea>" in page
    onward = await owner.send(
        f"{here}/objection",
        f"{here}/objection",
        statement="覆盖率应为 97%，见附件（样例）",
        file1=("证明.pdf", b"%PDF-1.7 sample"),
    )
    assert onward == f"{here}?done=objected"
    page = await owner.get(onward)
    assert "异议已提交" in page
    assert (await Publication.get()).state == "stopped"


# --- who sees what ---------------------------------------------------------------------------------------------------

OPEN = "/my/suppliers/"
"""Begins what anybody signed in may see and do about any firm: nothing of it is the firm's own."""
OWN = [
    (method, path)
    for method, path, _ in PAGES
    if path.startswith(("/my", "/desk")) and "{" in path and not path.startswith(OPEN)
]


@pytest.mark.parametrize(("method", "path"), OWN)
async def test_nobody_sees_or_does_anything_of_a_firm_that_is_not_theirs(
    world: World, outsider: Browser, stranger: Browser, browser_of, method: str, path: str
) -> None:  # type: ignore[no-untyped-def]
    application, _ = await published(world)
    firm = await Enterprise.get(id=application.enterprise_id)
    await member(world, firm, StaffRole.OWNER)
    product = await Product.filter(enterprise_id=firm.id).first()
    material = await _material(application)
    item = await _complaint(world, application)
    filing = await owed_month(firm)
    file = await filed(filing, await member(world, firm, StaffRole.STAFF))
    adoption = await rows.adoption(supplier_id=firm.id)
    paper = await rows.adoption_file(adoption_id=adoption.id)
    named = {
        "materials": material.ref, "desk": item.ref, "months": filing.ref, "filing-files": file.ref,
        "adoptions": adoption.ref, "confirmations": (await rows.confirmation()).ref,
    }  # fmt: skip
    ref = next((one for part, one in named.items() if f"/{part}/{{ref}}" in path), application.ref)
    address = path.replace("{uscc}", firm.uscc).replace("{ref}", ref).replace("{file}", paper.ref)
    address = re.sub(r"\{product[^}]*\}", str(product.id), address)
    before = await _state(application, item)
    token = {"form_token": _token(await outsider.get("/my"))}
    if method == "GET":
        await outsider.get(address, 404)
        assert (await stranger.get(address, 303)).startswith("/signin")
    else:
        await outsider.post(address, 403)
        await outsider.post(address, 404, **token)
        assert (await stranger.post(address)).startswith("/signin")
    assert await _state(application, item) == before


async def _material(application: Application) -> Material:
    return await rows.material(application_id=application.id)


async def _complaint(world: World, application: Application) -> DeskItem:
    public = await Publication.get(application_id=application.id)
    await publicity.complain(world.ports, public.ref, "sample-key", "合格证上没有印追溯码（样例）")
    return await DeskItem.get()


async def _state(application: Application, item: DeskItem) -> tuple[object, ...]:
    await application.refresh_from_db()
    await item.refresh_from_db()
    return application.state, application.version, item.state, await Staff.filter(left_at=None).count()


async def test_a_viewer_looks_and_changes_nothing(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    application, _ = await published(world)
    firm = await Enterprise.get(id=application.enterprise_id)
    viewer = await browser_of(await member(world, firm, StaffRole.VIEWER))
    page = await viewer.get(f"/my/applications/{application.ref}")
    assert "提出异议" not in page
    await viewer.get(f"/my/applications/{application.ref}/objection", 403)
    await viewer.get(f"/my/firms/{firm.uscc}/products/new", 403)
    await viewer.get(f"/my/firms/{firm.uscc}/apply", 403)
    token = {"form_token": _token(await viewer.get("/my"))}
    await viewer.post(f"/my/firms/{firm.uscc}/products/new", 403, **PRODUCT, **token)
    await viewer.post(f"/my/applications/{application.ref}/submit", 403, **token)


async def test_what_was_told_is_read_once_it_was_shown(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    application, _ = await published(world)
    firm = await Enterprise.get(id=application.enterprise_id)
    who = await member(world, firm, StaffRole.STAFF)
    await InboxEntry.create(
        key="sample", person_id=who.person.id, clause="7.4", title="评价结果公示", body="样例", path="/my",
        created_at=world.clock.now(),
    )  # fmt: skip
    browser = await browser_of(who)
    assert "未读" in await browser.get("/my/inbox")
    assert "未读" not in await browser.get("/my/inbox")


# --- the desk --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def operator(world: World, browser_of) -> Browser:  # type: ignore[no-untyped-def]
    who = await somebody(world)
    await members.grant(world.ports, who.person.id, PlatformRole.OPERATOR, by="system")
    return await browser_of(who)


@pytest.mark.both
async def test_a_complaint_is_answered_with_a_reason(world: World, operator: Browser) -> None:
    application, _ = await published(world)
    item = await _complaint(world, application)
    assert 'href="/desk"' in await operator.get("/my")
    page = await operator.get("/desk")
    assert item.title in page
    assert "8.4(3)" in page
    here = f"/desk/{item.ref}"
    page = await operator.get(here)
    assert "合格证上没有印追溯码（样例）" in page
    assert "公示内容" in page
    page = await operator.send(here, here, 422, decision="answer", reason=" ")
    assert "请写明理由" in page
    assert re.search(r'value="answer"[^>]* checked', page)
    assert await operator.send(here, here, decision="answer", reason="照片中追溯码清晰可见（样例）") == here
    page = await operator.get(here)
    assert "作为投诉答复" in page
    assert "照片中追溯码清晰可见" in page
    assert item.title not in await operator.get("/desk")
    assert item.title in await operator.get("/desk?state=decided")


async def test_a_case_of_revocation_is_decided_before_the_months_it_rests_on(world: World, operator: Browser) -> None:
    world.clock.advance(datetime(2027, 3, 8, 2, 0, tzinfo=UTC) - world.clock.now())
    case = await held_for_its_case(world.ports)
    item = await DeskItem.get(kind="revocation")
    here = f"/desk/{item.ref}"
    page = await operator.get(here)
    for words in ("9.5.1(2)", "B 级", "暂停", "2026 年 12 月", "2027 年 2 月", "撤销证书，理由公示", "不予撤销",
                  "无期限：9.5.1 没有规定多久决定", "至本件决定为止（9.2(2)，R8）"):  # fmt: skip
        assert words in page
    assert "已处理" not in page
    assert await operator.send(here, here, decision="dismiss", reason="企业已说明（样例）") == here
    await case.certificate.refresh_from_db()
    assert case.certificate.state == "active"
    assert "不予撤销，立案了结" in await operator.get(here)


@pytest.mark.both
async def test_what_is_overdue_stands_first(world: World, operator: Browser) -> None:
    later = await rows.desk_item(title="样例事项甲", due_at=world.clock.now())
    await rows.desk_item(title="样例事项乙", due_at=None)
    await rows.desk_item(title="样例事项丙", due_at=later.due_at.replace(year=2026, month=11, day=1))
    world.clock.advance(hours=1)
    page = await operator.get("/desk")
    assert page.index("样例事项丙") < page.index("样例事项甲") < page.index("样例事项乙")
    assert page.count("已超期") == 2


@pytest.mark.both
async def test_a_disputed_firm_is_decided_before_its_licence(
    world: World, outsider: Browser, operator: Browser, browser_of
) -> None:  # type: ignore[no-untyped-def]
    await register(world, outsider)
    rival = await browser_of(await somebody(world))
    row = await register(world, rival, name=FORM["name"])
    assert row.state == "disputed"
    item = await DeskItem.get(subject_id=row.id)
    page = await operator.get(f"/desk/{item.ref}")
    assert "张工（样例）" in page
    async with operator.client.get(f"/desk/{item.ref}/licence", headers=operator._headers) as answer:
        assert await answer.read() == SCAN
    await rival.get(f"/desk/{item.ref}/licence", 404)
