"""What a picture sent in chat is of: a certificate, a look-up page on a screen, or a product's body or package.

Told by the report of :func:`inspection.inspector.inspect` alone: the words on it, the shape of the picture, and whether
its pixels are a screen's. An outline that fits a known sheet tells nothing here: labels on packages fit as well.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any


class Subject(StrEnum):
    """What is in the picture."""

    CERTIFICATE = "certificate"
    SCREENSHOT = "screenshot"
    BODY = "body"


_TITLE = re.compile("合格[证證]|质量证明书")
"""What stands on a certificate and on no body."""
_INSPECTED = re.compile("检验结论|检验员|检验专用章|检验合格|质检员|质检专用章|准予出厂")
"""What stands on a certificate whose title was not read; a label may have one of these, hardly two."""
_LOOKED_UP = (
    "查询结果", "查询时间", "查询次数", "查询记录", "查询日志", "扫描次数", "扫码次数", "扫码时间", "扫描时间",
    "首次查询", "本次查询", "查询日期", "验证结果", "查询码", "您查询", "您所查询", "被查询", "未查询到", "查无此码",
)  # fmt: skip
"""Words of a page that answers; a certificate that says where to look it up (扫码查询) has none of them."""
_OF_TRACING = re.compile("追溯|溯源|查询|防伪|扫码|Ecode|ECODE|物品编码|标识解析|平台|一物一码")
_ADDRESS = re.compile(r"(?:https?:/{1,2}|ttps?:/|^)?(?:[a-z0-9-]+\.)+(?:com|cn|org|net|gov|top|vip)\b", re.IGNORECASE)
_CLOCK = re.compile(r"^\D{0,3}(?:[01]?\d|2[0-3]):[0-5]\d\b|\b[45]G\b")
_PHONE = 1.5
"""A picture this many times as high as wide is a phone's page."""
_SCREENS = frozenset({"screenshot", "screen"})


def subject_of(report: Mapping[str, Any]) -> Subject:
    """What the picture of this report (as plain data) is of; where nothing tells, a body."""
    lines = [unicodedata.normalize("NFKC", line).replace(" ", "") for line in report["text"]]
    titled = any(_TITLE.search(line) for line in lines)
    answers = {word for line in lines for word in _LOOKED_UP if word in line}
    signs = _signs_of_a_screen(report, lines)
    if len(answers) >= 2 or (answers and signs):
        return Subject.SCREENSHOT
    if titled:
        return Subject.CERTIFICATE
    if _drawn(report) and any(_OF_TRACING.search(line) for line in lines):
        return Subject.SCREENSHOT
    if report["px_per_mm"] is not None and len(set(_found(_INSPECTED, lines))) >= 2:
        return Subject.CERTIFICATE
    return Subject.BODY


def _drawn(report: Mapping[str, Any]) -> bool:
    return any(flag["code"] in _SCREENS for flag in report.get("flags", ()))


def _signs_of_a_screen(report: Mapping[str, Any], lines: list[str]) -> bool:
    """Pixels of a screen, the shape of a phone, an address, or a status bar."""
    width, height = report["photo_px"]
    head = lines[:3]
    return (
        _drawn(report)
        or height > _PHONE * width
        or any(_ADDRESS.search(line) for line in head)
        or any(_CLOCK.search(line) for line in head)
    )


def _found(pattern: re.Pattern[str], lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        yield from pattern.findall(line)
