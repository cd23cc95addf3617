"""GTIN (GB 12904): the bare number of a barcode, its check digit, and what its prefix says."""

from standard.citation import cites
from standard.codes.checks import CHECKS, is_digits
from standard.codes.rules import Rules
from standard.codes.tracecode import Draft, Kind, Level

LENGTHS = frozenset({8, 12, 13, 14})
_GTIN8_ZEROS, _GTIN12_ZEROS = "000000", "00"


@cites("3.4", rows=("R32", "R33"))
def read_gtin(digits: str, rules: Rules, *, upc_e: bool = False) -> Draft:
    """A bare GTIN of 8, 12, 13 or 14 ASCII digits; ``upc_e``: eight digits of a zero-suppressed UPC-E symbol."""
    if upc_e and (expanded := expand_upc_e(digits)) is not None:
        digits = expanded
    draft = Draft(Kind.GTIN, form=_form(digits), parts={"01": digits.zfill(14)}, level=Level.CLASS)
    if (problem := CHECKS["check"](digits)) is not None:
        draft.problems.append(problem)
        return draft
    note_prefix(draft, digits.zfill(14), rules)
    draft.canonical = draft.resolves_to = f"{rules.stem}/01/{digits.zfill(14)}"
    return draft


def note_prefix(draft: Draft, gtin14: str, rules: Rules) -> None:
    """What the GS1 prefix of a GTIN adds: warnings, closed circulation, the maker's prefix. It names an office."""
    short = gtin14.startswith(_GTIN8_ZEROS)
    prefix = gtin14[6:9] if short else gtin14[1:4]
    office = rules.prefixes[prefix]
    draft.closed = office.closed_gtin8 if short else office.closed
    if gtin14[0] == "9":
        draft.warnings.append("GTIN 首位是 9：变量贸易项目")
    if draft.closed:
        draft.warnings.append(f"前缀 {prefix} 属于店内码等限制流通代码，离开本企业即无意义")
    elif office.publication:
        draft.warnings.append(f"前缀 {prefix} 用于图书、期刊，不是工业产品")
    elif office.china:
        if office.company_digits is not None and not short:
            draft.company_prefix = gtin14[1 : 1 + office.company_digits]
    elif office.region is not None:
        draft.warnings.append(f"前缀 {prefix} 由{office.region}的编码机构分配；前缀说明注册地，不说明产地")
    else:
        draft.warnings.append(f"前缀 {prefix} 不是中国物品编码中心分配；前缀说明注册地，不说明产地")


def expand_upc_e(digits: str) -> str | None:
    """The UPC-A number behind the eight digits of a UPC-E symbol; None where they are none."""
    if len(digits) != 8 or not is_digits(digits) or digits[0] not in "01":
        return None
    system, body, check = digits[0], digits[1:7], digits[7]
    last = body[5]
    if last in "012":
        item = f"{body[:2]}{last}0000{body[2:5]}"
    elif last == "3":
        item = f"{body[:3]}00000{body[3:5]}"
    elif last == "4":
        item = f"{body[:4]}00000{body[4]}"
    else:
        item = f"{body[:5]}0000{last}"
    return system + item + check


def _form(digits: str) -> str:
    if len(digits) == 14 and digits[0] in "12345678":
        return f"GTIN-14（第 {digits[0]} 种包装）"
    if len(digits) == 14 and digits[0] == "0":
        bare = 8 if digits.startswith(_GTIN8_ZEROS) else 12 if digits.startswith(_GTIN12_ZEROS) else 13
        return f"GTIN-{bare}（补 0 到 14 位）"
    return f"GTIN-{len(digits)}"
