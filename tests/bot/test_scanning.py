"""Codes in chat: scanned, typed, photographed; what is answered, and the report of a problem."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from bot import scanning_wording as words
from bot import updates, wording
from bot.menu import KEY_SCAN
from inspection.report import Code, Inspected, Request
from models import CodeReport, DeskItem, Enterprise, InboxEntry, ScanEvent
from tests import rows
from tests.bot.conftest import STRANGER, ZHANG, Chat
from tests.workflow.living import living
from tests.workflow.world import report
from workflow import decisions
from workflow.access import Asker
from workflow.firms.registration import bind_staff
from workflow.intake.wording import TEXT_BYTES
from workflow.scanning import code_reports

GTIN = "06901234567892"
ITEM = f"https://id.gs1.org/01/{GTIN}/21/0001"
PAGE = f'<a href="https://sample.test/t/01/{GTIN}/21/0001">'
ALIKE = "https://iotroot.com.evil.cn/E=1"


@pytest.fixture
async def firm(chat: Chat) -> Enterprise:
    one = await living(name="样例电缆有限公司（样例）")
    await rows.product(enterprise_id=one.firm.id, gtin=GTIN, name="电线（样例）", model="BV 2.5")
    return one.firm


async def scan(chat: Chat, text: str, openid: str = STRANGER) -> str:
    fields: dict[str, Any] = {"key": KEY_SCAN, "scan_type": "qrcode", "symbology": None, "waits": True}
    said = await chat.send(openid, updates.ScanCode, result=text, **fields)
    assert said is not None
    return said


def seen(*codes: str, text: tuple[str, ...] = ("BV 2.5 电线",)) -> Any:
    """What the inspector sees: these codes and words, and no sheet."""

    def look(request: Request) -> Inspected:
        inspected = report(request)
        found = tuple(Code(one, "QRCode", ((0, 0), (9, 0), (9, 9), (0, 9))) for one in codes)
        return Inspected(replace(inspected.report, codes=found, text=text, px_per_mm=None), inspected.marked)

    return look


async def test_a_scanned_code_is_answered_with_its_page_first(chat: Chat, firm: Enterprise) -> None:
    said = await scan(chat, ITEM)
    assert said.startswith(f"{PAGE}企业追溯能力 A 级（良好级），证书正常</a>\n产品：电线（样例） BV 2.5\n")
    assert "生产企业：样例电缆有限公司（样例）" in said
    assert "不代表产品质量或真伪认证" in said
    assert "反映问题" in said
    assert len(said.encode()) <= TEXT_BYTES
    event = await ScanEvent.get()
    assert (event.road, event.outcome, event.enterprise_id) == ("scan", "known", firm.id)
    assert event.visitor
    assert STRANGER not in event.visitor


async def test_a_typed_code_is_read_like_a_scanned_one(chat: Chat, firm: Enterprise) -> None:
    assert "BV 2.5" in str(await chat.say(ITEM))
    assert "这是品类码" in str(await chat.say("6901234567892"))
    assert await ScanEvent.filter(road="typed").count() == 2


async def test_no_link_of_a_code_can_be_tapped(chat: Chat, firm: Enterprise) -> None:
    for text in (ALIKE, "https://shop.evil.test/p", '<a href="https://evil.test">领奖</a>'):
        said = await scan(chat, text)
        assert said.count("<a ") == said.count('<a href="https://sample.test/t') + said.count('<a href="weixin://')
        assert "evil.test" not in said.replace("https://sample.test/t/", "").split("</a>", 1)[1]
    alike = await scan(chat, ALIKE)
    assert "请当心：这个网址像 iotroot．com，但不是" in alike
    assert "等级反映" not in alike  # no grade was told


async def test_long_names_leave_room_for_what_matters(chat: Chat) -> None:
    one = await living(name="样例" * 99)
    await rows.product(enterprise_id=one.firm.id, gtin=GTIN, name="线" * 200, model="型" * 100, category="其他" * 30)
    for text in (ITEM, f"https://id.gs1.org/01/{GTIN}/10/{'A%2F' * 10}/21/{'%25' * 20}"):
        said = await scan(chat, text)
        assert len(said.encode()) <= TEXT_BYTES
        assert said.startswith('<a href="https://sample.test/t/01/')
        assert "12315" in said
        assert "反映问题" in said


async def test_a_certificates_own_code_leads_to_the_certificate(chat: Chat, firm: Enterprise) -> None:
    said = await scan(chat, "https://sample.test/c/T-CMIF-2026-000001")
    assert "A 级" in said
    assert "证书 T/CMIF-2026-000001，" in said
    assert "没有这个编号的证书" in await scan(chat, "https://sample.test/c/T-CMIF-2026-000009")
    assert await ScanEvent.all().count() == 0


# --- photos ----------------------------------------------------------------------------------------------------------


async def test_a_consumers_photo_of_a_code_is_a_look_up(chat: Chat, firm: Enterprise) -> None:
    chat.world.inspector.look = seen(ITEM)
    said = str(await chat.photo())
    assert said.startswith(f"{PAGE}企业追溯能力 A 级（良好级），证书正常</a>\n")
    assert "合格证多大" not in said
    assert "要检查合格证印刷" in said
    assert "这个码是第一次被查询" in said
    event = await ScanEvent.get()
    assert (event.road, event.outcome) == ("photo", "known")
    await chat.world.settle()
    assert [kind for _, kind, _ in chat.world.wechat.sent if kind == "image"] == []


async def test_a_certificate_in_sight_is_judged_as_before(chat: Chat, firm: Enterprise) -> None:
    chat.world.inspector.look = seen(ITEM, text=("产品合格证",))
    assert "合格证多大" in str(await chat.photo())
    assert await ScanEvent.all().count() == 0


async def test_the_photo_of_somebody_with_a_firm_is_judged_as_before(chat: Chat, firm: Enterprise) -> None:
    await bind_staff(chat.world.ports, firm, "张工（样例）", "质检员", ZHANG)
    chat.world.inspector.look = seen(ITEM)
    assert "查看完整报告" in str(await chat.photo(ZHANG))
    assert await ScanEvent.all().count() == 0


async def test_each_photo_is_answered_as_what_it_shows(chat: Chat, firm: Enterprise) -> None:
    chat.world.inspector.look = seen(ALIKE)
    assert "这个网址像 iotroot．com，但不是" in str(await chat.photo())
    chat.world.inspector.look = seen(ITEM, text=("产品合格证",))
    assert "合格证多大" in str(await chat.photo(data=b"\xff\xd8\xff\xe0 2"))
    chat.world.inspector.look = seen()
    assert "没有找到合格证和追溯码" not in str(await chat.photo(data=b"\xff\xd8\xff\xe0 3"))
    assert await ScanEvent.all().count() == 1


# --- reports ---------------------------------------------------------------------------------------------------------

STATEMENT = "在五金店买的，字体模糊，和以前的不一样"


async def test_a_problem_is_reported_in_three_turns_and_its_answer_comes_to_the_chat(
    chat: Chat, firm: Enterprise
) -> None:
    await scan(chat, ITEM)
    asked = str(await chat.say("反映问题"))
    assert f"(01){GTIN}(21)0001" in asked
    assert "1) 怀疑是假冒的产品或码" in asked
    assert f"https://sample.test/reports/new?code={quote(ITEM, safe='')}" in str(await chat.say("1"))
    assert "5 至 500 字" in str(await chat.say("假的"))
    done = str(await chat.say(STATEMENT))
    filed = await CodeReport.get()
    assert f"https://sample.test/reports/{filed.ref}" in done
    assert "5 个工作日内答复" in done
    assert (filed.kind, filed.statement, filed.state) == ("looks_fake", STATEMENT, "open")
    assert filed.person_id is not None
    assert await InboxEntry.all().count() == 0

    operator = await rows.person()
    await rows.grant(person_id=operator.id, role="operator")
    item = await DeskItem.get()
    await decisions.decide(chat.world.ports, Asker(operator.id), item.ref, code_reports.ANSWER, "已核实，是老包装")
    entry = await InboxEntry.get()
    assert (entry.person_id, entry.path) == (filed.person_id, f"/reports/{filed.ref}")
    assert "已核实，是老包装" in entry.body
    await chat.world.settle()
    assert any("已核实，是老包装" in text for _, _, text in chat.world.wechat.sent)


async def test_the_code_of_a_photo_can_be_reported(chat: Chat, firm: Enterprise) -> None:
    assert await chat.say("反映问题") == words.NOTHING_SCANNED
    chat.world.inspector.look = seen(ALIKE)
    await chat.photo()
    assert "iotroot．com．evil．cn" in str(await chat.say("反映问题"))
    chat.world.clock.advance(seconds=timedelta(hours=25).total_seconds())
    assert await chat.say("取消") == words.CANCELLED
    assert await chat.say("反映问题") == words.NOTHING_SCANNED


async def test_a_report_can_be_left_at_any_turn(chat: Chat, firm: Enterprise) -> None:
    await scan(chat, ITEM)
    await chat.say("反映问题")
    assert await chat.say("帮助") == wording.HELP
    await chat.say("2")
    assert await chat.say("取消") == words.CANCELLED
    assert await chat.say("取消") == wording.UNKNOWN_TEXT
    await scan(chat, ITEM)
    await chat.say("反映问题")
    await chat.photo()
    assert "合格证多大" not in str(await chat.say("1"))
    assert await CodeReport.all().count() == 0


async def test_nobody_floods_the_desk(chat: Chat, firm: Enterprise) -> None:
    for number in range(11):
        await scan(chat, ITEM)
        await chat.say("反映问题")
        await chat.say("4")
        said = await chat.say(f"{STATEMENT}，第 {number} 次")
    assert said == words.TOO_OFTEN
    assert await CodeReport.all().count() == 10
