"""Findings as they are answered: the same whether a rule, an inspection or a registry found them."""

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from miniapp_api.shapes import Answer
from standard.outcome import Outcome


class FindingShown(Answer):
    """One clause's answer. Unclear says in ``reason`` what to do next (R6)."""

    clause: str
    outcome: Outcome
    reason: str = Field(description="给用户看的一句话：哪里不对、怎么办")
    rows: list[str] = Field(description="解释行")
    have: str | None = None
    need: str | None = None
    materials: list[str] = Field(default_factory=list, description="涉及哪些资料（编号）")


def findings_of(plain: Iterable[dict[str, Any]]) -> list[FindingShown]:
    """From plain findings as rows keep them."""
    return [FindingShown.model_validate(finding) for finding in plain]
