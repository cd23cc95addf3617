"""Which column holds what: the header is found below titles, in one row or two, and read by the words people use."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from inspection.ledger.sheets import Cell, Grid
from inspection.ledger.values import days_of, number_of, text_of
from inspection.materials import Column, LedgerKind

_TITLES: dict[str, tuple[str, ...]] = {
    "product": ("产品名称", "品名", "商品名称", "产品", "货物名称", "物料名称", "存货名称", "产品品名"),
    "model": ("规格型号", "型号规格", "产品型号", "产品规格", "型号", "规格", "型号/规格", "规格/型号"),
    "category": ("产品品类", "产品类别", "品类", "类别", "产品种类", "产品大类"),
    "batch": ("批次", "批号", "生产批次", "生产批号", "产品批次", "产品批号", "批次号", "生产批次号", "生产批次/批号"),
    "serial": ("产品编号", "出厂编号", "序列号", "单件编号", "盘号", "卷号"),
    "code": (
        "追溯码", "质量追溯码", "产品追溯码", "追溯码编号", "追溯编码", "赋码", "二维码", "二维码内容", "追溯码内容",
        "追溯码号", "Ecode", "Ecode编码", "码值", "追溯二维码",
    ),
    "unit": ("单位", "计量单位", "数量单位"),
    "month": ("月份", "统计月份", "年月", "统计期", "统计周期", "所属月份", "期间", "统计时段", "统计时间"),
    "produced": (
        "生产数量", "产量", "生产量", "产品数量", "产出数量", "完工数量", "入库数量", "生产总数", "总产量", "总数量",
        "生产总量", "本月产量", "应赋码数量", "生产/销售数量", "产品总数", "批量",
    ),
    "coded": (
        "赋码数量", "已赋码数量", "赋码数", "赋码量", "用码数量", "贴码数量", "印码数量", "追溯码数量", "赋码产品数量",
        "已用码数量", "赋码总数", "实际赋码数量",
    ),
    "rate": ("用码覆盖率", "覆盖率", "赋码率", "赋码覆盖率", "用码率"),
    "made_on": ("生产日期", "制造日期", "生产时间", "完工日期", "下线日期", "生产完成日期"),
    "line": ("生产线", "班组", "机台", "生产设备", "工序", "生产车间", "操作工", "操作人员", "生产人员"),
    "material": (
        "原材料", "原材料名称", "原料", "主要原材料", "原材料批次", "原材料批号", "材料批号", "原材料供应商", "供应商",
        "供应商名称", "铜材批号", "导体批号", "原料批号", "原料批次",
    ),
    "inspected": (
        "检验结果", "检验结论", "检测结果", "检测结论", "质检结果", "出厂检验结果", "判定", "检验判定", "出厂检验",
        "合格判定", "质检结论",
    ),
    "inspected_on": ("检验日期", "检测日期", "质检日期", "检验时间", "检测时间", "出厂检验日期"),
    "inspection_report": (
        "检验报告编号", "报告编号", "检验报告", "检测报告编号", "检验单号", "检验人", "检验员", "质检员",
    ),
    "sold_on": ("销售日期", "发货日期", "出库日期", "交货日期", "售出日期", "销售时间", "发货时间", "出库时间"),
    "customer": (
        "客户", "客户名称", "购货单位", "收货单位", "流向", "销售流向", "产品流向", "购买方", "销售对象", "采购单位",
        "销往单位", "收货方", "客户单位", "经销商", "需方", "销往地区", "流向地区", "去向", "销售去向", "产品去向",
    ),
    "sold": ("销售数量", "销量", "发货数量", "出库数量", "交货数量", "售出数量", "销售量"),
    "quantity": ("数量", "件数", "长度", "本次数量"),
    "platform": ("上传平台", "平台名称", "追溯平台", "上传平台名称", "平台", "对接平台", "国家追溯平台"),
    "uploaded_on": ("上传时间", "上传日期", "同步时间", "同步日期", "提交时间", "数据上传时间", "上报时间", "上报日期"),
    "upload_result": (
        "上传结果", "上传状态", "同步结果", "同步状态", "是否上传", "是否上传成功", "回执", "回执编号", "回执号",
        "上传回执", "是否已上传", "上报状态", "上传情况", "国家追溯平台上传记录", "上传记录",
    ),
    "queried_on": ("查询时间", "查询日期", "扫码时间", "扫码日期"),
    "channel": ("查询渠道", "查询方式", "查询端", "查询来源", "扫码方式", "扫码工具", "查询地区", "扫码地区", "查询IP"),
    "queries": ("查询次数", "扫码次数"),
    "production": ("生产", "生产情况", "生产记录", "生产信息", "生产环节"),
    "inspection": ("检验", "检验情况", "检验记录", "检验信息", "检验环节"),
    "sales": ("销售", "销售情况", "销售记录", "销售信息", "销售环节"),
    "day": ("日期", "时间"),
    "result": ("结果", "结论", "状态"),
    "firm": ("生产企业", "企业名称", "生产厂家", "制造商", "生产单位", "生产企业名称"),
    "number": ("序号", "编号", "NO", "行号"),
    "note": ("备注", "说明"),
}  # fmt: skip
"""What the title over a column says, by what the column holds; folded titles."""

NAMES: dict[str, str] = {name: titles[0] for name, titles in _TITLES.items()}
"""The usual Chinese title of each kind of column."""

_BARE = frozenset({"day", "quantity", "result"})
_HEADER_ROWS = 40
"""A header stands at most this far down."""
_LONGEST_TITLE = 24
_LONGEST_CELL = 200
"""Of a longer text no more is looked at: it is no title."""
_UNIT = re.compile(r"[((\[](?:单位[:：]?)?([^()()\[\]]{1,8})[))\]]")
_UNITS = frozenset({
    "米", "千米", "公里", "km", "m", "件", "个", "卷", "盘", "台", "套", "只", "支", "箱", "吨", "t", "kg", "千克",
    "公斤", "辆", "根", "条", "张", "枚", "桶", "包", "万米", "万件", "万个", "万只",
})  # fmt: skip

_WORDS: dict[LedgerKind, tuple[str, ...]] = {
    LedgerKind.COVERAGE: ("覆盖率", "赋码产品统计", "用码统计", "赋码统计"),
    LedgerKind.UPDATE: ("更新台账", "追溯数据更新", "追溯更新"),
    LedgerKind.TRACE: ("追溯数据", "追溯台账", "追溯信息"),
    LedgerKind.UPLOAD: ("上传记录", "数据上传", "同步记录", "上报记录"),
    LedgerKind.QUERY: ("查询记录", "扫码记录"),
    LedgerKind.SALES: ("销售台账", "销售记录", "出库台账", "发货台账", "发货记录"),
    LedgerKind.PRODUCTION: ("生产台账", "生产记录", "产量台账", "入库台账"),
}
"""What a title or a sheet's name says of the ledger, the more special first."""

ELEMENTS: dict[str, frozenset[str]] = {
    "原材料": frozenset({"material"}),
    "生产": frozenset({"made_on", "produced", "line", "production"}),
    "检验": frozenset({"inspected", "inspected_on", "inspection_report", "inspection"}),
    "销售": frozenset({"customer", "sold_on", "sold", "sales"}),
    "国家追溯平台上传记录": frozenset({"uploaded_on", "upload_result", "platform"}),
}
"""Appendix C(3) and Appendix A 追溯码与数据类 4: an element is there when one of these columns is."""
OF_AN_UPDATE = frozenset(ELEMENTS) - {"原材料"}
"""What C(3) asks of the update ledger of a month."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header is (indices into the grid's rows) and what its columns hold, by index."""

    first: int
    last: int
    columns: dict[int, Column]
    other: tuple[str, ...]
    above: str
    """What stands above the header: the ledger's title."""

    def at(self, name: str) -> int | None:
        """Index of the column that holds ``name``."""
        return next((index for index, column in self.columns.items() if column.name == name), None)


def find_header(grid: Grid) -> Header | None:
    """The row, or the pair of rows, that names most columns; None where none names two (or the trace code alone)."""
    fill = _merged_titles(grid)
    best: tuple[int, Header] | None = None
    for row in range(min(len(grid.rows), _HEADER_ROWS)):
        texts = fill[row]
        if sum(1 for cell in grid.rows[row] if _is_value(cell)) > 1:
            continue
        for start in (row, row - 1):
            if start < 0 or (start < row and any(_is_value(cell) for cell in grid.rows[start])):
                continue
            parents = fill[start] if start < row else None
            columns = _columns(texts, parents, grid.first_column)
            names = {c.name for c in columns.values()} - {"note", "number"}
            weight = 2 * len(names) - len(names & _BARE)  # 生产日期 says more than 日期
            alone = [c.name for c in columns.values()] == ["code"] and sum(1 for t in texts if t) <= 2
            if (len(names) >= 2 or alone) and (best is None or weight > best[0]):
                other = tuple(t for i, t in enumerate(texts) if t and i not in columns and len(t) <= _LONGEST_TITLE)
                above = " ".join(t for line in fill[:start] for t in dict.fromkeys(line) if t)
                best = weight, Header(start, row, columns, other, above)
    return best[1] if best else None


def _is_value(cell: Cell) -> bool:
    """No title: a number or a day."""
    return cell != "" and (not isinstance(cell, str) or number_of(cell) is not None or days_of(cell) is not None)


def _merged_titles(grid: Grid) -> list[list[str]]:
    """The first rows as text, every merged area filled with its own."""
    rows = [
        [text_of(cell[:_LONGEST_CELL] if isinstance(cell, str) else cell) for cell in row]
        for row in grid.rows[:_HEADER_ROWS]
    ]
    for top, left, bottom, right in grid.merged:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        for line in rows[top : bottom + 1]:
            line[left : right + 1] = [rows[top][left]] * len(line[left : right + 1])
    return rows


def _columns(texts: Sequence[str], parents: Sequence[str] | None, first_column: int) -> dict[int, Column]:
    columns: dict[int, Column] = {}
    taken: set[str] = set()
    for index, text in enumerate(texts):
        parent = parents[index] if parents is not None and index < len(parents) else ""
        titles = [text] if not parent or parent == text else [parent + text, text] if text else [parent]
        for title in titles:
            name = name_of(title)
            if name is not None and (name not in taken or name in {"note", "material"}):
                taken.add(name)
                columns[index] = Column(_letter(first_column + index), title, name, unit_in(title))
                break
    return columns


def fold_title(text: str) -> str:
    """A title without spaces, marks and what stands in brackets."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    plain = re.sub(r"[(\[【][^()\[\]【】]*[)\]】]", "", plain)
    return plain.strip("*:#.、\"'")


def unit_in(title: str) -> str:
    """The unit that a title states in brackets, as in 生产数量（米）."""
    match = _UNIT.search(unicodedata.normalize("NFKC", title))
    return match[1] if match and match[1] in _UNITS else ""


_HEADINGS = ("台账", "清单", "统计表", "明细表", "汇总表", "登记表")
"""What the heading of a whole table ends with, and no column's title."""
_EXACT = {title.upper(): name for name, titles in _TITLES.items() for title in titles}
_INSIDE = sorted((title for title in _EXACT if len(title) >= 3), key=len, reverse=True)


def name_of(title: str) -> str | None:
    """What a column under this title holds; None where the title is not understood."""
    plain = fold_title(title).upper()
    if not plain or len(plain) > _LONGEST_TITLE:
        return None
    if plain in _EXACT:
        return _EXACT[plain]
    if plain.endswith(_HEADINGS):
        return None
    found = next((known for known in _INSIDE if known in plain), None)
    if found is None:
        return None
    name = _EXACT[found]
    # 追溯码上传时间 names a time and 追溯码数量 a number: what a longer title ends with decides.
    if name == "code" and re.search(r"(数量?|时间|日期|状态|结果|次数|率)$", plain):
        return None
    return name


def _letter(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def kind_of(header: Header, sheet: str, file: str) -> LedgerKind:
    """What the ledger is for: its columns say most, its title and the sheet's and the file's name the rest."""
    names = {column.name for column in header.columns.values()}
    fits = {
        LedgerKind.COVERAGE: "rate" in names or ("coded" in names and bool(names & {"produced", "sold", "quantity"})),
        LedgerKind.UPDATE: len(elements_of(names) & OF_AN_UPDATE) >= 2,
        LedgerKind.TRACE: len(elements_of(names) - {"国家追溯平台上传记录"}) >= 2,
        LedgerKind.UPLOAD: bool(names & {"uploaded_on", "upload_result", "platform"}),
        LedgerKind.QUERY: bool(names & {"queried_on", "channel", "queries"}),
        LedgerKind.SALES: bool(names & {"customer", "sold_on", "sold"}),
        LedgerKind.PRODUCTION: bool(names & {"made_on", "produced"}),
    }
    for said in (header.above, sheet, file):
        for kind, words in _WORDS.items():
            loose = kind in {LedgerKind.SALES, LedgerKind.PRODUCTION, LedgerKind.UPLOAD, LedgerKind.QUERY}
            if any(word in said for word in words) and (fits[kind] or (loose and names & _BARE)):
                return kind
    if fits[LedgerKind.COVERAGE] and not names & {"customer", "inspected", "code"}:
        return LedgerKind.COVERAGE
    fits[LedgerKind.TRACE] = {"生产", "检验", "销售"} <= elements_of(names)  # untitled, it must have all three
    fits[LedgerKind.UPDATE] = elements_of(names) == OF_AN_UPDATE
    order = (
        LedgerKind.UPDATE,
        LedgerKind.TRACE,
        LedgerKind.QUERY,
        LedgerKind.UPLOAD,
        LedgerKind.SALES,
        LedgerKind.PRODUCTION,
    )
    return next((kind for kind in order if fits[kind]), LedgerKind.UNKNOWN)


_GENERIC: dict[LedgerKind, dict[str, str]] = {
    LedgerKind.PRODUCTION: {"quantity": "produced", "day": "made_on", "result": "inspected"},
    LedgerKind.COVERAGE: {"quantity": "produced", "day": "month"},
    LedgerKind.SALES: {"quantity": "sold", "day": "sold_on"},
    LedgerKind.UPLOAD: {"day": "uploaded_on", "result": "upload_result"},
    LedgerKind.QUERY: {"day": "queried_on"},
}
"""What a bare 数量, 日期 or 结果 means in a ledger of each kind."""


def settled(header: Header, kind: LedgerKind) -> Header:
    """The header with its bare titles named by the kind of ledger."""
    names = {column.name for column in header.columns.values()}
    change = {old: new for old, new in _GENERIC.get(kind, {}).items() if new not in names}
    columns = {
        index: Column(c.letter, c.title, change.get(c.name, c.name), c.unit) for index, c in header.columns.items()
    }
    return Header(header.first, header.last, columns, header.other, header.above)


def elements_of(names: set[str]) -> set[str]:
    """The elements of a trace ledger that columns of these names hold."""
    return {element for element, holders in ELEMENTS.items() if names & holders}
