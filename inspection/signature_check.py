"""Signatures of a PDF checked by pyHanko: a program of its own, run by :mod:`inspection.signed_pdf`, never imported.

A file from outside decides how long its parsing takes, so that works in a process that the kernel bounds, without any
network: nothing is fetched, and so no revocation is asked for. The PDF stands on its input, the paths of the
certificates that are trusted in its arguments; a line of JSON on its output: ``signatures``, each as the fields of
``inspection.materials.SignatureSeen``, and ``unknown``, the number of signatures whose method it does not know.
"""

import io
import json
import logging
import resource
import sys
from contextlib import suppress
from typing import Any

CPU_SECONDS = 6
MEMORY_BYTES = 1 << 30
MOST_SIGNATURES = 12
_LONGEST_NAME = 120


def bound() -> None:
    """Give this process its limits, none above those it was born with."""
    for limit, wanted in (
        (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        _, most = resource.getrlimit(limit)
        value = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(limit, (value, value + 1 if limit == resource.RLIMIT_CPU and value < most else most))


def certificates(paths: list[str]) -> list[Any]:
    """The certificates in PEM or DER files; a file that is none is passed over."""
    from pyhanko import keys  # noqa: PLC0415 - slow to load: only once the limits stand

    load: Any = keys.load_certs_from_pemder
    found: list[Any] = []
    for path in paths:
        with suppress(ValueError, TypeError, OSError):
            found += list(load([path]))
    return found


def check(data: bytes, roots: list[str]) -> dict[str, Any]:
    """What is to be answered about the file."""
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415
    from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415

    trusted = certificates(roots)
    reader = PdfFileReader(io.BytesIO(data), strict=False)
    found, unknown = [], 0
    for signature in reader.embedded_regular_signatures[:MOST_SIGNATURES]:
        context = ValidationContext(trust_roots=trusted, allow_fetching=False, revocation_mode="soft-fail")
        seen = _seen(signature, context)
        if seen is None:
            unknown += 1
        else:
            found.append(seen)
    return {"signatures": found, "unknown": unknown}


def _seen(signature: Any, context: Any) -> dict[str, Any] | None:
    """One signature; None where its method (SM2, SM3) is not known here, so that nothing can be said of it."""
    from pyhanko.sign.diff_analysis import ModificationLevel  # noqa: PLC0415
    from pyhanko.sign.validation import validate_pdf_signature  # noqa: PLC0415
    from pyhanko.sign.validation.status import SignatureCoverageLevel  # noqa: PLC0415

    seen: dict[str, Any] = {
        "signer": "", "intact": False, "valid": False, "trusted": False, "whole": False, "signed_at": None
    }  # fmt: skip
    try:
        subject = signature.signer_cert.subject.native
        seen["signer"] = str(subject.get("common_name") or subject.get("organization_name") or "")[:_LONGEST_NAME]
        status = validate_pdf_signature(signature, context)
    except Exception as problem:
        if any(word in repr(problem).lower() for word in ("unsupported", "1.2.156.10197", "not supported", "unknown")):
            return None
        return seen
    covers = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    further = status.modification_level is not None and status.modification_level <= ModificationLevel.FORM_FILLING
    at = status.signer_reported_dt
    return seen | {
        "intact": bool(status.intact), "valid": bool(status.valid), "trusted": bool(status.trusted),
        "whole": bool(covers or (further and status.docmdp_ok)), "signed_at": at.isoformat() if at else None,
    }  # fmt: skip


def main() -> None:
    """Answer for the PDF on the input; one that cannot be parsed has no signatures."""
    bound()
    logging.disable(logging.CRITICAL)
    data = sys.stdin.buffer.read()
    try:
        answer = check(data, sys.argv[1:])
    except MemoryError:
        sys.exit(3)
    except Exception:
        answer = {"signatures": [], "unknown": 0}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
