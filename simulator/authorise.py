"""``/connect/oauth2/authorize``: WeChat asks nobody there, it knows whose phone it is; here one says who reads."""

from html import escape
from itertools import islice
from urllib.parse import urlsplit

from aiohttp import web
from yarl import URL

from simulator.world import WORLD, World

_PEOPLE_SHOWN = 30
_STATE_CHARACTERS = 128

_PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>微信网页授权（样例环境）</title>
<style>
body {{ margin: 0 auto; max-width: 26rem; padding: 2rem 1rem; font: 1rem/1.5 system-ui, sans-serif; }}
button {{ display: block; width: 100%; margin: .5rem 0; padding: .8rem; font: inherit; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def add_routes(app: web.Application) -> None:
    """Hang the page under ``app``."""
    app.add_routes([web.get("/connect/oauth2/authorize", authorise)])


async def authorise(request: web.Request) -> web.StreamResponse:
    """Back to ``redirect_uri`` with a code of ``user``; without ``user`` a page that asks who it is."""
    world, query = request.app[WORLD], request.query
    if (wrong := _wrong(world, request)) is not None:
        return _shown("无法打开页面", f"<p>{escape(wrong)}</p>", status=400)
    if not (user_id := query.get("user", "")):
        return _shown("谁在打开这个页面？", _choice(world, request))
    code = world.web_logins.issue(world.people.of(user_id[:64]).id)
    raise web.HTTPFound(URL(query["redirect_uri"]).update_query(code=code, state=query.get("state", "")))


def _wrong(world: World, request: web.Request) -> str | None:
    """Why WeChat would not go on, in its own words and numbers."""
    query = request.query
    if query.get("appid") != world.app_id:
        return "AppID 参数错误（40013）"
    back = urlsplit(query.get("redirect_uri", ""))
    if back.scheme not in {"http", "https"} or back.hostname not in world.page_hosts:
        return "redirect_uri 域名与后台配置不一致（10003）"
    if query.get("response_type") != "code" or query.get("scope") != "snsapi_base":
        return "Scope 参数错误或没有 Scope 权限（10005）"
    state = query.get("state", "")
    if len(state) > _STATE_CHARACTERS or not (state.isascii() and (state.isalnum() or not state)):
        return "state 参数应为不超过 128 个字母和数字"
    return None


def _choice(world: World, request: web.Request) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in request.query.items()
        if name != "user"
    )
    people = "".join(
        f'<button name="user" value="{escape(person.id)}">{escape(person.name)}</button>'
        for person in islice(world.people.everyone(), _PEOPLE_SHOWN)
    )
    return f'<form method="get">{hidden}{people}</form>'


def _shown(title: str, body: str, status: int = 200) -> web.Response:
    return web.Response(text=_PAGE.format(title=title, body=body), content_type="text/html", status=status)
