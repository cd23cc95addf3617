"""``/sns/jscode2session``: the mini-program's login, for the account's own AppID."""

from typing import Any

from simulator.api.call import GET, Call, Endpoint, check_account
from simulator.errors import ApiError
from simulator.people import openid_of, unionid_of


async def jscode2session(call: Call) -> dict[str, Any]:
    """Redeem a ``wx.login`` code: once, within five minutes."""
    check_account(call.world, call.query("appid"), call.query("secret"))
    if call.query("grant_type") != "authorization_code":
        raise ApiError(40002)
    if not call.query("js_code"):
        raise ApiError(41008)
    user_id, session_key = call.world.logins.redeem(call.query("js_code"))
    return {
        "session_key": session_key,
        "openid": openid_of(user_id, call.world.app_id),
        "unionid": unionid_of(user_id),
    }


ENDPOINTS = {"/sns/jscode2session": Endpoint(jscode2session, GET, token=False, plain=True)}
