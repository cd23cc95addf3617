"""From submission to a result: judged, verified, mended, capped, lapsed, graded; each job twice, and cut off in it."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from config.message_templates import SAMPLE_TEMPLATES, NoticeKind
from inspection.report import PictureRefused
from jobs.handlers import HANDLERS
from models import (
    Answer,
    Application,
    ApplicationState,
    CodePattern,
    CodePatternKind,
    Event,
    Evidence,
    EvidenceSource,
    InboxEntry,
    Inspection,
    Job,
    Material,
    MaterialState,
    Publication,
)
from models.transactions import transaction
from standard.calendar import midnight, shanghai_day
from standard.grades import Grade
from tests import rows
from tests.workflow import filed
from tests.workflow.filed import Filing, RecordedInspector, filing
from tests.workflow.world import World
from workflow.applying import applications, grading, material_judging, publicity, verification
from workflow.firms import products
from workflow.intake.evidence import keep_file
from workflow.ports import ClaimedJob, InspectionFailed, Register, RegistryAnswer, Reply
from workflow.problems import Refused
from workflow.telling.answers import PUSH, PUSH_MARGIN
from workflow.telling.message_fields import filled


@pytest.fixture
def inspector(world: World) -> RecordedInspector:
    recorded = RecordedInspector()
    object.__setattr__(world.ports, "inspector", recorded)
    return recorded


async def submitted(world: World, level: str = "B", **other: bytes) -> Filing:
    case = await filing(world, level)
    await case.fill(level, **other)
    await case.submit()
    await world.work()
    return case


async def state(case: Filing) -> str:
    return (await case.now()).state


async def end_supplement(world: World, case: Filing) -> None:
    application = await case.now()
    assert application.due_at is not None
    await rows.identity(person_id=case.asker.person_id, subscribed=True)
    world.clock.advance(by=application.due_at - world.clock.now())
    async with transaction():
        await verification.lapse_supplement(world.ports, await case.now())
    await world.work()


MORNING = timedelta(hours=8, minutes=30)
"""After midnight, when nobody waits for what is told."""


async def last_push() -> timedelta:
    """How long after midnight in Shanghai the last message goes out."""
    push = await Job.filter(kind=PUSH).order_by("-id").first()
    assert push is not None
    sent = push.due_at - PUSH_MARGIN
    return sent - midnight(shanghai_day(sent))


# --- judged one by one -----------------------------------------------------------------------------------------------


async def test_a_good_draft_has_all_materials_passed_before_it_is_submitted(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    await case.fill()
    await world.work()
    found = {m.kind: m.findings for m in await Material.all() if m.state != MaterialState.PASSED}
    assert found == {}
    assert await state(case) == ApplicationState.DRAFT
    assert await Inspection.all().count() == 1
    photo = await case.material("certificate_photo")
    assert photo.inspection_id is not None  # its report page shows what the material shows


@pytest.mark.parametrize(
    ("kind", "data", "expected", "words"),
    [
        (
            "business_licence",
            filed.document("营业执照", uscc=["91310000MA0000008J"]),
            "failed",
            "请上传本企业的营业执照",
        ),
        ("business_licence", filed.document("营业执照"), "unclear", "没有读到统一社会信用代码"),
        (
            "business_licence",
            filed.document("营业执照", uscc=[filed.USCC], seal="seal_not_seen"),
            "failed",
            "请盖章后重新上传",
        ),
        (
            "business_licence",
            filed.document("营业执照", uscc=[filed.USCC], fields={"valid_through": "2026-11-23"}),
            "failed",
            "已于 2026-11-23 到期",
        ),
        (
            "product_qualification",
            filed.document("证书", fields={"ccc_number": "2020010105000009", "valid_through": "2030-01-01"}),
            "failed",
            "产品登记的是 2026010105000001",
        ),
        ("product_qualification", filed.document(f"证书 {filed.CCC}"), "unclear", "没有读到证书的有效期"),
        ("trace_policy", filed.document("食堂菜单"), "failed", "不像是"),
        ("trace_policy", filed.document("追溯管理制度"), "unclear", "没有读到职责或责任或负责"),
        ("trace_policy", filed.document("", legible=False, retake="请重新扫描"), "unclear", "请重新扫描"),
        (
            "trace_policy",
            filed.document("追溯管理制度 职责", seal_text="", seal="seal_not_seen"),
            "unclear",
            "没有读到本企业名称",
        ),
        (
            "trace_policy",
            filed.document("上海样例电缆有限公司 追溯管理制度 职责", seal_text="", seal="seal_not_seen"),
            "unclear",
            "没有读到本企业名称",
        ),
        (
            "coverage_list",
            filed.sheet("产品名称,生产批次,生产日期,生产数量", "样例电缆,1,2026-11-03,5"),
            "failed",
            "不是",
        ),
        ("product_ledger", filed.sheet("产品名称,规格型号", "别的产品,X"), "failed", "没有：样例电缆 YL-1"),
        ("certificate_photo", filed.certificate("small_code_100x70"), "failed", "D.3.1"),
        ("certificate_photo", filed.certificate(text=f"https://id.gs1.org/01/{filed.GTIN}"), "failed", "批号（10）"),
    ],
)
async def test_a_material_says_what_is_wrong_with_it_while_it_is_still_a_draft(
    world: World, inspector: RecordedInspector, kind: str, data: bytes, expected: str, words: str
) -> None:
    case = await filing(world)
    await case.hand_in(kind, data, "file.csv" if kind.endswith(("list", "ledger")) else "file.pdf")
    await world.work()
    material = await case.material(kind)
    assert material.state == expected
    assert any(words in finding["reason"] for finding in material.findings), material.findings


async def test_a_certificate_that_carries_the_products_code_proves_its_pattern(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    pattern = await CodePattern.create(
        product_id=case.product.id, kind=CodePatternKind.GTIN_PREFIX, value="6901234", claimed_at=rows.NOW
    )
    await case.hand_in("certificate_photo", filed.certificate(), "1.jpg")
    await world.work()
    proved = await CodePattern.get(id=pattern.id)
    photo = await case.material("certificate_photo")
    await photo.fetch_related("evidence")
    assert (proved.proved_at, proved.proved_by_sha256) == (world.clock.now(), photo.evidence.sha256)


async def test_a_picture_that_cannot_be_judged_fails_with_its_advice(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    inspector.trouble = [PictureRefused("picture_is_heic", "请在 iPhone 设置里改格式")]
    await case.hand_in("certificate_photo", filed.certificate(), "1.jpg")
    await world.work()
    material = await case.material("certificate_photo")
    assert (material.state, material.findings[0]["reason"]) == ("failed", "请在 iPhone 设置里改格式")


async def test_a_file_that_takes_its_process_down_twice_is_unclear(world: World, inspector: RecordedInspector) -> None:
    case = await filing(world)
    inspector.trouble = [InspectionFailed("crash"), InspectionFailed("timeout")]
    await case.hand_in("trace_policy", filed.document("追溯"), "a.pdf")
    await world.work()
    material = await case.material("trace_policy")
    assert (material.state, len(inspector.looked)) == ("unclear", 2)
    assert "请重新扫描或拍摄" in material.findings[0]["reason"]


async def test_a_photo_that_another_firm_handed_in_before_is_not_taken_as_authentic(
    world: World, inspector: RecordedInspector
) -> None:
    theirs = await filing(world, uscc="91310000MA0000008J", name="样例另一家有限公司")
    await theirs.hand_in("certificate_photo", filed.certificate(), "1.jpg")
    ours = await filing(world)
    await ours.hand_in("certificate_photo", filed.certificate(), "1.jpg")
    await world.work()
    assert (await theirs.material("certificate_photo")).state == MaterialState.PASSED
    mine = await ours.material("certificate_photo")
    assert mine.state == MaterialState.UNCLEAR
    assert [finding["check"] for finding in mine.findings if "check" in finding] == ["photo_authentic"]


async def test_judging_a_material_twice_judges_it_once(world: World, inspector: RecordedInspector) -> None:
    case = await filing(world)
    await case.hand_in("certificate_photo", filed.certificate(), "1.jpg")
    (job,) = await world.ports.queue.claim(1, 60)
    await material_judging.judge_material(world.ports, job)
    await material_judging.judge_material(world.ports, job)
    assert await Event.filter(action="material:judge").count() == 1
    assert inspector.looked == ["inspect"]


# --- verified together -----------------------------------------------------------------------------------------------


async def test_a_good_application_is_graded_and_published(world: World, inspector: RecordedInspector) -> None:
    case = await submitted(world)
    application = await case.now()
    assert (application.state, application.grade, application.round) == (ApplicationState.PUBLICITY, "B", 1)
    assert {finding["rows"][0] for finding in application.findings} == {"R34"}  # which registers were not asked
    facts = application.facts
    assert facts is not None
    assert (facts["coverage"]["value"], facts["coverage"]["words"]) == ("0.95", "95%")
    assert facts["upload_accuracy"]["value"] == "0.9"
    assert facts["monthly"]["value"] == "not_due"
    assert facts["body_coded"] == {
        "label": "产品本体赋码", "value": None, "words": "未判定", "materials": [],
        "reason": "“样例电缆 YL-1”没有产品本体赋码照片（6 A-1、6 AA-1）。",
    }  # fmt: skip
    assert facts["coverage"]["materials"] == [(await case.material("coverage_list")).ref]
    assert await Publication.all().count() == 1
    (told,) = await InboxEntry.all()
    assert told.title == "评价结果：B 级"
    assert told.body.startswith("公示 3 个工作日，至 ")  # what has a deadline survives the cut in chat
    assert "有异议请在公示期内提交说明和证明材料" in told.body.splitlines()[0]


async def test_an_application_for_a_reaches_a(world: World, inspector: RecordedInspector) -> None:
    case = await submitted(world, "A")
    application = await case.now()
    assert application.state == ApplicationState.PUBLICITY, application.findings
    assert application.grade == Grade.A


@pytest.mark.parametrize(("level", "reached"), [("AA", Grade.AA), ("AAA", Grade.AA)])
async def test_aa_is_reached_and_aaa_waits_for_the_measured_look_up_time_and_adoptions_on_record(
    world: World, inspector: RecordedInspector, level: str, reached: Grade
) -> None:
    case = await submitted(world, level)
    application = await case.now()
    assert application.state == ApplicationState.PUBLICITY, application.findings
    assert application.grade == reached
    assert application.facts is not None
    assert application.result is not None
    shown = {name: fact["value"] for name, fact in application.facts.items()}
    assert shown["query_seconds"] is None  # R53: no screenshot shows it
    if level == "AAA":
        lacking = [reason["fact"] for reason in application.result["next"]["missing"]]
        assert lacking == ["query_seconds", "adoption_12m"]
        assert shown == EVERYTHING


EVERYTHING = {
    "code_selection": "pass", "certificate_coded": "pass", "certificate_print": "pass", "body_coded": "pass",
    "package_coded": "pass", "codes_consistent": "pass", "one_item_one_code": "pass", "coverage": "1",
    "collection": "realtime", "reverse_trace": "pass", "upload_accuracy": "1", "upload_link": "realtime",
    "public_query": "full", "query_channels": ["scan", "web", "miniapp"], "query_seconds": None,
    "supplier_share": "0.8", "supplier_realtime": "pass", "upstream_trace": "pass", "trace_info_sound": "pass",
    "info_update": "realtime", "marketplace_rate": "not_applicable", "marketplace_automatic": "not_applicable",
    "monthly": "not_due", "adoption_12m": 0,
}  # fmt: skip
"""Every fact that materials alone can show; adoptions stand in the ledger (R4)."""


async def test_two_photos_of_one_item_are_not_one_item_one_code(world: World, inspector: RecordedInspector) -> None:
    case = await submitted(world, "AAA", one_item_photos=filed.certificate())
    application = await case.now()
    assert application.facts is not None
    assert application.facts["one_item_one_code"]["value"] == "fail"
    assert application.grade == Grade.AA


async def test_a_step_that_no_photo_shows_is_asked_for(world: World, inspector: RecordedInspector) -> None:
    case = await filing(world, "AA")
    for kind, data, name, declared in filed.good_files("AA"):
        shown = {"place": "body"} if declared == {"place": "package"} else declared
        await case.hand_in(kind, data, name, shown)
    await case.submit()
    await world.work()
    (problem,) = (await case.now()).findings
    assert problem["reason"] == "“样例电缆 YL-1”的全环节赋码图片缺少：最小销售包装。请补齐（6 AA-1）。"
    assert len(problem["materials"]) == 3


async def test_a_body_photo_handed_in_before_its_certificate_is_compared_with_it_all_the_same(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world, "A")
    await case.hand_in("body_photo", filed.body(match="fail"), "1.jpg", {"place": "body"})
    await world.work()
    assert (await case.material("body_photo")).state == MaterialState.PASSED  # nothing to compare it with yet
    for kind, data, name, declared in filed.good_files("A"):
        if kind != "body_photo":
            await case.hand_in(kind, data, name, declared)
    await case.submit()
    await world.work()
    application = await case.now()
    assert application.state == ApplicationState.SUPPLEMENT
    assert [(f["clause"], f["outcome"]) for f in application.findings] == [("6 A-1", "fail")]


async def test_a_certificate_of_a_batch_that_the_ledger_does_not_know_is_sent_back(
    world: World, inspector: RecordedInspector
) -> None:
    other = filed.certificate(text=filed.code("0001", "L2099Z"))
    case = await submitted(world, certificate_photo=other)
    application = await case.now()
    assert application.state == ApplicationState.SUPPLEMENT
    (problem,) = application.findings
    assert "追溯数据台账里没有合格证照片上的追溯码" in problem["reason"]
    assert set(problem["materials"]) == {
        (await case.material("trace_ledger")).ref, (await case.material("certificate_photo")).ref,
    }  # fmt: skip
    # One of the two is enough: the photo was of another batch.
    await case.hand_in("certificate_photo", filed.certificate(), "2.jpg")
    await case.submit()
    await world.work()
    assert await state(case) == ApplicationState.PUBLICITY
    assert (await case.material("trace_ledger")).state == MaterialState.PASSED


async def test_a_coverage_list_that_does_not_count_what_the_ledger_counts_is_sent_back(
    world: World, inspector: RecordedInspector
) -> None:
    lines = [f"{month},样例电缆,90,90" for month in filed.months()]
    case = await submitted(world, coverage_list=filed.sheet("统计月份,产品名称,生产数量,赋码数量", *lines))
    (problem,) = (await case.now()).findings
    assert (problem["have"], problem["need"]) == ("1080", "1200")


async def test_problems_are_told_once_with_the_deadline_and_only_what_failed_takes_new_files(
    world: World, inspector: RecordedInspector
) -> None:
    case = await submitted(world, trace_policy=filed.document("食堂菜单"))
    application = await case.now()
    assert application.state == ApplicationState.SUPPLEMENT
    # Told on Tuesday 24 November 2026: five working days end with Tuesday 1 December.
    assert application.due_at is not None
    assert application.due_at.isoformat() == "2026-12-01T16:00:00+00:00"
    step = applications.next_step(application)
    assert step.words == "有 1 处需要补正：请在 2026 年 12 月 1 日 24:00 前更换相应资料并重新提交，逾期本次申报终止。"
    entry = await InboxEntry.get()
    assert (entry.title, entry.clause) == ("申报资料有 1 处需要补正", "7.2(3)")
    with pytest.raises(Refused) as unmended:
        await case.submit()
    assert unmended.value.code == "not_supplemented"
    with pytest.raises(Refused) as passed:
        await case.hand_in("upload_link_proof", filed.document("国家追溯平台 对接"), "b.pdf")
    assert passed.value.code == "material_closed"
    await case.hand_in("trace_policy", filed.document("追溯管理制度 职责"), "b.pdf")
    await case.submit()
    await world.work()
    assert (await case.now()).round == 2
    assert await state(case) == ApplicationState.PUBLICITY


async def test_a_file_that_comes_while_the_application_is_submitted_is_part_of_it_or_refused(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    await case.fill()
    late = case.hand_in("certificate_photo", filed.certificate(text=filed.code("0002")), "2.jpg")
    outcome, _ = await asyncio.gather(late, case.submit(), return_exceptions=True)
    if isinstance(outcome, Refused):
        assert outcome.code == "material_closed"
        assert await Material.filter(kind="certificate_photo").count() == 1
    else:
        assert isinstance(outcome, Material)
        assert (await Material.get(id=outcome.id)).round == 1


async def test_what_was_submitted_cannot_be_changed_or_taken_out(world: World, inspector: RecordedInspector) -> None:
    case = await filing(world)
    await case.fill()
    await case.submit()
    policy = await case.material("trace_policy")
    for work in (
        case.hand_in("trace_policy", filed.document("追溯"), "b.pdf"),
        applications.take_out(world.ports, case.asker, case.application.ref, policy.ref),
    ):
        with pytest.raises(Refused) as caught:
            await work
        assert caught.value.code == "material_closed"
    with pytest.raises(Refused) as late:
        await applications.withdraw(world.ports, case.asker, case.application.ref)
    assert late.value.code == "application_submitted"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (RegistryAnswer(Register.CCC, Reply.NOT_FOUND), "2026010105000001：CCC 证书登记中没有查到"),
        (RegistryAnswer(Register.CCC, Reply.FOUND, {"status": "revoked"}), "状态是吊销或撤销"),
        (RegistryAnswer(Register.CCC, Reply.FOUND, {"valid_through": "2026-11-23"}), "有效期到 2026-11-23，已过期"),
        (RegistryAnswer(Register.CCC, Reply.FOUND, {"name": "别家有限公司"}), "名称登记为“别家有限公司”"),
    ],
)
async def test_what_a_register_says_against_a_certificate_counts(
    world: World, inspector: RecordedInspector, answer: RegistryAnswer, words: str
) -> None:
    world.registries.answers[Register.CCC, filed.CCC] = answer
    case = await submitted(world)
    (problem,) = (await case.now()).findings
    assert words in problem["reason"]
    assert (await case.material("product_qualification")).state == MaterialState.FAILED


# --- the print (R5) --------------------------------------------------------------------------------------------------


async def test_a_failing_print_goes_back_first_and_caps_where_the_firm_lets_it_stand(
    world: World, inspector: RecordedInspector
) -> None:
    case = await submitted(world, "A", certificate_photo=filed.certificate("small_code_100x70"))
    application = await case.now()
    assert application.state == ApplicationState.SUPPLEMENT
    assert {finding["clause"] for finding in application.findings} == {"D.3.1"}
    assert "不整改也可以直接重新提交" in applications.next_step(application).words
    await case.submit()
    await world.work()
    application = await case.now()
    assert (application.state, application.grade) == (ApplicationState.PUBLICITY, "B")
    assert application.result is not None
    assert application.result["capped_by"] == "6.1(4)"
    assert {f["clause"] for f in application.findings if f["outcome"] == "fail"} == {"D.3.1"}


async def test_two_sheets_with_the_code_in_different_places_fail_together(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    await case.fill()
    await case.hand_in("certificate_photo", filed.certificate("near_edge_100x70"), "2.jpg")
    await case.submit()
    await world.work()
    application = await case.now()
    assert {finding["clause"] for finding in application.findings} == {"D.1.1", "D.1.3"}
    (moved,) = [finding for finding in application.findings if finding["clause"] == "D.1.3"]
    assert moved["materials"] == [(await case.material("certificate_photo")).ref]


async def test_two_sheets_with_the_code_in_the_same_place_settle_that_clause(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    await case.fill()
    await case.hand_in("certificate_photo", filed.certificate(text=filed.code("0002")), "2.jpg")
    await case.submit()
    await world.work()
    facts = (await case.now()).facts
    assert facts is not None
    assert facts["certificate_print"]["reason"].startswith("合格证赋码印刷符合附录 D。D.4、D.5.2、D.6 未判定")


async def test_a_failing_print_that_survives_the_supplement_is_graded_with_the_cap(
    world: World, inspector: RecordedInspector
) -> None:
    case = await submitted(world, certificate_photo=filed.certificate("near_edge_100x70"))
    await end_supplement(world, case)
    application = await case.now()
    assert (application.state, application.grade) == (ApplicationState.PUBLICITY, "B")
    assert await last_push() == MORNING
    push = await Answer.get(key__contains=":result:")
    assert push.worth_until == application.due_at  # afterwards there is nothing left to object to
    assert push.notice is not None
    assert (push.notice["state"], push.notice["deadline"]) == ("公示中", "2026-12-07")


async def test_a_new_photo_whose_print_fails_again_may_be_mended_again(
    world: World, inspector: RecordedInspector
) -> None:
    case = await submitted(world, certificate_photo=filed.certificate("small_code_100x70"))
    await case.hand_in("certificate_photo", filed.certificate("near_edge_100x70"), "2.jpg")
    await case.submit()
    await world.work()
    assert await state(case) == ApplicationState.SUPPLEMENT
    await case.hand_in("certificate_photo", filed.certificate(), "3.jpg")
    await case.submit()
    await world.work()
    application = await case.now()
    assert (application.state, application.result and application.result["capped_by"]) == ("publicity", None)


async def test_a_sheet_that_fails_by_another_handed_in_later_is_told_before_it_caps(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    other = await rows.product(enterprise_id=case.firm.id, model="YL-2", qualification_number=filed.CCC)
    await applications.withdraw(world.ports, case.asker, case.application.ref)
    case.application = await applications.open_application(
        world.ports, case.asker, case.firm.id, "B", [case.product.id, other.id], sells_online=False
    )
    await case.fill(certificate_photo=filed.certificate("small_code_100x70"))
    first, case.product = case.product, other
    for file in filed.good_files():
        if file[0] in filed.PER_PRODUCT:
            await case.hand_in(*file)
    standing = await case.material("certificate_photo")
    await case.submit()
    await world.work()
    assert {finding["clause"] for finding in (await case.now()).findings} == {"D.3.1"}
    case.product = first
    world.clock.advance(minutes=1)
    await case.hand_in("certificate_photo", filed.certificate("near_edge_100x70"), "2.jpg")
    await case.submit()
    await world.work()
    application = await case.now()
    assert application.state == ApplicationState.SUPPLEMENT
    moved = [finding for finding in application.findings if finding["clause"] == "D.1.3"]
    assert [finding["materials"] for finding in moved] == [[standing.ref]]
    world.clock.advance(minutes=1)
    await case.submit()  # it may stand, now that the firm knows
    await world.work()
    application = await case.now()
    assert (application.state, application.grade) == (ApplicationState.PUBLICITY, "B")
    assert {f["clause"] for f in application.findings if f["outcome"] == "fail"} == {"D.1.1", "D.1.3"}


async def test_anything_else_that_stays_open_lapses(world: World, inspector: RecordedInspector) -> None:
    case = await submitted(
        world,
        certificate_photo=filed.certificate("small_code_100x70"),
        trace_policy=filed.document("食堂菜单"),
    )
    await end_supplement(world, case)
    application = await case.now()
    assert (application.state, application.ended_at) == (ApplicationState.LAPSED, world.clock.now())
    assert await InboxEntry.filter(clause="7.2(3)").order_by("-id").first().values_list("title", flat=True) == (
        "申报因逾期未补正而终止"
    )
    assert await last_push() == MORNING
    told = await Answer.all().order_by("-id").first()
    assert told is not None
    assert told.notice is not None
    assert filled(SAMPLE_TEMPLATES[NoticeKind.APPLICATION], told.notice, told.created_at) == {
        "thing1": "申报因逾期未补正而终止",
        "thing2": "样例电缆有限公司",
        "phrase3": "已终止",
        "time4": "2026年12月2日 00:00",
        "thing5": "请打开页面查看下一步",
    }
    assert await applications.open_application(
        world.ports, case.asker, case.firm.id, "B", [case.product.id], sells_online=False
    )


async def test_coverage_below_b_is_not_reached_and_told(world: World, inspector: RecordedInspector) -> None:
    few = [f"{month},样例电缆,100,70" for month in filed.months()]
    case = await submitted(world, coverage_list=filed.sheet("统计月份,产品名称,生产数量,赋码数量", *few))
    application = await case.now()
    assert (application.state, application.grade) == (ApplicationState.NOT_REACHED, "not_reached")
    entry = await InboxEntry.get()
    assert "用码覆盖率 70%，B 级要求至少 80%（6 B-2，R43）" in entry.body
    assert await Publication.all().count() == 0


# --- twice, and cut off ----------------------------------------------------------------------------------------------


async def jobs_of(world: World, kind: str) -> list[ClaimedJob]:
    """Run everything up to the first job of that kind, which is handed out unrun."""
    while True:
        (job,) = await world.ports.queue.claim(1, 60)
        if job.kind == kind:
            return [job]
        await HANDLERS[job.kind](world.ports, job)


async def test_verifying_twice_moves_once(world: World, inspector: RecordedInspector) -> None:
    case = await filing(world)
    await case.fill()
    await case.submit()
    (job,) = await jobs_of(world, applications.VERIFY)
    await verification.verify(world.ports, job)
    await verification.verify(world.ports, job)
    assert await Event.filter(action="application:verified").count() == 1
    assert await Job.filter(kind=verification.GRADE).count() == 1


async def test_grading_twice_publishes_once(world: World, inspector: RecordedInspector) -> None:
    case = await filing(world)
    await case.fill()
    await case.submit()
    (job,) = await jobs_of(world, verification.GRADE)
    await grading.grade_application(world.ports, job)
    await grading.grade_application(world.ports, job)
    assert await Publication.all().count() == 1
    assert await Event.filter(action="application:grade").count() == 1


async def test_a_submission_that_is_sent_again_does_not_hand_in_unmended_what_came_back(
    world: World, inspector: RecordedInspector
) -> None:
    """Its answer was lost, and the verification was quicker: the print may still be mended, and the grade is open."""
    case = await submitted(world, certificate_photo=filed.certificate("small_code_100x70"))
    with pytest.raises(Refused) as caught:
        await applications.submit(world.ports, case.asker, case.application.ref, seen=case.application.round)
    assert caught.value.code == "state_changed"
    assert (await state(case), (await case.now()).round) == (ApplicationState.SUPPLEMENT, 1)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("kind", [applications.VERIFY, verification.GRADE, applications.JUDGE])
async def test_a_job_that_is_killed_before_its_commit_leaves_nothing_and_is_done_by_the_next(
    world: World, inspector: RecordedInspector, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await filing(world)
    await case.fill()
    await case.submit()
    (job,) = await jobs_of(world, kind)
    module: Any = {applications.VERIFY: verification, verification.GRADE: grading}.get(kind, material_judging)
    name = "record_event"

    async def killed(*_: Any, **__: Any) -> None:
        raise Killed

    before = (await case.now()).version
    handler = {
        applications.VERIFY: verification.verify,
        verification.GRADE: grading.grade_application,
        applications.JUDGE: material_judging.judge_material,
    }[kind]
    with monkeypatch.context() as patch:
        patch.setattr(module, name, killed)
        with pytest.raises(Killed):
            await handler(world.ports, job)
    assert (await case.now()).version == before
    world.clock.advance(seconds=61)  # the lease runs out
    await world.work()
    application = await case.now()
    assert (application.state, application.grade) == (ApplicationState.PUBLICITY, "B")
    assert await Publication.all().count() == 1


# --- a review --------------------------------------------------------------------------------------------------------


async def test_new_evidence_is_judged_into_new_facts_without_touching_the_case(
    world: World, inspector: RecordedInspector
) -> None:
    case = await submitted(world, "A", certificate_photo=filed.certificate("small_code_100x70"))
    await case.submit()
    await world.work()
    application = await case.now()
    assert application.grade == "B"
    evidence: Evidence = await keep_file(
        world.ports, filed.certificate(), EvidenceSource.UPLOAD, actor="system", media_type="image/jpeg",
        enterprise_id=case.firm.id,
    )  # fmt: skip
    before = await Material.all().order_by("id").values_list("id", "state")
    facts, result = await verification.rejudge(
        world.ports, application, [("certificate_photo", case.product.id, evidence)]
    )
    assert (result.grade, result.capped_by) == (Grade.A, None)
    assert facts["certificate_print"]["value"] == "pass"
    assert facts["certificate_print"]["materials"] == [f"evidence:{evidence.id}"]
    assert await Material.all().order_by("id").values_list("id", "state") == before
    assert (await case.now()).version == application.version
    assert result.facts.coverage == Decimal("0.95")
    assert await Application.all().count() == 1


async def test_a_review_takes_nothing_in_the_firms_favour_from_a_photo_that_another_firm_filed(
    world: World, inspector: RecordedInspector
) -> None:
    case = await submitted(world, "A", certificate_photo=filed.certificate("small_code_100x70"))
    await case.submit()
    await world.work()
    theirs = await rows.enterprise()
    for firm in (theirs.id, case.firm.id):
        evidence = await keep_file(
            world.ports, filed.certificate(), EvidenceSource.UPLOAD, actor="person:1", media_type="image/jpeg",
            enterprise_id=firm,
        )  # fmt: skip
    facts, result = await verification.rejudge(
        world.ports, await case.now(), [("certificate_photo", case.product.id, evidence)]
    )
    assert (facts["certificate_print"]["value"], facts["certificate_coded"]["value"]) == ("unclear", "unclear")
    assert result.grade == Grade.NOT_REACHED  # nothing else shows that its certificates carry a code


async def test_a_file_that_cannot_be_looked_at_holds_up_no_review_and_lowers_nothing(
    world: World, inspector: RecordedInspector
) -> None:
    case = await submitted(world, "A", certificate_photo=filed.certificate("small_code_100x70"))
    await case.submit()
    await world.work()
    application, public = await case.now(), await Publication.get()
    broken = publicity.SupportingFile(b"brings it down", "x.jpg", "certificate_photo", case.product.id)
    await publicity.object_to(world.ports, case.asker, public.ref, "k" * 8, "请复核合格证照片", [broken])
    await world.settle()
    assert (await case.now()).state == ApplicationState.PUBLICITY
    assert (await case.now()).grade == application.grade == "B"
    assert await Job.filter(dead_at__not_isnull=True).count() == 0
    assert inspector.looked.count("inspect") == 1 + 3  # the broken one to the third look


async def test_an_outage_of_minutes_buries_no_job_of_an_application(world: World, inspector: RecordedInspector) -> None:
    case = await filing(world)
    await case.fill()
    await case.submit()
    await world.work()
    kinds = (applications.JUDGE, applications.VERIFY, verification.GRADE)
    assert set(await Job.filter(kind__in=kinds).values_list("kind", "max_attempts")) == {(kind, 20) for kind in kinds}


async def test_a_product_that_is_changed_has_its_papers_judged_anew(world: World, inspector: RecordedInspector) -> None:
    case = await filing(world)
    await case.fill()
    await world.work()
    assert (await case.material("product_qualification")).state == MaterialState.PASSED
    changes = products.ProductChanges(qualification_number="2026010105000002")
    await products.change_product(world.ports, case.asker, case.product.id, changes)
    assert (await case.material("product_qualification")).state == MaterialState.HANDED_IN
    await world.work()
    judged = await case.material("product_qualification")
    assert judged.state == MaterialState.FAILED
    assert "2026010105000001" in judged.findings[0]["reason"]
    await products.change_product(world.ports, case.asker, case.product.id, changes)  # the same again
    assert (await case.material("product_qualification")).state == MaterialState.FAILED
