"""The page of a code: what it says, what it weighs, when it counts, its links as data, and reports of a problem."""

import json
import re
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from models import Certificate, CodeReport, DeskItem, Evidence, InboxEntry, ScanEvent
from tests import rows
from tests.miniapp_api.open.conftest import Start
from tests.web.conftest import Browser
from tests.workflow.firms import Somebody, somebody
from tests.workflow.living import Living, living
from tests.workflow.world import World
from web import add_pages
from web.limits import MOST
from web.page import HERE
from web.trace import BEHIND
from workflow import decisions
from workflow.access import Asker
from workflow.problems import Refused
from workflow.scanning.code_reports import FORWARD, report_code
from workflow.sharing import Shared

GTIN = "06901234567892"
ITEM = f"/t/01/{GTIN}/21/0001"
REPORT = f"/reports/new?code=https%3A%2F%2Fid.gs1.org%2F01%2F{GTIN}%2F21%2F0001"
JPEG = b"\xff\xd8\xff\xe0 sample"
PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120 Mobile"}
MOST_BYTES = 50_000


@pytest.fixture
async def firm(world: World) -> Living:
    one = await living(is_sample=True)
    await rows.product(enterprise_id=one.firm.id, gtin=GTIN, name="样例电线", model="BV 2.5")
    return one


async def test_a_code_leads_to_product_firm_certificate_and_what_to_do(stranger: Browser, firm: Living) -> None:
    page = await stranger.get(ITEM)
    assert "<h1>样例电线 BV 2.5</h1>" in page
    assert "企业追溯能力 A 级（良好级），证书正常" in page
    assert f'href="/f/{firm.firm.uscc}"' in page
    assert 'href="/c/T-CMIF-2026-000001"' in page
    assert 'class="dots"' in page
    assert 'href="tel:12315"' in page
    assert f'href="{REPORT}"' in page
    assert "等级反映企业的质量追溯能力，不代表产品质量或真伪认证。" in page


@pytest.mark.parametrize(
    ("state", "words"), [("suspended", "证书已暂停"), ("revoked", "证书已被撤销"), ("cancelled", "证书已注销")]
)
async def test_the_state_is_that_of_this_moment(stranger: Browser, firm: Living, state: str, words: str) -> None:
    assert "证书正常" in await stranger.get(ITEM)
    await Certificate.filter(id=firm.certificate.id).update(state=state)
    page = await stranger.get(ITEM)
    assert words in page
    assert '<header class="verdict fail">' in page


async def test_what_stands_behind_a_code_is_read_once_a_moment_and_its_history_for_everybody(
    world: World, aiohttp_client: Start, firm: Living
) -> None:
    now = 1.0
    app = web.Application()
    add_pages(app, world.ports)
    app[BEHIND] = Shared(0.4, lambda: now)
    client = await aiohttp_client(app)

    async def page(browser: str) -> str:
        return await (await client.get(ITEM, headers={"User-Agent": browser})).text()

    first = await page("one")
    assert "证书正常" in first
    assert "第一次被查询" in first
    await Certificate.filter(id=firm.certificate.id).update(state="revoked")
    now += 0.39
    second = await page("another")
    assert "证书正常" in second
    assert "此码首次查询于" in second
    now += 0.02
    third = await page("a third")
    assert "证书已被撤销" in third
    assert "此后又被查询 1 次" in third


async def test_without_a_certificate_for_its_category_no_grade_is_shown(stranger: Browser, firm: Living) -> None:
    await rows.product(enterprise_id=firm.firm.id, gtin="06901234567809", category="燃气灶具", model="ZT-1")
    page = await stranger.get("/t/01/06901234567809/21/1")
    assert "证书不包括这款产品的品类" in page
    assert 'class="letters' not in page
    assert 'class="dots"' not in page


SAME = [ITEM, f"/t/%2801%29{GTIN}%2821%290001", f"/t/https%3A%2F%2Fid.gs1.org%2F01%2F{GTIN}%2F21%2F0001",
        f"/t/https:/id.gs1.org/01/{GTIN}/21/0001", f"/t?code=(01){GTIN}(21)0001"]  # fmt: skip


@pytest.mark.parametrize("path", SAME)
async def test_however_the_code_is_written_it_is_the_same(stranger: Browser, firm: Living, path: str) -> None:
    assert "<h1>样例电线 BV 2.5</h1>" in await stranger.get(path)
    event = await ScanEvent.get()
    assert event.code == f"https://id.gs1.org/01/{GTIN}/21/0001"
    assert event.road == ("typed" if "?code" in path else "link")
    assert event.enterprise_id == firm.firm.id


async def test_a_link_in_a_foreign_code_is_text(stranger: Browser, firm: Living) -> None:
    page = await stranger.get("/t/https%3A%2F%2Fshop.evil.test%2F%3Cscript%3E")
    assert "这是一个普通网址" in page
    assert "//shop" not in page
    assert re.findall(r'href="(?!/|tel:12315"|#main")[^"]*', page) == []
    assert "evil．test" in page


async def test_a_wrong_digit_in_a_link_of_ours_is_named(stranger: Browser, firm: Living) -> None:
    page = await stranger.get("/t/01/06901234567891/21/1")
    assert "这个GS1 数字链接有错误" in page
    assert "校验码" in page


@pytest.mark.parametrize("path", ["/t/%00%FF%1D", "/t/" + "9" * 3000, "/t/%E4%BD%A0", "/t/a%0Ab"])
async def test_whatever_stands_in_the_address_there_is_an_answer(stranger: Browser, firm: Living, path: str) -> None:
    assert "12315" in await stranger.get(path)


async def test_the_page_is_light_and_brings_nothing_of_others(client: TestClient, firm: Living) -> None:
    async with client.get(ITEM, headers=PHONE) as answer:
        page = await answer.text()
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Robots-Tag"] == "noindex"
    assert re.findall(r"https?://(?!sample\.test)[^\s\"<]+", page) == []
    assert "<script" not in page
    loaded = re.findall(r'(?:href|src)="/static/([^"?]+)', page)
    whole = len(page.encode()) + sum((HERE / "static" / name).stat().st_size for name in loaded)
    assert whole < MOST_BYTES, whole


async def test_what_has_not_changed_is_not_sent_again(client: TestClient, firm: Living) -> None:
    async with client.get(ITEM, headers=PHONE) as first:
        tag = first.headers["ETag"]
        assert first.headers["Cache-Control"] == "no-cache"
    async with client.get(ITEM, headers={**PHONE, "If-None-Match": tag}) as again:
        assert (again.status, await again.read()) == (304, b"")
    await Certificate.filter(id=firm.certificate.id).update(state="revoked")
    async with client.get(ITEM, headers={**PHONE, "If-None-Match": tag}) as changed:
        assert changed.status == 200
        assert "证书已被撤销" in await changed.text()


async def test_the_history_of_an_item_is_told_to_the_next_who_looks(client: TestClient, firm: Living) -> None:
    async with client.get(ITEM, headers=PHONE) as first:
        assert "这个码是第一次被查询" in await first.text()
        tag = first.headers["ETag"]
    async with client.get(ITEM, headers={**PHONE, "If-None-Match": tag}) as reloaded:
        assert reloaded.status == 304
    async with client.head(ITEM, headers=PHONE) as looked_at:
        assert looked_at.headers["ETag"] == tag
    async with client.get(ITEM, headers={"User-Agent": "another", "If-None-Match": tag}) as other:
        page = await other.text()
    assert "此码首次查询于今天：如果您买的是全新未拆封的产品，请向卖家核实" in page
    async with client.get(f"/t?code=(01){GTIN}(21)0002&region=浙江省", headers=PHONE):
        pass
    async with client.get(f"/t/01/{GTIN}/21/0002", headers={"User-Agent": "another"}) as elsewhere:
        assert "此码首次查询于今天（浙江）" in await elsewhere.text()
    async with client.get(f"/t/01/{GTIN}/10/L2026A", headers=PHONE) as batch:
        assert "这是批次码，同批产品共用，查询次数不说明真伪。" in await batch.text()


READERS = [
    {"User-Agent": "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"},
    {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
    {"User-Agent": "Mozilla/5.0 (compatible; bingbot/2.0)"},
    {**PHONE, "Sec-Purpose": "prefetch;prerender"},
]


@pytest.mark.parametrize("headers", READERS)
async def test_whoever_reads_for_others_counts_nothing(
    client: TestClient, firm: Living, headers: dict[str, str]
) -> None:
    async with client.get(ITEM, headers=headers) as answer:
        assert "样例电线" in await answer.text()
    assert await ScanEvent.all().count() == 0


async def test_a_look_at_the_head_counts_nothing(client: TestClient, firm: Living) -> None:
    async with client.head(ITEM, headers=PHONE) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
    assert await ScanEvent.all().count() == 0
    async with client.get(ITEM, headers=PHONE):
        pass
    assert await ScanEvent.all().count() == 1


async def test_looking_up_is_limited_like_searching(client: TestClient, world: World, firm: Living) -> None:
    most, _ = MOST["search"]
    for _ in range(most):
        await world.ports.limiter.hit("web:search:127.0.0.1/32", most, 60)
    async with client.get(ITEM) as answer:
        assert answer.status == 429
    assert await ScanEvent.all().count() == 0


async def test_a_code_is_typed_without_any_script(stranger: Browser, firm: Living) -> None:
    page = await stranger.get("/t")
    assert 'action="/t"' in page
    assert 'name="code"' in page
    assert '<option value="广东">' in page
    assert await ScanEvent.all().count() == 0


# --- links as data ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "headers"), [(f"{ITEM}?linkType=linkset", {}), (ITEM, {"Accept": "application/linkset+json"})]
)
async def test_machines_are_given_the_links(
    client: TestClient, firm: Living, path: str, headers: dict[str, str]
) -> None:
    async with client.get(path, headers=headers) as answer:
        assert answer.content_type == "application/linkset+json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Vary"] == "User-Agent, Accept"
        (links,) = json.loads(await answer.read())["linkset"]
        tag = answer.headers["ETag"]
    voc = "https://ref.gs1.org/voc/"
    assert links["anchor"] == f"https://sample.test{ITEM}"
    assert [one["href"] for one in links[f"{voc}pip"]] == [f"https://sample.test{ITEM}"]
    assert links[f"{voc}defaultLink"] == links[f"{voc}pip"]
    certificate = "https://sample.test/c/T-CMIF-2026-000001"
    assert [(one["href"], one["hreflang"]) for one in links[f"{voc}certificationInfo"]] == [(certificate, ["zh-CN"])]
    async with client.get(path, headers={**headers, "If-None-Match": tag}) as again:
        assert again.status == 304
    assert await ScanEvent.all().count() == 0


async def test_the_page_says_where_its_links_are(client: TestClient, firm: Living) -> None:
    async with client.get(ITEM) as answer:
        link = answer.headers["Link"]
    assert f'<https://sample.test{ITEM}?linkType=linkset>; rel="linkset"; type="application/linkset+json"' in link
    assert '<https://sample.test/c/T-CMIF-2026-000001>; rel="https://ref.gs1.org/voc/certificationInfo"' in link


async def test_of_a_code_of_nobody_there_are_no_links(client: TestClient, firm: Living) -> None:
    async with client.get("/t/https%3A%2F%2Fshop.test?linkType=linkset") as answer:
        assert answer.status == 404
        assert json.loads(await answer.read()) == {"linkset": []}
    async with client.get("/t/https%3A%2F%2Fshop.test") as answer:
        assert "Link" not in answer.headers


# --- reports ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def operator(world: World, browser_of) -> tuple[Somebody, Browser]:  # type: ignore[no-untyped-def]
    who = await somebody(world)
    await rows.grant(person_id=who.person.id, role="operator")
    return who, await browser_of(who)


SENT = {"kind": "looks_fake", "statement": "字体模糊，和以前买的不一样"}


async def test_a_problem_is_reported_answered_and_the_firm_hears_of_it_only_then(
    world: World, stranger: Browser, firm: Living, operator: tuple[Somebody, Browser]
) -> None:
    to = await stranger.send(REPORT, REPORT, photo=("code.jpg", JPEG), **SENT)
    report = await CodeReport.get().prefetch_related("evidence")
    assert to == f"/reports/{report.ref}?sent"
    assert report.evidence is not None
    assert (report.kind, report.state, report.person_id) == ("looks_fake", "open", None)
    assert report.due_at is not None
    assert timedelta(days=4) < report.due_at - report.filed_at < timedelta(days=16)
    assert "已收到，处理中" in await stranger.get(to)
    assert await InboxEntry.all().count() == 0

    item = await DeskItem.get()
    assert (item.kind, item.clause, item.due_at) == ("code_report", "8.4(3)", report.due_at)
    _, desk = operator
    page = await desk.get(f"/desk/{item.ref}")
    for shown in ("样例电线 BV 2.5", f"(01){GTIN}(21)0001", SENT["statement"], f"/desk/{item.ref}/photo"):
        assert shown in page
    async with desk.client.get(f"/desk/{item.ref}/photo", headers=desk._headers) as photo:
        assert await photo.read() == JPEG
    await desk.send(f"/desk/{item.ref}", f"/desk/{item.ref}", decision=FORWARD, reason="已请企业核对印刷批次")

    page = await stranger.get(f"/reports/{report.ref}")
    assert "已请企业核对印刷批次" in page
    told = await InboxEntry.get()
    assert (told.enterprise_id, told.path) == (firm.firm.id, ITEM)
    assert "已请企业核对印刷批次" in told.body
    assert SENT["statement"] not in told.body


async def test_only_operators_see_what_was_reported(
    world: World, stranger: Browser, outsider: Browser, firm: Living, browser_of
) -> None:  # type: ignore[no-untyped-def]
    report = await CodeReport.get(
        id=(await report_code(world.ports, f"(01){GTIN}(21)0001", key="k", **SENT)).id  # type: ignore[arg-type]
    )
    item = await DeskItem.get()
    owner = await browser_of(await somebody(world))
    for browser in (outsider, owner):
        await browser.get(f"/desk/{item.ref}", 404)
        await browser.get(f"/desk/{item.ref}/photo", 404)
    page = await stranger.get(f"/reports/{report.ref}")
    assert SENT["statement"] not in page
    await stranger.get("/reports/nothing", 404)


async def test_a_code_may_end_in_whatever_a_form_could_be_called(stranger: Browser, firm: Living) -> None:
    page = await stranger.get(f"/t/01/{GTIN}/21/report")
    assert "<h1>样例电线 BV 2.5</h1>" in page
    assert "(21)report" in page
    (form,) = re.findall(r'href="(/reports/new[^"]+)"', page)
    assert "(21)report" in await stranger.get(form)
    await stranger.send(form, form, **SENT)
    assert (await CodeReport.get()).code == f"https://id.gs1.org/01/{GTIN}/21/report"
    assert await stranger.get("/reports/new", 303) == "/t"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"kind": "no"}, "kind"), ({"statement": "假的"}, "statement"), ({"statement": "长" * 501}, "statement"),
     ({"photo": ("a.pdf", b"%PDF-1.7 sample")}, "photo")],
)  # fmt: skip
async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(
    stranger: Browser, firm: Living, wrong: dict[str, object], field: str
) -> None:
    page = await stranger.send(REPORT, REPORT, status=422, **{**SENT, **wrong})
    assert f'id="{field}-wrong"' in page
    assert await CodeReport.all().count() + await Evidence.all().count() == 0


async def test_the_same_report_again_is_the_same_one(world: World, stranger: Browser, firm: Living) -> None:
    fields = {**SENT, "key": "once"}
    first = await stranger.post(REPORT, photo=("code.jpg", JPEG), **fields)
    assert await stranger.post(REPORT, photo=("code.jpg", JPEG), **fields) == first
    assert (await CodeReport.all().count(), await DeskItem.all().count(), await Evidence.all().count()) == (1, 1, 1)


async def test_reports_are_limited_and_other_sites_cannot_send_them(client: TestClient, firm: Living) -> None:
    headers = {"Origin": "https://evil.test"}
    async with client.post(REPORT, data=SENT, headers=headers, allow_redirects=False) as answer:
        assert answer.status == 403
    most, _ = MOST["report"]
    for number in range(most + 1):
        async with client.post(REPORT, data={**SENT, "key": str(number)}, allow_redirects=False) as answer:
            assert answer.status == (303 if number < most else 429)
    assert await CodeReport.all().count() == most


async def test_a_code_of_nobody_can_be_reported_and_there_is_no_firm_to_tell(
    world: World, stranger: Browser, firm: Living, operator: tuple[Somebody, Browser]
) -> None:
    page = "/reports/new?code=https%3A%2F%2Fshop.test%2F1"
    await stranger.send(page, page, **SENT)
    item = await DeskItem.get()
    assert [choice.id for choice in await decisions.choices(world.ports, item)] == ["answer"]
    who = Asker(operator[0].person.id)
    with pytest.raises(Refused, match="no_firm"):
        await decisions.decide(world.ports, who, item.ref, FORWARD, "请企业核对")
    await decisions.decide(world.ports, who, item.ref, "answer", "这不是追溯码")
    with pytest.raises(Refused, match="already_decided"):
        await decisions.decide(world.ports, who, item.ref, "answer", "再答一次")


# --- the poster ------------------------------------------------------------------------------------------------------


async def test_the_poster_says_how_to_scan_and_what_a_grade_is_not(stranger: Browser) -> None:
    page = await stranger.get("/poster")
    assert "贴在这里" in page
    assert "“扫码查询”" in page
    assert "sample.test/t" in page
    assert "不代表产品质量或真伪认证" in page
