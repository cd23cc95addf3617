"""The poster for shops: by a scan with WeChat, customers come to the menu that looks codes up (4.3.3)."""

import segno
from aiohttp import web
from markupsafe import Markup

from web.page import show_public

ACCOUNT_QR = web.AppKey("account_qr", str)
"""What the service account's own QR code holds; empty: the shop sticks one on."""
QUIET_MODULES = 4


async def poster(request: web.Request) -> web.StreamResponse:
    """One sheet of A5 to print, and a short text to copy."""
    text = request.app[ACCOUNT_QR]
    return show_public(request, "poster.html", {"qr": drawn(text) if text else None})


def drawn(text: str) -> Markup:
    """A QR code as an SVG that fills its place; it prints sharp in any size."""
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(border=QUIET_MODULES, omitsize=True, svgclass="qr", lineclass=None, title="服务号二维码")
    return Markup(svg)  # noqa: S704 - drawn by us; the text is nowhere in it
