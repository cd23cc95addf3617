"""The month in chat: from the first word to the continued certificate, interrupted, shared, made up, looked back on."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import filing_wording, replies, updates, wording
from bot.conversation import router
from bot.dialogs import Dialogs
from bot.menu import KEY_FILING, KEY_YEAR
from bot.router import Dispatcher
from gateways.cache import MemoryCache
from models import (
    Certificate,
    FiledCode,
    FilingDialog,
    FilingFile,
    FilingFileKind,
    FilingFileState,
    FilingState,
    InboxEntry,
    MonthlyFiling,
    Product,
    StaffRole,
)
from models.transactions import transaction
from standard import life
from standard.calendar import midnight
from standard.months import Month, MonthState
from tests.bot.conftest import STRANGER, ZHANG, Chat, bind, worked_on
from tests.clock import FakeClock
from tests.conftest import Database
from tests.workflow import monthly
from tests.workflow.living import month_of, noon
from tests.workflow.monthly import Filer, without_links
from tests.workflow.world import World, make_world
from workflow.certifying.certificate_life import life_from_json, life_to_json
from workflow.firms.registration import bind_staff
from workflow.intake.wording import TEXT_BYTES
from workflow.knowing import sessions
from workflow.knowing.people import meet
from workflow.monthly import month_filing, month_life
from workflow.monthly.month_slots import PER_PRODUCT

LI, WANG = "o" + "l" * 27, "o" + "w" * 27


@dataclass
class Case:
    """A firm whose December is open, and its people in chat: two who file, one who looks."""

    chat: Chat
    filer: Filer

    @property
    def world(self) -> World:
        return self.chat.world

    @property
    def filing(self) -> MonthlyFiling:
        return self.filer.filing

    async def say(self, words: str, who: str = ZHANG) -> str:
        """Say something; the answer as one reads it."""
        return without_links(await self.chat.say(words, who) or "")

    async def send(self, picture: bytes, who: str = ZHANG) -> str:
        return without_links(await self.chat.photo(who, picture) or "")

    async def state(self) -> str:
        return (await MonthlyFiling.get(id=self.filing.id)).state

    async def dialog(self, who: str = ZHANG) -> FilingDialog | None:
        return await month_filing.dialog_of(await meet(self.world.ports, who))

    async def files(self) -> list[tuple[str, str, str]]:
        """What stands in the month: kind, model, state."""
        return [
            (file.kind, file.product.model if file.product else "", file.state)
            for file in await FilingFile.filter(filing_id=self.filing.id).order_by("id").prefetch_related("product")
        ]

    async def ledger(self) -> None:
        """Hand in the update ledger, as the page does."""
        rows = [self.filer.row(number, "L1") for number in (0, 1)]
        await self.filer.hand_in("update_ledger", monthly.ledger(*rows), "更新台账.csv")


@pytest.fixture
async def case(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Case]:
    world = make_world(tmp_path, clock)
    filer = await monthly.filer(world, grade="B")
    for openid, name, role in (
        (ZHANG, "张工", StaffRole.STAFF),
        (LI, "李工", StaffRole.STAFF),
        (WANG, "王工", StaffRole.VIEWER),
    ):
        await bind_staff(world.ports, filer.one.firm, f"{name}（样例）", "质检员", openid, role=role)
    async with worked_on(world) as filer.world:
        yield Case(Chat(filer.world), filer)


def shot(number: int) -> bytes:
    return monthly.page(monthly.code(number % 2), words=f"产品名称 样例 L1 {number}")


# --- filing ----------------------------------------------------------------------------------------------------------


async def test_a_month_that_is_not_owed_is_not_begun_and_what_is_owed_is_told(case: Case) -> None:
    told = await case.say("11月提报")
    assert told.startswith("11 月不是现在要提报的月份（8.1(2)）。\n要提报的是：")
    assert "· 12 月提报，12 月 25 日 24:00 截止（8.1(2)），回复“12月提报”" in told
    assert await case.dialog() is None
    await month_of(case.filer.one, "2026-11", state=FilingState.CONTINUED, due_at=None)
    assert (await case.say("11月提报")).startswith("11 月现在不用提报：按时合规（8.1(2)）。")
    assert (await case.say("12月提报")).startswith("12 月提报，")
    assert await case.dialog() is not None


async def test_the_firm_says_first_what_month_is_owed(case: Case) -> None:
    standing = (await case.say("我的企业")).split("\n\n")[1].splitlines()
    assert standing[:3] == [
        "12 月提报，12 月 25 日 24:00 截止（8.1(2)）",
        "回复“月度提报”办理。",
        "证书：B 级，正常（延续至 2026 年 11 月），有效期至 2027-11-23",
    ]


async def test_a_month_from_the_first_word_to_the_continued_certificate(case: Case) -> None:
    begun = await case.say("月度提报")
    assert begun.startswith("12 月提报，12 月 25 日 24:00 截止（8.1(2)）")
    assert "还差 2 款产品" in begun
    first = await case.send(monthly.certificate(monthly.code(0)))
    assert "提报：合格证照片（样例电缆1 YL-1） 1/1" in first
    assert "还差 1 款产品" in first
    for number in range(3):
        told = await case.send(shot(number))
        assert f"追溯查询截图 {number + 1}/3 ✓" in told
    await case.ledger()
    early = await case.say("完成")
    assert early.startswith("还不能提交，资料没有齐：")
    assert "还差 1 款产品" in early
    assert await case.state() == FilingState.OPEN
    last = await case.send(monthly.certificate(monthly.code(1)))
    assert "资料已齐" in last
    done = await case.chat.say("完成", ZHANG)
    assert done is not None
    assert done.startswith("证书已延续至 2026 年 12 月")
    assert "https://sample.test/c/" in done
    assert "msgmenucontent=下月提醒我&" in done
    assert await case.state() == FilingState.CONTINUED
    assert await case.dialog() is None
    assert "现在没有要提报的月份，证书延续至 2026 年 12 月" in await case.say("完成")


async def test_a_colleague_adds_the_second_product(case: Case) -> None:
    await case.say("月度提报")
    await case.send(monthly.certificate(monthly.code(0)))
    assert "样例电缆1 YL-1：合格证照片 1/1 ✓" in await case.say("提报", LI)
    await case.send(monthly.certificate(monthly.code(1)), LI)
    for number in range(3):
        await case.send(shot(number), (ZHANG, LI)[number % 2])
    await case.ledger()
    assert (await case.say("完成", LI)).startswith("证书已延续至 2026 年 12 月")
    assert "现在没有要提报的月份" in await case.say("完成")  # the colleague was faster


async def test_what_was_begun_goes_on_days_later(case: Case) -> None:
    await case.say("月度提报")
    case.world.clock.advance(days=12)
    world = case.world
    later = Chat(world)
    later.dispatch = Dispatcher(router, dialogs=Dialogs(MemoryCache(), "wxsample"), services=world.ports)
    told = await later.photo(ZHANG, monthly.certificate(monthly.code(0))) or ""
    assert "提报：合格证照片（样例电缆1 YL-1） 1/1" in told
    assert await case.files() == [("certificate_photo", "YL-1", "passed")]


async def test_several_photos_at_once_each_find_their_place(case: Case) -> None:
    await case.say("月度提报")
    pictures = [monthly.certificate(monthly.code(0)), shot(0), monthly.certificate(monthly.code(1)), shot(1)]
    await case.chat.send(ZHANG, updates.PicturesAnnounced, key=KEY_FILING, count=4, source="weixin")
    answers = [one for one in await asyncio.gather(*(case.send(picture) for picture in pictures)) if one]
    assert "收到 4 张" in answers[0]
    assert sorted(kind for kind, _, state in await case.files() if state == "passed") == [
        "certificate_photo", "certificate_photo", "query_screenshot", "query_screenshot",
    ]  # fmt: skip


async def test_after_leaving_photos_are_checks_and_are_offered_for_the_month(case: Case) -> None:
    await case.say("月度提报")
    assert "已退出 12 月提报" in await case.say("退出")
    assert await case.say("退出") == without_links(filing_wording.NOT_IN_IT)
    told = await case.send(monthly.certificate(monthly.code(0)))
    assert "回复“放入”把这张放进 12 月提报" in told
    assert await case.files() == []
    put = await case.say("放入")
    assert "提报：合格证照片（样例电缆1 YL-1） 1/1" in put
    assert await case.files() == [("certificate_photo", "YL-1", "passed")]
    assert await case.dialog() is not None
    assert "回复“放入”" not in await case.send(monthly.certificate(monthly.code(1)))


async def test_put_in_that_is_sent_again_puts_nothing_in_twice(case: Case) -> None:
    await case.send(monthly.certificate(monthly.code(0)))
    update = updates.Text(to_user="gh_sample", openid=ZHANG, created=datetime.now(UTC), dedupe="again", content="放入")
    assert await case.chat.dispatch(update, 4.5) == await case.chat.dispatch(update, 4.5)
    assert len(await case.files()) == 1


async def test_a_failing_print_is_not_offered(case: Case) -> None:
    told = await case.send(monthly.certificate(monthly.code(0), "small_code_100x70"))
    assert told.startswith("不合格")
    assert "放入" not in told
    assert (await case.say("放入")).startswith(filing_wording.NOTHING_TO_PUT_IN)
    assert await case.files() == []


NAMELESS = "https://id.gs1.org/01/06999999999999/10/L1/21/000"
"""Begins codes of which nobody knows the product."""


@pytest.mark.parametrize("words", ["2", "yl-2"])
async def test_a_photo_of_no_known_product_waits_to_be_told_it(case: Case, words: str) -> None:
    await case.say("月度提报")
    asked = await case.send(monthly.certificate(f"{NAMELESS}1"))
    assert "没认出是哪款产品，请回复数字" in asked
    assert await case.files() == []
    update = updates.Text(to_user="gh_sample", openid=ZHANG, created=datetime.now(UTC), dedupe="named", content=words)
    first, second = [await case.chat.dispatch(update, 4.5) for _ in range(2)]
    assert isinstance(first, replies.Text)
    assert first == second
    assert "提报：合格证照片（样例电缆2 YL-2） 1/1" in first.content
    assert [model for _, model, _ in await case.files()] == ["YL-2"]


async def test_the_product_of_what_follows_is_chosen_before(case: Case) -> None:
    await case.say("月度提报")
    listed = await case.say("选产品")
    assert "1) 样例电缆1 YL-1" in listed
    assert await case.say("9") == listed
    assert "归入样例电缆2 YL-2" in await case.say("2")
    assert "合格证照片（样例电缆2 YL-2）" in await case.send(monthly.certificate(f"{NAMELESS}2"))


async def test_a_product_of_last_month_is_not_chosen_while_another_is_left(case: Case) -> None:
    november = await month_of(case.filer.one, "2026-11", state=FilingState.CONTINUED, due_at=None)
    await FiledCode.create(
        enterprise_id=case.filer.one.firm.id, code="c", filing_id=november.id, product_id=case.filer.products[0].id
    )
    assert "上月报过 样例电缆1 YL-1，本月请报其他款（C(5)，R9）" in await case.say("月度提报")
    assert "1) 样例电缆1 YL-1（上月已报，本月请报其他款）" in await case.say("选产品")
    assert "请先选上月未提报的：样例电缆2 YL-2" in await case.say("1")


async def test_words_that_nobody_understands_do_not_lead_out(case: Case) -> None:
    assert await case.say("今天天气") == wording.UNKNOWN_TEXT
    await case.say("月度提报")
    assert "正在提报 12 月" in await case.say("今天天气")
    assert await case.dialog() is not None


async def test_who_says_done_is_answered_and_the_colleague_is_told(case: Case) -> None:
    await case.say("月度提报")
    await case.filer.fill()
    assert (await case.say("完成")).startswith("证书已延续至 2026 年 12 月")
    told = {
        entry.person_id: entry.unpushed
        for entry in await InboxEntry.filter(key__startswith="certificate:").prefetch_related("person")
    }
    zhang, li = [(await meet(case.world.ports, who)).person_id for who in (ZHANG, LI)]
    assert (told[zhang], told[li]) == ("seen", "")


async def test_done_said_with_the_last_photo_waits_for_its_verdict(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    await case.say("月度提报")
    await case.filer.fill()
    await FilingFile.filter(filing_id=case.filing.id, kind="update_ledger").update(state=FilingFileState.HANDED_IN)
    counted = month_filing.checklist

    async def judged_meanwhile(filing: MonthlyFiling) -> month_filing.Checklist:
        held = await counted(filing)
        await FilingFile.filter(filing_id=filing.id).update(state=FilingFileState.PASSED)
        return held

    monkeypatch.setattr(month_filing, "checklist", judged_meanwhile)
    assert (await case.say("完成")).startswith("证书已延续至 2026 年 12 月")


async def test_done_says_so_while_something_is_still_looked_at(case: Case) -> None:
    await case.say("月度提报")
    await case.filer.fill()
    await FilingFile.filter(filing_id=case.filing.id, kind="update_ledger").update(state=FilingFileState.HANDED_IN)
    update = updates.Text(to_user="gh_sample", openid=ZHANG, created=datetime.now(UTC), dedupe="done", content="完成")
    reply = await case.chat.dispatch(update, 1.2)
    assert isinstance(reply, replies.Text)
    assert without_links(reply.content).startswith("还有资料正在核对，核对完再回复“完成”。")
    assert await case.state() == FilingState.OPEN


def test_the_longest_checklist_is_one_message() -> None:
    products = [
        Product(id=n, name="额定电压四百五十伏聚氯乙烯绝缘护套电缆" * 3, model="RVV-3×1.5" * 6) for n in range(6)
    ]
    lines = [
        month_filing.MonthProduct(one, False, [slot(kind, one, "failed") for kind in PER_PRODUCT]) for one in products
    ]
    filing = MonthlyFiling(
        ref="r", month="2026-12", state="warned", closes_on=date(2026, 12, 25), make_up_until=date(2026, 12, 30),
        verdict={"missing": ["缺少追溯数据更新台账，请上传" * 20], "findings": []},
    )  # fmt: skip
    held = month_filing.Checklist(
        filing, lines, slot(FilingFileKind.QUERY_SCREENSHOT), slot(FilingFileKind.UPDATE_LEDGER),
        slot(FilingFileKind.OPTIONAL), ["追溯查询截图还差 1 张，请补上" * 20],
        [{"reason": f"第 {n} 张" + "二维码边长不足请重新印刷" * 20} for n in range(9)], 0,
    )  # fmt: skip
    other = MonthlyFiling(month="2026-11", state="suspended")
    page = filing_wording.page(f"https://www.sample.test/go/{'t' * 22}", 10)
    text = filing_wording.checklist(held, page, [other], [], files=True, in_dialog=True)
    assert len(text.encode()) <= TEXT_BYTES
    assert "…共 6 款，见清单" in text
    assert "11 月也待补报" in text


def slot(kind: FilingFileKind, product: Product | None = None, state: str = "passed") -> month_filing.MonthSlot:
    return month_filing.MonthSlot(kind, product, [FilingFile()] * 3, 3, 3, state, (), ())


# --- coming in -------------------------------------------------------------------------------------------------------


async def test_nobody_but_a_firms_people_files(case: Case) -> None:
    for words in ("月度提报", "进度", "完成", "放入", "台账", "全年"):
        assert await case.say(words, STRANGER) == filing_wording.STRANGER
    said = await case.say("月度提报", WANG)
    assert "12 月提报" in said
    assert filing_wording.VIEWER in said
    assert await case.dialog(WANG) is None


@pytest.mark.parametrize("words", ["月度提报", "提报", "我要提报。", "12月提报", "提报 12月份资料", "补报", "月度"])
async def test_it_is_begun_by_many_words_and_by_the_menu(case: Case, words: str) -> None:
    first = await case.say(words)
    assert first.startswith("12 月提报，12 月 25 日 24:00 截止（8.1(2)）")
    assert first.count("\n") < 10
    menu = await case.chat.send(ZHANG, updates.Click, key=KEY_FILING)
    assert without_links(menu or "") == without_links(first)
    assert (await case.dialog()) is not None


async def test_a_question_about_it_is_answered_and_nobody_slips_into_filing(case: Case) -> None:
    for words in ("月度提报怎么弄", "我不想提报了", "提报截止是哪天"):
        assert "12 月提报" in await case.say(words)
    assert await case.dialog() is None


async def test_the_link_opens_the_month_once(case: Case) -> None:
    said = await case.chat.say("月度提报", ZHANG) or ""
    token = re.search(r"/go/([\w-]+)", said)[1]  # type: ignore[index]
    _, target = await sessions.sign_in_by_link(case.world.ports, token)
    assert target == f"/my/months/{case.filing.ref}"


@pytest.mark.parametrize("kind", ["words", "file"])
async def test_a_ledger_is_led_to_where_it_goes(case: Case, kind: str) -> None:
    file: dict[str, Any] = {"title": "台账.xlsx", "file_key": "k", "md5": "m", "size": 9}
    said = await case.say("台账") if kind == "words" else await case.chat.send(ZHANG, updates.File, **file)
    assert said is not None
    assert "上传 12 月台账" in said
    assert await case.chat.send(STRANGER, updates.File, **file) == wording.FILE


# --- made up, settled, looked back on --------------------------------------------------------------------------------


async def warned(case: Case, **given: Any) -> None:
    values = {
        "state": FilingState.WARNED,
        "make_up_until": date(2026, 12, 30),
        "due_at": midnight(date(2026, 12, 31)),
        "verdict": {"outcome": "fail", "missing": ["缺少追溯数据更新台账（C(3)）"], "findings": []},
        **given,
    }
    await MonthlyFiling.filter(id=case.filing.id).update(**values)
    case.world.clock.advance(noon(date(2026, 12, 28)) - case.world.clock.now())


async def test_what_has_to_be_made_up_says_until_when_and_why(case: Case) -> None:
    await warned(case)
    first, second, *_ = without_links(await case.say("补报")).splitlines()
    assert first == "12 月补报，12 月 30 日 24:00 截止，逾期证书暂停（8.1(3)、6.1(5)）"
    assert second == "原因：缺少追溯数据更新台账（C(3)）"


async def test_a_missed_month_is_made_up_in_chat(case: Case) -> None:
    await case.say("月度提报")
    case.world.clock.advance(noon(date(2026, 12, 26)) - case.world.clock.now())
    async with transaction():
        await month_life.close_window(case.world.ports, await MonthlyFiling.get(id=case.filing.id))
    begun = await case.say("补报")
    assert begun.startswith("12 月补报，12 月 30 日 24:00 截止")
    assert "原因：2026 年 12 月没有提报资料" in begun
    await case.filer.fill()
    done = await case.say("完成")
    assert done.startswith("证书已延续至 2026 年 12 月")
    assert "12 月补报合格（8.1(3)）" in done
    assert await case.state() == FilingState.MADE_UP


async def test_a_failing_print_is_the_reason_and_never_that_it_came_late(case: Case) -> None:
    findings = [
        {"clause": "8.1(2)", "outcome": "fail", "reason": "提报期已截止"},
        {"clause": "C(1)", "outcome": "fail", "reason": "「电线」合格证印刷不符合附录 D"},
        {"clause": "C(5)", "outcome": "pass", "reason": "提报 2 款产品"},
    ]
    await warned(case, verdict={"outcome": "fail", "missing": [], "findings": findings})
    assert "原因：「电线」合格证印刷不符合附录 D" in (await case.say("进度")).splitlines()


async def test_a_suspended_month_says_how_the_certificate_comes_back(case: Case) -> None:
    await warned(case, state=FilingState.SUSPENDED, due_at=None, verdict=None)
    said = await case.say("月度提报")
    assert said.startswith("12 月补报：证书已暂停，补报合规后恢复（6.1(5)）\n原因：12 月 25 日前没有提报（8.1(3)）")


async def test_the_month_that_is_named_is_taken_and_the_other_one_mentioned(case: Case) -> None:
    await warned(case, state=FilingState.SUSPENDED, due_at=None)
    case.world.clock.advance(days=8)
    january = await month_of(case.filer.one, "2027-01")
    said = await case.say("月度提报")
    assert said.startswith("1 月提报")
    assert "12 月也待补报，回复“补报12月”" in without_links(said)
    assert (await case.say("补报12月")).startswith("12 月补报")
    assert (await case.say("补报")).startswith("12 月补报")
    assert (await case.say("1月提报")).startswith("1 月提报")
    dialog = await case.dialog()
    assert dialog is not None
    assert dialog.filing_id == january.id


async def test_with_nothing_owed_one_is_told_when_there_is(case: Case) -> None:
    await MonthlyFiling.filter(id=case.filing.id).update(state=FilingState.CONTINUED, due_at=None)
    await Certificate.filter(id=case.filer.one.certificate.id).update(month_opens_at=midnight(date(2027, 1, 1)))
    for words in ("月度提报", "进度", "完成", "放入", "台账"):
        said = without_links(await case.say(words))
        assert "现在没有要提报的月份，证书延续至 2026 年 11 月" in said
        assert "2027 年 1 月，1 月 1 日开放" in said


async def test_a_firm_without_a_certificate_is_told_how_to_come_to_one(chat: Chat) -> None:
    await bind(chat, "BV 2.5")
    assert await chat.say("月度提报", ZHANG) == filing_wording.NO_CERTIFICATE
    assert await chat.say("全年", ZHANG) == filing_wording.NO_CERTIFICATE


async def test_the_year_fits_a_phone_and_says_what_counts(case: Case) -> None:
    row = case.filer.one.certificate
    months = tuple(
        life.MonthRecord(Month(2026, 12).plus(number), state, settled=True)
        for number, state in enumerate((MonthState.ON_TIME, MonthState.MADE_UP))
    )
    await Certificate.filter(id=row.id).update(life=life_to_json(replace(life_from_json(row.life), months=months)))
    await MonthlyFiling.filter(id=case.filing.id).update(state=FilingState.CONTINUED)
    await month_of(case.filer.one, "2027-01", state=FilingState.MADE_UP)
    await month_of(case.filer.one, "2027-02", state=FilingState.OPEN)
    said = await case.say("全年")
    assert without_links(said).splitlines() == [
        "全年提报：2026 年 12 月至 2027 年 10 月",
        "看图表和每月详情",
        "12 ✓　01 补　02 …　03 ·",
        "04 ·　05 ·　06 ·　07 ·",
        "08 ·　09 ·　10 ·",
        "✓ 按时 1　补报 1　✗ 未达 0",
        "按时率 50%，合规率 100%（R2、R38）",
        "不合规累计 1/3 次，满 3 次降一级（9.2(2)，R8）",
    ]
    assert await case.chat.send(ZHANG, updates.Click, key=KEY_YEAR) is not None
