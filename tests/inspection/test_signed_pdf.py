"""Signatures of PDFs: unaltered, altered, by a known issuer or an unknown one, damaged; and what nothing may cost."""

import io
import random
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from app.demo.signing import signed
from inspection.signed_pdf import Signatures, read_signatures, seal_of
from standard.materials import SealSeen
from tests.inspection.test_artwork import page, vector

FIRM = "示范线缆（样例）有限公司"


@cache
def plain() -> bytes:
    return page(vector(71, 7, 22))


@cache
def sealed() -> bytes:
    return signed(plain(), FIRM, datetime.now(UTC))


def seal(data: bytes, roots: Path | None = None) -> SealSeen | None:
    word = seal_of(read_signatures(data, roots).seen)
    return SealSeen(word) if word else None


def issuer(data: bytes) -> bytes:
    """The certificate inside the signature, PEM."""
    (signature,) = PdfFileReader(io.BytesIO(data)).embedded_regular_signatures
    return x509.load_der_x509_certificate(signature.signer_cert.dump()).public_bytes(Encoding.PEM)


def test_an_unaltered_file_by_an_unknown_issuer_is_intact_but_not_verified() -> None:
    (one,) = read_signatures(sealed()).seen
    assert (one.signer, one.intact, one.valid, one.trusted, one.whole) == (FIRM, True, True, False, True)
    assert one.signed_at is not None
    assert datetime.fromisoformat(one.signed_at).tzinfo is not None
    assert seal(sealed()) is SealSeen.SIGNATURE_UNVERIFIABLE


def test_an_issuer_in_the_folder_of_the_trusted_verifies_it(tmp_path: Path) -> None:
    assert seal(sealed(), tmp_path) is SealSeen.SIGNATURE_UNVERIFIABLE
    (tmp_path / "无关.pem").write_bytes(b"no certificate")
    (tmp_path / "样例签章.pem").write_bytes(issuer(sealed()))
    assert seal(sealed(), tmp_path) is SealSeen.SIGNATURE_VALID


def test_one_changed_byte_breaks_the_signature() -> None:
    at = sealed().index(b"stream") + 20
    altered = sealed()[:at] + bytes([sealed()[at] ^ 1]) + sealed()[at + 1 :]
    (one,) = read_signatures(altered).seen
    assert not one.intact
    assert seal(altered) is SealSeen.SIGNATURE_BROKEN


def test_pages_changed_after_the_signature_break_it_though_its_own_bytes_are_intact() -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed()))
    first = writer.root["/Pages"]["/Kids"][0]
    first["/Rotate"] = type(first["/MediaBox"][0])(90)
    writer.update_container(first)
    out = io.BytesIO()
    writer.write(out)
    (one,) = read_signatures(out.getvalue()).seen
    assert (one.intact, one.whole) == (True, False)
    assert seal(out.getvalue()) is SealSeen.SIGNATURE_BROKEN


def test_a_file_without_signatures_says_nothing() -> None:
    assert read_signatures(plain()) == Signatures()
    assert seal_of(()) is None


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_file_that_is_cut_off_is_told_as_unchecked(share: float) -> None:
    found = read_signatures(sealed()[: int(len(sealed()) * share)])
    assert found in (Signatures((), True), Signatures())
    assert found.unchecked == (b"/ByteRange" in sealed()[: int(len(sealed()) * share)])


@pytest.mark.slow
def test_damaged_files_are_answered_never_raised() -> None:
    rng = random.Random(5)
    for _ in range(12):
        data = bytearray(sealed())
        for _ in range(rng.randrange(1, 40)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        found = read_signatures(bytes(data))
        assert seal_of(found.seen) in {None, "signature_broken", "signature_unverifiable"}
