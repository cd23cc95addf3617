"""What all spellings of GS1 data share: values checked, identifiers paired, one canonical address, a level."""

from collections.abc import Mapping
from urllib.parse import quote, quote_plus

from standard.codes.ai import identifiers, pairing_problems, qualifiers_among
from standard.codes.gtin import note_prefix
from standard.codes.rules import Rules
from standard.codes.tracecode import Draft, Level

GTIN = "01"


def add(draft: Draft, ai: str, value: str) -> None:
    """Take in one value, noting what is wrong with it; a second value for the same identifier is wrong too."""
    identifier = identifiers().get(ai)
    if identifier is None:
        draft.problems.append(f"没有应用标识符（{ai}）")
        return
    if (known := draft.parts.get(ai)) is not None:
        if known != value:
            draft.problems.append(f"{identifier.label}出现两次，内容不同")
        return
    draft.parts[ai] = value
    if (problem := identifier.problem(value)) is not None:
        draft.problems.append(problem)


def finish(draft: Draft, rules: Rules) -> Draft:
    """Pairs, prefix, level and canonical address, once all values are in."""
    if draft.problems:
        return draft
    draft.problems.extend(pairing_problems(tuple(draft.parts)))
    if draft.problems:
        return draft
    if (gtin := draft.parts.get(GTIN)) is not None:
        note_prefix(draft, gtin, rules)
    draft.level = level(draft.parts, rules)
    draft.canonical, draft.resolves_to = _addresses(draft.parts, rules)
    return draft


def level(parts: Mapping[str, str], rules: Rules) -> Level:
    """R33: how narrowly these identifiers name a product."""
    if rules.product_keys.isdisjoint(parts):
        return Level.NONE
    if not rules.serial.isdisjoint(parts):
        return Level.ITEM
    return Level.CLASS if rules.batch.isdisjoint(parts) else Level.BATCH


def _addresses(parts: Mapping[str, str], rules: Rules) -> tuple[str, str | None]:
    """The address of the thing itself (key and qualifiers), and the same with what else is said of it."""
    table = identifiers()
    key = next((ai for ai in parts if table[ai].sequences is not None), None)
    if key is None:
        return "".join(f"({ai}){value}" for ai, value in sorted(parts.items())), None
    qualifiers = qualifiers_among(key, tuple(parts))
    thing = f"{rules.stem}/{key}/{_escaped(parts[key])}"
    for ai in qualifiers:
        thing += f"/{ai}/{_escaped(parts[ai])}"
    if len(parts) == len(qualifiers) + 1:
        return thing, thing
    rest = sorted(ai for ai in parts if ai != key and ai not in qualifiers)
    return thing, f"{thing}?{'&'.join(f'{ai}={quote_plus(parts[ai])}' for ai in rest)}"


def _escaped(value: str) -> str:
    return value if value.isalnum() else quote(value, safe="")
