"""``/wxa/msg_sec_check`` (version 2): what the real one says of a text, played by a few words.

「违规」 in it: risky; 「存疑」: review; anything else passes.
"""

from typing import Any

from simulator.api.call import OK, POST, Call, Endpoint
from simulator.errors import ApiError

VISIT_SECONDS = 2 * 3600
LONGEST = 2500
_ABUSE, _OTHER, _FINE = 20003, 21000, 100


async def check(call: Call) -> dict[str, Any]:
    """:class:`ApiError` 40035 where a parameter is wrong, 61010 where the person was not in within two hours."""
    body = await call.json()
    content, openid = body.get("content"), body.get("openid")
    if body.get("version") != 2 or body.get("scene") not in {1, 2, 3, 4} or not isinstance(content, str):
        raise ApiError(40035)
    if not content:
        raise ApiError(44004)
    if len(content) > LONGEST:
        raise ApiError(45002)
    if not call.world.was_in_mini_program(openid, VISIT_SECONDS):
        raise ApiError(61010)
    suggest, label = "pass", _FINE
    if "违规" in content:
        suggest, label = "risky", _ABUSE
    elif "存疑" in content:
        suggest, label = "review", _OTHER
    detail = [{"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}]
    return {**OK, "result": {"suggest": suggest, "label": label}, "detail": detail, "trace_id": "sample-trace"}


ENDPOINTS = {"/wxa/msg_sec_check": Endpoint(check, POST, daily=2_000_000, mini_program=True)}
