"""The whole road of a firm, played over HTTP as its people walk it: chat, API, pages (5–7, 9.1).

It knows nothing of the server but its address: every step may be repeated, after a lost answer or a killed server, and
then finds what it did before. The chat is the simulator's; business time is moved by ``/dev/clock``.
"""

import asyncio
import contextlib
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from app.demo.materials import DemoMaterial

Tell = Callable[[str, str], None]
"""Hears each step: its clause, and what happened in a sentence."""

PATIENCE = 180.0
"""Seconds in which a state has to be reached; the platform's own limit is a working day (7.2(4), R35)."""
LOOK_EVERY = 0.3
PUSHED_WITHIN = 15.0
"""Seconds in which what is to be pushed is in the chat, where it is pushed at all."""
MORNING = timedelta(hours=9)
CONSUMER, BUYER = "consumer", "buyer"
"""Whose phones they are, in the simulator, that scan the product and look the firm up."""
ONCE_MORE, SENDINGS = "请重新发送", 5
"""What somebody is told whose photo came to nothing, and how often one is sent at most."""
AWAY_STATUSES = frozenset({409, 425, 429, 500, 502, 503, 504})
IN_PROGRESS = frozenset({"request_in_progress", "state_changed", "photos_pending"})
"""Codes of a 409 after which asking again helps."""


class JourneyFailed(Exception):
    """A step did not end as it should; the message names the step and what came instead."""


@dataclass(frozen=True, slots=True)
class Travelling:
    """The firm that travels: its form, its products, its materials, and by whom its chat is held."""

    user: str
    form: Mapping[str, str]
    licence: bytes
    products: Sequence[Mapping[str, Any]]
    materials: Sequence[DemoMaterial]
    level: str = "A"
    sells_online: bool = True


@dataclass
class Journey:
    """One firm's road from a first word in chat to a certificate that anybody can check."""

    http: aiohttp.ClientSession
    base: str
    firm: Travelling
    tell: Tell = field(default=lambda clause, words: None)
    chat_photos: bool = True
    """Whether certificate photos go by chat, as people send them; else by the API."""
    simulator: str = ""
    """The simulator's address, where it runs apart from the server."""
    patience: float = PATIENCE
    look_every: float = LOOK_EVERY
    token: str = ""
    seen: dict[str, str] = field(default_factory=dict)
    """The ETag of what was last answered, by path."""

    async def travel(self) -> dict[str, Any]:
        """All steps; the certificate as the public sees it. :class:`JourneyFailed` where one does not hold."""
        await self.greet()
        await self.sign_in()
        await self.register()
        products = await self.register_products()
        application = await self.open_application(products)
        await self.hand_in_all(application["ref"], products)
        await self.submit_and_supplement(application["ref"], products)
        published = await self.result(application["ref"])
        await self.let_publicity_end(application["ref"], published)
        certificate = await self.certificate(application["ref"])
        await self.check_certificate(certificate)
        return certificate

    # --- who ---------------------------------------------------------------------------------------------------------

    async def greet(self) -> None:
        """Follow the account and ask who one is to it."""
        await self._follow(self.firm.user)
        said = await self._chat(type="text", content="我的企业")
        self.tell("7.1(1)", f"{self.firm.user} 关注服务号，问“我的企业”：{first_line(said)}")

    async def _follow(self, user: str) -> None:
        people = await self._json("GET", "/sim/users")
        if not any(one["id"] == user and one["following"] for one in people):
            await self._chat(by=user, type="event", event="subscribe")

    async def sign_in(self) -> None:
        """``wx.login`` in the mini-program, and an own opaque session for it."""

        async def ask() -> Any:
            # A code works once: a session whose answer was lost takes a new one.
            login = await self._ask("POST", f"/sim/users/{self.firm.user}/login")
            return login and await self._ask("POST", "/api/v1/sessions", body={"code": login["code"]})

        self.token = (await self._patiently(ask, "小程序登录"))["token"]
        self.tell("7.1(1)", "小程序登录：换得会话，微信的 session_key 不出后端")

    async def register(self) -> None:
        """Real-name registration: the form, and the licence read against it."""
        me = await self._json("GET", "/api/v1/me")
        if any(one["firm"]["uscc"] == self.uscc for one in me["firms"]):
            self.tell("7.1(1)", f"{self.firm.form['name']} 已由本人注册，接着办")
            return
        made = await self._json(
            "POST", "/api/v1/registrations", key="registration",
            form=lambda: _with_file(form_of(self.firm.form), "licence", self.firm.licence, "营业执照-样例.png"),
        )  # fmt: skip
        path = f"/api/v1/registrations/{made['ref']}"
        found = await self._until(path, lambda it: it["state"] != "checking", "实名核对")
        for finding in found["findings"]:
            self.tell(finding["clause"], f"  {mark(finding['outcome'])} {finding['reason']}")
        if found["state"] != "verified":
            raise JourneyFailed(f"实名注册停在 {found['state']}")
        self.tell("7.1(1)", f"{found['name']} 实名注册通过，{self.firm.form['applicant_name']} 成为企业管理员")

    async def register_products(self) -> list[int]:
        """The products; their ids in the order they were given."""
        path = f"/api/v1/firms/{self.uscc}/products"
        known = {one["model"]: one["id"] for one in (await self._json("GET", path))["items"]}
        for number, product in enumerate(self.firm.products):
            if product["model"] in known:
                continue
            made = await self._json("POST", path, key=f"product-{number}", body=product)
            known[made["model"]] = made["id"]
            width, height = product["sheet_mm"]
            words = f"登记产品：{product['name']} {product['model']}，合格证 {width:g}×{height:g} mm"
            self.tell("7.1(1)", words)
        return [known[product["model"]] for product in self.firm.products]

    # --- applying ----------------------------------------------------------------------------------------------------

    async def open_application(self, products: list[int]) -> dict[str, Any]:
        """The firm's application under way, or a new one."""
        path = f"/api/v1/firms/{self.uscc}/applications"
        rows = (await self._json("GET", path))["items"]
        under_way = [one for one in rows if one["state"] not in {"withdrawn", "lapsed", "not_reached"}]
        if under_way:
            self.tell("7.1(2)", f"已有申报，接着办：{under_way[0]['next']['words']}")
            found: dict[str, Any] = under_way[0]
            return found
        body = {"level": self.firm.level, "products": products, "sells_online": self.firm.sells_online}
        made = await self._json("POST", path, key="application", body=body)
        progress = await self._json("GET", f"/api/v1/applications/{made['ref']}/progress")
        self.tell("7.1(2)", f"新建申报：{progress['sentence']}")
        return made

    async def hand_in_all(self, ref: str, products: list[int]) -> None:
        """Everything but what is mended later, while the application is a draft."""
        if (await self._application(ref))["state"] != "draft":
            return
        later = {(m.kind, m.product_index) for m in self.firm.materials if m.first_try}
        for number, material in enumerate(self.firm.materials):
            if (material.kind, material.product_index) in later and not material.first_try:
                continue
            await self._hand_in(ref, number, material, products)
        progress = await self._json("GET", f"/api/v1/applications/{ref}/progress")
        self.tell("附录 A", progress["sentence"])

    async def _hand_in(self, ref: str, number: int, material: DemoMaterial, products: list[int]) -> None:
        product = None if material.product_index is None else products[material.product_index]
        progress = await self._json("GET", f"/api/v1/applications/{ref}/progress")
        slot = slot_of(progress, material.kind, product)
        if any(one["file_name"] == material.file_name for one in slot["handed_in"]):
            return
        if self.chat_photos and material.kind == "certificate_photo":
            if slot["state"] in {"missing", "failed", "unclear"}:
                await self._hand_in_by_chat(ref, material, product, slot)
            return

        def form() -> aiohttp.FormData:
            fields = {"kind": material.kind, "declared": json.dumps(material.declared, ensure_ascii=False)}
            if product is not None:
                fields["product_id"] = str(product)
            return _with_file(form_of(fields), "file", material.data, material.file_name)

        path = f"/api/v1/applications/{ref}/materials"
        await self._json("POST", path, key=f"material-{ref}-{number}", form=form)
        self.tell("7.1(2)", f"上传 {material.file_name}")

    async def _hand_in_by_chat(
        self, ref: str, material: DemoMaterial, product: int | None, slot: Mapping[str, Any]
    ) -> None:
        """Send a photo until it stands in its slot; once more where one came to nothing, and that is asked for."""
        before = {one["ref"] for one in slot["handed_in"]}

        async def landed() -> bool | None:
            progress = await self._json("GET", f"/api/v1/applications/{ref}/progress")
            if any(one["ref"] not in before for one in slot_of(progress, material.kind, product)["handed_in"]):
                return True
            return False if await self._said(ONCE_MORE) > asked else None

        for _ in range(SENDINGS):
            asked = await self._said(ONCE_MORE)
            answer = await self._chat_photo(material)
            self.tell("7.1(2)", f"聊天里发 {material.file_name}：{first_line(answer)}")
            if await self._patiently(landed, "聊天里发的照片放入申报资料"):
                return
        raise JourneyFailed(f"聊天里发 {material.file_name}：{SENDINGS} 次都没有检查成功")

    async def submit_and_supplement(self, ref: str, products: list[int]) -> None:
        """Submit; what fails comes back in plain words and is mended within five working days."""
        mended = False
        while True:
            application = await self._application(ref)
            if application["state"] == "draft" or (application["state"] == "supplement" and mended):
                await self._submit(ref, application["round"])
            elif application["state"] == "supplement":
                await self._supplement(ref, products)
                mended = True
            elif application["state"] == "verifying":
                await self._until(
                    f"/api/v1/applications/{ref}", lambda it: it["state"] not in {"draft", "verifying"}, "资料核验"
                )
            else:
                return

    async def _submit(self, ref: str, round_: int) -> None:
        # Said again after a lost answer, it must not hand in unmended what has come back by then.
        seen = self.seen.get(f"/api/v1/applications/{ref}")
        path = f"/api/v1/applications/{ref}/submit"
        await self._json("POST", path, seen=seen, tolerate={"state_changed", "changed"})
        self.tell("7.1(2)", "提交申报：资料从此不可改" if round_ == 0 else "提交补正的资料")

    async def _supplement(self, ref: str, products: list[int]) -> None:
        application = await self._application(ref)
        progress = await self._json("GET", f"/api/v1/applications/{ref}/progress")
        for slot in progress["slots"]:
            for finding in slot["findings"]:
                if finding["outcome"] != "pass":
                    self.tell(finding["clause"], f"  {mark(finding['outcome'])} {finding['reason']}")
        self.tell("7.2(3)", application["next"]["words"])
        again = {(m.kind, m.product_index) for m in self.firm.materials if m.first_try}
        for number, material in enumerate(self.firm.materials):
            if (material.kind, material.product_index) in again and not material.first_try:
                await self._hand_in(ref, number, material, products)

    # --- results -----------------------------------------------------------------------------------------------------

    async def result(self, ref: str) -> dict[str, Any]:
        """The grade with its reasons, and its publicity; the publication as the public sees it."""
        await self._until(f"/api/v1/applications/{ref}", lambda it: it["state"] != "grading", "等级判定")
        application = await self._application(ref)
        if application["grade"] is None or application["state"] in {"not_reached", "lapsed"}:
            raise JourneyFailed(f"没有得到等级：{application['next']['words']}")
        result = await self._json("GET", f"/api/v1/applications/{ref}/result")
        self.tell("7.3", f"评价结果：{result['grade']} 级")
        if result["next"] is not None:
            lacking = "；".join(reason["words"] for reason in result["next"]["missing"][:3])
            self.tell("6.1(2)", f"距 {result['next']['level']} 级还差：{lacking}")
        record = await self._json("GET", f"/api/v1/firms/{self.uscc}/record")
        published = await self._json("GET", f"/api/v1/publications/{record['publications'][0]['ref']}")
        self.tell("7.4", f"公示至 {published['last_day']} 24:00：{self.base}/publicity/{published['ref']}")
        found: dict[str, Any] = published
        return found

    async def let_publicity_end(self, ref: str, published: Mapping[str, Any]) -> None:
        """Move business time past the publicity's last day, for everybody; nothing where it is over.

        It ends at midnight, when nobody is told anything: the day goes on in the morning. What is not read by then has
        outlived the time in which it is pushed.
        """
        if (await self._application(ref))["state"] == "publicity":
            await self._read("评价结果：")
            now = datetime.fromisoformat((await self._json("GET", "/dev/clock"))["now"])
            closes = datetime.fromisoformat(published["closes_at"])
            if closes >= now:
                # A moment, not a distance: said twice, it is still the same moment.
                body = {"to": (closes + MORNING).isoformat()}
                await self._json("POST", "/dev/clock", body=body, tolerate={"time_goes_forward"})
                self.tell("7.4", "把业务时间拨到公示期满后的早上（只有样例环境可以）")

    async def certificate(self, ref: str) -> dict[str, Any]:
        """The certificate, once the publicity is over."""
        await self._until(f"/api/v1/applications/{ref}", lambda it: it["state"] == "certified", "发证")
        record = await self._json("GET", f"/api/v1/firms/{self.uscc}/record")
        path = f"/api/v1/certificates/{in_path(record['certificate']['number'])}"
        found = await self._until(path, lambda it: it["pdf_ready"], "签署")
        self.tell("7.5(1)", f"发证：{found['number']}，{found['grade']} 级（{found['grade_name']}）")
        self.tell("9.1", f"有效期至 {found['last_day']}，状态 {found['state_words']}")
        return found

    async def check_certificate(self, certificate: Mapping[str, Any]) -> None:
        """Anybody can find it, read it and check its file; one changed byte is noticed."""
        pdf = await self._bytes(f"/api/v1/certificates/{in_path(certificate['number'])}/pdf")
        for data, expected in ((pdf, "current"), (_flipped(pdf), "altered")):
            form = _form_of_file("file", data, "证书.pdf")
            checked = await self._json("POST", "/api/v1/verifications", form=form)
            if checked["outcome"] != expected:
                raise JourneyFailed(f"核验应为 {expected}，实为 {checked['outcome']}：{checked['sentence']}")
            self.tell("附录 B", f"核验证书文件：{checked['sentence']}")
        name = certificate["enterprise"]
        part = name.partition("（")[0][:6]
        hits = await self._json("GET", "/api/v1/firms", query={"q": part})
        if not any(hit["uscc"] == certificate["uscc"] for hit in hits["items"]):
            raise JourneyFailed(f"按名称“{part}”查不到 {name}")
        self.tell("7.6", f"按名称“{part}”可查到：{self.base}/c/{in_path(certificate['number'])}")

    # --- who relies on it --------------------------------------------------------------------------------------------

    async def scan(self, code: str, certificate: Mapping[str, Any]) -> None:
        """A consumer scans the code of a product, a Digital Link: in chat, and with whatever opens a link (4.3.3)."""
        await self._follow(CONSUMER)
        scanned = {"type": "event", "event": "scancode_waitmsg", "key": "scan", "content": code}
        said = await self._chat(by=CONSUMER, **scanned)
        self.tell("4.3.3", f"消费者在聊天里扫产品上的追溯码：{first_line(said)}")
        self.tell("4.3.3", f"  {line_with(said, '查询')}")
        path = f"/t{urlsplit(code).path}"
        links = await self._json("GET", path, query={"linkType": "linkset"})
        about = links["linkset"][0]["https://ref.gs1.org/voc/certificationInfo"][0]["href"]
        if not about.endswith(in_path(certificate["number"])):
            raise JourneyFailed(f"扫码应查到证书 {certificate['number']}，实为 {about}")
        page = (await self._bytes(path)).decode()
        for shown in (certificate["enterprise"], certificate["number"], f"{certificate['grade']} 级"):
            if shown not in page:
                raise JourneyFailed(f"追溯码的网页上没有 {shown}")
        self.tell("4.3.3", f"不用微信也能扫：{self.base}{path}")

    async def look_up_supplier(self, certificate: Mapping[str, Any]) -> None:
        """A procurement officer types the firm's name in chat and reads its card (7.6, 10.2(2))."""
        name = certificate["enterprise"]
        await self._follow(BUYER)
        said = await self._chat(by=BUYER, type="text", content=f"查 {name[:4]}")
        if certificate["number"] not in said:
            raise JourneyFailed(f"采购人员发“{name[:4]}”没有看到 {name} 的等级卡：{first_line(said)}")
        self.tell("7.6", f"采购人员在聊天里发“{name[:4]}”：{first_line(said)}")
        self.tell("8.5(2)", f"  {line_with(said, '资信分值')}")
        self.tell("10.2(2)", f"  {line_with(said, '招标采购')}")

    # --- over the wire -----------------------------------------------------------------------------------------------

    @property
    def uscc(self) -> str:
        """Of the travelling firm."""
        return self.firm.form["uscc"]

    def _base(self, path: str) -> str:
        return self.simulator if self.simulator and path.startswith("/sim/") else self.base

    async def _application(self, ref: str) -> dict[str, Any]:
        return await self._json("GET", f"/api/v1/applications/{ref}")

    async def _until(self, path: str, reached: Callable[[Any], bool], what: str) -> dict[str, Any]:
        """Look until it is so."""
        try:
            async with asyncio.timeout(self.patience):
                while True:
                    found = await self._json("GET", path)
                    if reached(found):
                        return found
                    await asyncio.sleep(self.look_every)
        except TimeoutError:
            raise JourneyFailed(f"{what}在 {self.patience:g} 秒内没有结果") from None

    async def _chat(self, by: str = "", **fields: str) -> str:
        """Say something in chat, the firm's person or ``by`` another; the passive reply's text, empty without one."""
        answer = await self._message(lambda: form_of({"wait": "0", **fields}), by)
        return (answer["reply"] or {}).get("content", "")

    async def _chat_photo(self, material: DemoMaterial) -> str:
        """Send a photo in chat; what came back, by whichever way."""

        def form() -> aiohttp.FormData:
            fields = {"type": "image", "wait": "20", "expect": "1"}
            return _with_file(form_of(fields), "file", material.data, material.file_name)

        answer = await self._message(form)
        texts = [(answer["reply"] or {}).get("content", ""), *(one.get("content", "") for one in answer["messages"])]
        return next((text for text in texts if text), "（判定中，结果随后到）")

    async def _read(self, beginning: str) -> None:
        """Wait for a push that begins so; not for long, since whoever looks at another phone, or at one whose
        simulator was started anew, never sees it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PUSHED_WITHIN):
                while not await self._said(f'"{beginning}'):  # noqa: ASYNC110 - it is another process that says it
                    await asyncio.sleep(self.look_every)

    async def _said(self, words: str) -> int:
        """How often that stands in the chat; a quotation mark before it: at the beginning of something."""
        chat = await self._json("GET", f"/sim/users/{self.firm.user}/chat")
        return json.dumps(chat, ensure_ascii=False).count(words)

    async def _message(self, form: Callable[[], aiohttp.FormData], by: str = "") -> Any:
        """Send something in chat; again where WeChat says that the account is out of order, as people do."""

        async def ask() -> Any:
            answer = await self._ask("POST", f"/sim/users/{by or self.firm.user}/messages", form=form)
            return None if answer is None or answer["fault"] else answer

        return await self._patiently(ask, "聊天")

    async def _json(self, method: str, path: str, **asked: Any) -> Any:
        """Ask (see :meth:`_ask`) until there is an answer: a repeated request is done once."""
        return await self._patiently(lambda: self._ask(method, path, **asked), f"{method} {path}")

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        form: Callable[[], aiohttp.FormData] | None = None,
        query: Mapping[str, str] | None = None,
        key: str | None = None,
        seen: str | None = None,
        tolerate: set[str] | None = None,
    ) -> Any:
        """One request's answer; None where the server asks for patience. Problems in ``tolerate`` are answers, too.
        ``key`` makes a repetition the same request, ``seen`` is the ETag that it was decided on."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token and path.startswith("/api/") else {}
        if key is not None:
            headers["Idempotency-Key"] = f"demo-{hashlib.sha256(f'{self.uscc}{key}'.encode()).hexdigest()[:24]}"
        if seen is not None:
            headers["If-Match"] = seen
        more = {"json": body} if body is not None else {"data": form()} if form is not None else {}
        url = self._base(path) + path
        async with self.http.request(method, url, headers=headers, params=query, **more) as answer:
            text = await answer.text()
            if answer.status < 400:
                if (etag := answer.headers.get("ETag")) is not None:
                    self.seen[path] = etag
                return json.loads(text) if text else {}
            problem = _problem(text)
            if tolerate and problem.get("code") in tolerate:
                return problem
            if answer.status in AWAY_STATUSES and (answer.status != 409 or problem.get("code") in IN_PROGRESS):
                return None
            said = problem.get("detail") or text[:200]
            raise JourneyFailed(f"{method} {path}：{answer.status} {problem.get('code', '')} {said}")

    async def _bytes(self, path: str) -> bytes:
        async def ask() -> bytes | None:
            async with self.http.get(self._base(path) + path) as answer:
                return await answer.read() if answer.status == 200 else None

        return await self._patiently(ask, f"GET {path}")

    async def _patiently(self, ask: Callable[[], Awaitable[Any]], what: str) -> Any:
        """Ask until it is answered: a server that is away comes back."""
        try:
            async with asyncio.timeout(self.patience):
                while True:
                    with contextlib.suppress(aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
                        if (found := await ask()) is not None:
                            return found
                    await asyncio.sleep(self.look_every)
        except TimeoutError:
            raise JourneyFailed(f"{what}：服务器在 {self.patience:g} 秒内没有应答") from None


def slot_of(progress: Mapping[str, Any], kind: str, product: int | None) -> Mapping[str, Any]:
    """The slot of that material in an application's progress; ``product`` is None for the firm's own."""
    slots: list[Mapping[str, Any]] = progress["slots"]
    return next(one for one in slots if (one["kind"], one["product_id"]) == (kind, product))


def in_path(number: str) -> str:
    """A certificate's number as it stands in addresses."""
    return number.replace("/", "-")


def first_line(text: str) -> str:
    """The first line of a chat text, without its markup."""
    plain = re.sub(r"<[^>]+>", "", text).strip()
    return plain.splitlines()[0] if plain else "（没有应答）"


def line_with(text: str, words: str) -> str:
    """The first line of a chat text that holds these words, without its markup."""
    lines = re.sub(r"<[^>]+>", "", text).splitlines()
    return next((line for line in lines if words in line), f"（没有说到{words}）")


def mark(outcome: str) -> str:
    """A finding's outcome as a sign."""
    return {"pass": "✓", "fail": "✗"}.get(outcome, "？")


def form_of(fields: Mapping[str, str]) -> aiohttp.FormData:
    """A multipart form of plain fields."""
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, value)
    return form


def _with_file(form: aiohttp.FormData, name: str, data: bytes, file_name: str) -> aiohttp.FormData:
    form.add_field(name, data, filename=file_name, content_type="application/octet-stream")
    return form


def _form_of_file(name: str, data: bytes, file_name: str) -> Callable[[], aiohttp.FormData]:
    return lambda: _with_file(form_of({}), name, data, file_name)


def _flipped(pdf: bytes) -> bytes:
    """One byte in the middle of the file changed."""
    middle = len(pdf) // 2
    return pdf[:middle] + bytes([pdf[middle] ^ 1]) + pdf[middle + 1 :]


def _problem(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
