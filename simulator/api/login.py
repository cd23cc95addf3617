"""``/sns/jscode2session``, the mini-program's login; ``/sns/oauth2/access_token``, the web authorisation's."""

import secrets
from typing import Any

from simulator.api.call import GET, Call, Endpoint, check_account
from simulator.errors import ApiError
from simulator.people import openid_of, unionid_of


async def jscode2session(call: Call) -> dict[str, Any]:
    """Redeem a ``wx.login`` code: once, within five minutes, with the mini-program's own AppID."""
    mini = call.world.mini_program
    check_account(mini.app_id, mini.app_secret.get_secret_value(), call.query("appid"), call.query("secret"))
    if call.query("grant_type") != "authorization_code":
        raise ApiError(40002)
    if not call.query("js_code"):
        raise ApiError(41008)
    user_id, session_key = call.world.logins.redeem(call.query("js_code"))
    openid = openid_of(user_id, mini.app_id)
    call.world.enter_mini_program(openid)
    return {
        "session_key": session_key,
        "openid": openid,
        "unionid": unionid_of(user_id),
    }


async def access_token(call: Call) -> dict[str, Any]:
    """Redeem a code of ``/connect/oauth2/authorize``: once, within five minutes; ``snsapi_base`` only."""
    world = call.world
    check_account(world.app_id, world.app_secret, call.query("appid"), call.query("secret"))
    if call.query("grant_type") != "authorization_code":
        raise ApiError(40002)
    if not call.query("code"):
        raise ApiError(41008)
    user_id, _ = world.web_logins.redeem(call.query("code"))
    return {
        "access_token": secrets.token_urlsafe(60),
        "expires_in": 7200,
        "refresh_token": secrets.token_urlsafe(60),
        "openid": openid_of(user_id, world.app_id),
        "scope": "snsapi_base",
    }  # no unionid: that takes snsapi_userinfo, or user/info for a follower


ENDPOINTS = {
    "/sns/jscode2session": Endpoint(jscode2session, GET, token=False, plain=True),
    "/sns/oauth2/access_token": Endpoint(access_token, GET, token=False, plain=True),
}
