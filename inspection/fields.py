"""D.5.1: what the sheet states, field by field, against the code's own data and the product's record (R30).

Certificates are laid out in many ways; a label may stand before its value, beside it, or above it, several in a line,
in Chinese or English. A reading is not the print: what differs is looked at again before it is called different, and
what stays in doubt is neither agreement nor difference.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

import numpy as np

from inspection.ocr import Line
from inspection.report import Verdict

_LABELS: dict[str, tuple[str, ...]] = {
    "name": ("产品名称", "货物名称", "商品名称", "产品品名", "品名", "Product Name", "Product"),
    "model": (
        "规格型号", "型号规格", "产品型号规格", "产品规格型号", "产品型号", "产品规格", "型号", "规格", "型号及规格",
        "规格及型号", "Model No", "Model", "Specification", "Spec", "Type",
    ),
    "batch": (
        "生产批次号", "生产批次", "生产批号", "产品批号", "产品批次", "批次号", "批次", "批号", "炉批号", "炉号",
        "Batch Number", "Batch No", "Batch", "Lot Number", "Lot No", "Lot",
    ),
    "serial": (
        "产品编号", "出厂编号", "产品序列号", "序列号", "机身号", "出厂序号", "追溯编号", "Serial Number", "Serial No",
        "S/N", "SN",
    ),
    "date": (
        "生产日期", "制造日期", "出厂日期", "生产年月", "制造年月", "Production Date", "Manufacturing Date",
        "Manufacture Date", "Mfg Date", "Mfg. Date", "MFD", "Date of Manufacture", "Date",
    ),
    "firm": (
        "生产企业名称", "生产企业", "制造商名称", "制造商", "生产厂家", "生产厂商", "生产厂名", "生产厂", "制造厂",
        "厂名", "厂家", "企业名称", "公司名称", "生产单位", "制造单位", "生产者", "Manufacturer", "Made by", "Producer",
    ),
    "uscc": ("统一社会信用代码", "社会信用代码", "统一信用代码", "信用代码", "USCC"),
}  # fmt: skip
_OTHER_LABELS = (
    "检验日期", "检测日期", "测试日期", "试验日期", "发证日期", "签发日期", "包装日期", "有效期至", "有效期",
    "报告日期",
    "检验结论", "检测结论", "检验结果", "检验项目", "检验员", "检验人", "检验依据", "质检员", "质检", "审核", "批准",
    "执行标准", "产品标准", "标准号", "企业标准", "依据标准", "生产许可证号", "生产许可证", "许可证编号", "许可证号",
    "证书编号", "合格证编号", "合格证号", "报告编号", "编号", "额定电压", "电压等级", "数量", "长度", "重量", "毛重",
    "净重", "颜色", "单位", "等级", "地址", "厂址", "电话", "传真", "邮编", "网址", "客户名称", "客户", "收货单位",
    "委托单位", "委托方", "经销商", "供应商", "监制单位", "监制", "备注", "产地", "原产地", "商标", "品牌", "材质",
    "盘号",
    "Test Date", "Inspection Date", "Inspected", "Inspector", "Result", "Standard", "Quantity", "Length", "Colour",
    "Color", "Address", "Tel", "Certificate No", "Customer", "Remark", "Rated Voltage", "Exp Date", "Expiry Date",
)  # fmt: skip
"""Labels of what is not compared: they end a value, and keep a date of inspection from being one of production."""
TITLES = {
    "name": "产品名称", "model": "规格型号", "batch": "生产批次", "serial": "产品编号",
    "date": "生产日期", "firm": "生产企业", "uscc": "统一社会信用代码",
}  # fmt: skip
_SURE = 0.9
"""A character read with less confidence proves nothing against the sheet."""
_LONG_NAME = 6
_LOOKS = 6
"""Lines that are looked at again on one photo, at most: each look costs some 30 ms of CPU."""

_FOLD = str.maketrans(
    {"l": "1", "I": "1", "|": "1", "O": "0", "o": "0", "〇": "0", "×": "X", "*": "X", "✕": "X", "∗": "X", "°": "X"}
)
"""What looks the same in many faces: typesetters and readers take one for the other."""
_ALIKE = frozenset(frozenset(pair) for pair in ("B8", "S5", "Z2", "G6", "D0", "Q0", "UV", "己已", "未末", "日曰"))
"""Pairs that no reading can tell apart for sure: they never make a difference, nor agreement."""
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_SLIPS = str.maketrans({"I": "1", "O": "0", "S": "5", "Z": "2"})
"""A credit code has none of these letters (GB 32100), so a reading of one is a slip."""
_USCC_TOKEN = re.compile(r"(?<![0-9A-Za-z])[0-9A-Z]{18}(?![0-9A-Za-z])")
_FIRM = re.compile(
    r"[\u4e00-\u9fff()]{2,}(?:有限责任公司|有限公司|股份公司|集团公司|总公司|公司|电缆厂|制造厂|总厂|厂)$"
)
_PRINTED_CODE = re.compile(r"https?:|www\.|\(\s*01\s*\)\s*\d|/01/\d")
"""The code's own text printed beside it says nothing about the product."""
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(frozen=True, slots=True)
class Stated:
    """A field as the sheet states it: value, the reader's score, its confidence in each character, the place where it
    stands; ``labelled`` is False where the value was known by its form alone (a firm's name at the foot)."""

    value: str
    score: float
    chars: tuple[float, ...] = ()
    line: Line | None = None
    labelled: bool = True


@dataclass(frozen=True, slots=True)
class Agreement:
    """Outcome of the comparison.

    ``agree`` names fields that agree; ``differ`` holds (title, on the sheet, elsewhere) of those that surely differ,
    ``doubtful`` of those that could not be told apart from a misreading; ``compared`` counts all of these.
    """

    verdict: Verdict
    agree: tuple[str, ...]
    differ: tuple[tuple[str, str, str], ...]
    compared: int
    doubtful: tuple[tuple[str, str, str], ...] = ()

    @property
    def advice(self) -> str | None:
        """What to do about the doubtful fields, in Chinese; None where there are none."""
        if not self.doubtful:
            return None
        pairs = "；".join(f"{title}读作“{here}”，追溯信息为“{there}”" for title, here, there in self.doubtful)
        return f"有内容看不准——{pairs}：请核对合格证，并靠近、对焦后把文字拍清楚再发一次。"


# --- reading the sheet's fields ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a line in NFKC: the confidence of each character, and its place along the line (None: unknown)."""

    text: str
    chars: tuple[float, ...]
    at: tuple[float, ...] | None
    left: float = 0.0
    right: float = 1.0
    """Where the stretch begins and ends along the line."""

    def cut(self, start: int, end: int) -> "_Piece":
        """Part of it, without the punctuation around."""
        start += len(self.text[start:end]) - len(self.text[start:end].lstrip(" :.。;；,，、|/_-"))
        end -= len(self.text[start:end]) - len(self.text[start:end].rstrip(" :;；,，、|_。"))
        left, right = self.left, self.right
        if self.at is not None and start < end:
            left = (self.at[start - 1] + self.at[start]) / 2 if start else left
            right = (self.at[end - 1] + self.at[end]) / 2 if end < len(self.at) else right
        at = self.at[start:end] if self.at is not None else None
        return _Piece(self.text[start:end], self.chars[start:end], at, left, right)

    def score(self, line: Line) -> float:
        return min(line.score, sum(self.chars) / len(self.chars)) if self.chars else line.score

    def of(self, line: Line) -> Line:
        """The stretch as a line of its own, to be looked at again."""
        if self.right - self.left > 0.9:
            return line
        top, bottom = line.corners[1] - line.corners[0], line.corners[2] - line.corners[3]
        a, b = line.corners[0], line.corners[3]
        corners = np.array([a + self.left * top, a + self.right * top, b + self.right * bottom, b + self.left * bottom])
        return Line(self.text, self.score(line), corners, self.chars)


@dataclass(frozen=True, slots=True)
class _Part:
    """What follows a label in its line; ``name`` is None before the first label, "" behind labels not compared."""

    name: str | None
    value: _Piece


def stated_fields(lines: Sequence[Line]) -> dict[str, Stated]:
    """The fields that the lines state (R30).

    A value follows its label in the line, stands in the box to the right of it, or in the box below. It must look like
    what its label promises: a date like a date, a batch with a figure in it. Firm and credit code are also known by
    their form alone.
    """
    parts = [_parts(line) for line in lines]
    bare = [index for index, found in enumerate(parts) if all(part.name is None for part in found)]
    free = [lines[index] for index in bare]
    found: dict[str, Stated] = {}
    for index, line in enumerate(lines):
        for part in parts[index]:
            if not part.name or part.name in found:
                continue
            if _plausible(part.name, part.value.text):
                found[part.name] = _stated(part.value, line)
            elif not _letters(part.value.text):
                for other in (_beside(line, free), _below(line, free)):
                    if other is not None and _plausible(part.name, (value := _whole(other)).text):
                        found[part.name] = _stated(value, other)
                        break
    _by_form(lines, bare, found)
    return found


def _stated(value: _Piece, line: Line, *, labelled: bool = True) -> Stated:
    return Stated(value.text, value.score(line), value.chars, value.of(line), labelled)


def _plain(line: Line) -> _Piece:
    """The line's text in NFKC (the line's score stands for characters whose own is not known)."""
    text, chars, at = [], [], []
    for index, character in enumerate(line.text):
        normal = unicodedata.normalize("NFKC", character)
        text.append(normal)
        chars += [line.chars[index] if index < len(line.chars) else line.score] * len(normal)
        at += [line.at[index] if index < len(line.at) else 0.0] * len(normal)
    return _Piece("".join(text), tuple(chars), tuple(at) if len(line.at) == len(line.text) else None)


def _whole(line: Line) -> _Piece:
    piece = _plain(line)
    return piece.cut(0, len(piece.text))


@cache
def _label_pattern() -> re.Pattern[str]:
    """Every label, longest first; readers may have spaced or joined its characters."""
    named = [(label, name) for name, labels in _LABELS.items() for label in labels]
    every = named + [(label, "") for label in _OTHER_LABELS]
    every.sort(key=lambda entry: -len(entry[0]))
    return re.compile("|".join(_spaced(label) for label, _ in every), re.IGNORECASE)


def _spaced(label: str) -> str:
    if label.isascii():
        return r"(?<![A-Za-z])" + re.escape(label).replace(r"\ ", r"\.?\s*") + r"\.?(?![A-Za-z])"
    return r"\s*".join(map(re.escape, label))


@cache
def _label_names() -> dict[str, str]:
    names = {_bare(label): name for name, labels in _LABELS.items() for label in labels}
    return {**{_bare(label): "" for label in _OTHER_LABELS}, **names}


def _bare(label: str) -> str:
    return re.sub(r"[\s.]", "", label).lower()


def _parts(line: Line) -> list[_Part]:
    """A line cut at its labels.

    A label within the line counts where a colon follows it, or where it stands apart from what is before it; so does
    one at the start. Prose that merely uses such a word is no field.
    """
    piece = _plain(line)
    text = piece.text
    marks: list[tuple[int, int, str]] = []
    for match in _label_pattern().finditer(text):
        if marks and match.start() < marks[-1][1]:
            continue  # in the brackets behind the label before
        after = re.match(r"\s*(?:[(（][^)）]{0,24}[)）])?\s*([:：])?", text[match.end() :])
        colon = bool(after and after[1])
        before = text[: match.start()]
        apart = not before.strip() or bool(re.search(r"[\s;；,，、|/)）]$", before))
        follows = bool(marks) and not _letters(text[marks[-1][1] : match.start()])
        if colon or apart or follows:
            end = match.end() + (after.end() if after and (colon or after[0].strip()) else 0)
            marks.append((match.start(), end, _label_names().get(_bare(match[0]), "")))
    parts = []
    first = marks[0][0] if marks else len(text)
    if not marks or _letters(text[:first]):
        parts.append(_Part(None, piece.cut(0, first)))
    for index, (_, end, name) in enumerate(marks):
        stop = marks[index + 1][0] if index + 1 < len(marks) else len(text)
        parts.append(_Part(name, piece.cut(end, stop)))
    return parts


def _letters(text: str) -> bool:
    """Whether there is anything but punctuation."""
    return any(c.isalnum() for c in text)


def _plausible(name: str, value: str) -> bool:
    """Whether a value looks like what its label promises."""
    if name == "date":
        return day_of(value) is not None
    if name == "uscc":
        return len(re.sub(r"[^0-9A-Za-z]", "", value)) in {17, 18, 19}
    if name in {"batch", "serial"}:
        return 2 <= len(value) <= 40 and any(c.isascii() and c.isdigit() for c in value) and day_like(value) is False
    if name == "model":
        return 1 <= len(value) <= 60 and any(c.isascii() and c.isalnum() for c in value)
    chinese = sum("\u4e00" <= c <= "\u9fff" for c in value)
    if name == "firm":
        return chinese >= 4 or (len(value) >= 6 and value.isascii())
    return len(value) <= 60 and (chinese >= 2 or (len(value) >= 3 and any(c.isalpha() for c in value)))


def day_like(value: str) -> bool:
    """Whether a value is written as a date, with its separators: no batch is."""
    return bool(re.fullmatch(r"\d{4}\s*[-./年]\s*\d{1,2}\s*[-./月]\s*\d{1,2}\s*日?", value.strip()))


def _beside(label: Line, lines: Sequence[Line]) -> Line | None:
    """The nearest box to the right on the same row."""
    left, top, right, bottom = label.box
    high = bottom - top
    row = [
        line for line in lines
        if line is not label and line.box[0] > right - 0.6 * high and line.box[0] > left
        and abs((line.box[1] + line.box[3]) - (top + bottom)) < high
    ]  # fmt: skip
    return min(row, key=lambda line: line.box[0], default=None)


def _below(label: Line, lines: Sequence[Line]) -> Line | None:
    """The nearest box under the label that begins where it begins."""
    left, top, right, bottom = label.box
    high = bottom - top
    under = [
        line for line in lines
        if line is not label and 0.5 * high < line.box[1] - top < 2.6 * high
        and line.box[0] < right and abs(line.box[0] - left) < max(1.5 * high, 0.4 * (right - left))
    ]  # fmt: skip
    return min(under, key=lambda line: line.box[1], default=None)


def _by_form(lines: Sequence[Line], bare: Sequence[int], found: dict[str, Stated]) -> None:
    """A credit code anywhere, and a firm's name in a line of its own, where no label gave them."""
    if "uscc" not in found:
        for line in lines:
            piece = _plain(line)
            for match in _USCC_TOKEN.finditer(piece.text):
                if credit_check(match[0]):
                    found["uscc"] = _stated(piece.cut(*match.span()), line, labelled=False)
    if "firm" not in found:
        # the name at the foot is the maker's; a seal's stands above it or says no more
        for index in sorted(bare, key=lambda i: -lines[i].box[1]):
            value = _whole(lines[index])
            if len(value.text) >= 6 and _FIRM.fullmatch(re.sub(r"\s", "", value.text)):
                found["firm"] = _stated(value, lines[index], labelled=False)
                break


# --- values -----------------------------------------------------------------------------------------------------------


def fold(text: str) -> str:
    """Fold what OCR and typesetting confuse (full width, case, spaces, O/0, I/l/1, ×/x), never two real values.

    A separator between two digits stays: 2.5 is not 25.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_FOLD).upper()
    plain = re.sub(r"[–—−‐]", "-", plain)
    plain = re.sub(r"[\s_()\[\]【】'\"“”:;·]+", "", plain)
    return re.sub(r"(?<!\d)[-/.,]+|[-/.,]+(?!\d)", "", plain)


def day_of(text: str) -> tuple[int, int, int] | None:
    """A date as (two-digit year, month, day); day 0 where only the month is given; None where it is none.

    Understood: 2026-11-03, 2026.11.3, 2026/11/03, 2026年11月3日, 20261103, 261103, 26/11/03, 3 NOV 2026, 2026-11.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    if word := re.search(rf"(?<![A-Z])({'|'.join(_MONTHS)})[A-Z]*", plain):
        month = _MONTHS.index(word[1]) + 1
        numbers = [int(n) for n in re.findall(r"\d+", plain[: word.start()] + " " + plain[word.end() :])]
        years = [n for n in numbers if n > 1999]
        days = [n for n in numbers if n <= 31]
        return _day(years[0] % 100, month, days[0]) if len(years) == 1 and len(days) == 1 else None
    groups = re.findall(r"\d+", plain.replace("O", "0"))
    if len(groups) >= 3 and len(groups[0]) in {2, 4} and len(groups[1]) <= 2 and len(groups[2]) <= 2:
        if len(groups[0]) == 2 and not 15 <= int(groups[0]) <= 45:
            return None  # 03/11/26: which of them is the year?
        return _day(int(groups[0]) % 100, int(groups[1]), int(groups[2]))
    if len(groups) == 2 and len(groups[0]) == 4 and len(groups[1]) <= 2 and groups[0].startswith("20"):
        return _day(int(groups[0]) % 100, int(groups[1]), 0)
    if len(groups) == 1 and len(groups[0]) == 8 and groups[0].startswith("20"):
        return _day(int(groups[0][2:4]), int(groups[0][4:6]), int(groups[0][6:]))
    if len(groups) == 1 and len(groups[0]) == 6:
        return _day(int(groups[0][:2]), int(groups[0][2:4]), int(groups[0][4:]))
    return None


def _day(year: int, month: int, day: int) -> tuple[int, int, int] | None:
    return (year, month, day) if 1 <= month <= 12 and 0 <= day <= 31 else None


def credit_check(code: str) -> bool:
    """Whether 18 characters are a unified social credit code by their check character (GB 32100)."""
    if len(code) != 18 or any(c not in _USCC_ALPHABET for c in code):
        return False
    total = sum(_USCC_ALPHABET.index(c) * (3**i % 31) for i, c in enumerate(code[:17]))
    return _USCC_ALPHABET[(31 - total % 31) % 31] == code[17]


def _credit(text: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", text).upper()).translate(_USCC_SLIPS)


def same_value(name: str, first: str, second: str) -> bool | None:
    """Whether two statements of a field agree; None where it cannot be told.

    It cannot where one is no date, where only separators differ (2026-001 and 2026001), where a credit code fails its
    own check, or where one model is written with more words than the other (BV 2.5 and BV 450/750V 2.5).
    """
    if name == "date":
        a, b = day_of(first), day_of(second)
        if a is None or b is None:
            return None
        return a[:2] == b[:2] and (a[2] == b[2] or 0 in (a[2], b[2]))
    if name == "uscc":
        c, d = _credit(first), _credit(second)
        if c == d:
            return True
        return False if credit_check(c) else None
    a_, b_ = fold(first), fold(second)
    if a_ == b_:
        return True
    if name in {"name", "firm"}:
        return min(len(a_), len(b_)) >= 4 and (a_ in b_ or b_ in a_)
    if name == "model":
        a_, b_ = _plain_model(a_), _plain_model(b_)
        if a_ == b_:
            return True
        words, others = _words(first), _words(second)
        if words and others and (words < others or others < words):
            return None
    if re.sub(r"[-/]", "", a_) == re.sub(r"[-/]", "", b_):
        return None  # the same figures, other separators: ours or theirs
    if name in {"batch", "serial"} and b_ in (tokens := [fold(token) for token in _tokens(first)]):
        # something stands beside the number: a remark (共3卷), or more of the number
        return True if not any(c.isascii() and c.isalnum() for c in _beyond(first)) and tokens.count(b_) == 1 else None
    return False


def _tokens(value: str) -> list[str]:
    return [token for token in re.split(r"[\s()（）,，;；]+", unicodedata.normalize("NFKC", value)) if token]


def _beyond(value: str) -> str:
    """What stands beside the first word, remarks in Chinese left out."""
    return "".join(token for token in _tokens(value)[1:] if not re.search(r"[\u4e00-\u9fff]", token))


def _plain_model(model: str) -> str:
    """A folded model without the unit at its end, and without the 1 of a single core (1×2.5 is 2.5)."""
    model = re.sub(r"(?<=\d)(?:MM2|MM²|MM|平方毫米|平方|SQ)$", "", model)
    return re.sub(r"(?<![\dX.])1X(?=\d)", "", model)


def _words(model: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKC", model)
    return frozenset(_plain_model(fold(word)) for word in re.split(r"[\s,;]+", plain) if fold(word))


# --- comparing --------------------------------------------------------------------------------------------------------


def compare(
    stated: Mapping[str, Stated],
    code: Mapping[str, str],
    record: Mapping[str, str],
    look: Callable[[Line], Sequence[Line]] | None = None,
    lines: Sequence[Line] = (),
) -> Agreement:
    """R30: one sure difference fails; batch or serial agreeing and nothing different passes; else unclear.

    ``record`` may use our names (batch …) or the sheet's labels (生产批次 …). ``look`` reads a line again
    (:func:`inspection.textview.look_again`); without it the first reading's confidence alone decides. ``lines`` is all
    text of the sheet: a batch, serial, firm or credit code that stands there without a label we know also agrees.
    """
    sources = [dict(code), {_record_name(key): value for key, value in record.items() if value}]
    agree: dict[str, None] = {}
    differ: dict[tuple[str, str, str], None] = {}
    doubtful: dict[tuple[str, str, str], None] = {}
    looker = _Looker(look)
    for name, title in TITLES.items():
        for source in sources:
            other = source.get(name)
            if not other:
                continue
            on_sheet = stated.get(name)
            if (on_sheet is None or not on_sheet.labelled) and _stands_somewhere(name, other, lines):
                agree[name] = None
                continue
            if on_sheet is None:
                continue
            outcome = looker.judge(name, on_sheet, other)
            if outcome is True:
                agree[name] = None
            elif outcome is False:
                differ[title, on_sheet.value, other] = None
            elif _comparable(name, on_sheet.value, other):
                doubtful[title, on_sheet.value, other] = None
    # code and record must also agree with each other, whatever could be read
    for name in ("batch", "serial", "date", "model", "uscc"):
        first, second = sources[0].get(name), sources[1].get(name)
        if first and second and same_value(name, first, second) is False:
            differ[TITLES[name], f"{second}（登记）", f"{first}（二维码）"] = None
    compared = len(agree) + len(differ) + len(doubtful)
    if differ:
        verdict = Verdict.FAIL
    else:
        firm = any(name in {"batch", "serial"} for name in agree)
        verdict = Verdict.PASS if firm and not doubtful else Verdict.UNCLEAR
    return Agreement(verdict, tuple(agree), tuple(differ), compared, tuple(doubtful))


def _record_name(key: str) -> str:
    return _label_names().get(_bare(key)) or key


def _comparable(name: str, first: str, second: str) -> bool:
    """Whether an open comparison is worth telling: other words in a model or an unreadable date say nothing."""
    return name in {"uscc", "batch", "serial"} or same_value(name, first, second) is not None


def _stands_somewhere(name: str, value: str, lines: Sequence[Line]) -> bool:
    """Whether a value that no label announces stands on the sheet all the same, apart from the code's own text.

    A batch or serial of five or more characters, as a word of its own; a firm's name or credit code anywhere.
    """
    wanted = _credit(value) if name == "uscc" else fold(value)
    least = {"batch": 5, "serial": 5, "firm": 6, "uscc": 18}.get(name)
    if least is None or len(wanted) < least:
        return False
    for line in lines:
        if line.score < _SURE or _PRINTED_CODE.search(line.text):
            continue
        if name == "firm" and wanted in fold(line.text):
            return True
        words = re.split(r"[\s:：;；,，、()（）]+|[\u4e00-\u9fff]+", unicodedata.normalize("NFKC", line.text))
        if any((_credit(word) if name == "uscc" else fold(word)) == wanted for word in words):
            return True
    return False


class _Looker:
    """Judges a field by its first reading, and by further looks where that one differs."""

    def __init__(self, look: Callable[[Line], Sequence[Line]] | None) -> None:
        self._look = look
        self._left = _LOOKS
        self._seen: dict[int, Sequence[Line]] = {}

    def judge(self, name: str, stated: Stated, other: str) -> bool | None:
        """True: agrees; False: surely differs; None: in doubt."""
        first = same_value(name, stated.value, other)
        if first:
            return True
        sure = first is False and stated.labelled and _sure(name, stated.value, stated.chars, stated.score, other)
        if self._look is None or stated.line is None:
            return False if sure else None
        again = [self._again(name, line) for line in self._looks(stated.line)]
        again = [stated_again for stated_again in again if stated_again.value]
        votes = [same_value(name, look.value, other) for look in again]
        if sum(vote is True for vote in votes) >= 2:
            return True  # both closer looks read what it should be
        confirmed = [
            vote is False
            and same_value(name, look.value, stated.value) is True
            and _sure(name, look.value, look.chars, look.score, other)
            for vote, look in zip(votes, again, strict=True)
        ]
        return False if sure and len(confirmed) >= 2 and all(confirmed) else None

    def _looks(self, line: Line) -> Sequence[Line]:
        key = id(line)
        if key not in self._seen:
            if self._look is None or self._left <= 0:
                return ()
            self._left -= 1
            self._seen[key] = self._look(line)
        return self._seen[key]

    @staticmethod
    def _again(name: str, line: Line) -> Stated:
        """The field's value in a further reading; empty where it is not there."""
        parts = _parts(line)
        named = [part.value for part in parts if part.name == name and _letters(part.value.text)]
        if not named and all(part.name is None for part in parts):
            named = [parts[0].value]
        return _stated(named[0], line) if named else Stated("", 0.0)


def _sure(name: str, value: str, chars: tuple[float, ...], score: float, other: str) -> bool:
    """Whether a reading that differs may be believed: confident where it differs, and no mere look-alike."""
    if len(chars) != len(value):
        chars = (score,) * len(value)
    here, trust = _folded(name, value, chars)
    there = _folded(name, other, (1.0,) * len(other))[0]
    if name in {"name", "firm"} and len(here) == len(there) >= _LONG_NAME:
        slips = sum(a != b for a, b in zip(here, there, strict=True))
        if slips == 1:
            return False  # in a long name one character is more likely our slip (例/列) than their misprint
    doubts = 0
    solid = False
    for tag, a, b, c, d in SequenceMatcher(None, here, there, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        near = trust[max(a - 1, 0) : b + 1]
        if min(near, default=score) < _SURE:
            doubts += 1
        if tag == "replace" and b - a == d - c:
            pairs = zip(here[a:b], there[c:d], strict=True)
            solid = solid or any(frozenset(pair) not in _ALIKE for pair in pairs)
        elif tag == "delete" or not _overlooked(there[c:d]):
            solid = True
    return solid and not doubts


def _overlooked(text: str) -> bool:
    """A point or stroke that the reading lacks may have been overlooked."""
    return bool(re.fullmatch(r"[-./,]*", text))


def _folded(name: str, value: str, chars: Sequence[float]) -> tuple[str, list[float]]:
    """A value as it is compared (a date as yymmdd), and the confidence of what is left of it."""
    if name == "date" and (figures := _figures(value, chars)) is not None:
        return figures
    if name == "uscc":
        kept = [(_credit(c), p) for c, p in zip(value, chars, strict=True) if _credit(c)]
        return "".join(c for c, _ in kept), [p for _, p in kept]
    kept = []
    for index, (character, trust) in enumerate(zip(value, chars, strict=True)):
        # a separator's neighbours decide whether it stays, so it is folded between them
        before = value[index - 1] if index else ""
        after = value[index + 1] if index + 1 < len(value) else ""
        normal = fold(character)
        if not normal and before.isdigit() and after.isdigit() and fold(before + character + after) != before + after:
            normal = unicodedata.normalize("NFKC", character)
        kept += [(c, trust) for c in normal]
    return "".join(c for c, _ in kept), [p for _, p in kept]


def _figures(value: str, chars: Sequence[float]) -> tuple[str, list[float]] | None:
    """A date as yymmdd with the confidence of each figure; None where it is not written in figures alone."""
    day = day_of(value)
    plain = value.upper().replace("O", "0")
    groups = [match.span() for match in re.finditer(r"\d+", plain)]
    if day is None or len(plain) != len(chars) or len(groups) not in {1, 2, 3}:
        return None
    if len(groups) == 1:
        start, end = groups[0]
        groups = [(start, end - 4), (end - 4, end - 2), (end - 2, end)]
    text, trust = "", []
    for number, (start, end) in zip(day, groups, strict=False):
        text += f"{number:02d}"
        trust += [min(chars[start:end])] if end - start == 1 else list(chars[end - 2 : end - 1])
        trust.append(chars[end - 1])
    return text + "00" * (3 - len(groups)), trust + [1.0] * (6 - len(trust))
