"""``/cgi-bin/user/info`` and ``/cgi-bin/user/get``."""

from typing import Any

from simulator.api.call import GET, Call, Endpoint
from simulator.people import unionid_of

_PAGE = 10_000


async def info(call: Call) -> dict[str, Any]:
    """What an account may know of a person today: no name, no picture, no place."""
    person = call.person(call.query("openid"))
    known = {"openid": person.openid, "unionid": unionid_of(person.id)}
    if not person.following:
        return {"subscribe": 0, **known}
    return {
        "subscribe": 1,
        **known,
        "nickname": "",
        "sex": 0,
        "language": "zh_CN",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": "",
        "subscribe_time": int(person.since),
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": person.arrived_by,
        "qr_scene": person.scene_id,
        "qr_scene_str": person.scene,
    }


async def get(call: Call) -> dict[str, Any]:
    """The openids of followers, ten thousand at a time, after ``next_openid``."""
    openids = [person.openid for person in call.world.people.followers()]
    after = call.query("next_openid")
    start = openids.index(after) + 1 if after in openids else 0
    page = openids[start : start + _PAGE]
    listed: dict[str, Any] = {"data": {"openid": page}} if page else {}
    return {"total": len(openids), "count": len(page), **listed, "next_openid": page[-1] if page else ""}


ENDPOINTS = {
    "/cgi-bin/user/info": Endpoint(info, GET, daily=5_000_000),
    "/cgi-bin/user/get": Endpoint(get, GET, daily=5000),
}
