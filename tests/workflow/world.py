"""A small world for use cases: a scripted inspector and a WeChat that writes down what it was told."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateways.cache import MemoryCache
from gateways.firm_index import TableFirmIndex
from gateways.limiter import SlidingLimiter
from gateways.picture_index import TablePictureIndex
from gateways.queue import TableQueue
from gateways.statements import JwsStatements, new_key
from gateways.storage import open_storage
from gateways.webhook_sender import AiohttpWebhookSender
from inspection.ledger import read_items
from inspection.materials import DocumentReport, ItemLine
from inspection.report import Code, Finding, Inspected, Report, Request, Verdict
from jobs.handlers import HANDLERS
from tests.clock import FakeClock
from workflow.bell import Bell
from workflow.context import Ports, SignIn
from workflow.links import Links
from workflow.ports import (
    BadRequest,
    Drawn,
    QrTicket,
    Register,
    RegistryAnswer,
    Reply,
    SignatureVerdict,
    TextVerdict,
    WeChatLogin,
)

Look = Callable[[Request], Inspected]

STATEMENT_KEY = new_key()
"""Signs what the worlds of this run state."""


def report(request: Request, side_mm: float = 22.0) -> Inspected:
    """What the scripted inspector says: a side in millimetres where a size is known, else unclear."""
    sheet = request.sheet_mm or next((hint.sheet_mm for hint in request.products if hint.key == "chosen"), None)
    if sheet is None:
        size = Finding(
            "D.3.1", Verdict.UNCLEAR, {}, "≥ 20 mm", "不知道合格证尺寸，无法换算毫米：请回复尺寸", None, ("R27",)
        )
    elif side_mm < 20:
        advice = f"二维码边长 {side_mm} mm，要求 ≥ 20 mm（D.3.1）：请放大到 20 mm 以上重新印刷"
        size = Finding("D.3.1", Verdict.FAIL, {"side_mm": side_mm}, "≥ 20 mm", advice, None, ("R27",))
    else:
        size = Finding(
            "D.3.1", Verdict.PASS, {"side_mm": side_mm}, "≥ 20 mm", f"二维码边长 {side_mm} mm", None, ("R27",)
        )
    return Inspected(
        Report(
            verdict=size.verdict,
            sheet_mm=sheet,
            product=None,
            codes=(Code("https://id.gs1.org/01/06901234567892", "QRCode", ((0, 0), (9, 0), (9, 9), (0, 9))),),
            findings=(size,),
            text=("产品合格证",),
            photo_px=(1280, 960),
            px_per_mm=10.0 if sheet else None,
            retake=None,
            ms={"total": 1.0},
            engine="scripted/1",
        ),
        b"\xff\xd8\xffmarked" if request.mark else None,
    )


class ScriptedInspector:
    """Answers with ``look``; remembers what it was asked."""

    def __init__(self) -> None:
        self.look: Look = report
        self.asked: list[Request] = []
        self.documents: dict[bytes, DocumentReport | Exception] = {}

    async def inspect(self, request: Request) -> Inspected:
        self.asked.append(request)
        return self.look(request)

    async def read_items(self, data: bytes, name: str) -> tuple[ItemLine, ...]:
        return read_items(data, name)

    async def read_document(self, data: bytes) -> DocumentReport:
        answer = self.documents[data]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def check(self) -> None: ...


@dataclass
class ScriptedCertifier:
    """Draws and signs as plain JSON; ``lacking`` are the characters that its fonts do not have."""

    lacking: str = ""
    sample: bool = True
    signed: int = 0

    async def missing_glyphs(self, text: str) -> str:
        return "".join(character for character in self.lacking if character in text)

    async def render(self, face: dict[str, Any], qr_url: str) -> Drawn:
        return Drawn(b"%PDF-" + json.dumps([face, qr_url]).encode(), b"\x89PNG" + qr_url.encode())

    async def sign(self, pdf: bytes, number: str, revision: int) -> bytes:
        self.signed += 1
        return pdf + b"\nsigned " + json.dumps([self.signed, number, revision, len(pdf)]).encode()

    async def render_confirmation(self, face: dict[str, Any], qr_url: str) -> bytes:
        return (await self.render(face, qr_url)).pdf

    async def sign_confirmation(self, pdf: bytes, number: str) -> bytes:
        return await self.sign(pdf, number, 0)

    async def verify(self, pdf: bytes) -> SignatureVerdict | None:
        drawn, signed, said = pdf.partition(b"\nsigned ")
        if not signed:
            return None
        _, number, revision, length = json.loads(said)
        if not revision:
            return SignatureVerdict(ours=True, intact=len(drawn) == length, confirmation=number, sample=True)
        return SignatureVerdict(ours=True, intact=len(drawn) == length, number=number, revision=revision, sample=True)

    async def check(self) -> None: ...


@dataclass
class RecordingWeChat:
    """Hands out pictures, writes down what was sent; ``trouble`` is raised once, before or after the delivery.

    ``logins`` are login codes, each good once.
    """

    pictures: dict[str, bytes] = field(default_factory=dict)
    logins: dict[str, WeChatLogin] = field(default_factory=dict)
    unionids: dict[str, str] = field(default_factory=dict)
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    trouble: list[tuple[str, Exception]] = field(default_factory=list)
    verdicts: dict[str, TextVerdict] = field(default_factory=dict)
    """What the security check says of a text with that word; all else passes."""
    checked: list[tuple[str, str]] = field(default_factory=list)

    def _strike(self, moment: str) -> None:
        if self.trouble and self.trouble[0][0] == moment:
            raise self.trouble.pop(0)[1]

    async def fetch_picture(self, pic_url: str, media_id: str) -> bytes:
        self._strike("fetch")
        return self.pictures[media_id]

    async def upload_image(self, jpeg: bytes) -> str:
        self._strike("upload")
        return f"media-{len(jpeg)}"

    async def send_text(self, openid: str, text: str) -> None:
        self._strike("before")
        self.sent.append((openid, "text", text))
        self._strike("after")

    async def send_image(self, openid: str, media_id: str) -> None:
        self._strike("before")
        self.sent.append((openid, "image", media_id))
        self._strike("after")

    async def send_subscribe(self, openid: str, template: str, fields: Mapping[str, str], url: str) -> str:
        self._strike("before")
        self.sent.append((openid, "subscribe", json.dumps([template, fields, url], ensure_ascii=False)))
        self._strike("after")
        return f"subscribe-{len(self.sent)}"

    async def send_template(
        self, openid: str, template: str, fields: Mapping[str, str], url: str, client_id: str
    ) -> str:
        self._strike("before")
        self.sent.append((openid, "template", json.dumps([template, fields, url], ensure_ascii=False)))
        self._strike("after")
        return f"template-{len(self.sent)}"

    async def create_menu(self, menu: dict[str, Any]) -> None: ...

    async def create_qr(self, scene: str, seconds: int | None) -> QrTicket:
        self._strike("qr")
        return QrTicket("ticket", f"http://weixin.qq.com/q/{scene}", seconds)

    async def user_info(self, openid: str) -> dict[str, Any]:
        self._strike("user")
        return {"unionid": self.unionids[openid]} if openid in self.unionids else {}

    async def code_to_session(self, code: str) -> WeChatLogin:
        self._strike("login")
        if code not in self.logins:
            raise BadRequest(40029, "invalid code")
        return self.logins.pop(code)

    async def check_text(self, openid: str, text: str) -> TextVerdict:
        self._strike("check")
        self.checked.append((openid, text))
        return next((verdict for word, verdict in self.verdicts.items() if word in text), TextVerdict.PASS)

    async def web_identity(self, code: str) -> WeChatLogin:
        return await self.code_to_session(code)

    async def jsapi_ticket(self) -> str:
        return "sample-ticket"


@dataclass
class ScriptedRegistries:
    """Answers what it was told to; nobody is asked otherwise."""

    answers: dict[tuple[Register, str], RegistryAnswer] = field(default_factory=dict)
    asked: list[tuple[Register, str]] = field(default_factory=list)

    async def ask(self, register: Register, number: str) -> RegistryAnswer:
        self.asked.append((register, number))
        return self.answers.get((register, number), RegistryAnswer(register, Reply.NOT_ASKED))


@dataclass
class World:
    """Ports over fakes where the world outside would be, over the real queue, storage and database elsewhere."""

    ports: Ports
    clock: FakeClock
    wechat: RecordingWeChat
    inspector: ScriptedInspector
    registries: ScriptedRegistries
    certifier: ScriptedCertifier
    folder: Path

    async def work(self, *, until_idle: bool = True) -> int:
        """Run due jobs, one after the other, until none is due; how many ran."""
        ran = 0
        while jobs := await self.ports.queue.claim(1, 60):
            await HANDLERS[jobs[0].kind](self.ports, jobs[0])
            ran += 1
            if not until_idle:
                break
        return ran

    async def settle(self, seconds: float = 10) -> None:
        """Let time pass and all work be done, twice over: text first, then what follows it."""
        for _ in range(3):
            await self.work()
            self.clock.advance(seconds=seconds)
        await self.work()


def make_world(folder: Path, clock: FakeClock) -> World:
    wechat, inspector = RecordingWeChat(), ScriptedInspector()
    registries, certifier = ScriptedRegistries(), ScriptedCertifier()
    ports = Ports(
        clock=clock,
        storage=open_storage("", folder / "objects"),
        inspector=inspector,
        pictures=TablePictureIndex(),
        certifier=certifier,
        firms=TableFirmIndex(),
        queue=TableQueue(clock, lease_clock=clock),
        cache=MemoryCache(),
        limiter=SlidingLimiter.in_memory(),
        wechat=wechat,
        registries=registries,
        statements=JwsStatements("https://sample.test", STATEMENT_KEY, sample=True),
        webhooks=AiohttpWebhookSender(loopback=True),
        links=Links("https://sample.test", b"s" * 32, 30),
        bell=Bell(),
        app_id="wxsample",
        sign_in=SignIn(
            mini_app_id="wxsamplemini",
            authorise_url="https://open.weixin.qq.com/connect/oauth2/authorize",
            session_life=timedelta(days=30),
            link_life=timedelta(minutes=10),
        ),
        passive_window=timedelta(seconds=4.5),
        unconsented=timedelta(hours=23),
        upload_window=timedelta(hours=1),
        max_bytes=20 * 10**6,
    )
    return World(ports, clock, wechat, inspector, registries, certifier, folder)
