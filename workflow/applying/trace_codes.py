"""The trace codes that an application's materials carry, and what the platforms of opaque ones state (3.4, R33).

A platform states it in two ways: the register answers for a certificate's code when its photo is judged, or a look-up
screenshot that passed shows the page of the very code.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models import Material, MaterialState
from standard.codes import Level, TraceCode, looked_up_finding, needed_level, opaque, page_level
from standard.grades import Grade
from standard.outcome import Finding
from standard.profile import Edition
from workflow.intake.judged_codes import trace_code_of

PRINTS = ("certificate_photo", "full_chain_photos", "one_item_photos")
"""Materials that show a certificate, where they were inspected as one."""
ONE_ITEM, LOOK_UP = "one_item_photos", "query_demo"


def trace_code(material: Material, edition: Edition) -> TraceCode | None:
    """The code that a certificate's inspection, or a body's, judged: the first of its codes (R51)."""
    return trace_code_of(material.inspection.report if material.inspection else material.report or {}, edition)


def looked_up(materials: Iterable[Material], edition: Edition) -> dict[str, Level]:
    """What platforms state of the opaque codes on certificates, by canonical text; codes of which none does are not
    in it."""
    standing = list(materials)
    shots = [one.report or {} for one in standing if one.kind == LOOK_UP and one.state == MaterialState.PASSED]
    found: dict[str, Level] = {}
    for photo, code in _opaque(standing, edition):
        answered = (photo.report or {}).get("platform", {})
        levels = [page_level(code, shot.get("code"), shot.get("stated", {}), edition) for shot in shots]
        if answered.get("code") == code.canonical:
            levels.append(Level(answered["level"]))
        best = max(levels, key=lambda level: level.rank, default=Level.NONE)
        if best is not Level.NONE:
            found[str(code.canonical)] = best
    return found


@dataclass(frozen=True, slots=True)
class LookUp:
    """One opaque code and whether enough is stated of it; ``owed``: not even what every level asks (a batch), so that
    a screenshot has to come. At AAA single items need a serial, without which the grade is lower."""

    finding: Finding
    owed: bool


def look_ups(materials: Sequence[Material], edition: Edition) -> list[LookUp]:
    """Of every opaque code on a certificate, in the order in which the photos were handed in."""
    least, of_items = (needed_level(grade, edition=edition) for grade in (Grade.B, Grade.AAA))
    shown = looked_up(materials, edition)
    found: dict[str, LookUp] = {}
    for photo, code in _opaque(materials, edition):
        name = str(code.canonical)
        if name not in found or photo.kind == ONE_ITEM:
            states = shown.get(name, Level.NONE)
            finding = looked_up_finding(code, states, of_items if photo.kind == ONE_ITEM else least)
            found[name] = LookUp(finding, states.rank < least.rank)
    return list(found.values())


def _opaque(materials: Iterable[Material], edition: Edition) -> list[tuple[Material, TraceCode]]:
    return [
        (photo, code)
        for photo in materials
        if photo.kind in PRINTS and photo.inspection is not None
        and (code := trace_code(photo, edition)) is not None and opaque(code, edition)
    ]  # fmt: skip
