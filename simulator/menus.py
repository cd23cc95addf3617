"""The custom menu and its limits: three buttons, five below each, names and keys in bytes."""

from typing import Any
from urllib.parse import urlsplit

from simulator.errors import ApiError

_KEYED = {
    "click",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
}
_WITH_ID = {"media_id": "media_id", "article_id": "article_id", "article_view_limited": "article_id"}


def checked(menu: Any) -> list[dict[str, Any]]:
    """The buttons of a ``menu/create`` body; :class:`ApiError` for the first limit it breaks."""
    buttons = menu.get("button") if isinstance(menu, dict) else None
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise ApiError(40016)
    for button in buttons:
        _check_top(button)
    return buttons


def _check_top(button: Any) -> None:
    if not isinstance(button, dict):
        raise ApiError(40016)
    _check_name(button, 16, 40018)
    below = button.get("sub_button") or []
    if not below:
        _check_action(button, kind=40017, key=40019, url=40020, domain=40055)
        return
    if not isinstance(below, list) or len(below) > 5:
        raise ApiError(40023)
    for one in below:
        if not isinstance(one, dict) or one.get("sub_button"):
            raise ApiError(40023)
        _check_name(one, 60, 40025)
        _check_action(one, kind=40024, key=40026, url=40027, domain=40054)


def _check_name(button: dict[str, Any], limit: int, code: int) -> None:
    name = button.get("name")
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= limit:
        raise ApiError(code)
    if "\\u" in name:
        raise ApiError(40033)


def _check_action(button: dict[str, Any], *, kind: int, key: int, url: int, domain: int) -> None:
    action = button.get("type")
    if action in _KEYED:
        _check_text(button.get("key"), 128, key)
    elif action == "view":
        _check_url(button.get("url"), url, domain)
    elif action == "miniprogram":
        _check_url(button.get("url"), url, domain)
        if not button.get("appid") or not button.get("pagepath"):
            raise ApiError(kind, "appid and pagepath are required")
    elif action in _WITH_ID:
        if not button.get(_WITH_ID[action]):
            raise ApiError(40007)
    else:
        raise ApiError(kind)


def _check_text(value: Any, limit: int, code: int) -> None:
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= limit:
        raise ApiError(code)


def _check_url(value: Any, size: int, domain: int) -> None:
    _check_text(value, 1024, size)
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ApiError(domain)
