"""What a month's files come to together, and what each says of what was filed before (C, D.1.3, R6, R9, R39)."""

from datetime import timedelta
from typing import Any

import pytest
from tortoise.connection import get_connection

from models import FiledCode, FilingFile, FilingFileState, FilingState, Job, MonthlyFiling, Photo, Product
from standard.calendar import midnight
from tests import rows
from tests.workflow import monthly
from tests.workflow.living import month_of
from tests.workflow.monthly import Filer, K, body, certificate, code, filer, ledger, noon, page
from tests.workflow.world import World
from workflow.answering import photos
from workflow.certifying.certificate_months import LOOK_AGAIN
from workflow.due import DUE, carry_out
from workflow.monthly import month_filing, month_life
from workflow.monthly.month_jobs import buried, enqueue_judgement
from workflow.monthly.month_judging import Judgement, Standing, judged
from workflow.problems import Refused


async def judge(case: Filer) -> Judgement:
    filing = await MonthlyFiling.get(id=case.filing.id)
    return (await judged(case.world.ports, [filing]))[filing.id]


def reasons(judgement: Judgement) -> str:
    return "\n".join(finding["reason"] for finding in judgement.findings)


async def next_month(case: Filer, month: str = "2027-01") -> None:
    """The month was filed and passed; the next one is open."""
    await case.submit()
    case.filing = await month_of(case.one, month)
    case.world.clock.advance(noon(month, 5) - case.world.clock.now())


async def test_a_month_without_a_file_is_missing(world: World) -> None:
    case = await filer(world)
    judgement = await judge(case)
    assert (judgement.outcome, judgement.filed_at, judgement.codes) == (Standing.MISSING, None, ())
    assert judgement.verdict["missing"] == ["2026 年 12 月没有提报资料（提报期 2026-12-01 至 2026-12-25，8.1(2)）"]
    assert judgement.verdict["files"] == []


async def test_many_months_are_judged_as_each_of_them_alone(world: World) -> None:
    whole = await filer(world)
    await whole.fill()
    part = await filer(world)
    part.products[0].gtin = None
    await part.file_product(1)
    await world.work()
    empty = await filer(world)
    filings = [whole.filing, part.filing, empty.filing]
    together = await judged(world.ports, filings)
    assert [together[one.id].outcome for one in filings] == [Standing.PASSING, Standing.MISSING, Standing.MISSING]
    for case in (whole, part, empty):
        assert await judge(case) == together[case.filing.id]


# --- photos on their way ---------------------------------------------------------------------------------------------


async def test_a_chat_photo_that_came_in_time_holds_the_month_until_it_is_judged(world: World) -> None:
    case = await filer(world, day=25)
    await case.fill()
    identity = await case.chat()
    await month_filing.enter(world.ports, identity, case.filing)
    await photos.receive(world.ports, identity, "m1", "", "m1")
    assert (await judge(case)).outcome is Standing.WAITING
    assert (await case.checklist()).waiting == 1
    await Photo.all().update(received_at=midnight(case.filing.closes_on + timedelta(days=1)))
    assert (await judge(case)).outcome is Standing.PASSING  # it came a moment too late


async def test_a_chat_photo_of_before_its_sender_began_to_file_holds_nothing(world: World) -> None:
    case = await filer(world)
    await case.fill()
    identity = await case.chat()
    await photos.receive(world.ports, identity, "m1", "", "m1")
    await month_filing.enter(world.ports, identity, case.filing)
    assert (await judge(case)).outcome is Standing.PASSING


async def test_a_file_that_is_still_being_judged_holds_what_is_complete(world: World) -> None:
    case = await filer(world)
    await case.fill()
    await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(serial="0002")), product=0)
    assert (await judge(case)).outcome is Standing.WAITING
    await world.work()
    judgement = await judge(case)
    assert judgement.outcome is Standing.PASSING
    assert judgement.filed_at == world.clock.now()
    assert {one.code for one in judgement.codes} == {
        (await FilingFile.get(id=photo.id)).code for photo in await FilingFile.filter(code__not="", kind=K.BODY_PHOTO)
    } | {(await case.file(K.CERTIFICATE_PHOTO, 0)).code}


async def test_a_file_whose_job_was_buried_is_unclear_and_sent_once_more(world: World) -> None:
    """R6: no month waits for what nobody looks at any more."""
    case = await filer(world)
    await case.fill()
    data = certificate(code(serial="0002"))
    file = await case.hand_in(K.CERTIFICATE_PHOTO, data, product=0)
    key = f"filing_file.judge:{file.id}"
    await Job.filter(key=key).update(dead_at=world.clock.now())
    assert (await judge(case)).outcome is Standing.WAITING
    for tick in range(2):
        await world.ports.queue.enqueue("filing_file.give_up", f"tick:{tick}", {}, due=world.clock.now())
        await world.work()
    await file.refresh_from_db()
    assert (file.state, "请把它再上传一次" in file.findings[0]["reason"]) == (FilingFileState.UNCLEAR, True)
    # Enough others pass: the month is not held up by it (R6).
    assert (await judge(case)).outcome is Standing.PASSING
    again = await case.hand_in(K.CERTIFICATE_PHOTO, data, product=0)
    await world.work()
    await again.refresh_from_db()
    await file.refresh_from_db()
    assert (file.state, again.state) == (FilingFileState.REPLACED, FilingFileState.PASSED)


async def test_a_file_that_is_looked_at_anew_is_not_given_up(world: World) -> None:
    case = await filer(world)
    file = await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code()), product=0)
    await Job.filter(key=f"filing_file.judge:{file.id}").update(dead_at=world.clock.now())
    await enqueue_judgement(world.ports, file, again="once")
    await world.ports.queue.enqueue("filing_file.give_up", "tick", {}, due=world.clock.now(), priority=40)
    await world.work()
    await file.refresh_from_db()
    assert file.state == FilingFileState.PASSED


async def test_buried_jobs_are_found_without_reading_those_that_are_done(world: World) -> None:
    await get_connection("default").execute_script(
        "WITH RECURSIVE counted (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < 20000)"
        " INSERT INTO job (kind, key, args, due_at, priority, attempts, max_attempts, created_at, done_at, dead_at)"
        " SELECT 'filing_file.judge', number, '{}', CURRENT_TIMESTAMP, 0, 1, 1, CURRENT_TIMESTAMP,"
        " CASE WHEN number % 5000 > 0 THEN CURRENT_TIMESTAMP END,"
        " CASE WHEN number % 5000 = 0 THEN CURRENT_TIMESTAMP END FROM counted;"
        "ANALYZE job"
    )
    plan = await buried().limit(100).explain()
    assert "job_buried" in str([dict(line) for line in plan])
    assert await buried().count() == 4


# --- R9: products, batches, codes ------------------------------------------------------------------------------------


async def test_last_months_product_is_refused_while_another_is_left(world: World) -> None:
    case = await filer(world, products=3)
    await case.fill((0, 1))
    await next_month(case)
    await case.fill((0, 1), "L2")
    judgement = await judge(case)
    assert judgement.outcome is Standing.FAILING
    assert "「样例电缆1 YL-1、样例电缆2 YL-2」上月已提报，请改报上月未提报的：样例电缆3 YL-3" in reasons(judgement)
    with pytest.raises(Refused, match="filing_failing"):
        await case.submit()


@pytest.mark.parametrize(
    ("gtin", "name", "same"),
    [
        (monthly.GTINS[0], "样例电缆（新名）", True),
        (None, "样例电缆1", True),
        (None, "另一种样例电缆", False),
        ("06901234567922", "样例电缆1", False),
    ],
)
async def test_a_product_that_was_retired_and_registered_anew_was_filed_last_month_still(
    world: World, gtin: str | None, name: str, same: bool
) -> None:
    """R9: by the thing itself, not by its record."""
    case = await filer(world, products=3)
    await case.fill((0, 1))
    await next_month(case)
    await Product.filter(id=case.products[0].id).update(retired_at=world.clock.now())
    await rows.product(enterprise_id=case.one.firm.id, name=name, model="YL-1", gtin=gtin)
    found = {one.product.name: one.repeated for one in await month_filing.choices(case.filing)}
    assert found == {"样例电缆2": True, "样例电缆3": False, name: same}


async def test_where_no_product_is_left_another_batch_of_it_is_filed_and_recorded(world: World) -> None:
    case = await filer(world)
    await case.fill()
    await next_month(case)
    await case.fill(batch="L2")
    judgement = await judge(case)
    assert (judgement.outcome, judgement.verdict["repeated"]) == (
        Standing.PASSING, ["样例电缆1 YL-1", "样例电缆2 YL-2"],
    )  # fmt: skip
    assert (await case.submit()).state == FilingState.CONTINUED


async def test_the_same_batch_as_last_month_fails(world: World) -> None:
    case = await filer(world)
    await case.fill()
    await next_month(case)
    for number in (0, 1):
        await case.file_product(number, "L1", "0002")
        await case.hand_in(K.QUERY_SCREENSHOT, page(code(number), words=f"产品名称 样例 {number}"), "截图.png")
    await case.hand_in(K.QUERY_SCREENSHOT, page(code(), words="产品名称 样例"), "截图.png")
    await case.hand_in(K.UPDATE_LEDGER, ledger(case.row(0, "L1"), case.row(1, "L1")), "更新台账.csv")
    await world.work()
    judgement = await judge(case)
    assert judgement.outcome is Standing.FAILING
    assert "与上月同一批次：样例电缆1 YL-1 L1、样例电缆2 YL-2 L1" in reasons(judgement)


async def test_a_code_that_was_filed_is_refused_when_its_photo_is_judged(world: World) -> None:
    case = await filer(world)
    await case.fill()
    await next_month(case)
    await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(serial="0001")) + b" ", product=0)
    await world.work()
    photo = await case.file(K.CERTIFICATE_PHOTO, 0)
    assert photo.state == FilingFileState.FAILED
    assert "已在 2026 年 12 月提报过，不再接受" in photo.findings[0]["reason"]
    assert await FiledCode.filter(code=photo.code).count() == 1


async def test_the_very_file_of_an_earlier_month_fails(world: World) -> None:
    """7.2(2)."""
    case = await filer(world)
    await case.fill()
    await next_month(case)
    await case.hand_in(K.QUERY_SCREENSHOT, page(code(), words="产品名称 样例 L1 0"), "截图.png")
    await world.work()
    shot = await case.file(K.QUERY_SCREENSHOT)
    assert (shot.state, "已在 2026 年 12 月提报过" in shot.findings[0]["reason"]) == (FilingFileState.FAILED, True)


async def test_a_firm_of_one_product_files_two_batches_of_it(world: World) -> None:
    case = await filer(world, products=1)
    await case.fill((0,))
    found = await case.checklist()
    assert "合格证照片（样例电缆1 YL-1）还差 1 张" in found.missing
    await case.file_product(0, "L2")
    await case.hand_in(K.UPDATE_LEDGER, ledger(case.row(0, "L1"), case.row(0, "L2")), "更新台账.csv")
    await world.work()
    judgement = await judge(case)
    assert judgement.outcome is Standing.PASSING, reasons(judgement)
    assert {one.batch for one in judgement.codes} == {"L1", "L2"}


async def test_two_months_that_are_over_at_once_are_judged_one_after_the_other(world: World) -> None:
    """The sweep was down over two months' ends: what January is judged by is what December was decided with."""
    case = await filer(world)
    await case.fill()
    december = case.filing
    case.filing = await month_of(case.one, "2027-01")
    world.clock.advance(noon("2027-01", 5) - world.clock.now())
    await case.fill(batch="L2")
    world.clock.advance(noon("2027-01", 27) - world.clock.now())
    (closes,) = [line for line in DUE if line.together is month_life.close_windows]
    await carry_out(world.ports, closes)
    january = await MonthlyFiling.get(id=case.filing.id)
    assert (await MonthlyFiling.get(id=december.id)).state == FilingState.CONTINUED
    assert january.verdict is not None
    # R9: both products were filed in December, and no other is left.
    assert (january.state, january.verdict["repeated"]) == (
        FilingState.CONTINUED, ["样例电缆1 YL-1", "样例电缆2 YL-2"],
    )  # fmt: skip


async def test_a_month_waits_for_an_earlier_one_that_is_still_being_judged(world: World) -> None:
    case = await filer(world)
    await case.fill()
    later = await month_of(case.one, "2027-01")
    await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(serial="0002")), product=0)
    world.clock.advance(noon("2027-01", 27) - world.clock.now())
    (closes,) = [line for line in DUE if line.together is month_life.close_windows]
    await carry_out(world.ports, closes)
    for filing in (case.filing, later):
        await filing.refresh_from_db()
        assert (filing.state, filing.due_at) == (FilingState.OPEN, world.clock.now() + LOOK_AGAIN)


# --- what belongs together -------------------------------------------------------------------------------------------


async def test_a_code_of_another_product_is_not_this_ones(world: World) -> None:
    case = await filer(world)
    await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(1)), product=0)
    await world.work()
    photo = await case.file(K.CERTIFICATE_PHOTO, 0)
    assert photo.state == FilingFileState.FAILED
    assert (photo.findings[0]["clause"], photo.findings[0]["check"]) == ("7.2(2)", "data_match")


async def test_body_and_certificate_are_of_one_batch(world: World) -> None:
    case = await filer(world)
    await case.fill()
    wrong = await case.hand_in(K.BODY_PHOTO, body(code(batch="L7")), product=0)
    await world.work()
    judgement = await judge(case)
    assert judgement.outcome is Standing.FAILING
    (finding,) = [one for one in judgement.findings if one["materials"]]
    assert finding["materials"] == [wrong.ref]
    assert "本体照片的批次是 L7，合格证照片的是 L1" in finding["reason"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["样例电缆1,YL-1,L9,{0},2026-12-02,合格,样例客户,成功", "{row1}"], "更新台账里没有「样例电缆1 YL-1」"),
        (
            ["{row0}", "样例电缆2,YL-2,L1,,2026-12-02,合格,,未上传"],
            "「样例电缆2 YL-2」的追溯数据更新台账缺少：销售、国家",
        ),
        (["{row0}"], "「样例电缆2 YL-2」的追溯数据更新台账缺少：生产、检验、销售、国家追溯平台上传记录"),
    ],
)
async def test_what_the_ledger_lacks_is_said_by_product(world: World, lines: list[str], said: str) -> None:
    """C(3)."""
    case = await filer(world)
    await case.fill()
    rows_of = {"row0": case.row(0, "L1"), "row1": case.row(1, "L1")}
    filled = [line.format(code(0, "L9"), **rows_of) for line in lines]
    await case.hand_in(K.UPDATE_LEDGER, ledger(*filled), "更新台账.csv")
    await world.work()
    judgement = await judge(case)
    assert judgement.outcome is Standing.FAILING
    assert said in reasons(judgement)


@pytest.mark.parametrize(
    ("header", "changed", "state"),
    [
        (monthly.LEDGER, False, FilingFileState.FAILED),  # the very file
        (f"{monthly.LEDGER},备注", False, FilingFileState.FAILED),  # saved anew
        (monthly.LEDGER, True, FilingFileState.PASSED),  # with the month's rows
    ],
)
async def test_last_months_ledger_is_no_update(
    world: World, header: str, changed: bool, state: FilingFileState
) -> None:
    """C(3)."""
    case = await filer(world)
    await case.fill()
    await next_month(case)
    rows = [case.row(0, "L1"), case.row(1, "L1"), *([case.row(0, "L2", "0007")] if changed else [])]
    file = await case.hand_in(K.UPDATE_LEDGER, ledger(*rows, header=header), "一月台账.csv")
    await world.work()
    await file.refresh_from_db()
    assert file.state == state
    said = "\n".join(finding["reason"] for finding in file.findings)
    assert ("没有更新：请重新导出" in said) is (state == FilingFileState.FAILED)


async def test_each_product_may_have_a_ledger_of_its_own(world: World) -> None:
    case = await filer(world)
    await case.fill()
    whole = await case.file(K.UPDATE_LEDGER)
    await month_filing.take_out(world.ports, case.asker, case.filing.ref, whole.ref)
    made = "生产批次,生产,检验,销售,国家追溯平台上传记录"
    await case.hand_in(K.UPDATE_LEDGER, ledger("L1,已完工,合格,已售,已上传", header=made), "a.csv", product=0)
    await world.work()
    assert (await judge(case)).outcome is Standing.MISSING
    assert "缺少追溯数据更新台账（样例电缆2 YL-2，C(3)）" in (await case.checklist()).missing
    await case.hand_in(K.UPDATE_LEDGER, ledger("L1,已完工,合格,已售,已上传", header=made) + b"\n", "b.csv", product=1)
    await world.work()
    judgement = await judge(case)
    assert judgement.outcome is Standing.PASSING, reasons(judgement)


# --- look-ups --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "state", "said"),
    [
        ({"code": "https://id.gs1.org/01/06912345678902/10/L1"}, FilingFileState.FAILED, "不是本企业登记的产品"),
        ({"code": "", "words": "追溯查询结果 产品名称"}, FilingFileState.UNCLEAR, "看不出查的是哪款产品"),
        ({"code": "", "words": "产品名称 样例电缆2"}, FilingFileState.PASSED, "公众端或客户端"),
        ({"queried": "2026-11-30T09:41"}, FilingFileState.FAILED, "查询时间 2026-11-30 早于 2026 年 12 月"),
        ({"queried": "2026-12-01T09:41"}, FilingFileState.PASSED, "公众端或客户端"),
        ({"verdict": "fail"}, FilingFileState.FAILED, "shot.page fail"),
        ({"verdict": "unclear", "side": "unknown"}, FilingFileState.UNCLEAR, "shot.page unclear"),
        ({"verdict": "unclear", "side": "back_office"}, FilingFileState.PASSED, "企业端"),
    ],
)
async def test_a_look_up_page_is_of_the_firms_product_and_of_the_month(
    world: World, shown: dict[str, Any], state: FilingFileState, said: str
) -> None:
    """C(2)."""
    case = await filer(world)
    given = dict(shown)
    data = page(given.pop("code", code()), **given)
    await case.hand_in(K.QUERY_SCREENSHOT, data, "截图.png")
    await world.work()
    shot = await case.file(K.QUERY_SCREENSHOT)
    assert shot.state == state
    assert said in shot.findings[0]["reason"]


async def test_look_ups_of_a_product_that_is_not_filed_do_not_count(world: World) -> None:
    case = await filer(world, products=3)
    await case.fill((0, 1))
    other = await case.hand_in(K.QUERY_SCREENSHOT, page(code(2)), "截图.png")
    await world.work()
    judgement = await judge(case)
    assert [one["materials"] for one in judgement.findings] == [[other.ref]]
    assert "查询截图查的是「样例电缆3 YL-3」" in reasons(judgement)


async def test_a_look_up_counts_once_however_it_is_cut_out(world: World) -> None:
    case = await filer(world)
    await case.fill()
    when = "2026-12-03T09:41:22"
    await case.hand_in(K.QUERY_SCREENSHOT, page(code(), words="产品名称 样例 整页", queried=when), "截图.png")
    await world.work()
    assert (await judge(case)).outcome is Standing.PASSING
    again = await case.hand_in(K.QUERY_SCREENSHOT, page(code(), words="产品名称 样例 半页", queried=when), "截图.png")
    await world.work()
    judgement = await judge(case)
    assert [one["materials"] for one in judgement.findings] == [[again.ref]]
    assert "两张截图是同一次查询（2026-12-03 09:41:22）" in reasons(judgement)


@pytest.mark.parametrize(("grade", "outcome"), [("A", Standing.FAILING), ("B", Standing.PASSING)])
async def test_from_a_on_one_look_up_is_the_publics(world: World, grade: str, outcome: Standing) -> None:
    """R39."""
    case = await filer(world, grade=grade)
    for number in (0, 1):
        await case.file_product(number)
    for shot in range(3):
        await case.hand_in(K.QUERY_SCREENSHOT, page(code(), words=f"产品名称 {shot}"), "截图.png", side="firm")
    await case.hand_in(K.UPDATE_LEDGER, ledger(case.row(0, "L1"), case.row(1, "L1")), "更新台账.csv")
    await world.work()
    judgement = await judge(case)
    assert judgement.outcome is outcome
    assert ("公众端或客户端的 0 条，至少 1 条" in reasons(judgement)) is (grade == "A")


# --- D.1.3 -----------------------------------------------------------------------------------------------------------


async def test_the_codes_place_is_compared_with_earlier_months(world: World) -> None:
    case = await filer(world)
    await case.fill()
    await case.submit()
    for photo in await FilingFile.filter(kind=K.CERTIFICATE_PHOTO):
        assert photo.report is not None
        placement = photo.report["placement"]
        placement["edge_mm"] |= {"right": 12.0, "left": 66.0}
        await FilingFile.filter(id=photo.id).update(report=photo.report)
    case.filing = await month_of(case.one, "2027-01")
    world.clock.advance(noon("2027-01", 5) - world.clock.now())
    await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(batch="L2")), product=0)
    await world.work()
    photo = await case.file(K.CERTIFICATE_PHOTO, 0)
    assert photo.state == FilingFileState.FAILED
    assert [finding["check"] for finding in photo.findings] == ["D.1.3"]
    assert "与2026 年 12 月“样例电缆" in photo.findings[0]["reason"]


async def test_the_codes_place_is_compared_among_the_months_own_certificates(world: World) -> None:
    case = await filer(world)
    await case.fill()
    moved = await case.file(K.CERTIFICATE_PHOTO, 1)
    assert moved.report is not None
    moved.report["placement"]["edge_mm"] |= {"right": 12.0, "left": 66.0}
    await FilingFile.filter(id=moved.id).update(report=moved.report)
    judgement = await judge(case)
    assert [one["materials"] for one in judgement.findings] == [[moved.ref]]
    assert judgement.findings[0]["clause"] == "D.1.3"


# --- R6 --------------------------------------------------------------------------------------------------------------


async def test_what_cannot_be_judged_says_nothing_where_enough_others_pass(world: World) -> None:
    case = await filer(world)
    await case.fill()
    await case.hand_in(K.BODY_PHOTO, body(code(), found="unclear"), product=0)
    await world.work()
    assert (await case.file(K.BODY_PHOTO, 0)).state == FilingFileState.UNCLEAR
    assert (await judge(case)).outcome is Standing.PASSING
    first = await FilingFile.filter(kind=K.BODY_PHOTO, state=FilingFileState.PASSED).order_by("id").first()
    assert first is not None
    await month_filing.take_out(world.ports, case.asker, case.filing.ref, first.ref)
    judgement = await judge(case)
    assert judgement.outcome is Standing.FAILING
    assert "看不清，请重拍后重新提报" in reasons(judgement)


async def test_the_code_of_a_photo_that_is_left_out_is_not_filed(world: World) -> None:
    case = await filer(world)
    await case.fill()
    # Two months are owed at once; what this one leaves out, the other was filed with meanwhile.
    await case.hand_in(K.BODY_PHOTO, body(code(serial="0009"), found="unclear"), product=0)
    await world.work()
    left_out = await case.file(K.BODY_PHOTO, 0)
    assert (left_out.state, left_out.code != "") == (FilingFileState.UNCLEAR, True)
    other = await rows.filing(certificate_id=case.one.certificate.id, month="2026-11", state=FilingState.MADE_UP)
    await FiledCode.create(
        enterprise_id=case.one.firm.id, code=left_out.code, filing_id=other.id, product_id=case.products[0].id
    )
    await case.submit()
    assert case.filing.state == FilingState.CONTINUED
    assert await FiledCode.filter(code=left_out.code).count() == 1


async def test_a_photo_another_firm_handed_in_before_is_looked_at_again(world: World) -> None:
    """7.2(2)."""
    case = await filer(world)
    other = await filer(world)
    data = page(code())
    await other.hand_in(K.QUERY_SCREENSHOT, data, "截图.png")
    await world.work()
    await case.hand_in(K.QUERY_SCREENSHOT, data, "截图.png")
    await world.work()
    shot = await case.file(K.QUERY_SCREENSHOT)
    assert shot.state == FilingFileState.UNCLEAR
    assert "与其他企业此前提交的一份相同" in shot.findings[0]["reason"]
    assert world.clock.now() > rows.NOW
