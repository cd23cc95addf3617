"""``/cgi-bin/menu/create``, ``get`` and ``delete``."""

from typing import Any

from simulator import menus
from simulator.api.call import BOTH, GET, OK, POST, Call, Endpoint
from simulator.errors import ApiError


async def create(call: Call) -> dict[str, Any]:
    """Put a menu in place of the one that is there."""
    call.world.menu = menus.checked(await call.json())
    return OK


async def get(call: Call) -> dict[str, Any]:
    """The menu, or 46003."""
    if call.world.menu is None:
        raise ApiError(46003)
    buttons = [{**button, "sub_button": button.get("sub_button") or []} for button in call.world.menu]
    return {"menu": {"button": buttons}}


async def delete(call: Call) -> dict[str, Any]:
    """No menu any more; it is no error where there was none."""
    call.world.menu = None
    return OK


ENDPOINTS = {
    "/cgi-bin/menu/create": Endpoint(create, POST, daily=1000),
    "/cgi-bin/menu/get": Endpoint(get, GET, daily=10_000),
    "/cgi-bin/menu/delete": Endpoint(delete, BOTH, daily=1000),
}
