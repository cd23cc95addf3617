"""What everybody sees: queries, publicity, certificates, verification; live, cached no longer than it is true."""

import hashlib
import html
import json
import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from aiohttp.test_utils import TestClient

from models import Certificate, DeskItem, Objection, Publication
from tests.web.conftest import Browser
from tests.workflow.graded import confirmed, graded, published
from tests.workflow.world import World
from web.limits import MOST
from web.page import JS_SDK
from workflow.ports import Unavailable

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
async def certificate(world: World) -> Certificate:
    """Issued and signed."""
    application = await confirmed(world, is_sample=True)
    await world.work()
    return await Certificate.get(application_id=application.id).prefetch_related("enterprise")


async def test_the_first_page_says_what_this_is_and_what_a_grade_is_not(stranger: Browser) -> None:
    page = await stranger.get("/")
    assert "尚不支持" not in page
    assert 'href="/compare"' in page
    assert 'action="/q"' in page
    assert "不代表产品质量或真伪认证" in page


async def test_a_firm_is_found_by_name_and_its_page_leads_to_the_certificate(
    stranger: Browser, certificate: Certificate
) -> None:
    firm = certificate.enterprise
    for text in (firm.name[:4], "yldl" if "电缆" not in firm.name else "dianlan", firm.uscc, certificate.number):
        page = await stranger.get(f"/q?text={text}")
        assert f'href="/f/{firm.uscc}"' in page, text
        assert certificate.number in page
    page = await stranger.get(f"/f/{firm.uscc}")
    assert 'href="/c/T-CMIF-2026-000001"' in page
    assert "样例" in page


async def test_who_is_not_found_is_told_how_to_ask_otherwise(stranger: Browser, certificate: Certificate) -> None:
    page = await stranger.get("/q?text=没有这家<script>")
    assert "没有找到“没有这家&lt;script&gt;”" in page
    assert "没有查到" in await stranger.get("/f/91330100MA2SAMPL0X", 404)


async def test_a_firm_without_a_public_result_has_no_public_page(world: World, stranger: Browser) -> None:
    application, _ = await graded(world)
    await application.fetch_related("enterprise")
    await stranger.get(f"/f/{application.enterprise.uscc}", 404)
    assert application.enterprise.uscc not in await stranger.get(f"/q?text={application.enterprise.name}")


async def test_the_certificate_shows_state_grade_and_what_it_does_not_mean(
    stranger: Browser, certificate: Certificate
) -> None:
    page = await stranger.get("/c/T-CMIF-2026-000001")
    assert "<h1>正常</h1>" in page
    assert "A 级（良好级）" in page
    assert "不代表产品质量或真伪认证" in page
    assert certificate.enterprise.name in page
    assert "样例省样例市样例路 1 号" in page
    assert "下载 PDF" in page
    assert "虚构" in page


@pytest.mark.parametrize("written", ["T/CMIF-2026-000001", "t-cmif-2026-000001", "T%2FCMIF-2026-000001"])
async def test_however_its_number_is_written_it_leads_to_the_one_address(
    client: TestClient, certificate: Certificate, written: str
) -> None:
    async with client.get(f"/c/{written}", allow_redirects=False) as answer:
        assert answer.status == 301
        assert answer.headers["Location"] == "/c/T-CMIF-2026-000001"


@pytest.mark.parametrize("number", ["T-CMIF-2026-999999", "x", "T-CMIF-2026-000001/x", "é" * 99])
async def test_a_number_that_is_none_is_not_found(stranger: Browser, certificate: Certificate, number: str) -> None:
    assert "没有找到" in await stranger.get(f"/c/{number}", 404)


async def test_a_change_of_state_shows_at_once(client: TestClient, certificate: Certificate) -> None:
    async with client.get("/c/T-CMIF-2026-000001") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        tag = answer.headers["ETag"]
    async with client.get("/c/T-CMIF-2026-000001", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
        assert await answer.read() == b""
    await Certificate.filter(id=certificate.id).update(state="suspended", version=certificate.version + 1)
    async with client.get("/c/T-CMIF-2026-000001", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 200
        assert "<h1>暂停</h1>" in await answer.text()


async def test_the_file_is_served_as_it_was_signed_and_verifies_here(
    client: TestClient, stranger: Browser, certificate: Certificate
) -> None:
    async with client.get("/c/T-CMIF-2026-000001/certificate.pdf") as answer:
        assert answer.content_type == "application/pdf"
        assert answer.headers["Cache-Control"] == "no-cache"
        pdf, tag = await answer.read(), answer.headers["ETag"]
    async with client.get("/c/T-CMIF-2026-000001/certificate.pdf", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
    revision = f"/c/T-CMIF-2026-000001/certificate.pdf?revision={certificate.revision}"
    async with client.get(revision) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
        assert await answer.read() == pdf
    async with client.get("/c/T-CMIF-2026-000001/certificate.png") as answer:
        assert answer.content_type == "image/png"
    page = await stranger.post("/verify", 200, pdf=("证书.pdf", pdf))
    assert "是真的，而且是最新版" in page
    assert "T/CMIF-2026-000001" in page
    altered = pdf.replace(b"A", b"B", 1)
    assert altered != pdf
    assert "是真的" not in await stranger.post("/verify", 200, pdf=("x.pdf", altered))


async def test_what_is_no_certificate_of_ours_is_said_to_be_none(stranger: Browser) -> None:
    assert "不是本平台签发的证书" in await stranger.post("/verify", 200, pdf=("x.pdf", b"%PDF-1.7 sample"))
    assert "不是本平台签发的证书" in await stranger.post("/verify", 200, pdf=("x.jpg", b"\xff\xd8\xff"))
    assert "没有收到文件" in await stranger.post("/verify", 422)
    assert "没有收下" in await stranger.post("/verify", 422, pdf=("x.pdf", b"x" * (20 * 10**6 + 1)))


async def test_results_in_publicity_are_listed_newest_first_and_paged(world: World, stranger: Browser) -> None:
    application, _ = await published(world)
    one = await Publication.get(application_id=application.id)
    for _ in range(21):
        await Publication.create(
            application_id=application.id,
            ref=f"older-{_}",
            content=one.content,
            published_at=one.published_at,
            closes_at=one.closes_at,
            state="confirmed",
        )
    page = await stranger.get("/publicity")
    assert page.count("/publicity/older-") == 20
    assert f"/publicity/{one.ref}" not in page
    onward = page.split('<a class="button quiet" href="')[1].split('"')[0]
    assert f"/publicity/{one.ref}" in await stranger.get(onward.replace("&amp;", "&"))
    running = await stranger.get("/publicity?state=running")
    assert f"/publicity/{one.ref}" in running
    assert "older-" not in running


async def test_a_published_result_says_what_until_when_and_how_to_object(world: World, stranger: Browser) -> None:
    application, _ = await published(world)
    one = await Publication.get(application_id=application.id)
    page = await stranger.get(f"/publicity/{one.ref}")
    assert "A 级（良好级）" in page
    assert "合格证赋码印刷符合附录 D" in page
    assert "用码覆盖率" in page
    last = (one.closes_at + timedelta(hours=8) - timedelta(days=1)).strftime("%Y-%m-%d")
    assert f"{last} 24:00" in page
    assert "我要投诉" in page


async def test_a_final_result_below_every_grade_is_said_without_one(world: World, stranger: Browser) -> None:
    application, _ = await published(world)
    one = await Publication.get(application_id=application.id)
    one.content |= {"grade": "not_reached", "grade_name": "未达标", "final": True}
    await one.save()
    page = await stranger.get(f"/publicity/{one.ref}")
    assert "<h2>未达标</h2>" in page
    assert 'class="letters' not in page
    assert "未达标" in await stranger.get("/publicity")


async def test_a_complaint_of_the_public_reaches_the_desk_once(world: World, stranger: Browser) -> None:
    application, _ = await published(world)
    one = await Publication.get(application_id=application.id)
    address = f"/publicity/{one.ref}/complaint"
    page = await stranger.post(address, 422, key="sample-key", statement="短")
    assert ">短</textarea>" in page
    assert 'value="sample-key"' in page
    for _ in range(2):
        onward = await stranger.post(address, key="sample-key", statement="合格证上没有印追溯码（样例）")
        assert onward == f"/publicity/{one.ref}?sent"
    assert await Objection.all().count() == 1
    assert (await DeskItem.get()).clause == "8.4(3)"
    assert "投诉已经收到" in await stranger.get(f"/publicity/{one.ref}?sent")
    await stranger.post("/publicity/none/complaint", 404, statement="没有这一项公示（样例）")


async def test_another_sites_page_files_no_complaint(world: World, client: TestClient) -> None:
    application, _ = await published(world)
    one = await Publication.get(application_id=application.id)
    headers = {"Origin": "https://elsewhere.test"}
    async with client.post(
        f"/publicity/{one.ref}/complaint", data={"statement": "不应收下的"}, headers=headers
    ) as answer:
        assert answer.status == 403
    assert not await Objection.exists()


async def test_nobody_floods_the_desk_with_complaints(world: World, stranger: Browser) -> None:
    application, _ = await published(world)
    address = f"/publicity/{(await Publication.get(application_id=application.id)).ref}/complaint"
    most, _ = MOST["complaint"]
    for number in range(most):
        await stranger.post(address, key=f"sample-{number}", statement="合格证上没有印追溯码（样例）")
    page = await stranger.post(address, 429, key="one-more", statement="合格证上没有印追溯码（样例）")
    assert re.search("操作太频繁：请 [0-9]+ (秒|分钟)后再试", page)
    assert "合格证上没有印追溯码（样例）</textarea>" in page
    assert await Objection.all().count() == most


async def test_the_feed_is_well_formed_and_leads_to_the_pages(world: World, client: TestClient) -> None:
    application, _ = await published(world, name="样例<电缆>&有限公司")
    one = await Publication.get(application_id=application.id)
    async with client.get("/publicity/feed.atom") as answer:
        assert answer.content_type == "application/atom+xml"
        feed = ET.fromstring(await answer.text())
    entry = feed.find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}title") == "样例<电缆>&有限公司 A 级（良好级）"
    links = {link.get("rel"): link.get("href") for link in entry.findall(f"{ATOM}link")}
    assert links["alternate"] == f"https://sample.test/publicity/{one.ref}"
    assert entry.findtext(f"{ATOM}updated") == one.published_at.isoformat()


async def test_the_style_is_kept_by_its_content_and_asked_after_without(client: TestClient, stranger: Browser) -> None:
    address = re.search(r'href="(/static/pages.css\?v=[0-9a-f]{10})"', await stranger.get("/"))
    assert address is not None
    async with client.get(address[1]) as answer:
        assert answer.content_type == "text/css"
        assert "immutable" in answer.headers["Cache-Control"]
    async with client.get("/static/pages.css") as answer:
        assert "Cache-Control" not in answer.headers


async def test_pages_come_from_nobody_else_and_stand_in_no_frame(client: TestClient) -> None:
    async with client.get("/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy
        assert "Set-Cookie" not in answer.headers


async def test_inside_wechat_one_may_scan_instead_of_typing(world: World, client: TestClient) -> None:
    async with client.get("/q?text=样例 a", headers={"User-Agent": "MicroMessenger/8.0.50"}) as answer:
        page = await answer.text()
        assert f"script-src 'self' {JS_SDK}" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
    given = re.search(r'data-scan="([^"]+)"', page)
    assert given is not None
    config = json.loads(html.unescape(given[1]))
    assert set(config) == {"appId", "timestamp", "nonceStr", "signature"}
    url = "https://sample.test/q?text=%E6%A0%B7%E4%BE%8B+a"
    signed = (
        f"jsapi_ticket={await world.wechat.jsapi_ticket()}&noncestr={config['nonceStr']}"
        f"&timestamp={config['timestamp']}&url={url}"
    )
    assert config["signature"] == hashlib.sha1(signed.encode()).hexdigest()
    async with client.get("/q?text=样例") as answer:
        assert "res.wx.qq.com" not in await answer.text()
        assert "http" not in answer.headers["Content-Security-Policy"]


async def test_inside_wechat_the_page_works_without_its_script(
    world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> str:
        raise Unavailable(-1, "system error")

    monkeypatch.setattr(world.wechat, "jsapi_ticket", away)
    async with client.get("/q", headers={"User-Agent": "MicroMessenger/8.0.50"}) as answer:
        assert answer.status == 200
        assert "res.wx.qq.com" not in await answer.text()


async def test_who_reads_a_page_and_asks_for_none_is_told_by_a_page(client: TestClient) -> None:
    async with client.get("/nowhere", headers={"Accept": "text/html"}) as answer:
        assert answer.status == 404
        assert "没有找到" in await answer.text()
    async with client.get("/nowhere", headers={"Accept": "application/json"}) as answer:
        assert "<html" not in await answer.text()
