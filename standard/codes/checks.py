"""Check digits and content checks of single values; every check answers with what is wrong, in Chinese, or None."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date

Check = Callable[[str], str | None]

CSET82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_CSET32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)
_ZERO = ord("0")
_HALF_CENTURY = 50


def is_digits(text: str) -> bool:
    """ASCII digits and nothing else: ``str.isdigit`` alone also takes ² and ٣."""
    return text.isascii() and text.isdigit()


def check_digit(body: str) -> int:
    """The check digit of GS1 keys (GTIN, SSCC, GLN …) for the digits before it: weights 3, 1, 3 … from the right."""
    values = body.encode()
    thrice, once = values[::-2], values[-2::-2]
    return -(3 * (sum(thrice) - _ZERO * len(thrice)) + sum(once) - _ZERO * len(once)) % 10


def has_check_digit(digits: str) -> bool:
    """Whether the last of these ASCII digits is the check digit of the others."""
    values = digits.encode()
    once, thrice = values[::-2], values[-2::-2]
    return not (sum(once) - _ZERO * len(once) + 3 * (sum(thrice) - _ZERO * len(thrice))) % 10


def check_pair(body: str) -> str:
    """The two check characters of a global model number for the characters before them (GS1 General Specifications)."""
    total = sum(CSET82.index(c) * _PRIMES[len(body) - 1 - i] for i, c in enumerate(body)) % 1021
    return _CSET32[total >> 5] + _CSET32[total & 31]


def full_date(yymmdd: str, today: date) -> date | None:
    """The day six digits mean: the century that lies within fifty years of ``today``; day 00 is the month's last day.

    None where they are no date.
    """
    if len(yymmdd) != 6 or not is_digits(yymmdd) or _date0(yymmdd) is not None:
        return None
    short, month, day = int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:])
    century, now = divmod(today.year, 100)
    distance = short - now
    if distance > _HALF_CENTURY:
        century -= 1
    elif distance <= -_HALF_CENTURY:
        century += 1
    year = century * 100 + short
    last = monthrange(year, month)[1]
    return date(year, month, day or last) if day <= last else None


def _check(value: str) -> str | None:
    if has_check_digit(value):
        return None
    return f"校验码应为 {check_digit(value[:-1])}，实为 {value[-1]}"


def _pair(value: str) -> str | None:
    if len(value) < 3:
        return "太短，没有两位校验字符"
    if (right := check_pair(value[:-2])) == value[-2:]:
        return None
    return f"校验字符应为 {right}，实为 {value[-2:]}"


def _days(month: int, year: int) -> int:
    # Any four-digit year with these two digits within the sliding window is leap when they divide by four.
    return 29 if month == 2 and year % 4 == 0 else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _date0(value: str) -> str | None:
    month = int(value[2:4])
    if not 1 <= month <= 12:
        return f"月份 {value[2:4]} 不存在"
    if int(value[4:6]) > _days(month, int(value[:2])):
        return f"{month} 月没有 {value[4:6]} 日"
    return None


def _date(value: str) -> str | None:
    return _date0(value) or ("日期写了 00 日" if value[4:6] == "00" else None)


def _long_date(value: str) -> str | None:
    return _date(value[2:]) or ("年份不合理" if value[:2] not in ("19", "20") else None)


def _below(limit: int, what: str) -> Check:
    def check(value: str) -> str | None:
        return None if int(value) < limit else f"{what} {value} 不存在"

    return check


_hour, _minute, _second = _below(24, "小时"), _below(60, "分钟"), _below(60, "秒")


def _time(value: str) -> str | None:
    return _hour(value[:2]) or _minute(value[2:])


def _zero(value: str) -> str | None:
    return None if not int(value) else "首位应为 0"


def _nonzero(value: str) -> str | None:
    return None if int(value) else "不能为 0"


def _one_of(choices: str, what: str) -> Check:
    def check(value: str) -> str | None:
        return None if value in choices else f"{what}应为 {'、'.join(choices)} 之一"

    return check


def _piece(value: str) -> str | None:
    piece, total = int(value[:2]), int(value[2:])
    if piece and piece <= total:
        return None
    return f"第 {piece} 件（共 {total} 件）说不通"


def _no_leading_zero(value: str) -> str | None:
    return "不能以 0 开头" if value.startswith("0") else None


def _prefix(value: str) -> str | None:
    return None if len(value) >= 4 and is_digits(value[:4]) else "应以厂商识别代码（数字）开头"


def _letter(value: str) -> str | None:
    return "至少要有一个非数字字符" if is_digits(value) else None


def _percent(value: str) -> str | None:
    return "“%”后应是两位十六进制数" if re.search(r"%(?![0-9A-Fa-f]{2})", value) else None


def _latitude(value: str) -> str | None:
    return None if int(value) <= 1_800_000_000 else "纬度超出范围"


def _longitude(value: str) -> str | None:
    return None if int(value) <= 3_600_000_000 else "经度超出范围"


def _iban(value: str) -> str | None:
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[0-9A-Z]+", value):
        return "不是国际银行账号的样子"
    return None if int("".join(str(int(c, 36)) for c in value[4:] + value[:4])) % 97 == 1 else "校验码不符"


def _media(value: str) -> str | None:
    return None if 1 <= int(value) <= 10 or int(value) >= 80 else f"介质类型 {value} 未定义"


def _order(value: str) -> str | None:
    piece, slash, total = value[:1], value[1:2], value[2:]
    return None if slash == "/" and is_digits(piece + total) and "0" < piece <= total else "应写成 1/2 这样的次序"


def _importer(value: str) -> str | None:
    return None if re.fullmatch(r"[-_0-9A-Za-z]", value) else "字符不在允许范围内"


CHECKS: dict[str, Check] = {
    "check": _check,
    "pair": _pair,
    "date": _date,
    "date0": _date0,
    "long_date": _long_date,
    "hour": _hour,
    "minute": _minute,
    "second": _second,
    "time": _time,
    "zero": _zero,
    "nonzero": _nonzero,
    "winding": _one_of("019", "卷绕方向"),
    "flag": _one_of("01", "标志"),
    "sex": _one_of("0129", "性别"),
    "hyphen": _one_of("-", "末位"),
    "piece": _piece,
    "no_leading_zero": _no_leading_zero,
    "prefix": _prefix,
    "letter": _letter,
    "percent": _percent,
    "latitude": _latitude,
    "longitude": _longitude,
    "iban": _iban,
    "media": _media,
    "order": _order,
    "importer": _importer,
}
"""The names that the formats in ``application_identifiers.toml`` use; values they get fit their part's form already."""
