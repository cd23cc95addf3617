"""Each person's moment, in chat and on a page of a phone's size, as the running program shows it (docs/moments.md).

Played with invented firms, in the order in which they come about: a firm has its certificate; a consumer scans its
product; a purchaser adopts its result; a marketplace asks; its first month is filed; later ones are not, and an
operator is asked to decide.
"""

import asyncio
import html
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import aiohttp
from joserfc import jws
from joserfc.jwk import KeySet
from playwright.async_api import FilePayload, Page, expect

from app.demo.firm import EXAMPLE, DemoFirm
from app.demo.journey import Journey, Travelling
from app.demo.materials import demo_form, licence
from app.demo.month import Album, example_album
from app.demo.paper import Drawing
from benchmarks.certificates import sample_uscc
from models import FilingState, MonthlyFiling
from standard.calendar import midnight
from standard.months import Month
from tests import rows
from tests.app.phone import Phone
from tests.app.test_month_in_chat import day_of
from workflow.links import token_hash
from workflow.relying.partners import PREFIX, Scope

PATIENCE_MS = 90_000
ITEM = EXAMPLE.items()[0]
MAKER, CONSUMER, BUYER, OPERATOR = "newcomer", "consumer", "buyer", "operator"
"""Whose phones they are; the first has walked to its certificate."""
PURCHASER = DemoFirm(
    name="样例轨道交通采购有限公司",
    uscc=sample_uscc(811),
    address="江苏省示范市样例区轨道路 1 号（样例）",
    legal_representative="赵样例",
    gs1_prefix="",
    host="",
    products=(),
)
TENDER = "ZB-2026-018"

Keep = Callable[[bytes, str], None]
"""Keeps a picture under a name."""


@dataclass
class Studio:
    """A running server, one page that shows chats, one that opens what their links lead to."""

    session: aiohttp.ClientSession
    base: str
    chats: Page
    pages: Page
    keep: Keep

    def phone(self, user: str) -> Phone:
        return Phone(self.session, self.base, user)

    async def send_photo(self, user: str, picture: bytes, wait: int = 0) -> None:
        """Somebody sends a photo in chat, and waits so many seconds for what is said beside the answer."""
        form = aiohttp.FormData({"type": "image", "wait": str(wait), "expect": "1"})
        form.add_field("file", picture, filename="photo.jpg", content_type="application/octet-stream")
        async with self.session.post(f"{self.base}/sim/users/{user}/messages", data=form) as answer:
            answer.raise_for_status()

    async def now(self) -> datetime:
        async with self.session.get(f"{self.base}/dev/clock") as answer:
            return datetime.fromisoformat((await answer.json())["now"])

    async def move_to(self, day: date, hour: int = 10) -> None:
        """Business time goes on; whatever is due by then happens."""
        to = midnight(day) + timedelta(hours=hour)
        async with self.session.post(f"{self.base}/dev/clock", json={"to": to.isoformat()}) as answer:
            answer.raise_for_status()

    async def chat(self, user: str, name: str, until: str, at: str = "") -> None:
        """A picture of somebody's chat once these words stand in it: of its end, or from the bubble with ``at`` on."""
        await self.chats.goto(f"{self.base}/sim/?user={user}")
        bubbles = self.chats.locator(".line .bubble")
        await expect(bubbles.filter(has_text=until).first).to_be_attached(timeout=PATIENCE_MS)
        await self.chats.wait_for_timeout(1500)
        if at:
            await bubbles.filter(has_text=at).last.evaluate("it => it.closest('.line').scrollIntoView()")
        self.keep(await self.chats.screenshot(), name)

    async def shot(self, name: str, at: str = "") -> None:
        """A picture of the open page: of its beginning, or from the section on whose heading says so."""
        await self.pages.evaluate("scrollTo(0, 0)")
        if at:
            heading = self.pages.locator("h2").filter(has_text=at).first
            await heading.evaluate("it => it.closest('section').scrollIntoView()")
        self.keep(await self.pages.screenshot(), name)

    async def open(self, path: str) -> None:
        await self.pages.goto(path if path.startswith("http") else f"{self.base}{path}")

    async def sign_in(self, user: str) -> None:
        """Whoever was signed in here is not any more; this person is, by the link that their chat gives."""
        await self.pages.context.clear_cookies()
        await self.follow_link(await self.phone(user).text("登录") or "")

    async def follow_link(self, said: str, words: str = "") -> None:
        """Open the one-time link with these words in what was said, and press its button."""
        await self.open(_link(said, words))
        await self.pages.get_by_role("button", name="登录").click()
        await self.pages.wait_for_load_state()


def _link(said: str, words: str = "") -> str:
    found = re.search(rf'<a href="([^"]+)">[^<]*{words}', said)
    assert found is not None, said
    return html.unescape(found[1])


async def everybody(studio: Studio, number: str) -> None:
    """All moments after the firm has its certificate with that ``number``; by day, as people are told by day."""
    await studio.move_to((await studio.now()).date() + timedelta(days=1))
    await consumer_scans(studio)
    await purchaser_adopts(studio)
    await marketplace_asks(studio)
    month = Month.of((await studio.now()).date()).plus(1)
    await month_is_filed(studio, month, number)
    await operator_decides(studio, month)


# --- the manager -----------------------------------------------------------------------------------------------------


async def next_grade(studio: Studio) -> None:
    """What separates the firm from the next grade (6.1): told with the result, and on the application's page, which is
    open."""
    await studio.chat(MAKER, "next-grade-chat", "达到 AA 级还差", "达到 AA 级还差")
    await studio.shot("next-grade-page", "级还差")
    await studio.pages.evaluate("scrollTo(0, 0)")


# --- the consumer ----------------------------------------------------------------------------------------------------


async def consumer_scans(studio: Studio) -> None:
    """Scans a product in a shop (4.3.3): by the menu of the chat; another one without WeChat, and so not the first."""
    scan = {"event": "scancode_waitmsg", "key": "scan", "content": ITEM.code}
    await studio.phone(CONSUMER).send("event", **scan)
    await studio.chat(CONSUMER, "consumer-chat", "第一次被查询")
    await studio.pages.context.clear_cookies()
    await studio.open(ITEM.code.replace("https://id.gs1.org", "/t"))
    await studio.shot("consumer-page")


# --- the procurement officer -----------------------------------------------------------------------------------------


async def purchaser_adopts(studio: Studio) -> None:
    """Looks a supplier up by its name, and has its adoption on record in three steps (7.6, 8.5, 10.2(2))."""
    await _register_purchaser(studio)
    phone = studio.phone(BUYER)
    await phone.text("示范线缆")
    await studio.chat(BUYER, "buyer-card", "招标采购：", "示范线缆")
    for said in ("采信", TENDER, "2"):
        await phone.text(said)
    await studio.send_photo(BUYER, _award_notice())
    await phone.text("招标文件")
    await studio.send_photo(BUYER, _tender_document())
    await phone.text("完成")
    await studio.chat(BUYER, "buyer-steps", "已核实", "第 1 步")
    await studio.sign_in(BUYER)
    await studio.open("/my/watches")
    await studio.pages.get_by_role("link", name=TENDER).click()
    await studio.shot("buyer-page")
    await studio.chat(MAKER, "point-chat", "招标采信记录有效", "招标采信记录有效")


async def _register_purchaser(studio: Studio) -> None:
    form = {**demo_form(PURCHASER), "organisation_role": "buyer", "applicant_name": "钱样例", "title": "采购主管"}
    scan = await asyncio.to_thread(licence, None, PURCHASER)
    firm = Travelling(user=BUYER, form=form, licence=scan, products=(), materials=())
    journey = Journey(studio.session, studio.base, firm)
    await journey.greet()
    await journey.sign_in()
    await journey.register()


def _award_notice() -> bytes:
    rows_ = [
        ("招标编号", TENDER), ("项目名称", "电线电缆年度框架采购（样例）"), ("招标人", PURCHASER.name),
        ("中标人", EXAMPLE.name), ("统一社会信用代码", EXAMPLE.uscc),
    ]  # fmt: skip
    words = ("经评标委员会评审，确定上述单位为中标人，请接到本通知书后三十日内签订合同（样例）。",)
    return Drawing().paper(
        "中标通知书", words, rows=rows_, firm=PURCHASER.name, day="2026年11月20日", seal=PURCHASER.name, form="png"
    )


def _tender_document() -> bytes:
    rows_ = [("招标编号", TENDER), ("招标人", PURCHASER.name), ("采购内容", "电线电缆年度框架采购（样例）")]
    words = (
        "投标人资格要求：投标人应取得质量追溯能力评价证书，追溯能力 A 级及以上，并在有效期内（样例）。",
        "评标时核对证书状态，以追溯平台公开查询的结果为准。",
    )
    return Drawing().paper(
        "招标文件", words, rows=rows_, firm=PURCHASER.name, day="2026年10月15日", seal=PURCHASER.name, form="png"
    )


# --- the marketplace -------------------------------------------------------------------------------------------------


async def marketplace_asks(studio: Studio) -> None:
    """One call: may this firm list this product? Its answer, and that its signature is the platform's (10.3)."""
    path = f"/open/v1/firms/{EXAMPLE.uscc}/admission?category=电线电缆"
    headers = {"Authorization": f"Bearer {await _key()}"}
    async with studio.session.get(f"{studio.base}{path}", headers=headers) as answer:
        answer.raise_for_status()
        said = await answer.json()
    async with studio.session.get(f"{studio.base}/.well-known/jwks.json") as answer:
        keys = KeySet.import_key_set(await answer.json())
    claims = json.loads(jws.deserialize_compact(said["statement"], keys, algorithms=["ES256"]).payload or b"")
    assert claims["facts"] == said["facts"]
    await studio.pages.goto("about:blank")  # where no policy of ours keeps the colours out
    await studio.pages.set_content(_call_shown(path, said))
    await studio.pages.wait_for_timeout(200)
    studio.keep(await studio.pages.screenshot(), "admission")


async def _key() -> str:
    """A marketplace's key, as ``zhuisu partners key`` makes them."""
    id_, secret = secrets.token_hex(8), secrets.token_hex(32)
    partner = await rows.partner(name="样例商城", kind="marketplace")
    await rows.api_key(
        key_id=id_, secret_hash=token_hash(secret), partner_id=partner.id, scopes=[Scope.QUERY, Scope.ADMISSION]
    )
    return f"{PREFIX}_{id_}_{secret}"


SHOWN = """<!doctype html><meta name="viewport" content="width=device-width"><style>
body {{ margin: 0; background: #16212b; color: #dfe8ee; font: 12.5px/1.5 "Noto Sans Mono CJK SC", monospace; }}
pre {{ margin: 0; padding: 18px 14px; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }}
b {{ color: #8fd694; font-weight: 400; }} i {{ color: #8aa0b0; font-style: normal; }}
</style><pre><i>$ curl -H "Authorization: Bearer zk_…" \\
  {call}</i>
{answer}

<b>✓ {verified}</b></pre>"""


def _call_shown(path: str, said: dict[str, Any]) -> str:
    """The call and its answer as they were, the statement and the months shortened."""
    facts = {name: value for name, value in said["facts"].items() if name != "months"}
    shown = {**said, "facts": facts, "statement": f"{said['statement'][:44]}…"}
    answer = html.escape(json.dumps(shown, ensure_ascii=False, indent=1), quote=False)
    verified = "statement 的签名用 /.well-known/jwks.json 验证通过，内容与 facts 相同（ES256）"
    return SHOWN.format(call=html.escape(f"https://…{path}"), answer=answer, verified=verified)


# --- the month -------------------------------------------------------------------------------------------------------


async def month_is_filed(studio: Studio, month: Month, number: str) -> None:
    """Reminded, two products filed from the phone, the certificate continued (8.1, 9.2, Appendix C)."""
    await studio.move_to(day_of(month, 2))
    await studio.chat(MAKER, "month-reminder", f"{month.number} 月提报")
    phone, album = studio.phone(MAKER), example_album()
    await phone.text("月度提报")
    for picture in (*album.certificates(), *album.bodies(), *album.shots(month)):
        await studio.send_photo(MAKER, picture, wait=30)
    await _upload_ledger(studio, phone, album)
    await studio.shot("month-page")
    await phone.text("完成")
    await studio.chat(MAKER, "month-chat", "证书已延续至")
    await studio.pages.context.clear_cookies()
    await studio.open(f"/c/{number.replace('/', '-')}")
    await expect(studio.pages.get_by_text(month.words).first).to_be_visible()
    await studio.shot("month-certificate", "证书信息")


async def _upload_ledger(studio: Studio, phone: Phone, album: Album) -> None:
    """By the month's page, which the chat's link opens, until everything there has been looked at."""
    await studio.pages.context.clear_cookies()
    await studio.follow_link(await phone.text("进度") or "", "上传台账、看清单")
    ledger: FilePayload = {"name": "追溯数据更新台账.csv", "mimeType": "text/csv", "buffer": album.ledger()}
    slot = studio.pages.locator("#update_ledger")
    if await slot.get_attribute("open") is None:
        await slot.locator("summary").click()
    await slot.locator("input[type=file]").set_input_files(ledger)
    await slot.locator("form[enctype] button").click()
    ready = studio.pages.get_by_text("资料齐了，可以提交")
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while not await ready.count():
            await asyncio.sleep(1)
            await studio.pages.reload()


# --- the operator ----------------------------------------------------------------------------------------------------


async def operator_decides(studio: Studio, filed: Month) -> None:
    """Three months without a filing bring a case of revocation; a consumer reports a code (9.5.1(2), 8.4(3))."""
    for month in (filed.plus(1), filed.plus(2), filed.plus(3)):
        await studio.move_to(day_of(month, 2))
        await _until(month, FilingState.OPEN)
        await studio.move_to(day_of(month, 26))
        await _until(month, FilingState.WARNED)
    consumer = studio.phone(CONSUMER)
    await consumer.send("event", event="scancode_waitmsg", key="scan", content=ITEM.code)
    for said in ("反映问题", "1", "在样例市五金店买的，外包装上的批次和合格证对不上。"):
        await consumer.text(said)
    await studio.sign_in(OPERATOR)
    await studio.phone(OPERATOR).text("待办")
    await studio.chat(OPERATOR, "desk-chat", "点这里办理")
    await studio.open("/desk")
    await studio.shot("desk-page")
    await studio.pages.get_by_role("link", name="撤销立案").click()
    await studio.shot("desk-case")


async def _until(month: Month, state: FilingState) -> None:
    """The month, which nobody files, has come to this."""
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while not await MonthlyFiling.filter(month=str(month), state=state).exists():  # noqa: ASYNC110
            await asyncio.sleep(0.5)
