"""A certificate's life, holder and face as plain JSON data and back, exactly.

The shapes are those of ``standard.life`` and ``standard.validity``.
"""

from typing import Any

from pydantic import TypeAdapter

from standard.life import Certificate
from standard.profile import Edition
from standard.validity import Face, Holder

_LIFE = TypeAdapter(Certificate)
_HOLDER = TypeAdapter(Holder)
_FACE = TypeAdapter(Face)


def life_to_json(life: Certificate) -> dict[str, Any]:
    """Plain data: days as ``2026-11-27``, months as ``{"year", "number"}``, words as their values."""
    data: dict[str, Any] = _LIFE.dump_python(life, mode="json")
    return data


def life_from_json(data: dict[str, Any]) -> Certificate:
    """The life that was stored; :class:`pydantic.ValidationError` where it is none."""
    return _LIFE.validate_python(data)


def holder_to_json(holder: Holder) -> dict[str, Any]:
    """Plain data: name, uscc, address, categories."""
    data: dict[str, Any] = _HOLDER.dump_python(holder, mode="json")
    return data


def holder_from_json(data: dict[str, Any]) -> Holder:
    """The holder that was stored."""
    return _HOLDER.validate_python(data)


def face_to_json(face: Face) -> dict[str, Any]:
    """Plain data: title, fields (label and value), seal, notes, as_of."""
    data: dict[str, Any] = _FACE.dump_python(face, mode="json")
    return data


def grade_name(grade: str, edition: Edition) -> str:
    """The Chinese name of a certificate's grade in Appendix B: ``优秀级``."""
    return dict(zip(edition.words("life.grades"), edition.words("life.grade_names"), strict=True))[grade]
