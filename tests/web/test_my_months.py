"""A firm's months on its pages: the year and its chart, filing from slot to slot, sampling, reminders."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import date
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from models import FilingFile, FilingState, MonthlyFiling, SamplingRecord, StaffRole
from standard import life
from standard.months import Month
from tests.browser import phone_page
from tests.web.conftest import Browser
from tests.workflow.firms import Somebody, member
from tests.workflow.living import month_of
from tests.workflow.monthly import Filer, body, certificate, code, filer, ledger, page
from tests.workflow.months import filed
from tests.workflow.world import World
from web import add_pages, year_chart
from web.year_chart import Column, drawn
from workflow.certifying import certificates
from workflow.knowing import sessions
from workflow.links import Links

BrowserOf = Callable[[Somebody], Awaitable[Browser]]


@pytest.fixture
async def case(world: World) -> Filer:
    return await filer(world)


@pytest.fixture
async def colleague(world: World, case: Filer, browser_of: BrowserOf) -> Browser:
    return await browser_of(await member(world, case.one.firm, StaffRole.STAFF))


def shown(found: str) -> str:
    """What a page says, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found))


async def upload(
    browser: Browser, case: Filer, slot: str, *files: tuple[str, bytes], status: int = 303, **fields: object
) -> str:
    """Send files by the form of a slot (``kind`` or ``kind-product``; ``add``: of one more product)."""
    here = f"/my/months/{case.filing.ref}"
    found = await browser.get(here)
    wanted = f'id="{slot}-file"'
    form = next(form for form in re.findall(r"<form.*?</form>", found, re.S) if wanted in form)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form))
    return await browser.post(f"{here}/files", status, file=list(files), **hidden, **fields)


# --- one month -------------------------------------------------------------------------------------------------------


async def test_a_month_is_filed_from_slot_to_slot_and_continues_the_certificate(
    world: World, case: Filer, colleague: Browser, stranger: Browser
) -> None:
    here, firm = f"/my/months/{case.filing.ref}", case.one.firm
    assert f'href="{here}"' in await colleague.get("/my")
    found = await colleague.get(f"/my/firms/{firm.uscc}")
    assert f'href="{here}"' in found
    assert "2026-12-25 24:00 截止，还有 20 天" in found
    found = await colleague.get(here)
    assert "还差 2 款产品" in found
    for number, product in enumerate(case.products):
        text = code(number)
        onward = await upload(colleague, case, "add", ("证.jpg", certificate(text)), product=product.id)
        assert onward == f"{here}?done=handed-in&at=certificate_photo-{product.id}"
        assert "已收到，正在检查" in await colleague.get(onward)
        await upload(colleague, case, f"body_photo-{product.id}", ("体.jpg", body(text)))
    found = shown(await colleague.send(here, f"{here}/submit", 422))
    assert "追溯查询截图还差 3 张" in found
    shots = [("截图.png", page(code(n % 2), words=f"产品名称 样例 {n}")) for n in range(3)]
    await upload(colleague, case, "query_screenshot", *shots, **{"declared.side": "public"})
    await upload(colleague, case, "update_ledger", ("台账.csv", ledger(case.row(0, "L1"), case.row(1, "L1"))))
    assert "正在检查 8 个文件" in await colleague.get(here)
    await world.work()
    assert "资料齐了，可以提交" in await colleague.get(here)
    again = await colleague.get(f"{here}?done=handed-in")
    assert "已收到，也检查过了" in again
    assert "正在检查" not in again
    onward = await colleague.send(here, f"{here}/submit")
    found = await colleague.get(onward)
    assert "已提交，核验合格" in found
    assert "下月提醒我" in found
    assert 'type="file"' not in found
    assert (await MonthlyFiling.get(id=case.filing.id)).state == FilingState.CONTINUED
    year = await colleague.get(f"/my/firms/{firm.uscc}/months")
    assert "2026-12-05 交齐，按时" in year
    assert "100%" in year
    public = shown(await stranger.get(f"/c/{case.one.certificate.number.replace('/', '-')}"))
    assert "2026 年 12 月：按时合规" in public
    assert "2027 年 1 月：未到" in public


async def test_of_several_files_at_once_those_before_a_wrong_one_are_kept(case: Filer, colleague: Browser) -> None:
    files = [("一.png", page(code())), ("二.txt", b"not a picture"), ("三.png", page(code(1)))]
    found = await upload(colleague, case, "query_screenshot", *files, status=422)
    assert "前 1 个文件已收到，其余没有收下" in found
    assert re.search(r'<details class="slot" id="query_screenshot" open>', found)
    assert re.search(r'id="query_screenshot-file"[^>]*aria-invalid="true"', found)
    assert [file.kind for file in await FilingFile.all()] == ["query_screenshot"]


async def test_a_file_sent_twice_with_its_forms_key_is_filed_once(case: Filer, colleague: Browser) -> None:
    token = re.search(r'name="form_token" value="([^"]+)"', await colleague.get(f"/my/months/{case.filing.ref}"))
    assert token is not None
    sent = {"form_token": token[1], "key": "sample-key-1", "kind": "query_screenshot"}
    for _ in range(2):
        await colleague.post(f"/my/months/{case.filing.ref}/files", file=("一.png", page(code())), **sent)
    assert await FilingFile.all().count() == 1
    assert "没有收到文件" in await colleague.post(f"/my/months/{case.filing.ref}/files", 422, **sent)


async def test_what_is_wrong_stands_beside_its_file_which_is_replaced_or_taken_out(
    world: World, case: Filer, colleague: Browser
) -> None:
    here, product = f"/my/months/{case.filing.ref}", case.products[0].id
    slot = f"certificate_photo-{product}"
    await upload(colleague, case, "add", ("证.jpg", certificate(code(), "small_code_100x70")), product=product)
    await world.work()
    found = await colleague.get(here)
    card = re.search(rf'<details class="slot" id="{slot}" open>.*?</details>', found, re.S)
    assert card is not None
    assert "二维码边长 17.8 mm" in card[0]
    assert "替换并上传" in card[0]
    file = await FilingFile.get()
    looked_at = await colleague.get(f"/my/filing-files/{file.ref}")
    assert "二维码边长 17.8 mm" in looked_at
    assert 'href="https://' in looked_at
    await upload(colleague, case, slot, ("好.jpg", certificate(code())))
    await file.refresh_from_db()
    assert file.state == "replaced"
    newer = await FilingFile.get(state="handed_in")
    assert await colleague.send(here, f"{here}/take-out", file=newer.ref) == f"{here}?done=taken-out"
    assert "还差 2 款产品" in await colleague.get(here)


async def test_a_files_bytes_are_for_the_firm_and_run_nothing(
    world: World, case: Filer, colleague: Browser, outsider: Browser
) -> None:
    await upload(colleague, case, "update_ledger", ("台账.csv", ledger(case.row(0, "L1"))))
    address = f"/my/filing-files/{(await FilingFile.get()).ref}/file"
    async with colleague.client.get(address, headers=colleague._headers) as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "private, no-store"
    await outsider.get(address, 404)


async def test_what_is_a_firms_own_is_kept_by_no_browser_and_listed_by_no_search_engine(
    case: Filer, colleague: Browser
) -> None:
    await upload(colleague, case, "query_screenshot", ("一.png", page(code())))
    file = f"/my/filing-files/{(await FilingFile.get()).ref}"
    firm = f"/my/firms/{case.one.firm.uscc}"
    month = f"/my/months/{case.filing.ref}"
    for path in (f"{firm}/months", f"{firm}/sampling", month, file, f"{file}/file", "/my/reminders"):
        async with colleague.client.get(path, headers=colleague._headers, allow_redirects=False) as answer:
            assert answer.status == 200, path
            assert "no-store" in answer.headers["Cache-Control"], path
            assert answer.headers["X-Robots-Tag"] == "noindex", path
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path


async def test_a_viewer_looks_and_changes_nothing(world: World, case: Filer, browser_of: BrowserOf) -> None:
    viewer = await browser_of(await member(world, case.one.firm, StaffRole.VIEWER))
    found = await viewer.get(f"/my/months/{case.filing.ref}")
    assert "<form" not in found
    sampling = f"/my/firms/{case.one.firm.uscc}/sampling"
    assert "<form" not in await viewer.get(sampling)
    token = re.search(r'name="form_token" value="([^"]+)"', await viewer.get("/my"))
    assert token is not None
    here = f"/my/months/{case.filing.ref}"
    sent = {"form_token": token[1], "kind": "query_screenshot"}
    await viewer.post(f"{here}/files", 403, file=("一.png", page(code())), **sent)
    await viewer.post(f"{here}/submit", 403, **sent)
    said = {"product": case.products[0].id, "batch": "L1", "lot": 9, "sampled": 1, "failed": 0}
    await viewer.post(sampling, 403, inspected_on="2026-12-02", **said, **sent)
    assert not await FilingFile.exists()
    assert not await SamplingRecord.exists()


# --- the year --------------------------------------------------------------------------------------------------------


async def mixed_year(world: World, case: Filer) -> None:
    """December made up in time, January owed and past, February open."""
    row = case.one.certificate
    for event in (
        life.MissMonth(on=date(2026, 12, 26), month=Month(2026, 12), make_up_until=date(2026, 12, 30)),
        life.MakeUpPassed(on=date(2026, 12, 29), month=Month(2026, 12), filed_on=date(2026, 12, 29)),
        life.MissMonth(on=date(2027, 1, 26), month=Month(2027, 1), make_up_until=date(2027, 1, 29)),
        life.MakeUpMissed(on=date(2027, 1, 30), month=Month(2027, 1)),
    ):
        assert isinstance(await certificates.apply_event(world.ports, row, event, actor="system"), life.Step)
    world.clock.advance(days=24)
    await MonthlyFiling.filter(id=case.filing.id).update(
        state=FilingState.MADE_UP, make_up_until=date(2026, 12, 30), submitted_at=world.clock.now(), due_at=None
    )
    late = {"state": FilingState.SUSPENDED, "make_up_until": date(2027, 1, 29), "due_at": None}
    await month_of(case.one, "2027-01", **late)
    await month_of(case.one, "2027-02")
    world.clock.advance(days=56)  # 2027-02-23


async def test_the_year_says_what_is_owed_and_what_the_months_come_to(
    world: World, case: Filer, colleague: Browser
) -> None:
    await mixed_year(world, case)
    found = await colleague.get(f"/my/firms/{case.one.firm.uscc}/months")
    said = shown(found)
    # What can still be in time comes first, then what suspended the certificate.
    owed = re.findall(r"(2027 年 \d 月)资料", said)
    assert owed == ["2027 年 2 月", "2027 年 1 月"]
    assert "2027-02-25 24:00 截止，还有 2 天" in said
    assert "2026-12-29 补报，在期限内" in said
    assert "2027-01-29 前没有补报通过" in said
    assert "2 / 3 个" in said
    rates = re.findall(r"<b>([\d.]+%)</b><span>(..率)", found)
    assert rates == [("0%", "按时率"), ("50%", "合规率")]
    assert "A 级 当前 ≥ 90% 未达到 ≥ 90% 未达到" in said
    described = re.search(r'<desc id="chart-summary">([^<]+)</desc>', found)
    assert described is not None
    assert described[1] == (
        "2026 年 12 月：补报合规。2027 年 1 月：逾期未补报，证书暂停。2027 年 2 月：提报中。其余 8 个月还没到提报期。"
    )
    assert found.count('<g class="month ahead">') == 8


async def test_a_firm_without_a_certificate_owes_no_month(owner: Browser, firm: object) -> None:
    uscc = firm.uscc  # type: ignore[attr-defined]
    assert "还没有证书" in await owner.get(f"/my/firms/{uscc}/months")
    assert "月度提报" not in await owner.get(f"/my/firms/{uscc}")


def months(*done: date | None) -> list[Column]:
    return [
        Column(f"2027-{n:02d}", "continued", date(2027, n, 1), date(2027, n, 25), on) for n, on in enumerate(done, 1)
    ]


def test_a_column_is_as_high_as_the_day_on_which_its_month_was_filed() -> None:
    chart = drawn(months(date(2027, 1, 1), date(2027, 2, 25), date(2027, 4, 1), date(2027, 12, 1), None))
    assert chart is not None
    first, last, late, later, never = chart.columns
    assert (first.filled, last.filled) == (year_chart.GROUND, year_chart.LINE)
    assert late.filled is not None
    assert year_chart.TOP < late.filled < year_chart.LINE
    assert later.filled == year_chart.TOP
    assert (never.filled, never.mark) == (None, year_chart.LINE)


def test_a_year_stands_below_its_first_month_and_no_two_columns_touch() -> None:
    turning = [
        Column(str(month), "ahead", date(month.year, month.number, 1), date(month.year, month.number, 25))
        for month in (Month(2026, 11).plus(n) for n in range(12))
    ]
    chart = drawn(turning)
    assert chart is not None
    assert [one.year for one in chart.columns] == ["2026", "", "2027", *[""] * 9]
    middles = [one.middle for one in chart.columns]
    assert min(b - a for a, b in pairwise(middles)) > 2 * year_chart.MARK
    assert drawn([]) is None


# --- sampling --------------------------------------------------------------------------------------------------------


async def test_a_batchs_sampling_is_recorded_with_the_month_and_judged_at_once(case: Filer, colleague: Browser) -> None:
    here = f"/my/firms/{case.one.firm.uscc}/sampling"
    said = {
        "product": case.products[0].id, "batch": "L1", "lot": "1000", "sampled": "40", "failed": "0",
        "inspected_on": "2026-12-02", "drawn_at_random": "yes",
    }  # fmt: skip
    found = await colleague.send(here, here, 422, **{**said, "lot": "viele"})
    assert re.search(r'<input id="lot"[^>]*aria-invalid="true"', found)
    assert 'value="L1"' in found
    onward = await colleague.send(f"{here}?month={case.filing.ref}", here, **said)
    found = await colleague.get(onward)
    assert "还差 10 张" in found
    assert "随 2026 年 12 月提报" in found
    record = await SamplingRecord.get()
    assert (record.filing_id, record.record["sampled"]) == (case.filing.id, 40)


# --- reminders -------------------------------------------------------------------------------------------------------


async def test_reminders_are_chosen(colleague: Browser) -> None:
    here = "/my/reminders"
    found = await colleague.get(here)
    assert found.count('type="checkbox" name="occasion"') == found.count(" checked") - 1 == 5
    assert await colleague.send(here, here, on="yes", hour="18", occasion=["t3", "last"]) == f"{here}?saved"
    found = await colleague.get(f"{here}?saved")
    assert "已保存" in found
    assert '<option value="18" selected>' in found
    assert re.findall(r'value="(\w+)" checked><span><b>截止', found) == ["t3", "last"]
    assert "至少选一个" in await colleague.send(here, here, 422, on="yes", hour="9")
    assert "9 点到 20 点" in await colleague.send(here, here, 422, on="yes", hour="22", occasion="t3")
    await colleague.send(here, here, on="no", hour="9")
    assert re.search(r'name="on" value="no" checked', await colleague.get(here))


async def test_a_phone_subscribes_to_the_deadlines_of_the_persons_firms(
    case: Filer, colleague: Browser, stranger: Browser
) -> None:
    here = "/my/reminders"
    first, second = [
        urlsplit(re.findall(r"https?://[^<\s]+\.ics", await colleague.send(here, f"{here}/calendar", 200))[0]).path
        for _ in range(2)
    ]
    async with stranger.client.get(second) as answer:
        assert (answer.status, answer.content_type, answer.charset) == (200, "text/calendar", "utf-8")
        text = await answer.text()
        tag = answer.headers["ETag"]
    assert "DTSTART;VALUE=DATE:20261225" in text
    assert text.count("BEGIN:VEVENT") == 11
    async with stranger.client.get(second, headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
    await stranger.get(first, 404)


# --- on a phone ------------------------------------------------------------------------------------------------------


@pytest.fixture
async def site(world: World, case: Filer) -> AsyncIterator[TestServer]:
    world.ports = replace(world.ports, links=Links("http://127.0.0.1", b"s" * 32, 30))
    app = web.Application()
    add_pages(app, world.ports)
    async with TestServer(app) as server:
        yield server


OVERLAPS = """() => {
  const marks = [...document.querySelectorAll('.chart .mark circle')].map((one) => one.getBoundingClientRect());
  const chart = document.querySelector('.chart').getBoundingClientRect();
  const texts = [...document.querySelectorAll('.chart text')].map((one) => one.getBoundingClientRect());
  return {
    overlapping: marks.slice(1).filter((one, n) => one.left < marks[n].right).length,
    outside: [...marks, ...texts].filter((one) => one.left < chart.left - 1 || one.right > chart.right + 1
      || one.top < chart.top - 1 || one.bottom > chart.bottom + 1).length,
    marks: marks.length,
  };
}"""


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("javascript", [True, False], ids=["with", "without"])
async def test_the_year_and_a_month_are_read_and_filed_on_a_phone(
    world: World, case: Filer, site: TestServer, javascript: bool
) -> None:
    who = await member(world, case.one.firm, StaffRole.STAFF)
    await filed(case.filing, who, state="passed")
    await mixed_year(world, case)
    year = f"/my/firms/{case.one.firm.uscc}/months"
    link = await sessions.sign_in_link(world.ports, who.identity, year)
    async with phone_page(javascript=javascript) as phone:
        await phone.goto(str(site.make_url(urlsplit(link).path)))
        await phone.get_by_role("button", name="登录").click()
        chart = phone.get_by_role("img", name="各月在第几天交齐")
        await expect(chart).to_be_visible()
        await expect(chart).to_have_accessible_description(re.compile("2026 年 12 月：补报合规"))
        if javascript:
            assert await phone.evaluate(OVERLAPS) == {"overlapping": 0, "outside": 0, "marks": 3}
        for path in (year, f"/my/months/{case.filing.ref}", "/my/reminders", f"{year.removesuffix('months')}sampling"):
            await phone.goto(str(site.make_url(path)))
            box = await phone.locator("main").bounding_box()
            assert box is not None
            assert box["width"] <= 390
            if javascript:
                assert await phone.evaluate("document.documentElement.scrollWidth") <= 390, path
        await phone.goto(str(site.make_url(year)))
        await phone.get_by_role("link", name="2027 年 2 月资料").click()
        await phone.get_by_label("产品", exact=True).select_option(str(case.products[0].id))
        photo = {"name": "证.jpg", "mimeType": "image/jpeg", "buffer": certificate(code())}
        await phone.locator("#add-file").set_input_files(photo)
        await phone.locator("#add").get_by_role("button", name="上传").click()
        await expect(phone.get_by_role("status")).to_have_text("已收到，正在检查")
        await world.work()
        await phone.get_by_role("link", name="刷新，看结论").click()
        await expect(phone.locator(f"#certificate_photo-{case.products[0].id} summary")).to_contain_text("合格")
