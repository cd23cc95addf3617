"""``/cgi-bin/clear_quota`` and ``/cgi-bin/openapi/quota/get``."""

from typing import Any

from simulator.api.call import OK, POST, Call, Endpoint
from simulator.errors import ApiError
from simulator.quotas import MONTH

_CLEARS_A_MONTH = 10


async def clear(call: Call) -> dict[str, Any]:
    """Set the day's counters back, ten times a month."""
    if (await call.json()).get("appid") != call.world.app_id:
        raise ApiError(40013)
    call.world.quotas.spend("clear_quota", _CLEARS_A_MONTH, span=MONTH, code=48006)
    call.world.quotas.clear_daily()
    return OK


async def get(call: Call) -> dict[str, Any]:
    """What is left today of one path."""
    from simulator.api import ENDPOINTS as ALL  # noqa: PLC0415  # the table that this module is part of

    path = (await call.json()).get("cgi_path")
    if path not in ALL or not ALL[path].daily:
        raise ApiError(40035)
    limit, used = ALL[path].daily, call.world.quotas.used(path)
    return {**OK, "quota": {"daily_limit": limit, "used": used, "remain": limit - used}}


ENDPOINTS = {
    "/cgi-bin/clear_quota": Endpoint(clear, POST),
    "/cgi-bin/openapi/quota/get": Endpoint(get, POST),
}
