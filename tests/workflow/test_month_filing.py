"""Filing a month: what is asked, handing in, replacing, submitting; who may (8.1(2), Appendix C, R9, R39)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from models import (
    Certificate,
    Event,
    FiledCode,
    FilingFile,
    FilingFileState,
    FilingState,
    Inspection,
    MonthlyFiling,
    StaffRole,
)
from standard.calendar import midnight
from standard.validity import State
from tests import rows
from tests.workflow.firms import member, somebody
from tests.workflow.living import living, month_of
from tests.workflow.monthly import K, body, certificate, code, filer, ledger, page
from tests.workflow.world import World
from workflow.firms import products
from workflow.monthly import month_filing
from workflow.problems import Refused


async def test_an_empty_month_says_what_a_certificate_of_its_level_asks(world: World) -> None:
    case = await filer(world)
    found = await case.checklist()
    assert found.missing == [
        "还差 2 款产品的合格证照片等资料（每月不少于 2 款，C(5)）",
        "追溯查询截图还差 3 张",
        "缺少追溯数据更新台账（C(3)）",
    ]
    assert (found.complete, found.waiting, found.findings) == (False, 0, [])
    await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code()), product=0)
    found = await case.checklist()
    assert [slot.words for slot in found.products[0].slots] == ["合格证照片 1/1 检查中", "本体或包装照片 0/1 缺 1"]
    assert "本体或包装照片（样例电缆1 YL-1）还差 1 张" in found.missing
    assert found.waiting == 1


async def test_a_b_certificates_month_asks_for_no_body(world: World) -> None:
    """R39."""
    case = await filer(world, grade="B")
    await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code()), product=0)
    (product,) = (await case.checklist()).products
    assert [slot.kind for slot in product.slots] == [K.CERTIFICATE_PHOTO]
    with pytest.raises(Refused) as refused:
        await case.hand_in(K.BODY_PHOTO, body(code()), product=0)
    assert (refused.value.code, refused.value.rows) == ("file_not_asked", ("R39",))


@pytest.mark.parametrize("grade", ["B", "A"])
async def test_a_month_that_is_complete_and_passes_is_decided_at_once(world: World, grade: str) -> None:
    case = await filer(world, grade=grade)
    await case.fill()
    found = await case.checklist()
    assert (found.missing, found.findings, found.passing) == ([], [], True)
    filing = await case.submit()
    assert filing.state == FilingState.CONTINUED
    assert filing.submitted_at == world.clock.now()
    assert filing.verdict is not None
    assert (filing.verdict["outcome"], filing.verdict["timely"]) == ("pass", True)
    codes = await FiledCode.filter(filing_id=filing.id).order_by("code").values_list("product_id", "batch")
    assert codes == [(product.id, "L1") for product in case.products]
    await case.one.certificate.refresh_from_db()
    assert [month["month"] for month in case.one.certificate.life["months"]] == [{"year": 2026, "number": 12}]
    assert (await case.submit()).state == FilingState.CONTINUED  # once more changes nothing
    assert await Event.filter(subject_kind="monthly_filing", action="month:continue").count() == 1


async def test_what_is_missing_failing_or_being_looked_at_is_not_submitted(world: World) -> None:
    case = await filer(world)
    await case.file_product(0)
    with pytest.raises(Refused) as refused:
        await case.submit()
    assert refused.value.code == "filing_incomplete"
    assert "还差 1 款产品" in refused.value.advice
    await world.work()
    await case.fill((1,))
    await case.hand_in(K.UPDATE_LEDGER, ledger(case.row(0, "L1"), case.row(1, "L1")), "更新台账.csv")
    with pytest.raises(Refused) as refused:
        await case.submit()
    assert refused.value.code == "filing_waiting"
    await world.work()
    shots = [(0, "甲"), (0, "乙")]
    for number, words in shots:
        await case.hand_in(K.QUERY_SCREENSHOT, page(code(number), words=f"产品名称 样例 {words}"), "截图.png")
    bad = await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(serial="0002"), "small_code_100x70"), product=0)
    await world.work()
    with pytest.raises(Refused) as refused:
        await case.submit()
    assert refused.value.code == "filing_failing"
    assert "二维码边长 17.8 mm" in refused.value.advice
    assert [one["clause"] for one in (await case.checklist()).findings] == [
        "D.3.1"
    ]  # once, not once more of the product
    assert (await MonthlyFiling.get(id=case.filing.id)).state == FilingState.OPEN
    await month_filing.take_out(world.ports, case.asker, case.filing.ref, bad.ref)
    await month_filing.take_out(world.ports, case.asker, case.filing.ref, bad.ref)
    for nobodys in ("9" * 5000, "\x00", ""):
        with pytest.raises(Refused, match="not_found"):
            await month_filing.take_out(world.ports, case.asker, case.filing.ref, nobodys)
    assert (await case.submit()).state == FilingState.CONTINUED


async def test_the_next_photo_takes_the_place_of_one_that_failed_and_a_full_slot_says_so(world: World) -> None:
    case = await filer(world)
    bad = await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(), "small_code_100x70"), product=0)
    await world.work()
    await bad.refresh_from_db()
    assert (bad.state, bad.batch, bad.inspection_id is not None) == (FilingFileState.FAILED, "L1", True)
    assert {finding["clause"] for finding in bad.findings} == {"D.3.1"}
    for serial in ("0002", "0003", "0004"):
        await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(serial=serial)), product=0)
        await world.work()
    await bad.refresh_from_db()
    assert bad.state == FilingFileState.REPLACED
    with pytest.raises(Refused) as refused:
        await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(serial="0005")), product=0)
    assert refused.value.code == "slot_full"
    # What is there already is there, however full its slot is.
    again = await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(serial="0003")), product=0)
    assert again.id == (await FilingFile.get(code=code(serial="0003"))).id
    assert await Inspection.all().count() == 4


async def test_a_ledger_takes_the_place_of_the_one_for_the_same_products(world: World) -> None:
    case = await filer(world)
    first = await case.hand_in(K.UPDATE_LEDGER, ledger(case.row(0, "L1")), "更新台账.csv")
    own = await case.hand_in(K.UPDATE_LEDGER, ledger(case.row(1, "L1")), "更新台账.csv", product=1)
    await case.hand_in(K.UPDATE_LEDGER, ledger(case.row(0, "L2")), "更新台账.csv")
    await first.refresh_from_db()
    await own.refresh_from_db()
    assert (first.state, own.state) == (FilingFileState.REPLACED, FilingFileState.HANDED_IN)


async def test_the_same_upload_twice_is_one_file_also_at_the_same_moment(world: World) -> None:
    case = await filer(world)

    async def upload(data: bytes, key: str = "upload-twice") -> FilingFile:
        return await month_filing.hand_in(
            world.ports, case.asker, case.filing.ref, key, K.CERTIFICATE_PHOTO, data, "照片.jpg",
            product_id=case.products[0].id,
        )  # fmt: skip

    one, other = await asyncio.gather(upload(certificate(code())), upload(certificate(code())))
    assert one.id == other.id == (await upload(certificate(code()))).id
    assert await FilingFile.all().count() == 1
    with pytest.raises(Refused) as refused:
        await upload(certificate(code(serial="0002")))
    assert refused.value.code == "key_reused"


async def test_a_file_counts_once_and_moves_where_it_is_uploaded_again_elsewhere(world: World) -> None:
    case = await filer(world)
    first = await case.hand_in(K.QUERY_SCREENSHOT, page(code()), "一.png")
    assert (await case.hand_in(K.QUERY_SCREENSHOT, page(code()), "二.png")).id == first.id
    wrong = await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(1)), product=0)
    await world.work()
    moved = await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(1)), product=1)
    await world.work()
    await wrong.refresh_from_db()
    await moved.refresh_from_db()
    assert (wrong.state, moved.state) == (FilingFileState.REPLACED, FilingFileState.PASSED)


@pytest.mark.parametrize(
    ("kind", "data", "given", "refusal"),
    [
        ("unknown_kind", certificate(code()), {"product": 0}, "file_kind_unknown"),
        (K.CERTIFICATE_PHOTO, certificate(code()), {}, "product_missing"),
        (K.CERTIFICATE_PHOTO, b"", {"product": 0}, "file_empty"),
        (K.UPDATE_LEDGER, certificate(code()), {}, "file_type"),
        (K.OPTIONAL, certificate(code()), {}, "declared_odd"),
        (K.OPTIONAL, certificate(code()), {"what": "gift"}, "declared_odd"),
        (K.QUERY_SCREENSHOT, page(code()), {"product": 0}, "product_unknown"),
    ],
)
async def test_what_is_not_taken_says_why(
    world: World, kind: str, data: bytes, given: dict[str, Any], refusal: str
) -> None:
    case = await filer(world)
    with pytest.raises(Refused) as refused:
        await case.hand_in(kind, data, "照片.jpg", **given)
    assert refused.value.code == refusal
    assert await FilingFile.all().count() == 0


async def test_a_product_of_another_firm_is_unknown(world: World) -> None:
    case = await filer(world)
    case.products.append(await rows.product(model="YL-9"))
    with pytest.raises(Refused) as refused:
        await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code()), product=2)
    assert refused.value.code == "product_unknown"


async def test_files_of_a_product_whose_record_changes_are_judged_anew_while_the_month_is_owed(world: World) -> None:
    case = await filer(world)
    await case.file_product(0)
    await world.work()
    photo = await case.file(K.CERTIFICATE_PHOTO, 0)
    assert photo.state == FilingFileState.PASSED
    await products.change_product(
        world.ports, case.asker, case.products[0].id, products.ProductChanges(gtin="06901234567915")
    )
    assert (await case.checklist()).waiting == 2
    await world.work()
    await photo.refresh_from_db()
    assert (photo.state, photo.findings[0]["check"]) == (FilingFileState.FAILED, "data_match")
    await MonthlyFiling.filter(id=case.filing.id).update(state=FilingState.CONTINUED)
    await products.change_product(
        world.ports, case.asker, case.products[0].id, products.ProductChanges(gtin="06901234567892")
    )
    await photo.refresh_from_db()
    assert photo.state == FilingFileState.FAILED  # what was decided stays


async def test_what_is_added_is_kept_and_shown_and_never_asked_for(world: World) -> None:
    """C(4), R40."""
    case = await filer(world)
    await case.fill()
    added = await case.hand_in(K.OPTIONAL, certificate("x"), "反馈.jpg", what="feedback")
    await world.work()
    await added.refresh_from_db()
    assert added.state == FilingFileState.PASSED
    filing = await case.submit()
    assert filing.verdict is not None
    assert "选报材料：客户反馈信息表（C(4)，R40）" in [finding["reason"] for finding in filing.verdict["findings"]]


async def test_a_colleague_adds_the_second_product_and_a_viewer_or_a_stranger_nothing(world: World) -> None:
    case = await filer(world)
    colleague = await member(world, case.one.firm, StaffRole.STAFF)
    viewer = await member(world, case.one.firm, StaffRole.VIEWER)
    stranger = await somebody(world)
    await case.file_product(0)
    photo = await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(1)), product=1, asker=colleague.asker)
    assert photo.handed_in_by_id == colleague.person.id
    for who, refusal in ((viewer, "role_too_low"), (stranger, "not_found")):
        with pytest.raises(Refused) as refused:
            await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(1, serial="0002")), product=1, asker=who.asker)
        assert refused.value.code == refusal
    assert (await month_filing.file_of(viewer.asker, photo.ref)).id == photo.id
    assert await month_filing.file_bytes(world.ports, viewer.asker, photo.ref) == (certificate(code(1)), "image/jpeg")
    with pytest.raises(Refused, match="not_found"):
        await month_filing.file_of(stranger.asker, photo.ref)


async def test_nothing_is_taken_between_the_windows_end_and_the_decision(world: World) -> None:
    """R10: what comes late must not push out what came in time."""
    case = await filer(world, day=25)
    await case.file_product(0)
    world.clock.advance(midnight(case.filing.closes_on + timedelta(days=1)) - world.clock.now())
    with pytest.raises(Refused) as refused:
        await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(1)), product=1)
    assert refused.value.code == "filing_closed"
    assert "提报期刚刚截止" in refused.value.advice


async def test_nothing_is_taken_for_a_month_that_was_not_closed_with_its_certificate(world: World) -> None:
    """9.1: somebody held the suspended month when its certificate ended, and it has no deadline any more."""
    case = await filer(world)
    photo = await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code()), product=0)
    await MonthlyFiling.filter(id=case.filing.id).update(state=FilingState.SUSPENDED, due_at=None)
    await Certificate.filter(id=case.one.certificate.id).update(state=State.REVOKED, due_at=None, month_opens_at=None)
    for attempt in (
        case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(1)), product=1),
        month_filing.take_out(world.ports, case.asker, case.filing.ref, photo.ref),
        case.submit(),
    ):
        with pytest.raises(Refused) as refused:
            await attempt
        assert (refused.value.code, "证书已失效" in refused.value.advice) == ("filing_closed", True)


async def test_a_month_that_was_warned_of_is_made_up_in_the_same_way(world: World) -> None:
    """8.1(3)."""
    case = await filer(world, day=25)
    await case.file_product(0)
    world.clock.advance(days=1)
    await MonthlyFiling.filter(id=case.filing.id).update(due_at=world.clock.now())
    await world.ports.queue.enqueue("due.sweep", "sweep", {}, due=world.clock.now())
    await world.work()
    warned = await MonthlyFiling.get(id=case.filing.id)
    assert warned.state == FilingState.WARNED
    await case.fill((1,))
    await case.hand_in(K.UPDATE_LEDGER, ledger(case.row(0, "L1"), case.row(1, "L1")), "更新台账.csv")
    await world.work()
    filing = await case.submit()
    assert filing.state == FilingState.MADE_UP
    assert filing.verdict is not None
    assert (filing.verdict["complete"], filing.verdict["timely"]) == ("pass", False)


async def test_of_the_products_those_of_last_month_are_marked(world: World) -> None:
    """R9."""
    case = await filer(world, products=3)
    await case.fill()
    await case.submit()
    following = await month_of(case.one, "2027-01")
    found = await month_filing.choices(following)
    assert [(one.product.model, one.repeated) for one in found] == [("YL-1", True), ("YL-2", True), ("YL-3", False)]
    assert "请先选上月未提报的：样例电缆3 YL-3" in found[0].refused
    assert found[2].refused == ""


async def test_a_dialog_is_entered_resumed_days_later_and_left(world: World) -> None:
    case = await filer(world)
    identity = await case.chat()
    assert await month_filing.dialog_of(identity) is None
    await month_filing.enter(world.ports, identity, case.filing, case.products[1].id)
    world.clock.advance(days=3)
    await month_filing.enter(world.ports, identity, case.filing)  # the choice stays
    dialog = await month_filing.dialog_of(identity)
    assert dialog is not None
    assert (dialog.filing.ref, dialog.product_id) == (case.filing.ref, case.products[1].id)
    assert dialog.entered_at == world.clock.now() - timedelta(days=3)
    await month_filing.leave(world.ports, identity)
    await month_filing.leave(world.ports, identity)
    assert await month_filing.dialog_of(identity) is None
    await month_filing.enter(world.ports, identity, case.filing)
    await MonthlyFiling.filter(id=case.filing.id).update(state=FilingState.CONTINUED)
    assert await month_filing.dialog_of(identity) is None  # nothing is owed any more


async def test_another_month_is_another_dialog(world: World) -> None:
    case = await filer(world)
    identity = await case.chat()
    await month_filing.enter(world.ports, identity, case.filing, case.products[1].id)
    other = await month_of(case.one, "2027-01")
    world.clock.advance(days=1)
    await month_filing.enter(world.ports, identity, other)
    dialog = await month_filing.dialog_of(identity)
    assert dialog is not None
    assert (dialog.filing_id, dialog.product_id, dialog.entered_at) == (other.id, None, world.clock.now())


async def test_a_certificate_of_another_firm_owes_its_own_month(world: World) -> None:
    case = await filer(world)
    other = await living()
    with pytest.raises(Refused, match="not_found"):
        await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code()), product=0, asker=other.asker)
