"""``/cgi-bin/token`` and ``/cgi-bin/stable_token``; ``/cgi-bin/ticket/getticket``."""

from typing import Any

from simulator.api.call import GET, OK, POST, Call, Endpoint, check_account
from simulator.errors import ApiError


async def token(call: Call) -> dict[str, Any]:
    """A new classic token; the one before lives five more minutes."""
    if call.query("grant_type") != "client_credential":
        raise ApiError(40002)
    check_account(call.world.app_id, call.world.app_secret, call.query("appid"), call.query("secret"))
    access_token, seconds = call.world.tokens.classic()
    return {"access_token": access_token, "expires_in": seconds}


async def stable_token(call: Call) -> dict[str, Any]:
    """The stable token, renewed by force where the body says so."""
    body = await call.json()
    if body.get("grant_type") != "client_credential":
        raise ApiError(40002)
    world, mini = call.world, call.world.mini_program
    desk, app_id, secret = world.tokens, world.app_id, world.app_secret
    if body.get("appid") == mini.app_id:
        desk, app_id, secret = world.mini_tokens, mini.app_id, mini.app_secret.get_secret_value()
    check_account(app_id, secret, body.get("appid"), body.get("secret"))
    access_token, seconds = desk.stable(force=body.get("force_refresh") is True)
    return {"access_token": access_token, "expires_in": seconds}


async def ticket(call: Call) -> dict[str, Any]:
    """The ticket that signs the JS-SDK's configuration; the same until it has run out."""
    if call.query("type") != "jsapi":
        raise ApiError(40097)
    held, seconds = call.world.tickets.jsapi()
    return {**OK, "ticket": held, "expires_in": seconds}


ENDPOINTS = {
    "/cgi-bin/token": Endpoint(token, GET, token=False),
    "/cgi-bin/stable_token": Endpoint(stable_token, POST, token=False),
    "/cgi-bin/ticket/getticket": Endpoint(ticket, GET, daily=1_000_000),
}
