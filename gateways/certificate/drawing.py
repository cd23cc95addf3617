"""Drawing certificates with typst: one source for the PDF (PDF/A-2b, fonts embedded) and the picture; confirmations
as PDF alone."""

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import segno
import typst

from workflow.ports import CertifierFailed, Drawn

FAMILIES = ("Noto Serif CJK SC", "Noto Sans CJK SC")
ARCHIVAL = "a-2b"
"""PDF/A-2b: made to be read in decades, and refused by typst where a single character has no glyph."""
PIXELS_PER_INCH = 160

_PROBE = b"""
#set page(width: 200mm, height: auto)
#set text(font: ("Noto Serif CJK SC", "Noto Sans CJK SC"))
#for character in json(bytes(sys.inputs.characters)) [#text(character) ]
"""


class Drawing:
    """Draws faces with the fonts found in some folders, and no others: every machine draws the same."""

    def __init__(self, font_dirs: Sequence[Path]) -> None:
        self._font_dirs = [str(folder) for folder in font_dirs if folder.is_dir()]
        self._drawable: set[str] = set()

    def missing_families(self) -> list[str]:
        """The families that certificates are set in and that are not there."""
        return [family for family in FAMILIES if family not in self._fonts.families()]

    def missing_glyphs(self, text: str) -> str:
        """The characters that no font can draw, in their order: asked of the engine that will draw them."""
        asked = [character for character in dict.fromkeys(text) if not character.isspace()]
        unknown = [character for character in asked if character not in self._drawable]
        missing = self._undrawable(unknown)
        self._drawable.update(character for character in unknown if character not in missing)
        return "".join(missing)

    def draw(self, face: dict[str, Any], qr_url: str) -> Drawn:
        """PDF and picture of a face; the same face gives the same bytes."""
        inputs = _inputs(face, qr_url)
        as_of = datetime.fromisoformat(face["as_of"]).replace(tzinfo=UTC)
        pdf = self._compile(self._template, inputs, timestamp=int(as_of.timestamp()), pdf_standards=ARCHIVAL)
        return Drawn(pdf, self._compile(self._template, inputs, format="png", ppi=PIXELS_PER_INCH))

    def draw_confirmation(self, face: dict[str, Any], qr_url: str) -> bytes:
        """PDF of a confirmation's face, whose ``as_of`` is a moment with its zone; drawn alike each time."""
        as_of = datetime.fromisoformat(face["as_of"])
        source = resources.files(__package__).joinpath("confirmation.typ").read_bytes()
        return self._compile(source, _inputs(face, qr_url), timestamp=int(as_of.timestamp()), pdf_standards=ARCHIVAL)

    @cached_property
    def _fonts(self) -> typst.Fonts:
        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=self._font_dirs)

    @cached_property
    def _template(self) -> bytes:
        return resources.files(__package__).joinpath("certificate.typ").read_bytes()

    def _undrawable(self, characters: list[str]) -> list[str]:
        """Halve the list until what fails stands alone: one compilation where all is well."""
        if not characters:
            return []
        try:
            self._compile(_PROBE, {"characters": json.dumps(characters)}, pdf_standards=ARCHIVAL)
        except CertifierFailed:
            if len(characters) == 1:
                return characters
            middle = len(characters) // 2
            return self._undrawable(characters[:middle]) + self._undrawable(characters[middle:])
        return []

    def _compile(self, source: bytes, inputs: dict[str, str], **options: Any) -> bytes:
        try:
            made = typst.compile(source, font_paths=self._fonts, sys_inputs=inputs, **options)
        except typst.TypstError as problem:
            raise CertifierFailed(str(problem)[:500]) from None
        if isinstance(made, list):
            raise CertifierFailed(f"a certificate of {len(made)} pages")
        return made


def _inputs(face: dict[str, Any], qr_url: str) -> dict[str, str]:
    qr = io.BytesIO()
    segno.make(qr_url, error="m", micro=False).save(qr, kind="svg", border=2, xmldecl=False)
    return {"face": json.dumps(face, ensure_ascii=False), "qr": qr.getvalue().decode()}
