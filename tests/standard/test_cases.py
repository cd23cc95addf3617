"""The cases of ``cases/``: what the standard means, one file a clause, to be read by the people who wrote it."""

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import yaml

from standard.profile import Edition, edition_on
from tests.standard.steps import load_steps

CASES = Path(__file__).parent / "cases"
DEFAULT_DAY = date(2026, 11, 24)


class _ExactLoader(yaml.SafeLoader):
    """YAML whose numbers are decimals (0.9499 is not 0.95), and in which ``on`` is a word, not a truth."""


_BOOL = "tag:yaml.org,2002:bool"
_ExactLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_ExactLoader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|false)$"), list("tf"))
_ExactLoader.add_constructor(
    "tag:yaml.org,2002:float",
    lambda loader, node: Decimal(loader.construct_scalar(node)),  # type: ignore[arg-type]
)


def load(path: Path) -> dict[str, Any]:
    """One case file."""
    return yaml.load(path.read_text("utf-8"), _ExactLoader)


def all_cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        content = load(path)
        for number, case in enumerate(content["cases"], 1):
            yield pytest.param(content, case, id=f"{content['clause']}-{number}")


def plain(value: Any) -> Any:
    """An answer as plain data, comparable with YAML."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = [plain(item) for item in value]
        return sorted(items) if isinstance(value, set | frozenset) else items
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def agrees(expected: Any, found: Any) -> bool:
    """Whether everything that is expected was found."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(key in found and agrees(item, found[key]) for key, item in expected.items())
    if isinstance(expected, datetime):
        return expected.isoformat() == found
    return bool(expected == found)


def answer(case: dict[str, Any], editions: Iterable[Edition] | None = None) -> Any:
    """What the edition in force on the case's day answers, as plain data; ``editions``: others than those shipped."""
    edition = edition_on(case.get("on", DEFAULT_DAY), editions)
    return plain(load_steps()[case["when"]](edition, deepcopy(case.get("given") or {})))


@pytest.mark.parametrize(("content", "case"), list(all_cases()))
def test_case(content: dict[str, Any], case: dict[str, Any]) -> None:
    assert {"name", "when", "then"} <= case.keys() <= {"name", "rows", "on", "given", "when", "then"}
    found = answer(case)
    assert agrees(case["then"], found), f"{content['clause']} {case['name']}: expected {case['then']}, found {found}"
