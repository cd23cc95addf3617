"""A PDF's signatures, and what they say of the firm's electronic seal (7.1, R42)."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from inspection.materials import SignatureSeen
from inspection.report import PictureRefused

_WALL_SECONDS = 15.0
"""The kernel ends the check after six seconds of CPU; this is for a machine that gives it none."""
_MOST_ROOTS = 200


@dataclass(frozen=True, slots=True)
class Signatures:
    """The signatures that could be checked; ``unchecked`` where others are there: made by methods that are not known
    here (SM2), or damaged."""

    seen: tuple[SignatureSeen, ...] = ()
    unchecked: bool = False


def read_signatures(data: bytes, roots: Path | None = None) -> Signatures:
    """Check every signature of a PDF offline: nothing is fetched, and revocation is therefore not checked.

    ``roots`` is a folder with the certificates (PEM, DER) of the authorities that are trusted; none: every signature
    stays without a known issuer. Raises :class:`PictureRefused` (``document_too_complex``) where the check reached its
    bounds of time and memory.
    """
    if b"/ByteRange" not in data:  # it is never compressed: the signer writes it in place
        return Signatures()
    paths = sorted(str(path) for path in roots.iterdir() if path.suffix in {".pem", ".crt", ".cer"}) if roots else []
    program = str(resources.files("inspection").joinpath("signature_check.py"))
    try:
        done = subprocess.run(  # noqa: S603 - our own program on our own interpreter
            [sys.executable, "-I", program, *paths[:_MOST_ROOTS]], input=data, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=_WALL_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise _too_complex() from None
    if done.returncode != 0:
        raise _too_complex()
    answer = json.loads(done.stdout)
    seen = tuple(SignatureSeen(**one) for one in answer["signatures"])
    return Signatures(seen, answer["unknown"] > 0 or not seen)


def _too_complex() -> PictureRefused:
    return PictureRefused(
        "document_too_complex", "这个 PDF 的签章太复杂，无法核验：请重新导出或重新签章后上传，或上传加盖公章的扫描件。"
    )


def seal_of(signatures: Sequence[SignatureSeen]) -> str | None:
    """The value of ``standard.materials.SealSeen`` that they amount to; None without any.

    One that is broken, or that no longer covers the file as it stands, breaks all; all trusted are verified; an issuer
    that is not known leaves them unverified, and unaltered all the same.
    """
    if not signatures:
        return None
    if not all(one.intact and one.valid and one.whole for one in signatures):
        return "signature_broken"
    return "signature_valid" if all(one.trusted for one in signatures) else "signature_unverifiable"
