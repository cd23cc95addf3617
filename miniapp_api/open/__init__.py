"""The HTTP API for partners' systems, below ``/open/v1``; its OpenAPI document at ``/open/openapi.json``.

Beside it stand the keys that verify what it states, at ``/.well-known/jwks.json``.
"""

import json
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from config.settings import Settings
from miniapp_api import openapi
from miniapp_api.chapter import Chapter, Who
from miniapp_api.open import adoptions, certificates, firms, webhooks
from miniapp_api.open.admitting import KEY, NONCE, SIGNATURE, TIMESTAMP, partners
from miniapp_api.openapi import Cover
from miniapp_api.serving import Rendered, add_endpoints, as_problems, handler_of
from workflow.context import Ports
from workflow.sharing import Shared

VERSION = "1.0.0"
CHAPTERS: tuple[Chapter, ...] = (firms.chapter, certificates.chapter, adoptions.chapter, webhooks.chapter)
KEPT_SECONDS = 300
"""How long anybody may keep the document and the keys."""

ABOUT = """重点工业产品质量追溯能力评价（T/ZGJDJX—3—2026）向合作方系统开放的接口：网售平台（10.3）、监管部门（10.4）、
行业协会（10.2(1)）、采购方（8.5、10.2(2)）。接入说明与十行示例见 docs/partners.md。

* 身份：`Authorization: Bearer zk_…`，或用密钥签名（X-Zhuisu-* 四个请求头），签名不传密钥本身。
* 声明：每个答复的 `statement` 是平台签名的 JWS，载荷的 `facts` 与答复逐项相同，24 小时内可转交他人核验；
  公钥在 `/.well-known/jwks.json`。
* 状态是实时的：至多半秒前从数据库读出；不要缓存后用于决定。
* 出错：`application/problem+json`，`code` 稳定，`detail` 可直接给人看。
* 频率：`RateLimit-*` 说明每分钟、每天两个限额中较紧的一个还剩多少，超出时 429 并给出 `Retry-After`。
* 时间一律为 UTC（`2026-11-24T02:00:00Z`），日期为北京时间当日。
"""

_SIGNED = {
    "signature_key": (KEY, "密钥编号：zk_ 之后的 16 位"),
    "signature_timestamp": (TIMESTAMP, "Unix 秒，与平台相差不超过 300 秒"),
    "signature_nonce": (NONCE, "随机数，16–64 个字母、数字、- 或 _，每次请求换一个"),
    "signature": (SIGNATURE, "HMAC-SHA256，十六进制：见 docs/partners.md"),
}
FOR_PARTNERS = Cover(
    "追溯 Open API",
    "/open/v1",
    ABOUT,
    {
        "key": {"type": "http", "scheme": "bearer", "description": "接口密钥 zk_…，由运营方发放"},
        **{
            name: {"type": "apiKey", "in": "header", "name": header, "description": words}
            for name, (header, words) in _SIGNED.items()
        },
    },
    {Who.PARTNER: [{"key": []}, {name: [] for name in _SIGNED}]},
)


def document(chapters: Iterable[Chapter] = CHAPTERS) -> str:
    """The OpenAPI document as it is served and kept."""
    return openapi.text(openapi.document(chapters, VERSION, FOR_PARTNERS))


def add_open(app: web.Application, settings: Settings, ports: Ports) -> None:
    """Add the partners' API and the published keys to ``app``."""
    api = web.Application(middlewares=[as_problems])
    admit = partners(ports, settings)
    shared: Shared[Rendered] = Shared(settings.shared_ms / 1000)
    add_endpoints(api, CHAPTERS, lambda endpoint: handler_of(endpoint, ports, admit, shared))
    api.router.add_get("/openapi.json", _public(document()))
    app.add_subapp("/open", api)
    issuer = ports.statements.issuer
    app.router.add_get("/.well-known/jwks.json", _public(json.dumps(ports.statements.jwks())))
    of_credentials = {"issuer": issuer, "jwks_uri": f"{issuer}/.well-known/jwks.json"}
    app.router.add_get("/.well-known/jwt-vc-issuer", _public(json.dumps(of_credentials)))


def _public(text: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Serves JSON that is the same for everybody as long as the process runs."""

    async def serve(_request: web.Request) -> web.Response:
        kept = {"Cache-Control": f"public, max-age={KEPT_SECONDS}", "X-Content-Type-Options": "nosniff"}
        return web.json_response(text=text, headers=kept)

    return serve
