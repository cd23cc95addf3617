"""What a document says of itself: its kind by its own words, and what stands under the labels that such papers use.

Labels are spaced out (名 　 称), stand in two columns, before their value or above it; long values run on in the next
line. So lines are joined to rows, rows are cut at their labels, and what carries no label continues what is above it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from inspection.fields import credit_check
from inspection.ocr import Line

_LICENCE_ENDS = ("编号", "证照编号", "副本编号", "注册号", "电话", "邮编", "网址", "市场主体应当于", "登记机关", "备注")
LABELS: dict[str, dict[str, tuple[str, ...]]] = {
    "business_licence": {
        "name": ("名称", "企业名称", "公司名称", "字号名称"),
        "uscc": ("统一社会信用代码",),
        "type": ("类型", "主体类型", "组成形式"),
        "address": ("住所", "营业场所", "主要经营场所", "经营场所", "企业住所"),
        "legal_representative": ("法定代表人", "法定代表人姓名", "负责人", "经营者", "执行事务合伙人", "投资人"),
        "capital": ("注册资本", "出资额", "资金数额"),
        "established_on": ("成立日期", "注册日期"),
        "term": ("营业期限", "经营期限", "合伙期限"),
        "scope": ("经营范围",),
        "": _LICENCE_ENDS,
    },
    "production_licence": {
        "name": ("企业名称", "名称", "单位名称", "生产者名称", "获证企业"),
        "address": ("住所", "地址", "企业地址", "注册地址"),
        "factory_address": ("生产地址", "生产场所地址"),
        "legal_representative": ("法定代表人", "负责人"),
        "uscc": ("统一社会信用代码", "社会信用代码"),
        "product": ("产品名称", "产品类别", "产品单元", "许可产品"),
        "licence_number": ("证书编号", "许可证编号", "生产许可证编号", "许可证号", "编号"),
        "valid_from": ("发证日期", "发证时间", "签发日期"),
        "valid_through": ("有效期至", "有效期限", "有效期"),
        "": ("检验方式", "发证机关", "明细", "备注", "电话"),
    },
    "ccc_certificate": {
        "applicant": ("认证委托人名称", "认证委托人", "委托人名称", "委托人", "申请人名称", "申请人"),
        "manufacturer": ("生产者(制造商)名称", "生产者(制造商)", "制造商名称", "制造商", "生产者名称", "生产者"),
        "factory": ("生产企业名称", "生产企业", "生产工厂", "生产厂名称", "生产厂", "工厂名称"),
        "address": ("认证委托人地址", "委托人地址", "申请人地址", "地址"),
        "factory_address": ("生产企业地址", "制造商地址", "生产者地址", "生产厂地址", "工厂地址"),
        "product": ("产品名称和系列、规格、型号", "产品名称及系列、规格、型号", "产品名称", "产品"),
        "standard": ("产品标准和技术要求", "产品标准", "依据标准", "认证依据"),
        "ccc_number": ("证书编号", "编号"),
        "valid_from": ("首次发证日期", "发证日期", "颁证日期", "签发日期"),
        "valid_through": ("有效期至", "有效日期", "有效期"),
        "": ("认证模式", "认证规则", "本证书", "备注"),
    },
    "agreement": {
        "party_a": ("甲方", "需方", "采购方", "委托方"),
        "party_b": ("乙方", "供方", "供应商", "受托方"),
        "signed_on": ("签订日期", "签订时间", "签署日期", "签约日期", "日期"),
        "valid_through": ("有效期至", "协议有效期", "有效期"),
        "": ("法定代表人", "授权代表", "地址", "电话", "签字", "开户行", "账号", "统一社会信用代码"),
    },
    "policy": {
        "name": ("编制单位", "企业名称", "单位名称", "公司名称"),
        "document_number": ("文件编号", "制度编号", "编号"),
        "issued_on": ("发布日期", "颁布日期", "编制日期", "批准日期"),
        "effective_on": ("实施日期", "生效日期", "施行日期"),
        "": ("版本", "版次", "编制", "审核", "批准"),
    },
    "other": {
        "name": ("企业名称", "单位名称", "公司名称", "证明单位", "申请单位", "使用单位"),
        "uscc": ("统一社会信用代码", "社会信用代码"),
        "gtin_prefix": ("厂商识别代码", "厂商代码", "GS1前缀"),
        "platform": ("平台名称", "对接平台", "追溯平台"),
        "signed_on": ("日期", "证明日期", "出具日期", "签发日期", "发证日期"),
        "valid_through": ("有效期至", "有效期", "证书有效期"),
        "": ("编号", "电话", "地址", "联系人", "备注"),
    },
}  # fmt: skip
"""By kind, what labels stand before; under "" those that only end another value."""
_RUNS_ON = {"name": 1, "address": 2, "factory_address": 2, "scope": 10, "product": 8, "applicant": 1, "manufacturer": 1,
            "factory": 1, "standard": 2}  # fmt: skip
"""Fields whose value may go on below, and for how many lines."""
_DAYS = frozenset({"established_on", "valid_from", "valid_through", "signed_on", "issued_on", "effective_on"})
_POLICY = re.compile(r"(制度|管理办法|管理规定|实施细则|管理程序|程序文件|管理手册|操作规程|规程)$")
_AGREEMENT = re.compile(r"(协议|协议书|合同|合同书)$")
_PROOF = re.compile(r"(证明|证明书|证明文件|声明|声明书|承诺书|说明|说明书|报告|报告书|证书|确认书|回执)$")
_FIRM = re.compile(r"[\u4e00-\u9fff()]{4,}(?:有限责任公司|有限公司|股份公司|集团公司|公司|厂)$")
_LICENCE_NUMBER = re.compile(r"X\s*K\s*\d{2}\s*-\s*\d{3}\s*-\s*\d{5}|XK\d{10}")
_CCC_NUMBER = re.compile(r"(?<!\d)20\d{14}(?!\d)")
_DATE = re.compile(r"((?:19|20)\d\d)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_CHINESE_DATE = re.compile(
    r"([二〇零○一三四五六七八九0]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日"
)
_FIGURES = {c: str(n) for n, c in enumerate("零一二三四五六七八九")} | {"〇": "0", "○": "0", "0": "0"}
_SLIPS = str.maketrans({"I": "1", "O": "0", "S": "5", "Z": "2"})
_ENDLESS = re.compile("长期|永久|无固定期限")
_TITLE_LINES = 12
"""A title stands among the first lines."""
_COLUMN_GAP = 2.5
"""Line heights between two columns of one row."""
Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Piece:
    """Part of a row: ``name`` of the field whose label stands before it, "" behind a label that is not kept, None
    where no label does."""

    name: str | None
    text: str
    box: Box
    rank: int = 0
    """How special the label is: the longer label wins."""
    more: list[str] = field(default_factory=list)


def plain(text: str) -> str:
    """NFKC with one kind of blank."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()


def kind_of(lines: Sequence[Line]) -> tuple[str, str]:
    """The kind of document (``business_licence``, ``production_licence``, ``ccc_certificate``, ``policy``,
    ``agreement``, ``proof``, ``other``) and its title."""
    texts = [re.sub(r"\s", "", plain(line.text)) for line in lines]
    everything = "".join(texts)
    first = texts[:_TITLE_LINES]
    if "强制性产品认证证书" in everything or ("产品认证证书" in everything and _CCC_NUMBER.search(everything)):
        return "ccc_certificate", "中国国家强制性产品认证证书"
    if "生产许可证" in "".join(first) and (_LICENCE_NUMBER.search(everything) or "发证机关" in everything):
        return "production_licence", "全国工业产品生产许可证"
    if "营业执照" in everything and ("信用代码" in everything or "经营范围" in everything):
        return "business_licence", "营业执照"
    for pattern, kind in ((_AGREEMENT, "agreement"), (_POLICY, "policy"), (_PROOF, "proof")):
        for text in first:
            title = text.strip("《》\"'“”(样例)")
            if 2 < len(title) <= 40 and pattern.search(title) and not re.search("[:：,。;]", title):
                return kind, text
    words = [line for line in lines[:_TITLE_LINES] if len(line.text) >= 4]
    return "other", max(words, key=lambda line: line.height).text if words else ""


def fields_of(kind: str, pages: Sequence[Sequence[Line]]) -> dict[str, str]:
    """What stands under the labels of ``kind``, by our names; ISO days where a day stands."""
    labels = LABELS.get(kind, LABELS["other"])
    found: dict[str, tuple[int, str]] = {}
    for lines in pages:
        for piece in _pieces(lines, kind if kind in LABELS else "other"):
            if piece.name and (value := _value(piece)) and piece.rank > found.get(piece.name, (0, ""))[0]:
                found[piece.name] = piece.rank, value
    values = {name: value for name in labels if name and (value := found.get(name, (0, ""))[1])}
    texts = [plain(line.text) for lines in pages for line in lines]
    return _by_form(kind, texts, values)


def credit_codes(texts: Sequence[str]) -> tuple[str, ...]:
    """Every unified social credit code whose check character is right, as it stands or with the slips that readers
    make, in order."""
    found: dict[str, None] = {}
    for text in texts:
        bare = re.sub(r"[\s-]", "", plain(text)).upper()
        for match in re.finditer(r"(?=(?<![0-9A-Z])([0-9A-Z]{18})(?![0-9A-Z]))", bare):
            code = match[1] if credit_check(match[1]) else match[1].translate(_SLIPS)
            if credit_check(code):
                found[code] = None
    return tuple(found)


def days_in(text: str) -> list[str]:
    """Every day in the text, ISO, in order; those that the calendar does not have left out."""
    found = [(match.start(), *map(int, match.groups())) for match in _DATE.finditer(text)]
    for match in _CHINESE_DATE.finditer(text):
        year = int("".join(_FIGURES.get(c, "0") for c in match[1]))
        found.append((match.start(), year, _number(match[2]), _number(match[3])))
    days = []
    for _, year, month, day in sorted(found):
        try:
            days.append(date(year, month, day).isoformat())
        except ValueError:
            continue
    return days


def _number(text: str) -> int:
    """一 … 三十一."""
    tens, ten, ones = text.rpartition("十")
    return (10 * int(_FIGURES.get(tens, "1")) if ten else 0) + int(_FIGURES.get(ones, "0"))


def _value(piece: Piece) -> str:
    text = piece.text.strip(" :.。;；,，、_|")
    lines = max(_RUNS_ON.get(piece.name or "", 0), 0 if text else 1)
    if _FIRM.search(text) and piece.name in {"name", "applicant", "manufacturer", "factory"}:
        lines = 0
    text = "".join([text, *piece.more[:lines]])
    if piece.name == "term":
        return text if _ENDLESS.search(text) or days_in(text) else ""
    if piece.name in _DAYS:
        days = days_in(text)
        if not days:
            return ""
        return days[-1] if piece.name == "valid_through" else days[0]
    if piece.name == "uscc":
        return next(iter(credit_codes([text])), "")
    if piece.name == "ccc_number":
        match = _CCC_NUMBER.search(text.replace(" ", ""))
        return match[0] if match else ""
    if piece.name == "gtin_prefix":
        match = re.search(r"\d{7,10}", text)
        return match[0] if match else ""
    if piece.name == "licence_number":
        match = _LICENCE_NUMBER.search(text)
        return re.sub(r"\s", "", match[0]) if match else ""
    if piece.name in {"party_a", "party_b"}:
        text = re.sub(r"^[(（][^)）]*[)）]\s*[:：]?", "", text)
    return _joined(text)


def _joined(text: str) -> str:
    """Without the blanks that readers put between Chinese characters."""
    return re.sub(r"(?<=[^\x00-\x7f]) +| +(?=[^\x00-\x7f])", "", text).strip(" :。;")


def _by_form(kind: str, texts: Sequence[str], values: dict[str, str]) -> dict[str, str]:
    """Numbers, days and names that are known by their form alone, where no label gave them."""
    joined = " ".join(texts)
    bare = joined.replace(" ", "")
    if kind in {"business_licence", "production_licence"} and "uscc" not in values and (codes := credit_codes(texts)):
        values["uscc"] = codes[0]
    if kind == "production_licence" and "licence_number" not in values and (match := _LICENCE_NUMBER.search(joined)):
        values["licence_number"] = re.sub(r"\s", "", match[0])
    if kind == "ccc_certificate":
        if "ccc_number" not in values and (match := _CCC_NUMBER.search(bare)):
            values["ccc_number"] = match[0]
        for name in ("factory", "manufacturer", "applicant"):
            if name in values:
                values["name"] = values[name]
                break
    if (term := values.get("term")) and (days := days_in(term)):
        values["valid_from"] = days[0]
        if len(days) > 1:
            values["valid_through"] = days[-1]
    firms = [bare for text in texts if _FIRM.fullmatch(bare := re.sub(r"\s", "", text))]
    if kind in {"business_licence", "production_licence", "ccc_certificate"} and "name" not in values and firms:
        values["name"] = firms[0]  # 名 and 称 stand so far apart that readers pass them over
    if kind in {"agreement", "proof", "other", "policy"}:
        if "signed_on" not in values and kind != "policy" and (days := days_in(" ".join(texts[-6:]))):
            values["signed_on"] = days[-1]
        if "name" not in values and kind != "agreement" and firms:
            values["name"] = firms[0] if kind == "policy" else firms[-1]
    return values


# --- rows and columns -------------------------------------------------------------------------------------------------


def _pieces(lines: Sequence[Line], kind: str) -> list[Piece]:
    """Every part of every row, values completed by what runs on below them."""
    rows = [_cut(row, kind) for row in _rows(lines)]
    for index, row in enumerate(rows):
        for piece in row:
            if piece.name is None:
                _continue(piece, rows[:index])
    return [piece for row in rows for piece in row]


def _rows(lines: Sequence[Line]) -> Iterator[list[tuple[str, Box]]]:
    """Lines side by side, from the top, each row from the left."""
    row: list[tuple[str, Box]] = []
    for line in sorted(lines, key=lambda line: line.box[1] + line.box[3]):
        box = line.box
        if row:
            last = row[-1][1]
            apart = (box[1] + box[3] - last[1] - last[3]) / 2
            if apart > 0.5 * min(box[3] - box[1], last[3] - last[1]):
                yield sorted(row, key=lambda part: part[1][0])
                row = []
        row.append((plain(line.text), box))
    if row:
        yield sorted(row, key=lambda part: part[1][0])


@cache
def _labels(kind: str) -> tuple[re.Pattern[str], dict[str, str]]:
    every = [(label, name) for name, group in LABELS[kind].items() for label in group]
    every.sort(key=lambda entry: -len(entry[0]))
    spelt = "|".join(r"\s*".join(map(re.escape, label)) for label, _ in every)
    return re.compile(rf"({spelt})\s*(?:[(][^()]{{0,12}}[)])?\s*([::])?"), dict(reversed(every))


def _cut(row: Sequence[tuple[str, Box]], kind: str) -> list[Piece]:
    """One row cut at its labels and at wide gaps without one."""
    pattern, names = _labels(kind)
    text, places = "", []
    starts = []
    for words, (left, _, right, _) in row:
        if text:
            text += " "
            places.append(left)
        starts.append(len(text))
        places += [left + (right - left) * n / max(len(words), 1) for n in range(len(words))]
        text += words
    top, bottom = min(box[1] for _, box in row), max(box[3] for _, box in row)
    high = sum(box[3] - box[1] for _, box in row) / len(row)
    marks: list[tuple[int, int, str, int]] = []
    for match in pattern.finditer(text):
        before = text[: match.start()]
        apart = match.start() in starts or not before.strip() or bool(re.search(r"[\s;,|/)]$", before))
        known = bool(marks) and match.start() - marks[-1][1] <= 1
        if (match[2] or apart or known) and _ends(text, match.end(), starts, colon=bool(match[2])):
            label = re.sub(r"\s", "", match[1])
            marks.append((match.start(), match.end(), names[label], len(label) + 2 * bool(match[2])))
    pieces = []
    bounds = [(0, 0, None, 0), *marks]
    for index, (_, start, name, rank) in enumerate(bounds):
        end = marks[index][0] if index < len(marks) else len(text)
        breaks = [at for at in starts if start < at < end and at - 1 >= start]
        cuts, first = [start], True
        for at in breaks:
            wide = places[at] - places[at - 2] > _COLUMN_GAP * high if at >= 2 else False
            if wide and not (first and not text[start:at].strip(" :")):
                cuts.append(at)
            first = False
        for number, at in enumerate(cuts):
            stop = cuts[number + 1] if number + 1 < len(cuts) else end
            words = text[at:stop].strip()
            if not words and name is None:
                continue
            lead = at + len(text[at:stop]) - len(text[at:stop].lstrip())
            left = places[min(lead, len(places) - 1)]
            right = places[min(max(stop - 1, 0), len(places) - 1)]
            pieces.append(Piece(name if number == 0 else None, words, (left, top, right, bottom), rank))
    return pieces


def _ends(text: str, at: int, starts: Sequence[int], *, colon: bool) -> bool:
    """Whether a label ends here as a label: a colon, a blank, a new box, the end, or no rest of a word."""
    return colon or at >= len(text) or at in starts or text[at].isspace() or text[at] not in "的和及与、应须为是变"


def _continue(piece: Piece, above: Sequence[Sequence[Piece]]) -> None:
    """Give a part without a label to the value that it continues: the nearest above that begins where it begins."""
    left, top, _, bottom = piece.box
    high = bottom - top
    for distance, row in enumerate(reversed(above), 1):
        for owner in row:
            aligned = abs(owner.box[0] - left) < 1.6 * high
            if owner.name is None or not aligned:
                continue
            if owner.name and (len(owner.more) + 1 >= distance or not owner.text.strip(" :")):
                owner.more.append(piece.text)
            return
        if distance > max(_RUNS_ON.values()):
            return
