"""The menu at the foot of the chat, as ``menu/create`` takes it (names ≤ 16 bytes on top, 60 below)."""

from typing import Any

KEY_CHECK = "check"
KEY_SCAN = "scan"
KEY_FIRM = "firm"
KEY_FILING = "filing"
KEY_YEAR = "year"
KEY_RECENT = "recent"
KEY_HELP = "help"

MENU: dict[str, Any] = {
    "button": [
        {"type": "pic_photo_or_album", "name": "拍照检查", "key": KEY_CHECK},
        {"type": "scancode_waitmsg", "name": "扫码查询", "key": KEY_SCAN},
        {
            "name": "我的企业",
            "sub_button": [
                {"type": "click", "name": "月度提报", "key": KEY_FILING},
                {"type": "click", "name": "全年提报", "key": KEY_YEAR},
                {"type": "click", "name": "企业与产品", "key": KEY_FIRM},
                {"type": "click", "name": "最近的检查", "key": KEY_RECENT},
                {"type": "click", "name": "使用帮助", "key": KEY_HELP},
            ],
        },
    ]
}
