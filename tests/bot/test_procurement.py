"""Suppliers in chat: their cards, watching, comparing, confirmations, and adoptions in three steps."""

from typing import Any

import pytest

from bot import procurement_wording as words
from bot import updates, wording
from bot.menu import KEY_SCAN
from inspection.report import PictureRefused
from models import Adoption, AdoptionFile, Certificate, Confirmation, Staff, Watch, WeChatIdentity
from models.transactions import transaction
from standard.validity import State
from tests import rows
from tests.bot.conftest import JPEG, STRANGER, ZHANG, Chat
from tests.bot.test_scanning import seen
from tests.workflow.living import Living, living
from workflow.firms.registration import bind_staff
from workflow.intake.wording import TEXT_BYTES
from workflow.ports import BadRequest

BUYER = "91310000MA0000007L"


async def supplier(chat: Chat, name: str, **given: Any) -> Living:
    one = await living(name=name, **given)
    async with transaction():
        await chat.world.ports.firms.record(one.firm.id)
    return one


@pytest.fixture
async def cable(chat: Chat) -> Living:
    return await supplier(chat, "阳光样例电缆有限公司", grade="AA", uscc="91330100MA00000072")


@pytest.fixture
async def valve(chat: Chat) -> Living:
    return await supplier(chat, "阳光样例阀门厂", grade="B")


async def buyers_chat(chat: Chat, verified: bool = True) -> None:
    firm = await rows.enterprise(uscc=BUYER, name="样例采购集团", verified_at=rows.NOW if verified else None)
    await bind_staff(chat.world.ports, firm, "王采（样例）", "采购", ZHANG)


async def say(chat: Chat, text: str, openid: str = STRANGER) -> str:
    said = await chat.say(text, openid)
    assert said is not None
    assert len(said.encode()) <= TEXT_BYTES
    return said


# --- looking up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "阳光样例电缆",
        "样例电缆",
        "查 样例电缆",
        "查一下样例电缆",
        "样例电缆怎么样？",
        "yangguangyanglidianlan",
        "查：dianlan",
        "关注 样例电缆",
        "采信：样例电缆",
    ],
)
async def test_a_name_leads_to_the_card(chat: Chat, cable: Living, text: str) -> None:
    said = await say(chat, text)
    assert said.startswith(
        '<a href="https://sample.test/c/T-CMIF-2026-000001">阳光样例电缆有限公司：AA 级（优秀级），证书正常'
    )
    for part in ("有效期 2026-11-24 至 2027-11-23", "延续至 2026 年 11 月", "累计 0 分", "10.2(2)", "截至 2026-"):
        assert part in said
    assert "不代表产品质量或真伪认证" in said
    assert "正品" not in said


@pytest.mark.parametrize("text", ["91330100MA00000072", "T/CMIF-2026-000001", "t-cmif-2026-000001"])
async def test_codes_and_numbers_lead_to_the_card(chat: Chat, cable: Living, text: str) -> None:
    assert cable.certificate.number in await say(chat, text)


async def test_several_are_chosen_from(chat: Chat, cable: Living, valve: Living) -> None:
    listed = await say(chat, "阳光样例")
    assert "1) 阳光样例" in listed
    assert "2) 阳光样例" in listed
    assert "阳光样例阀门厂：B 级" in await say(chat, "2" if "2) 阳光样例阀门厂" in listed else "1")
    await say(chat, "阳光样例")
    assert "1 到 2" in await say(chat, "9")


async def test_what_is_no_firm_is_answered_as_before(chat: Chat, cable: Living) -> None:
    assert await say(chat, "今天天气真不错") == wording.UNKNOWN_TEXT
    assert await say(chat, "在吗") == wording.UNKNOWN_TEXT
    assert "没有查到“没有这家”" in await say(chat, "查 没有这家")
    assert "它不是商品条码" in await say(chat, "abcdefgh12345")
    assert "没有查到这个码" in await say(chat, "6901234567892")


async def test_a_word_about_tenders_says_how_it_is_done(chat: Chat) -> None:
    for text in ("查供应商", "怎么采信", "招标用的"):
        assert await say(chat, text) == words.HOW_TO
    assert "采信" not in wording.not_yet("")
    assert words.SEARCH_FIRST.format("采信") == await say(chat, "采信")


async def test_a_very_long_name_fits(chat: Chat) -> None:
    one = await supplier(chat, "样例长名" * 50, is_sample=True)
    await Certificate.filter(id=one.certificate.id).update(
        life={**one.certificate.life, "conditions": ["D.1.1", "D.2.1", "D.3.1"]}
    )
    said = await say(chat, "查 样例长名样例长名")
    assert "样例企业：数据是虚构的" in said
    assert "附录 D 第 D.1.1、D.2.1、D.3.1 条" in said


async def test_a_certificates_code_is_a_card_scanned_or_photographed(chat: Chat, cable: Living) -> None:
    url = "https://sample.test/c/T-CMIF-2026-000001"
    fields: dict[str, Any] = {"key": KEY_SCAN, "scan_type": "qrcode", "symbology": None, "waits": True}
    assert "AA 级" in str(await chat.send(STRANGER, updates.ScanCode, result=url, **fields))
    assert "已关注" in await say(chat, "关注")
    chat.world.inspector.look = seen(url, text=("质量追溯能力评价证书",))
    said = str(await chat.photo(ZHANG))
    assert said.startswith(f'<a href="{url}">阳光样例电缆有限公司：AA 级')
    assert "已关注" in await say(chat, "关注", ZHANG)
    assert await Watch.filter(ended_at=None).count() == 2


# --- watching, comparing, confirmations ------------------------------------------------------------------------------


async def test_watching_in_chat(chat: Chat, cable: Living, valve: Living) -> None:
    await say(chat, "样例电缆")
    assert "已关注“阳光样例电缆有限公司”" in await say(chat, "关注")
    assert "已经在关注" in await say(chat, "关注")
    assert "取消关注" in await say(chat, "样例电缆")
    await Certificate.filter(id=cable.certificate.id).update(state=State.SUSPENDED)
    assert "1) 阳光样例电缆有限公司：AA 级（优秀级），证书暂停" in await say(chat, "我的关注")
    assert "未达入围基本条件" in await say(chat, "1")
    assert "已取消关注" in await say(chat, "取消关注")
    assert await say(chat, "我的关注") == words.NO_WATCHES


async def test_comparing_one_by_one_and_at_once(chat: Chat, cable: Living, valve: Living) -> None:
    await say(chat, "样例电缆")
    assert "已放入对比" in await say(chat, "对比")
    await say(chat, "样例阀门")
    said = await say(chat, "对比")
    assert said.startswith(f'<a href="https://sample.test/compare?f={cable.firm.uscc},{valve.firm.uscc}">对比 2 家')
    assert "AA 级｜正常｜至 2027-11-23" in said
    assert said.index("电缆") < said.index("阀门")
    assert await say(chat, "清空对比") == words.COMPARE_CLEARED
    assert "已放入对比" in await say(chat, "对比")
    assert "对比 2 家" in await say(chat, "对比 样例电缆、样例阀门")
    assert "没认准：没有这家" in await say(chat, "对比 样例电缆 没有这家")


async def test_a_confirmation_is_told_when_it_is_signed(chat: Chat, cable: Living) -> None:
    await say(chat, "样例电缆", ZHANG)
    said = await say(chat, "确认书", ZHANG)
    assert "https://sample.test/go/" in said
    await chat.world.settle()
    made = await Confirmation.get()
    assert made.pdf_key is not None
    assert made.person_id == (await WeChatIdentity.get(openid=ZHANG)).person_id
    assert any("确认书已签署" in text for _, _, text in chat.world.wechat.sent)


# --- adopting --------------------------------------------------------------------------------------------------------


async def test_an_adoption_in_three_steps_by_photos(chat: Chat, cable: Living) -> None:
    unreadable = PictureRefused("blurred", "照片模糊，请重拍")
    chat.world.inspector.documents = {JPEG: unreadable, JPEG + b"page": unreadable}
    await buyers_chat(chat)
    await say(chat, "样例电缆", ZHANG)
    assert "“样例采购集团”在招标中采信“阳光样例电缆有限公司”" in await say(chat, "采信", ZHANG)
    assert "第 2 步" in await say(chat, "招标 ZB-2026-001", ZHANG)
    assert "样例阀门" not in await say(chat, "帮助", ZHANG)  # asking in between ends nothing
    assert "第 3 步" in await say(chat, "2", ZHANG)
    fields: dict[str, Any] = {"title": "通知书.pdf", "file_key": "k", "md5": "m", "size": 1}
    assert "在网页上传 PDF" in str(await chat.send(ZHANG, updates.File, **fields))
    said = str(await chat.photo(ZHANG))
    assert "已登记采信记录" in said
    assert "计 1 分" in said
    assert "归入招标采购文件" in await say(chat, "招标文件", ZHANG)
    assert "收到一张招标采购文件" in str(await chat.photo(ZHANG, data=JPEG + b"page"))
    assert await say(chat, "完成", ZHANG) == words.PAPERS_DONE
    await chat.world.settle()
    made = await Adoption.get()
    assert (made.tender_number, made.tender_role, made.way) == ("招标 ZB-2026-001", "buyer", "uploaded")
    assert made.customer_uscc == BUYER
    assert set(await AdoptionFile.all().values_list("kind", flat=True)) == {"award_notice", "tender_document"}


async def test_the_platforms_result_is_put_on_record_knowingly(chat: Chat, cable: Living) -> None:
    await buyers_chat(chat)
    for text in ("样例电缆", "采信", "ZB-7", "招标人"):
        await say(chat, text, ZHANG)
    assert "8.5(4)" in await say(chat, "直接备案", ZHANG)
    assert await Adoption.all().count() == 0
    assert "已登记采信记录" in await say(chat, "确认备案", ZHANG)
    made = await Adoption.get().prefetch_related("confirmation")
    assert (made.way, made.tender_role) == ("obtained", "tenderer")
    assert made.confirmation is not None
    await chat.world.settle()
    assert (await Adoption.get()).state == "valid"


async def test_an_unverified_purchaser_is_told_how_to_become_one(chat: Chat, cable: Living) -> None:
    await say(chat, "样例电缆")
    assert await say(chat, "采信") == words.ask_customer()
    assert "校验码应为 L" in await say(chat, "样例采购集团 91310000MA0000007X")
    assert "第 1 步" in await say(chat, f"样例采购集团 {BUYER}")
    for text in ("ZB-8", "3", "直接备案"):
        await say(chat, text)
    said = await say(chat, "确认备案")
    assert "先计 0 分" in said
    assert "企业类型选“采购单位”" in said
    await chat.world.settle()
    assert (await Adoption.get()).state == "waiting"


async def test_a_scan_or_another_card_in_between_ends_no_adoption(chat: Chat, cable: Living, valve: Living) -> None:
    await buyers_chat(chat)
    for text in ("样例电缆", "采信"):
        await say(chat, text, ZHANG)
    fields: dict[str, Any] = {"key": KEY_SCAN, "scan_type": "qrcode", "symbology": None, "waits": True}
    await chat.send(ZHANG, updates.ScanCode, result="6901234567892", **fields)
    assert "B 级" in await say(chat, "样例阀门", ZHANG)
    assert "已关注“阳光样例阀门厂”" in await say(chat, "关注", ZHANG)
    assert "AA 级" in await say(chat, cable.firm.uscc, ZHANG)  # no tender's number
    assert "第 2 步" in await say(chat, "ZB-9", ZHANG)
    for text in ("1", "直接备案", "确认备案"):
        await say(chat, text, ZHANG)
    assert (await Adoption.get()).supplier_id == cable.firm.id


async def test_what_is_compared_is_still_there_after_an_adoption(chat: Chat, cable: Living, valve: Living) -> None:
    await buyers_chat(chat)
    for text in ("样例阀门", "对比", "样例电缆", "采信", "ZB-9", "1"):
        await say(chat, text, ZHANG)
    assert "对比 2 家" in await say(chat, "对比", ZHANG)  # the adoption goes on
    assert "8.5(4)" in await say(chat, "直接备案", ZHANG)
    assert "已登记采信记录" in await say(chat, "确认备案", ZHANG)
    assert "对比 2 家" in await say(chat, "对比", ZHANG)
    await say(chat, "采信", ZHANG)
    assert await say(chat, "清空对比", ZHANG) == words.COMPARE_CLEARED
    assert await say(chat, "取消", ZHANG) == words.CANCELLED
    assert await say(chat, "对比", ZHANG) == words.SEARCH_FIRST.format("对比")


async def test_nobody_adopts_their_own_firm_or_an_ended_certificate(chat: Chat, cable: Living) -> None:
    await bind_staff(chat.world.ports, cable.firm, "张工（样例）", "质检员", ZHANG)
    await say(chat, "样例电缆", ZHANG)
    assert await say(chat, "采信", ZHANG) == words.OWN_SUPPLIER
    await Certificate.filter(id=cable.certificate.id).update(state=State.REVOKED)
    assert "证书已撤销（原为 AA 级" in await say(chat, "样例电缆")
    assert await say(chat, "采信") == words.NO_CERTIFICATE
    assert await Staff.filter(enterprise_id=cable.firm.id).count() == 2


async def test_a_tender_on_record_is_asked_for_anew(chat: Chat, cable: Living) -> None:
    await buyers_chat(chat)
    for text in ("样例电缆", "采信", "ZB-9", "1", "直接备案", "确认备案", "样例电缆", "采信", "ZB-9", "1", "直接备案"):
        await say(chat, text, ZHANG)
    assert "已经登记过" in await say(chat, "确认备案", ZHANG)
    assert "第 2 步" in await say(chat, "ZB-10", ZHANG)
    assert await say(chat, "取消", ZHANG) == words.CANCELLED


async def test_a_photo_that_cannot_be_had_is_told(chat: Chat, cable: Living) -> None:
    await buyers_chat(chat)
    for text in ("样例电缆", "采信", "ZB-9", "1"):
        await say(chat, text, ZHANG)
    chat.world.wechat.trouble = [("fetch", BadRequest(40007, "invalid media_id"))]
    await chat.photo(ZHANG)
    await chat.world.settle()
    assert any("采信记录的照片没有收下" in text for _, _, text in chat.world.wechat.sent)
    assert await AdoptionFile.all().count() == 0
