"""Reading the signature of a PDF that anybody may have sent: ``python -m gateways.certificate.reading``.

It runs in a process of its own, with little memory and a short time to live, because the bytes are a stranger's.
The PDF comes on standard input, our certificates (DER, base64) as arguments; the verdict goes out as one line of JSON.
"""

import asyncio
import base64
import json
import re
import resource
import sys
from io import BytesIO
from typing import Any

MEMORY = 1024 * 2**20
CPU_SECONDS = 15
_REASON = re.compile(r"证书 (?P<number>\S{1,60})，第 (?P<revision>[0-9]{1,9}) 版|确认书 (?P<confirmation>\S{1,60})")


async def read(pdf: bytes, ours: list[bytes]) -> dict[str, Any] | None:
    """What the signature says (fields of ``workflow.ports.SignatureVerdict``), None where none can be read.

    1. The file is parsed; of its signatures the one made with a certificate of ours counts, else the last.
    2. It is checked against every byte that it covers, and it must cover the file to its end. What it cannot cover, the
       room it stands in, must be as signing leaves it.
    3. A file that no longer parses, or whose signature no longer does, is still known as altered where our
       certificate stands in it: nobody puts that into a file by chance.
    """
    try:
        verdicts = await _signatures(pdf, ours)
    except Exception:  # a stranger's bytes: whatever it is that pyHanko stumbles over, they are not sound
        verdicts = []
    found = next((one for one in verdicts if one["ours"]), verdicts[-1] if verdicts else None)
    if (found is None or not found["ours"]) and _carries(pdf, ours):
        return {"ours": True, "intact": False}
    return found


async def _signatures(pdf: bytes, ours: list[bytes]) -> list[dict[str, Any]]:
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415 - loaded in the child only
    from pyhanko.sign.validation import async_validate_pdf_signature  # noqa: PLC0415
    from pyhanko.sign.validation.status import SignatureCoverageLevel  # noqa: PLC0415
    from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415

    verdicts = []
    for signature in PdfFileReader(BytesIO(pdf), strict=False).embedded_regular_signatures:
        certificate = signature.signer_cert
        trust = ValidationContext(trust_roots=[certificate], allow_fetching=False)
        try:
            status = await async_validate_pdf_signature(signature, signer_validation_context=trust)
        except Exception:  # as above
            status = None
        sound = status is not None and status.intact and status.valid
        whole = status is not None and status.coverage == SignatureCoverageLevel.ENTIRE_FILE
        found = _REASON.fullmatch(str(signature.sig_object.get("/Reason", "")))
        said = found.groupdict() if found else dict.fromkeys(_REASON.groupindex)
        at = signature.self_reported_timestamp
        verdicts.append(
            {
                "ours": certificate.dump() in ours,
                "intact": sound and whole and _untouched_room(pdf, signature),
                "signer": certificate.subject.human_friendly[:200],
                "signed_at": at.isoformat() if at is not None else None,
                "number": said["number"],
                "revision": int(said["revision"]) if said["revision"] else None,
                "confirmation": said["confirmation"],
            }
        )
    return verdicts


def _untouched_room(pdf: bytes, signature: Any) -> bool:
    """Whether the gap in the covered range holds the signature in upper-case hexadecimal, then zeros."""
    from asn1crypto.parser import peek  # noqa: PLC0415 - loaded in the child only

    _, begin, end, _ = (int(number) for number in signature.byte_range)
    room = bytes(signature.pkcs7_content)
    return pdf[begin:end] == b"<%s>" % room.hex().upper().encode() and not any(room[peek(room) :])


def _carries(pdf: bytes, ours: list[bytes]) -> bool:
    """Whether a part of one of our certificates that no other has stands in the file, in hexadecimal as in signatures.

    Parts of its public key, and of its own signature: a byte changed in the certificate itself leaves the others.
    """
    lower = pdf.lower()
    return any(part.hex().encode() in lower for certificate in ours for part in _unmistakable(certificate))


def _unmistakable(der: bytes) -> tuple[bytes, ...]:
    from cryptography import x509  # noqa: PLC0415 - loaded in the child only
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    certificate = x509.load_der_x509_certificate(der)
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return key[-64:-32], key[-32:], certificate.signature[-32:]


def main() -> None:
    """One PDF in, one verdict out."""
    for limit, wanted in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_FSIZE, 0)):
        _, most = resource.getrlimit(limit)
        bound = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(limit, (bound, bound))
    ours = [base64.b64decode(argument) for argument in sys.argv[1:]]
    verdict = asyncio.run(read(sys.stdin.buffer.read(), ours))
    sys.stdout.write(json.dumps(verdict))


if __name__ == "__main__":
    main()
