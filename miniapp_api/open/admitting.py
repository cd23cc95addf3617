"""Partners at the door of ``/open/v1``: by their key or by a signature, as often as their key allows."""

from dataclasses import replace

import structlog
from aiohttp import web

from config.settings import Settings
from miniapp_api import bodies, wording
from miniapp_api.admitting import limited, network, too_many
from miniapp_api.chapter import Endpoint
from miniapp_api.problems import RefusedHere
from miniapp_api.serving import Admit, Admitted, Headers, allowance_headers
from miniapp_api.shapes import Form
from workflow.callers import counted
from workflow.context import Ports
from workflow.relying.partners import (
    Holder,
    KeyRefused,
    SignedRequest,
    check_signature,
    holder_by_token,
    signer_of,
    used,
)
from workflow.sharing import Shared

KEY, TIMESTAMP, NONCE, SIGNATURE = "X-Zhuisu-Key", "X-Zhuisu-Timestamp", "X-Zhuisu-Nonce", "X-Zhuisu-Signature"
MINUTE, DAY = 60, 86_400


def partners(ports: Ports, settings: Settings) -> Admit:
    """Lets in whoever holds a key with the endpoint's scope; anybody where it has none.

    A key is looked up once for all requests of a moment that carry it: one that was revoked opens nothing half a second
    later. A signed request is looked up for itself.
    """
    holders: Shared[Holder] = Shared(settings.shared_ms / 1000)

    async def admit(request: web.Request, endpoint: Endpoint) -> Admitted:
        if endpoint.scope is None:
            who = f"open:{endpoint.rate}:{network(request, settings.api)}"
            return Admitted("anybody", {}, await limited(ports, who, endpoint, settings.api))
        try:
            holder, body = await _holder(request, endpoint, ports, holders)
        except KeyRefused as refused:
            stranger = f"open:stranger:{network(request, settings.api)}"
            allowance = await counted(ports, stranger, settings.open.wrong_keys_per_minute, MINUTE)
            if allowance is not None and not allowance.allowed:
                raise too_many(allowance_headers(allowance), allowance.reset) from None
            raise RefusedHere(401, refused.code, refused.advice, {"WWW-Authenticate": "Bearer"}) from None
        structlog.contextvars.bind_contextvars(partner=holder.partner.ref)
        headers = await _within_quota(ports, holder)
        _must_have(holder, endpoint, headers)
        await used(holder.key)
        return Admitted(f"partner:{holder.partner.id}", {"partner": holder.partner}, headers, body)

    return admit


async def _holder(
    request: web.Request, endpoint: Endpoint, ports: Ports, holders: Shared[Holder]
) -> tuple[Holder, bytes | None]:
    """Who asks, and the body where a signature made us read it."""
    if SIGNATURE not in request.headers:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise KeyRefused("key_missing", wording.OPEN_KEY_MISSING)
        return await holders.read(token, lambda: holder_by_token(token)), None
    signed = SignedRequest(
        key_id=request.headers.get(KEY, ""),
        timestamp=request.headers.get(TIMESTAMP, ""),
        nonce=request.headers.get(NONCE, ""),
        signature=request.headers[SIGNATURE],
        method=request.method,
        path=request.raw_path,
    )
    holder = await signer_of(signed)
    body, model = None, endpoint.in_body
    if model is not None and not issubclass(model, Form):
        body = await bodies.read_whole(request, model, ports.max_bytes)
    await check_signature(ports, holder, replace(signed, body=body or b""))
    return holder, body


async def _within_quota(ports: Ports, holder: Holder) -> Headers:
    """Count the request against the minute and the day; answers the headers of the one that has less left."""
    key = holder.key
    found = [
        await counted(ports, f"open:minute:{key.key_id}", key.per_minute, MINUTE),
        await counted(ports, f"open:day:{key.key_id}", key.per_day, DAY),
    ]
    allowances = [allowance for allowance in found if allowance is not None]
    if not allowances:
        return {}
    tightest = min(allowances, key=lambda allowance: (allowance.allowed, allowance.remaining))
    headers = allowance_headers(tightest)
    if not tightest.allowed:
        raise too_many(headers, tightest.reset)
    return headers


def _must_have(holder: Holder, endpoint: Endpoint, headers: Headers) -> None:
    if endpoint.scope not in holder.scopes:
        raise RefusedHere(403, "scope_missing", wording.SCOPE_MISSING.format(scope=endpoint.scope), headers)
    if endpoint.kinds and holder.partner.kind not in endpoint.kinds:
        raise RefusedHere(403, "not_for_kind", wording.NOT_FOR_KIND, headers)
