"""Steps of Appendix A, 7.1, 7.2(2) and clause 5."""

from typing import Any

from standard import materials
from standard.grades import Grade
from standard.outcome import Outcome
from standard.profile import Edition
from tests.standard.steps import step


def of(edition: Edition, given: dict[str, Any]) -> tuple[materials.Material, ...]:
    return materials.required(
        Grade(given["level"]),
        given.get("class", "ccc"),
        edition,
        first=given.get("first", False),
        sells_online=given.get("sells_online", True),
        months_on_file=given.get("months_on_file", False),
    )


@step
def materials_asked(edition: Edition, given: dict[str, Any]) -> Any:
    """Names as people read them, those that are owed, excused and sealed."""
    asked = of(edition, given)
    return {
        "count": len(asked),
        "owed": [material.name for material in asked if material.due is materials.Due.REQUIRED],
        "excused": {m.name: m.due for m in asked if m.due is not materials.Due.REQUIRED},
        "sealed": [material.name for material in asked if material.sealed],
        "own": [material.name for material in asked if material.level == given["level"]],
        "sources": {material.name: material.source for material in asked},
        "rows": {material.name: list(material.rows) for material in asked},
    }


@step
def materials_missing(edition: Edition, given: dict[str, Any]) -> Any:
    asked = of(edition, given)
    handed_in = {material.id for material in asked if material.name not in given["without"]} | set(
        given.get("also", [])
    )
    return [material.name for material in materials.missing(asked, handed_in)]


@step
def seal(edition: Edition, given: dict[str, Any]) -> Any:
    ruling = materials.seal(materials.SealSeen(given["seen"]), edition)
    return {
        "outcome": ruling.outcome, "verified": ruling.verified, "supplement": ruling.supplement,
        "reason": ruling.reason,
    }  # fmt: skip


@step
def materials_verified(edition: Edition, given: dict[str, Any]) -> Any:
    finding = materials.materials_hold({name: Outcome(word) for name, word in given.items()}, edition)
    return {"outcome": finding.outcome, "reason": finding.reason}


@step
def element_evidence(edition: Edition, given: dict[str, Any]) -> Any:
    return list(materials.evidence(given["element"], edition))


@step
def elements_of_clause_5(edition: Edition, given: dict[str, Any]) -> Any:
    return list(materials.ELEMENTS)
