"""Chat photos of who files a month land in their slots by what they show, days later too (C(1), C(2))."""

import io
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from app.demo.firm import EXAMPLE
from app.demo.materials import photo as demo_photo
from app.demo.paper import Drawing, NoChineseFont
from config.settings import InspectorSettings
from gateways.inspector import PooledInspector
from models import FilingFile, FilingFileState, FilingState, Job, Material, Photo, Product, StaffRole, WeChatIdentity
from standard.calendar import midnight
from tests import rows
from tests.workflow.filed import RecordedInspector
from tests.workflow.living import living, month_of
from tests.workflow.monthly import Filer, K, body, certificate, code, filer, ledger, noon, page, without_links
from tests.workflow.world import World
from workflow.answering import photos
from workflow.monthly import month_filing
from workflow.monthly.month_judging import Standing, judged
from workflow.ports import InspectionFailed


async def begin(case: Filer, product: int | None = None, role: StaffRole = StaffRole.OWNER) -> WeChatIdentity:
    identity = await case.chat(role)
    product_id = None if product is None else case.products[product].id
    await month_filing.enter(case.world.ports, identity, case.filing, product_id)
    return identity


def shot(text: str, **given: Any) -> bytes:
    """A look-up page as chat compresses it."""
    return page(text, png=False, **given)


def recorder(world: World) -> RecordedInspector:
    inspector = world.ports.inspector
    assert isinstance(inspector, RecordedInspector)
    return inspector


async def test_a_certificate_lands_with_the_verdict_of_the_chat(world: World) -> None:
    case = await filer(world)
    identity = await begin(case)
    text = await case.send(identity, certificate(code()))
    assert "合格：照片可判的" in text
    assert "已放入 12 月提报：合格证照片（样例电缆1 YL-1） 1/1" in text
    assert "12 月资料还没齐：还差 1 款产品" in text
    file = await case.file(K.CERTIFICATE_PHOTO)
    sent = await Photo.get()
    assert (file.state, file.product_id, file.batch) == (FilingFileState.PASSED, case.products[0].id, "L1")
    assert (file.inspection_id, file.evidence_id, file.handed_in_at) == (
        sent.inspection_id, sent.evidence_id, sent.received_at,
    )  # fmt: skip
    assert recorder(world).looked == ["inspect"]


async def test_a_print_that_fails_is_told_as_in_a_check_and_replaced_by_the_next(world: World) -> None:
    case = await filer(world)
    identity = await begin(case)
    text = await case.send(identity, certificate(code(), "small_code_100x70"))
    assert "二维码边长 17.8 mm，要求 ≥ 20 mm（D.3.1）" in text
    assert "已放入 12 月提报" in text
    world.clock.advance(minutes=1)
    await case.send(identity, certificate(code(serial="0002")), "m2")
    states = await FilingFile.all().order_by("id").values_list("state", flat=True)
    assert states == [FilingFileState.REPLACED, FilingFileState.PASSED]


async def test_a_body_and_a_look_up_page_are_looked_at_as_what_they_are_in_the_same_answer(world: World) -> None:
    case = await filer(world)
    identity = await begin(case)
    text = await case.send(identity, body(code()))
    assert text.startswith("已放入 12 月提报：本体或包装照片（样例电缆1 YL-1） 1/1 ✓")
    assert "附录 D" not in text
    world.clock.advance(minutes=1)
    text = await case.send(identity, shot(code(1), verdict="fail"), "m2")
    assert text.startswith("已放入 12 月提报：追溯查询截图 1/3\n✗ shot.page fail")
    assert recorder(world).looked == ["inspect", "body", "inspect", "screenshot"]
    kinds = await FilingFile.all().order_by("id").values_list("kind", "state")
    assert kinds == [(K.BODY_PHOTO, FilingFileState.PASSED), (K.QUERY_SCREENSHOT, FilingFileState.FAILED)]


async def test_several_at_once_in_any_order_make_the_month(world: World) -> None:
    case = await filer(world)
    identity = await begin(case)
    sent = [
        shot(code(), words="产品名称 样例电缆1 甲"), body(code(1)), certificate(code()), certificate(code(1)),
        body(code()), shot(code(1), words="产品名称 样例电缆2"),
    ]  # fmt: skip
    for number, data in enumerate(sent):
        world.wechat.pictures[f"m{number}"] = data
        last = await photos.receive(world.ports, identity, f"m{number}", "", f"m{number}")
    await world.work()
    text = await photos.wait_for_answer(world.ports, last, f"m{number}", 0) or ""
    assert text.count("已放入 12 月提报") == 6
    assert text.count("资料还没齐：") == 1
    assert len(text.encode()) <= 2048
    world.clock.advance(days=3)
    text = await case.send(identity, shot(code(), words="产品名称 样例电缆1 丙"), "m9")
    assert "12 月照片都有了，缺少追溯数据更新台账（C(3)）：回复“进度”，打开清单上传。" in without_links(text)
    await case.hand_in(K.UPDATE_LEDGER, ledger(case.row(0, "L1"), case.row(1, "L1")), "更新台账.csv")
    await world.work()
    assert (await case.checklist()).passing
    world.clock.advance(minutes=1)
    text = await case.send(identity, shot(code(), words="产品名称 样例电缆1 丁"), "m10")
    assert "12 月资料已齐并通过检查：回复“完成”提交。" in without_links(text)
    assert (await case.submit()).state == FilingState.CONTINUED
    world.clock.advance(minutes=1)
    text = await case.send(identity, certificate(code(serial="0009")), "m11")
    assert "月提报" not in text  # the month is decided: a photo is a check again


async def test_the_same_message_and_the_same_picture_are_one_file(world: World) -> None:
    case = await filer(world)
    identity = await begin(case)
    await case.send(identity, certificate(code()), "m1")
    await case.send(identity, certificate(code()), "m1")
    world.clock.advance(minutes=1)
    assert "已放入 12 月提报" in await case.send(identity, certificate(code()), "m2")
    assert await FilingFile.all().count() == 1


async def test_what_shows_no_product_goes_to_the_chosen_one_judged_by_its_size(world: World) -> None:
    case = await filer(world)
    await Product.filter(id__in=[one.id for one in case.products]).update(gtin=None)
    identity = await begin(case)
    text = await case.send(identity, certificate(code()))
    assert "未放入 12 月提报" in text
    assert "没认出是哪款产品" in text
    assert await FilingFile.all().count() == 0
    await Product.filter(id=case.products[1].id).update(sheet_width_um=120_000)
    await month_filing.enter(world.ports, identity, case.filing, case.products[1].id)
    world.clock.advance(minutes=1)
    await case.send(identity, certificate(code(serial="0002")), "m2")
    file = await case.file(K.CERTIFICATE_PHOTO)
    assert file.product_id == case.products[1].id
    assert recorder(world).looked == ["inspect", "inspect", "inspect"]  # once more, by the product's own sheet


async def test_a_full_slot_and_a_photo_nobody_asks_for_say_so(world: World) -> None:
    case = await filer(world, grade="B")
    identity = await begin(case)
    for number in range(3):
        await case.send(identity, certificate(code(serial=f"000{number}")), f"m{number}")
        world.clock.advance(minutes=1)
    text = await case.send(identity, certificate(code(serial="0009")), "m8")
    assert "未放入 12 月提报：“合格证照片（样例电缆1 YL-1）”最多 3 份，已经交满" in text
    world.clock.advance(minutes=1)
    text = await case.send(identity, body(code()), "m9")
    assert text.startswith("未放入 12 月提报：B 级证书的月份不要求本体或包装照片")


async def test_a_code_of_an_earlier_month_is_told_at_once(world: World) -> None:
    case = await filer(world)
    await case.fill()
    await case.submit()
    case.filing = await month_of(case.one, "2027-01")
    world.clock.advance(noon("2027-01", 5) - world.clock.now())
    identity = await begin(case)
    text = await case.send(identity, certificate(code()) + b" ")
    assert "已在 2026 年 12 月提报过，不再接受：请换一件产品重新拍摄（C(5)，R9）" in text
    assert (await case.file(K.CERTIFICATE_PHOTO)).state == FilingFileState.FAILED


async def test_who_left_or_never_began_or_only_looks_on_has_photos_checked_only(world: World) -> None:
    case = await filer(world)
    identity = await case.chat()
    assert "放入 12 月提报" not in await case.send(identity, certificate(code()), "m1")
    await begin(case)
    await month_filing.leave(world.ports, identity)
    world.clock.advance(minutes=1)
    assert "放入 12 月提报" not in await case.send(identity, certificate(code(serial="0002")), "m2")
    viewer = await begin(case, role=StaffRole.VIEWER)
    world.clock.advance(minutes=1)
    assert "放入 12 月提报" not in await case.send(viewer, certificate(code(serial="0003")), "m3")
    assert await FilingFile.all().count() == 0


@pytest.mark.parametrize("then", ["switched", "left", "left and came back"])
async def test_a_photo_lands_in_the_month_it_was_sent_for_whatever_its_sender_turned_to_meanwhile(
    world: World, then: str
) -> None:
    case = await filer(world)
    other = await month_of(case.one, "2027-01")
    identity = await begin(case)
    world.wechat.pictures["m1"] = certificate(code())
    photo = await photos.receive(world.ports, identity, "m1", "", "m1")
    world.clock.advance(seconds=2)
    if then == "switched":
        await month_filing.enter(world.ports, identity, other)
    else:
        await month_filing.leave(world.ports, identity)
    world.clock.advance(seconds=2)
    if then == "left and came back":
        await month_filing.enter(world.ports, identity, case.filing)
    assert [(await judged(world.ports, [one]))[one.id].outcome for one in (case.filing, other)] == [
        Standing.WAITING, Standing.MISSING,
    ]  # fmt: skip
    await world.work()
    text = await photos.wait_for_answer(world.ports, photo, "m1", 0) or ""
    assert "已放入 12 月提报：合格证照片（样例电缆1 YL-1） 1/1" in text
    assert "12 月资料还没齐" in text
    assert (await FilingFile.get()).filing_id == case.filing.id


async def test_the_months_bell_rings_when_a_photo_or_a_file_of_it_is_judged(world: World) -> None:
    case = await filer(world)
    identity = await begin(case)
    with world.ports.bell.listening(f"filing:{case.filing.id}") as ear:
        await case.send(identity, certificate(code()))
        assert await ear.heard(0)
        await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(1)), product=1)
        assert not await ear.heard(0)
        await world.work()
        assert await ear.heard(0)


async def test_a_photo_whose_job_was_given_up_holds_no_month(world: World) -> None:
    case = await filer(world)
    identity = await begin(case)
    await photos.receive(world.ports, identity, "m1", "", "m1")
    assert (await case.checklist()).waiting == 1
    await Job.filter(kind="photo.judge").update(dead_at=world.clock.now())
    assert (await case.checklist()).waiting == 0


async def test_while_somebody_files_a_month_their_photos_go_into_no_application(world: World) -> None:
    case = await filer(world)
    application = await rows.application(enterprise_id=case.one.firm.id, level="B")
    await rows.application_product(application_id=application.id, product_id=case.products[0].id)
    identity = await begin(case)
    await case.send(identity, certificate(code()), "m1")
    assert (await Material.all().count(), await FilingFile.all().count()) == (0, 1)
    await month_filing.leave(world.ports, identity)
    world.clock.advance(minutes=1)
    assert "已放入申报资料" in await case.send(identity, certificate(code(serial="0002")), "m2")


async def test_a_photo_of_the_last_minute_counts_as_of_when_it_came(world: World) -> None:
    """R10: nobody loses by our queue."""
    case = await filer(world, day=25)
    identity = await begin(case)
    ends = midnight(case.filing.closes_on + timedelta(days=1))
    world.clock.advance(ends - timedelta(seconds=1) - world.clock.now())
    world.wechat.pictures["m1"] = certificate(code())
    await photos.receive(world.ports, identity, "m1", "", "m1")
    world.clock.advance(hours=1)
    world.wechat.pictures["m2"] = certificate(code(1))
    await photos.receive(world.ports, identity, "m2", "", "m2")
    await world.work()
    (file,) = await FilingFile.all()
    assert (file.state, file.handed_in_at) == (FilingFileState.PASSED, ends - timedelta(seconds=1))


async def test_where_the_second_look_brings_its_process_down_the_files_own_job_looks_again(world: World) -> None:
    case = await filer(world)
    identity = await begin(case)

    class Once(RecordedInspector):
        async def inspect_body(self, *arguments: Any) -> Any:
            if "fell" not in self.looked:
                self.looked.append("fell")
                self.trouble.append(InspectionFailed("crash"))
            return await super().inspect_body(*arguments)

    object.__setattr__(world.ports, "inspector", Once())
    text = await case.send(identity, body(code()))
    assert "正在检查，稍后回复“进度”查看结果" in without_links(text)
    assert (await case.file(K.BODY_PHOTO)).state == FilingFileState.PASSED


async def test_a_firms_record_stays_where_its_sender_has_not_agreed(world: World) -> None:
    """R54: the firm's record stays."""
    case = await filer(world)
    identity = await begin(case)
    await WeChatIdentity.filter(id=identity.id).update(consented_at=None)
    await identity.refresh_from_db()
    await case.send(identity, certificate(code()))
    file = await FilingFile.get().prefetch_related("evidence")
    assert file.evidence.drop_at is None


# --- real photos -----------------------------------------------------------------------------------------------------


def as_chat_passes_it_on(data: bytes) -> bytes:
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture.thumbnail((1280, 1280))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


def looked_up(number: int, day: int) -> bytes:
    """The page that a phone shows of the item's code."""
    item = EXAMPLE.items()[number]
    shown = [
        ("产品名称", item.made.name), ("规格型号", item.made.model), ("生产批次", item.batch),
        ("生产企业", EXAMPLE.name), ("检验结果", "合格"), ("查询次数", "3"),
        ("查询时间", f"2026-12-{day:02d} 09:41:22"),
    ]  # fmt: skip
    address = f"https://{EXAMPLE.host}/q/{item.batch}/{item.serial}"
    return Drawing().screen("产品追溯查询结果（扫码）", rows=shown, address=address, clock="9:41", phone=True)


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_a_month_runs_through_drawn_photos_and_the_real_inspection(world: World) -> None:
    try:
        Drawing().check()
    except NoChineseFont:
        pytest.skip("no Chinese font is installed")
    one = await living(name=EXAMPLE.name, uscc=EXAMPLE.uscc)
    products = [
        await rows.product(
            enterprise_id=one.firm.id, name=made.name, model=made.model, gtin=made.gtin,
            sheet_width_um=round(made.sheet_mm[0] * 1000), sheet_height_um=round(made.sheet_mm[1] * 1000),
        )
        for made in EXAMPLE.products
    ]  # fmt: skip
    case = Filer(world, one, await month_of(one), products)
    world.clock.advance(noon("2026-12", 5) - world.clock.now())
    identity = await begin(case)
    lines = [
        f"{item.made.name},{item.made.model},{item.batch},{item.code},{item.made_on},合格,样例客户,成功"
        for item in EXAMPLE.items()
    ]
    async with PooledInspector(InspectorSettings.model_validate({"workers": 1})) as inspector:
        object.__setattr__(world.ports, "inspector", inspector)
        sent = [
            demo_photo("body-2.jpg"), looked_up(0, 2), demo_photo("certificate-small-1.jpg"), demo_photo("body-1.jpg"),
            looked_up(1, 3), demo_photo("certificate-2.jpg"),
        ]  # fmt: skip
        for number, picture in enumerate(sent):
            world.wechat.pictures[f"m{number}"] = as_chat_passes_it_on(picture)
            last = await photos.receive(world.ports, identity, f"m{number}", "", f"m{number}")
        await world.work()
        text = await photos.wait_for_answer(world.ports, last, "m5", 0) or ""
        assert text.count("已放入 12 月提报") == 6
        assert text.count("不合格：1 项不符合附录 D") == 1  # the code that is printed too small
        found = await case.checklist()
        assert {slot.name: slot.state for slot in found.slots} == {
            "合格证照片（聚氯乙烯绝缘电线（样例） BV 4）": "failed",
            "本体或包装照片（聚氯乙烯绝缘电线（样例） BV 4）": "passed",
            "合格证照片（聚氯乙烯护套软线（样例） RVV 2×1.0）": "passed",
            "本体或包装照片（聚氯乙烯护套软线（样例） RVV 2×1.0）": "passed",
            "追溯查询截图": "missing", "追溯数据更新台账": "missing", "选报材料": "optional",
        }  # fmt: skip
        world.clock.advance(days=1)
        await case.send(identity, as_chat_passes_it_on(demo_photo("certificate-1.jpg")), "m6")
        world.clock.advance(minutes=1)
        await case.send(identity, as_chat_passes_it_on(looked_up(0, 4)), "m7")
        await case.hand_in(K.UPDATE_LEDGER, ledger(*lines), "更新台账.csv")
        await world.work()
    found = await case.checklist()
    assert found.passing, found.lines
    assert (await case.submit()).state == FilingState.CONTINUED
