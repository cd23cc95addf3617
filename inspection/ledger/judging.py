"""What a ledger must hold and what cannot be right in it: Appendix A (2–6 of 追溯码与数据类), C(3), 3.4, 3.6.

Columns that are not there are a failure only where every title was understood: else the title may be ours to learn,
and stays unclear.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from inspection.ledger.columns import ELEMENTS, NAMES, OF_AN_UPDATE, Header
from inspection.ledger.rows import Data, exact_sum, plain, stated_wrong
from inspection.ledger.values import Days
from inspection.materials import Count, CoverageFound, LedgerKind, Problem, ProductShown, Table
from inspection.report import Finding, Verdict
from inspection.tracecode import recognise

PASS, FAIL, UNCLEAR = Verdict.PASS, Verdict.FAIL, Verdict.UNCLEAR
K = LedgerKind

TITLES = {
    K.PRODUCTION: "生产台账", K.SALES: "销售台账", K.COVERAGE: "用码覆盖率统计清单", K.UPLOAD: "追溯平台上传记录",
    K.TRACE: "追溯数据台账", K.UPDATE: "追溯数据更新台账", K.QUERY: "查询记录台账", K.UNKNOWN: "未识别的表",
}  # fmt: skip
BASIS = {
    K.PRODUCTION: "附录 A 追溯码与数据类 2", K.SALES: "附录 A 追溯码与数据类 2", K.COVERAGE: "附录 A 追溯码与数据类 3",
    K.UPLOAD: "附录 A 追溯码与数据类 5", K.TRACE: "附录 A 追溯码与数据类 4、附录 C(3)",
    K.QUERY: "附录 A 追溯码与数据类 6",
    K.UNKNOWN: "附录 A 追溯码与数据类",
}  # fmt: skip
REQUIRED: dict[LedgerKind, tuple[tuple[str, ...], ...]] = {
    K.PRODUCTION: (("product", "model"), ("batch", "code", "serial"), ("made_on", "month"), ("produced",)),
    K.SALES: (("product", "model"), ("customer",), ("sold_on", "month"), ("sold",)),
    K.COVERAGE: (("product", "category", "model"), ("produced", "sold"), ("coded",)),
    K.UPLOAD: (("code", "batch"), ("uploaded_on",), ("upload_result",)),
    K.TRACE: (("code", "batch", "serial"),),
    K.UPDATE: (("code", "batch", "serial"),),
    K.QUERY: (("code",), ("queried_on",)),
    K.UNKNOWN: (),
}
"""One column of each group must be there, and filled in every row."""

_SHOWN = 20
"""Rows that a problem names."""
_MAX_COUNTS = 20_000
_FAILED = ("失败", "未上传", "否", "错误", "异常", "未成功", "FAIL", "驳回", "退回")
_DONE = ("成功", "已上传", "是", "完成", "通过", "已同步", "SUCCESS", "OK", "√", "已接收")


def listed(rows: Sequence[int]) -> str:
    """Row numbers for a sentence: the first five."""
    shown = "、".join(str(row) for row in rows[:5])
    return f"第 {shown} 行" if len(rows) <= 5 else f"第 {shown} 行等 {len(rows)} 行"


def _problem(data: Data, code: str, verdict: Verdict, rows: list[int], advice: str) -> Problem:
    return Problem(code, verdict, data.sheet, tuple(rows[:_SHOWN]), len(rows), advice)


# --- one sheet --------------------------------------------------------------------------------------------------------


def problems_of(data: Data, header: Header) -> list[Problem]:
    """Everything in one sheet that cannot be right, the plainest first."""
    titles = {column.name: column.title for column in header.columns.values()}
    return [
        *_unreadable_cells(data, titles),
        *_empty_cells(data, titles),
        *_out_of_order(data),
        *_codes(data),
        *_coverage(data),
        *_totals(data, titles),
    ]


_CELLS = {
    "number": ("cell_not_a_number", "不是数字：请只填数字，单位写在表头"),
    "negative": ("cell_negative", "是负数：请核对，退货另行记录"),
    "day": ("cell_not_a_date", "不是能识别的日期：请写成 2026-11-03 这样"),
    "rate": ("cell_not_a_share", "不是百分数：请写成 95% 这样"),
    "digits": ("code_lost_digits", "被表格软件当成数字，后面的位数已丢失：请把这一列设为“文本”后重新填写"),
}


def _unreadable_cells(data: Data, titles: dict[str, str]) -> Iterable[Problem]:
    for mistake, rows in data.wrong.items():
        kind, _, column = mistake.partition(":")
        code, words = _CELLS[kind]
        yield _problem(data, code, FAIL, rows, f"{listed(rows)}的“{titles[column]}”{words}。")


def _empty_cells(data: Data, titles: dict[str, str]) -> Iterable[Problem]:
    """4.1.1: complete. A cell that was filled but not understood is told of above, not here."""
    for group in REQUIRED[data.kind]:
        names = [name for name in group if name in titles]
        if not names:
            continue
        unread = {row for mistake, rows in data.wrong.items() if mistake.partition(":")[2] in names for row in rows}
        columns = [_column(data, name) for name in names]
        if any(None not in column and "" not in column for column in columns):
            continue
        lines = zip(data.rows, zip(*columns, strict=True), strict=True)
        if rows := [row for row, cells in lines if row not in unread and not any(_is_there(c) for c in cells)]:
            title = "”或“".join(titles[name] for name in names)
            yield _problem(data, "cell_empty", FAIL, rows, f"{listed(rows)}没有填“{title}”：请补全（4.1.1）。")


def _column(data: Data, name: str) -> Sequence[object]:
    return data.texts.get(name) or data.numbers.get(name) or data.days.get(name) or data.rates


def _is_there(cell: object) -> bool:
    return cell is not None and cell != ""


def _out_of_order(data: Data) -> Iterable[Problem]:
    for earlier, later, words in (
        ("made_on", "inspected_on", "检验日期早于生产日期"),
        ("made_on", "sold_on", "销售日期早于生产日期"),
        ("made_on", "uploaded_on", "上传时间早于生产日期"),
    ):
        first, second = data.days.get(earlier), data.days.get(later)
        if first is None or second is None:
            continue
        pairs = zip(data.rows, first, second, strict=True)
        if rows := [row for row, a, b in pairs if a is not None and b is not None and b[1] < a[0]]:
            yield _problem(data, "days_out_of_order", UNCLEAR, rows, f"{listed(rows)}{words}：请核对日期。")


def _codes(data: Data) -> Iterable[Problem]:
    """3.4: a code names one product and batch. Several lines for one batch's code are what sales and look-ups are."""
    codes = data.texts.get("code")
    if codes is None or len(set(codes)) == len(codes):
        return
    owners = [data.texts.get(name) for name in ("product", "model", "batch", "serial")]
    first: dict[str, tuple[int, tuple[str, ...]]] = {}
    shared: list[int] = []
    repeated: list[int] = []
    for index, code in enumerate(codes):
        if not code:
            continue
        owner = tuple(column[index] if column is not None else "" for column in owners)
        seen = first.setdefault(code, (index, owner))
        if seen[0] == index:
            continue
        if any(a and b and a != b for a, b in zip(seen[1], owner, strict=True)):
            shared.append(data.rows[index])
        else:
            repeated.append(data.rows[index])
    if shared:
        yield _problem(
            data, "code_of_two_products", FAIL, shared,
            f"{listed(shared)}的追溯码与前面的行相同，产品、型号、批次或编号却不同：一个追溯码只能标识一个产品或批次（3.4）。",
        )  # fmt: skip
    if repeated and data.kind in {K.PRODUCTION, K.COVERAGE, K.UNKNOWN}:
        yield _problem(
            data, "code_repeated", UNCLEAR, repeated,
            f"{listed(repeated)}的追溯码与前面的行重复：若是重复登记请删去，若是同一批次分次生产请注明（3.4）。",
        )  # fmt: skip


def _coverage(data: Data) -> Iterable[Problem]:
    coded, total = data.numbers.get("coded"), total_column(data)
    if coded is None or total is None:
        return
    more: list[int] = []
    wrong: list[int] = []
    for index, row in enumerate(data.rows):
        part, whole = coded[index], total[index]
        if part is None or whole is None or part < 0 or whole < 0:
            continue
        if part > whole:
            more.append(row)
        elif whole and data.rates and (stated := data.rates[index]) is not None and stated_wrong(stated, part, whole):
            wrong.append(row)
    for totals in data.totals:
        part, whole = totals.stated.get("coded"), totals.stated.get(_total_name(data))
        usable = totals.rate is not None and part is not None and whole is not None and 0 <= part <= whole and whole
        if usable and totals.rate is not None and part is not None and whole is not None:
            wrong += [totals.row] * stated_wrong(totals.rate, part, whole)
    if more:
        yield _problem(
            data, "coded_more_than_made", FAIL, more, f"{listed(more)}的赋码数量大于总数量：请核对（3.6，R43）。"
        )
    if wrong:
        yield _problem(
            data, "rate_wrong", FAIL, wrong,
            f"{listed(wrong)}写的覆盖率与“赋码数量 ÷ 总数量”不符：请用公式重算（3.6，R43）。",
        )  # fmt: skip


def _total_name(data: Data) -> str:
    return "produced" if "produced" in data.numbers else "sold"


def total_column(data: Data) -> list[Decimal | None] | None:
    """What coverage is a share of: what was made, else what was sold (3.6)."""
    return data.numbers.get(_total_name(data))


def _totals(data: Data, titles: dict[str, str]) -> Iterable[Problem]:
    """A row of totals states the sum of all rows above it, or of those since the totals before."""
    since = 0
    wrong: list[int] = []
    names: set[str] = set()
    for totals in data.totals:
        for name, stated in totals.stated.items():
            column = data.numbers.get(name)
            if column is None or name == "queries":
                continue
            sums = {exact_sum(column[since : totals.before]), exact_sum(column[: totals.before])}
            # Sums that a spreadsheet made from fractions carry its rounding.
            if all(abs(stated - true) > Decimal("1e-6") for true in sums):
                wrong.append(totals.row)
                names.add(titles[name])
        since = totals.before if totals.before > since else since
    if wrong:
        what = "、".join(sorted(names))
        advice = f"第 {wrong[0]} 行合计的“{what}”与上面各行之和不符：请用公式重算。"
        yield _problem(data, "total_wrong", FAIL, sorted(set(wrong)), advice)


# --- the whole file ---------------------------------------------------------------------------------------------------


Amounts = dict[tuple[str | None, str, str], tuple[Decimal, Decimal]]
"""Coded and all, by month (None where a row names none), category and unit."""


def amounts_of(sheets: Sequence[Data], units: Sequence[dict[str, str]]) -> Amounts:
    """What was coded of what, from every sheet that has both numbers; a coverage list overrules the ledgers behind it.

    ``units`` are those that each sheet's titles state, by column name.
    """
    lists = [pair for pair in zip(sheets, units, strict=True) if pair[0].kind is K.COVERAGE]
    groups: dict[tuple[str | None, str, str], list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for data, own in lists or list(zip(sheets, units, strict=True)):
        coded, total = data.numbers.get("coded"), total_column(data)
        if coded is None or total is None:
            continue
        unit = own.get(_total_name(data), "")
        named = data.texts.get("unit") or [unit] * len(data.rows)
        for key_unit, category, month, part, whole in zip(
            named, _categories(data), _months(data), coded, total, strict=True
        ):
            if part is not None and whole is not None and 0 <= part <= whole:
                groups[month, category, key_unit or unit].append((part, whole))
    return {key: (exact_sum(p for p, _ in pairs), exact_sum(w for _, w in pairs)) for key, pairs in groups.items()}


def coverage_of(amounts: Amounts) -> tuple[CoverageFound, ...]:
    """Coverage by unit: different units cannot be added (R43)."""
    by_unit: dict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for (_, _, unit), pair in amounts.items():
        by_unit[unit].append(pair)
    sums = {unit: (exact_sum(p for p, _ in pairs), exact_sum(w for _, w in pairs)) for unit, pairs in by_unit.items()}
    return tuple(CoverageFound(unit, plain(coded), plain(total)) for unit, (coded, total) in sums.items() if total)


def counts_of(amounts: Amounts) -> tuple[Count, ...]:
    """Lines of coverage by month, category and unit (R43); rows without a month are left out."""
    known = sorted((month, category, unit, pair) for (month, category, unit), pair in amounts.items() if month)
    return tuple(
        Count(month, category, unit, total=plain(total), coded=plain(coded))
        for month, category, unit, (coded, total) in known[:_MAX_COUNTS]
    )


def _categories(data: Data) -> list[str]:
    columns = [data.texts[name] for name in ("category", "product", "model") if name in data.texts]
    if not columns:
        return [""] * len(data.rows)
    return [next((cell for cell in cells if cell), "") for cells in zip(*columns, strict=True)]


def _months(data: Data) -> list[str | None]:
    columns = [data.days[name] for name in ("month", "made_on", "sold_on") if name in data.days]
    if not columns:
        return [None] * len(data.rows)
    known = {span: _month(span) for column in columns for span in set(column)}
    return [next((month for span in spans if (month := known[span])), None) for spans in zip(*columns, strict=True)]


def _month(span: Days | None) -> str | None:
    """The one month that a span lies in."""
    if span is None or (span[0].year, span[0].month) != (span[1].year, span[1].month):
        return None
    return f"{span[0]:%Y-%m}"


def elements_filled(sheets: Sequence[Data]) -> tuple[str, ...]:
    """The elements of C(3) for which some row holds something."""
    held = [element_rows(data) for data in sheets]
    return tuple(element for element in ELEMENTS if any(any(rows[element]) for rows in held))


def element_rows(data: Data) -> dict[str, list[bool]]:
    """By element of C(3): whether each row holds something of it. Signs that stand for nothing hold nothing, and a row
    that says that it was not uploaded records no upload."""
    found: dict[str, list[bool]] = {}
    for element, holders in ELEMENTS.items():
        held = [False] * len(data.rows)
        for name in holders:
            if name in data.texts:
                held = [h or text not in _NOTHING for h, text in zip(held, data.texts[name], strict=True)]
            elif name in data.numbers or name in data.days:
                held = [h or cell is not None for h, cell in zip(held, _column(data, name), strict=True)]
        found[element] = held
    if said := data.texts.get("upload_result"):
        not_yet = {text for text in set(said) if text.startswith(_NOT_UPLOADED)}
        found[_UPLOAD] = [h and text not in not_yet for h, text in zip(found[_UPLOAD], said, strict=True)]
    return found


_UPLOAD = "国家追溯平台上传记录"
_NOTHING = frozenset({"", "无", "/", "\\", "-", "--", "—", "——", "N/A", "n/a", "未填", "空", "暂无"})
_NOT_UPLOADED = ("未", "否", "待", "尚未", "没有", "无")


def shown_by_product(sheets: Sequence[Data]) -> tuple[ProductShown, ...]:
    """What the sheets show of each product, by its name and model as they stand there. A row that names it in part, or
    by its batch or code alone, belongs to the one product that another row names so; else its GTIN, or its batch,
    stands for the product."""
    named, gtins = _named_products(sheets), _Gtins()
    elements: dict[tuple[str, str, str], set[str]] = {}
    batches: dict[tuple[str, str, str], dict[str, None]] = {}
    for data in sheets:
        held = element_rows(data)
        for index, (product, model, batch, code) in enumerate(_owners(data)):
            known = named.get((product, model)) or named.get(("batch", batch)) or named.get(("code", code))
            key = (*known, "") if known else (product, model, "" if product or model else gtins.of(code) or batch)
            batches.setdefault(key, {}).setdefault(batch)
            found = elements.setdefault(key, set())
            if len(found) < len(ELEMENTS):
                found.update(element for element, rows in held.items() if rows[index])
    return tuple(
        ProductShown(
            product, model, (mark,) if mark in gtins.stated else (),
            tuple(batch for batch in batches[product, model, mark] if batch),
            tuple(element for element in ELEMENTS if element in found),
        )
        for (product, model, mark), found in elements.items()
    )  # fmt: skip


def _owners(data: Data) -> Iterable[tuple[str, str, str, str]]:
    """Product, model, batch and code of each row, empty where there is no such column."""
    blank = [""] * len(data.rows)
    columns = [data.texts.get(name, blank) for name in ("product", "model", "batch", "code")]
    return zip(columns[0], columns[1], columns[2], columns[3], strict=True)


def _named_products(sheets: Sequence[Data]) -> dict[tuple[str, str], tuple[str, str]]:
    """Product and model in full, by what else stands for exactly one of them: name alone, model alone, batch, code."""
    rows = {row for data in sheets for row in _owners(data)}
    full = {(product, model) for product, model, _, _ in rows if product and model}
    full = full or {(product, model) for product, model, _, _ in rows if product or model}
    found: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for product, model in full:
        for part in ((product, model), (product, ""), ("", model)):
            if any(part):
                found[part].add((product, model))
    for product, model, batch, code in rows:
        if len(own := found.get((product, model), set())) == 1:
            for part in (("batch", batch), ("code", code)):
                if part[1]:
                    found[part] |= own
    return {part: next(iter(own)) for part, own in found.items() if len(own) == 1}


class _Gtins:
    """GTINs in trace codes, each code read once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {"": ""}

    def of(self, code: str) -> str:
        if code not in self._known:
            self._known[code] = recognise(code).parts.get("gtin", "")
        return self._known[code]

    @property
    def stated(self) -> frozenset[str]:
        return frozenset(self._known.values()) - {""}


def element_problems(data: Data) -> list[Problem]:
    """C(3): every batch (or code) of a trace ledger has its production, inspection and sale, in one row or several."""
    if data.kind is not K.TRACE:
        return []
    keys = next((data.texts[name] for name in ("code", "batch", "serial") if name in data.texts), None)
    if keys is None:
        return []
    found = []
    for element in ("生产", "检验", "销售"):
        names = [n for n in ELEMENTS[element] if n in data.texts or n in data.numbers or n in data.days]
        if not names:
            continue
        first: dict[str, int] = {}
        have: set[str] = set()
        for index, key in enumerate(keys):
            if key:
                first.setdefault(key, data.rows[index])
                if any(_is_there(_column(data, name)[index]) for name in names):
                    have.add(key)
        if rows := [row for key, row in first.items() if key not in have]:
            advice = f"{listed(rows)}的批次没有填写{element}信息：请补全{element}环节（附录 C(3)）。"
            found.append(_problem(data, "element_empty", FAIL, rows, advice))
    return found


def uploads(sheets: Sequence[Data]) -> dict[str, int]:
    """How many rows say their upload succeeded, failed, or say something else."""
    outcome = {"succeeded": 0, "failed": 0, "other": 0}
    for data in sheets:
        for text in data.texts.get("upload_result", ()):
            if not text:
                continue
            said = text.upper()
            bad = any(word in said for word in _FAILED)
            good = not bad and any(word in said for word in _DONE)
            outcome["failed" if bad else "succeeded" if good else "other"] += 1
    return outcome


def judge(
    tables: Sequence[Table], sheets: Sequence[Data], problems: Sequence[Problem], coverage: Sequence[CoverageFound],
    elements: Sequence[str], by_product: Sequence[ProductShown] = (),
) -> tuple[Finding, ...]:  # fmt: skip
    """One finding a clause over the whole file."""
    findings = [_columns(tables), _rows(tables), _cells(problems)]
    if any(data.texts.get("code") for data in sheets):
        findings.append(_unique(sheets, problems))
    if coverage or any("coded" in data.numbers for data in sheets):
        findings.append(_covered(coverage, problems))
    if any(table.kind is K.UPDATE for table in tables):
        findings.append(_updated(by_product))
    elif any(table.kind is K.TRACE for table in tables):
        findings.append(_elements(elements, problems))
    if any(table.kind is K.UPLOAD for table in tables):
        findings.append(_uploaded(sheets))
    return tuple(findings)


def _columns(tables: Sequence[Table]) -> Finding:
    clause = "ledger.columns"
    required = "台账含所需的列（附录 A 追溯码与数据类 2–6，附录 C(3)）"
    kinds = [table.kind.value for table in tables]
    lacking: list[str] = []
    strange: list[str] = []
    for table in tables:
        have = {column.name for column in table.columns}
        missing = ["或".join(NAMES[n] for n in group) for group in REQUIRED[table.kind] if not have & set(group)]
        if missing:
            lacking.append(f"“{table.sheet}”（{TITLES[table.kind]}，{BASIS[table.kind]}）缺少：{'、'.join(missing)}")
            strange += table.other
    measured = {"kinds": kinds, "other": sorted(set(strange))[:20]}
    if lacking and strange:
        words = "、".join(sorted(set(strange))[:8])
        advice = f"{'；'.join(lacking)}。若已在“{words}”里，请把列名改成上述名称后重新上传。"
        return Finding(clause, UNCLEAR, measured, required, advice, rows=("R6",))
    if lacking:
        return Finding(clause, FAIL, measured, required, f"{'；'.join(lacking)}。请补上后重新上传。")
    if unknown := [table.sheet for table in tables if table.kind is K.UNKNOWN]:
        advice = f"看不出“{'、'.join(unknown)}”是哪种台账：请在表上方写明，例如“生产台账”“用码覆盖率统计清单”。"
        return Finding(clause, UNCLEAR, measured, required, advice, rows=("R6",))
    named = "、".join(dict.fromkeys(TITLES[table.kind] for table in tables))
    return Finding(clause, PASS, measured, required, f"读到{named}，所需的列齐全。")


def _rows(tables: Sequence[Table]) -> Finding:
    total = sum(table.rows for table in tables)
    measured = {"rows": total, "by_sheet": {table.sheet: table.rows for table in tables}}
    required = "台账有实际数据（4.1.1）"
    empty = [table.sheet for table in tables if not table.rows]
    if not total:
        return Finding("ledger.rows", FAIL, measured, required, "台账只有表头，没有数据：请填写后重新上传（4.1.1）。")
    extra = f"“{'、'.join(empty)}”没有数据。" if empty else ""
    return Finding("ledger.rows", PASS, measured, required, f"共 {total} 行数据。{extra}")


_IN_CELLS = frozenset({
    "cell_not_a_number", "cell_negative", "cell_not_a_date", "cell_not_a_share", "code_lost_digits", "cell_empty",
    "days_out_of_order", "total_wrong",
})  # fmt: skip
_IN_CODES = frozenset({"code_of_two_products", "code_repeated"})
_IN_COVERAGE = frozenset({"coded_more_than_made", "rate_wrong"})


def _gathered(clause: str, required: str, problems: Sequence[Problem], codes: frozenset[str], good: str,
              measured: dict[str, object], rows: tuple[str, ...] = ()) -> Finding:  # fmt: skip
    """A finding made of the problems that bear on it."""
    own = [problem for problem in problems if problem.code in codes]
    measured |= {"problems": {problem.code: problem.count for problem in own}}
    if not own:
        return Finding(clause, PASS, measured, required, good, rows=rows)
    verdict = FAIL if any(problem.verdict is FAIL for problem in own) else UNCLEAR
    several = len({problem.sheet for problem in problems}) > 1
    words = [f"“{p.sheet}”{p.advice}" if several else p.advice for p in own[:4]]
    more = f"另有 {len(own) - 4} 类问题。" if len(own) > 4 else ""
    return Finding(clause, verdict, measured, required, "".join(words) + more, rows=rows)


def _cells(problems: Sequence[Problem]) -> Finding:
    required = "数据真实、准确、完整（4.1.1）"
    return _gathered("ledger.cells", required, problems, _IN_CELLS, "数字、日期和必填项没有发现问题。", {})


def _unique(sheets: Sequence[Data], problems: Sequence[Problem]) -> Finding:
    number = len({code for data in sheets for code in data.texts.get("code", ()) if code})
    required = "追溯码可唯一标识产品或批次（3.4，R33）"
    good = f"{number} 个不同的追溯码，没有一码多用。"
    return _gathered("ledger.codes", required, problems, _IN_CODES, good, {"codes": number}, ("R33",))


def _covered(coverage: Sequence[CoverageFound], problems: Sequence[Problem]) -> Finding:
    """3.6, R43: the shares by unit, recomputed; what a level asks is for the grade to say."""
    required = "用码覆盖率 = 赋码数量 ÷ 全部数量，与台账一致（3.6，R43）"
    rates = {found.unit or "—": round(float(found.rate), 6) for found in coverage}
    measured: dict[str, object] = {"coverage": rates}
    if not coverage and not any(problem.code in _IN_COVERAGE for problem in problems):
        advice = "没有能同时读到总数量和赋码数量的行，覆盖率未计算：请补上“生产数量”和“赋码数量”两列。"
        return Finding("ledger.coverage", UNCLEAR, measured, required, advice, rows=("R43",))
    words = "；".join(f"赋码 {f.coded} ÷ 总数 {f.total}{f.unit and ' ' + f.unit} = {_percent(f)}" for f in coverage[:4])
    return _gathered("ledger.coverage", required, problems, _IN_COVERAGE, f"重算覆盖率：{words}。", measured, ("R43",))


def _percent(found: CoverageFound) -> str:
    """Cut, never rounded up: 99.999 % is not 100 %."""
    cut = int(found.rate * 10_000)
    return f"{cut // 100}.{cut % 100:02d}%"


def _elements(elements: Sequence[str], problems: Sequence[Problem]) -> Finding:
    clause = "ledger.elements"
    required = "含生产、检验、销售环节关键信息及国家追溯平台上传记录（附录 C(3)；附录 A 另含原材料）"
    measured = {"elements": list(elements)}
    if missing := [name for name in ("生产", "检验", "销售") if name not in elements]:
        advice = f"追溯数据台账没有{'、'.join(missing)}环节的信息：请补全（附录 C(3)）。"
        return Finding(clause, FAIL, measured, required, advice)
    if own := [problem for problem in problems if problem.code == "element_empty"]:
        return Finding(clause, FAIL, measured, required, "".join(problem.advice for problem in own))
    if "国家追溯平台上传记录" not in elements:
        advice = "台账里没有国家追溯平台上传记录：请加上“上传时间”“上传结果”两列，或另附上传记录（附录 C(3)）。"
        return Finding(clause, UNCLEAR, measured, required, advice)
    note = "" if "原材料" in elements else "首次申报（附录 A）还须含原材料信息。"
    return Finding(clause, PASS, measured, required, f"生产、检验、销售和上传记录齐全。{note}")


def _updated(by_product: Sequence[ProductShown]) -> Finding:
    """C(3): production, inspection, sale and upload of each product that the ledger is about."""
    required = "每款产品都有生产、检验、销售和国家追溯平台上传记录（附录 C(3)）"
    lacking = {
        " ".join(word for word in (shown.product, shown.model) if word) or "没有写明产品的行": missing
        for shown in by_product
        if (missing := [one for one in ELEMENTS if one in OF_AN_UPDATE and one not in shown.elements])
    }
    measured: dict[str, object] = {"products": len(by_product), "lacking": dict(list(lacking.items())[:20])}
    if lacking:
        words = "；".join(f"“{product}”缺少{'、'.join(missing)}" for product, missing in list(lacking.items())[:5])
        advice = f"{words}：请按产品补全这些列（附录 C(3)）。"
        return Finding("ledger.elements", FAIL, measured, required, advice)
    advice = f"{len(by_product)} 款产品的生产、检验、销售和上传记录齐全。"
    return Finding("ledger.elements", PASS, measured, required, advice)


def _uploaded(sheets: Sequence[Data]) -> Finding:
    """Appendix A 追溯码与数据类 5; how accurate the uploads must be is for the level to say (6)."""
    outcome = uploads(sheets)
    required = "国家/行业追溯平台数据上传记录，写明每条的结果（附录 A 追溯码与数据类 5）"
    total = sum(outcome.values())
    measured: dict[str, object] = dict(outcome)
    if not total or outcome["other"] == total:
        advice = "看不出各条上传是否成功：请在“上传结果”列写明“成功”或“失败”。"
        return Finding("ledger.upload", UNCLEAR, measured, required, advice)
    advice = f"{total} 条上传记录，成功 {outcome['succeeded']} 条，失败 {outcome['failed']} 条"
    advice += f"，另有 {outcome['other']} 条看不出结果。" if outcome["other"] else "。"
    return Finding("ledger.upload", PASS, measured, required, advice)
