"""D.5.1: what the sheet states, field by field, against the code's own data and the product's record (R30)."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inspection.ocr import Line
from inspection.report import Verdict

_LABELS: dict[str, tuple[str, ...]] = {
    "name": ("产品名称", "品名", "产品品名"),
    "model": ("规格型号", "型号规格", "产品型号", "产品规格", "型号", "规格"),
    "batch": ("生产批次", "生产批号", "产品批号", "批次号", "批次", "批号"),
    "serial": ("产品编号", "出厂编号", "序列号", "产品序列号"),
    "date": ("生产日期", "制造日期", "出厂日期"),
    "firm": ("生产企业名称", "生产企业", "制造商", "生产厂家", "企业名称", "生产单位", "制造单位"),
    "uscc": ("统一社会信用代码", "社会信用代码", "信用代码"),
}
TITLES = {
    "name": "产品名称", "model": "规格型号", "batch": "生产批次", "serial": "产品编号",
    "date": "生产日期", "firm": "生产企业", "uscc": "统一社会信用代码",
}  # fmt: skip
_SURE = 0.9
"""A reading below this score proves nothing against the sheet."""

_FOLD = str.maketrans({"l": "1", "I": "1", "|": "1", "O": "0", "o": "0", "〇": "0", "×": "X", "*": "X", "✕": "X"})


@dataclass(frozen=True, slots=True)
class Stated:
    """A field as the sheet states it."""

    value: str
    score: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Outcome of the comparison: fields that agree, that differ (title, on the sheet, elsewhere), that stay open."""

    verdict: Verdict
    agree: tuple[str, ...]
    differ: tuple[tuple[str, str, str], ...]
    compared: int


def stated_fields(lines: Sequence[Line]) -> dict[str, Stated]:
    """Labelled fields: ``标签：值`` in one line, or the value in the box to the right of its label."""
    found: dict[str, Stated] = {}
    for line in lines:
        text = unicodedata.normalize("NFKC", line.text).strip()
        bare = re.sub(r"\s", "", text)
        for name, labels in _LABELS.items():
            label = next((label for label in labels if bare.startswith(label)), None)
            if label is None or name in found:
                continue
            value = _after(text, label)
            score = line.score
            if not value and (beside := _beside(line, lines)) is not None:
                value, score = unicodedata.normalize("NFKC", beside.text).lstrip(":").strip(), beside.score
            if value:
                found[name] = Stated(value, score)
            break
    return found


def _after(text: str, label: str) -> str:
    """What follows a label, whose characters OCR may have spaced out."""
    match = re.match(r"\s*".join(map(re.escape, label)) + r"\s*[::.]*\s*", text)
    return text[match.end() :].strip() if match else ""


def _beside(label: Line, lines: Sequence[Line]) -> Line | None:
    """The nearest box to the right on the same row."""
    right, middle = label.corners[1, 0], label.corners[:, 1].mean()
    row = [
        line for line in lines
        if line is not label and line.corners[0, 0] > right - 0.3 * label.height
        and abs(line.corners[:, 1].mean() - middle) < 0.6 * label.height
    ]  # fmt: skip
    return min(row, key=lambda line: float(line.corners[0, 0]), default=None)


def fold(text: str) -> str:
    """Fold what OCR and typesetting confuse (full width, case, spaces, O/0, I/l/1, ×/x), never two real values.

    A separator between two digits stays: 2.5 is not 25.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_FOLD).upper()
    plain = re.sub(r"[\s_()\[\]【】'\"“”:;·]+", "", plain)
    return re.sub(r"(?<!\d)[-/.,]+|[-/.,]+(?!\d)", "", plain)


def _day(text: str) -> str | None:
    """A date as yymmdd; None where it is not one."""
    groups = re.findall(r"\d+", unicodedata.normalize("NFKC", text))
    if len(groups) >= 3 and len(groups[0]) in {2, 4}:
        year, month, day = groups[0][-2:], groups[1].zfill(2), groups[2].zfill(2)
        return (year + month + day) if len(month) == len(day) == 2 else None
    digits = "".join(groups)
    if len(digits) == 8:
        return digits[2:]
    return digits if len(digits) == 6 else None


def same_value(name: str, first: str, second: str) -> bool | None:
    """Whether two statements of a field agree; None where it cannot be told (no date, other separators)."""
    if name == "date":
        a, b = _day(first), _day(second)
        if a is None or b is None:
            return None
        return a == b or (b.endswith("00") and a[:4] == b[:4])
    if name in {"name", "firm"}:
        a, b = fold(first), fold(second)
        return a == b or (min(len(a), len(b)) >= 4 and (a in b or b in a))
    a, b = fold(first), fold(second)
    if a != b and re.sub(r"[-/.,]", "", a) == re.sub(r"[-/.,]", "", b):
        return None  # the same figures, other separators: ours or theirs
    return a == b


def compare(stated: Mapping[str, Stated], code: Mapping[str, str], record: Mapping[str, str]) -> Agreement:
    """R30: one sure difference fails; batch or serial agreeing and nothing different passes; else unclear.

    ``record`` may use our names (batch …) or the sheet's labels (生产批次 …).
    """
    known = {label: name for name, labels in _LABELS.items() for label in labels}
    sources = [dict(code), {known.get(key, key): value for key, value in record.items() if value}]
    agree: list[str] = []
    differ: list[tuple[str, str, str]] = []
    compared = 0
    for name, title in TITLES.items():
        on_sheet = stated.get(name)
        for source in sources:
            other = source.get(name)
            if not other or on_sheet is None:
                continue
            outcome = same_value(name, on_sheet.value, other)
            if outcome is None:
                continue
            compared += 1
            if outcome:
                agree.append(name)
            elif on_sheet.score >= _SURE and not _one_slip(name, on_sheet.value, other):
                differ.append((title, on_sheet.value, other))
    # code and record must also agree with each other, whatever could be read
    for name in ("batch", "serial", "date", "model", "uscc"):
        first, second = sources[0].get(name), sources[1].get(name)
        if first and second and same_value(name, first, second) is False:
            differ.append((TITLES[name], f"{second}（登记）", f"{first}（二维码）"))
    if differ:
        return Agreement(Verdict.FAIL, tuple(dict.fromkeys(agree)), tuple(differ), compared)
    firm = any(name in {"batch", "serial"} for name in agree)
    verdict = Verdict.PASS if firm and compared == len(agree) else Verdict.UNCLEAR
    return Agreement(verdict, tuple(dict.fromkeys(agree)), (), compared)


def _one_slip(name: str, first: str, second: str) -> bool:
    """A long Chinese name with one character read differently is more likely our reading than their printing."""
    if name not in {"name", "firm"}:
        return False
    a, b = fold(first), fold(second)
    return len(a) == len(b) >= 6 and sum(x != y for x, y in zip(a, b, strict=True)) == 1
