"""Certificates as files: drawn from the fonts that are there, signed, and known again, by us and by poppler."""

import asyncio
import io
import random
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pypdfium2
import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps import DummyTimeStamper

from config.settings import CertificateSettings, Environment, Settings
from gateways.certificate.reading import read
from gateways.certificate.signing import certificate_reason, load_key, sample_key, sign
from gateways.certifier import TypstCertifier
from standard.months import Month
from standard.profile import edition_on
from standard.validity import Holder, Standing, State, certificate_face
from workflow.certifying.certificate_life import face_to_json
from workflow.ports import CertifierFailed

NUMBER = "T/CMIF-2026-000001"
URL = "https://sample.test/c/T-CMIF-2026-000001"
TODAY = date(2026, 11, 27)
EDITION = edition_on(TODAY)
FONTS = CertificateSettings.model_fields["font_dirs"].default[0]

POPPLER = pytest.mark.skipif(shutil.which("pdfsig") is None, reason="poppler-utils is not installed")
pytestmark = pytest.mark.skipif(not FONTS.is_dir(), reason="fonts-noto-cjk is not installed")


def face(name: str = "样例电缆𠮷㐂龘有限公司", categories: tuple[str, ...] = ("电线电缆",)) -> dict[str, Any]:
    holder = Holder(name, "91330100MA00000012", "样例省样例市样例路 1 号", categories)
    standing = Standing(NUMBER, "AA", TODAY, date(2027, 11, 26), State.ACTIVE, Month(2026, 11), 0)
    return {
        **face_to_json(certificate_face(holder, standing, URL, TODAY, EDITION)),
        "heading": EDITION.word("life.face_title"),
        "number": NUMBER,
        "revision": 1,
        "grade": "AA",
        "grade_name": "优秀级",
        "alive": True,
        "active": True,
        "as_of_words": "截至 2026 年 11 月 27 日（第 1 版）",
        "seal_note": "样例",
        "remarks": ["企业申报不在网售平台销售。"],
        "sample_words": "样例",
        "url": URL,
    }


@pytest.fixture
async def certifier(tmp_path: Path) -> AsyncIterator[TypstCertifier]:
    made = TypstCertifier(CertificateSettings.model_validate({}), sample_key(tmp_path))
    yield made
    await made.aclose()


@pytest.fixture
async def signed(certifier: TypstCertifier) -> bytes:
    drawn = await certifier.render(face(), URL)
    return await certifier.sign(drawn.pdf, NUMBER, 1)


# --- drawing ---------------------------------------------------------------------------------------------------------


async def test_the_same_face_is_the_same_file_on_one_page_of_a4(certifier: TypstCertifier) -> None:
    one, two = [await certifier.render(face(), URL) for _ in range(2)]
    assert one == two
    document = pypdfium2.PdfDocument(one.pdf)
    assert len(document) == 1
    assert [round(side) for side in document[0].get_size()] == [595, 842]  # A4 in points
    text = document[0].get_textpage().get_text_range()
    for words in ("样例电缆𠮷㐂龘有限公司", NUMBER, "2026 年 11 月 27 日", "国家一级行业协会（电子公章）"):
        assert words in text


def pdffonts(pdf: bytes) -> list[str]:
    said = subprocess.run(["pdffonts", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    return said.splitlines()[2:]


@POPPLER
async def test_every_font_stands_in_the_file_as_a_subset(certifier: TypstCertifier) -> None:
    drawn = await certifier.render(face(), URL)
    fonts = pdffonts(drawn.pdf)
    assert fonts
    assert all("yes yes yes" in " ".join(font.split()) for font in fonts)  # embedded, a subset, with its characters


async def test_the_qr_code_on_the_picture_leads_to_the_certificate(certifier: TypstCertifier) -> None:
    import zxingcpp

    drawn = await certifier.render(face(), URL)
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(drawn.png)))
    assert code.text == URL


async def test_nothing_stands_within_ten_millimetres_of_an_edge(certifier: TypstCertifier) -> None:
    drawn = await certifier.render(face(), URL)
    picture = Image.open(io.BytesIO(drawn.png)).convert("L")
    margin = round(10 / 25.4 * 160)
    left, top, right, bottom = Image.eval(picture, lambda value: 255 - value).getbbox() or (0, 0, 0, 0)
    assert min(left, top, picture.width - right, picture.height - bottom) >= margin


async def test_the_longest_names_still_fit_on_one_page(certifier: TypstCertifier) -> None:
    longest = face("样例电缆电气设备" * 25, tuple(f"样例重点工业产品品类之{number}号" for number in range(40)))
    longest["fields"][2][1] = "样例省样例市样例区样例路" * 25
    drawn = await certifier.render(longest, URL)
    document = pypdfium2.PdfDocument(drawn.pdf)
    assert len(document) == 1
    assert "不得篡改、伪造" in document[0].get_textpage().get_text_range()


async def test_characters_without_a_glyph_are_named_and_rare_ones_are_drawn(certifier: TypstCertifier) -> None:
    assert await certifier.missing_glyphs("样例𠮷㐂龘翀堃喆有限公司 AAA、（）—〔〕《》") == ""
    assert await certifier.missing_glyphs("甲\U00031350乙\ue000丙👍\U00031350") == "\U00031350\ue000👍"


async def test_a_face_with_a_missing_glyph_is_not_drawn_even_when_nobody_asked_before(
    certifier: TypstCertifier,
) -> None:
    with pytest.raises(CertifierFailed):
        await certifier.render(face("样例\ue000公司"), URL)


async def test_markup_in_a_name_is_only_words(certifier: TypstCertifier) -> None:
    drawn = await certifier.render(face("#panic(1) *粗* $x$ \\u{41} @a <b>"), URL)
    text = pypdfium2.PdfDocument(drawn.pdf)[0].get_textpage().get_text_range()
    assert "#panic(1) *粗* $x$ \\u{41} @a <b>" in text


async def test_a_folder_without_the_fonts_is_said_before_anybody_waits(tmp_path: Path) -> None:
    bare = TypstCertifier(CertificateSettings.model_validate({"font_dirs": (tmp_path,)}), sample_key(tmp_path))
    try:
        with pytest.raises(CertifierFailed, match="Noto Serif CJK SC"):
            await bare.check()
    finally:
        await bare.aclose()


# --- signing ---------------------------------------------------------------------------------------------------------


def pdfsig(pdf: bytes, folder: Path) -> str:
    path = folder / "certificate.pdf"
    path.write_bytes(pdf)
    run = subprocess.run(["pdfsig", str(path)], capture_output=True, check=False)
    return run.stdout.decode()


@POPPLER
async def test_poppler_calls_the_signature_valid_its_issuer_untrusted_and_a_changed_byte_invalid(
    signed: bytes, tmp_path: Path
) -> None:
    said = pdfsig(signed, tmp_path)
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert "Certificate issuer isn't Trusted." in said
    changed = bytearray(signed)
    changed[5_000] ^= 1
    assert "Signature is Valid." not in pdfsig(bytes(changed), tmp_path)


async def test_a_signature_of_ours_says_which_certificate_and_revision(
    certifier: TypstCertifier, signed: bytes
) -> None:
    verdict = await certifier.verify(signed)
    assert verdict is not None
    assert (verdict.ours, verdict.intact, verdict.number, verdict.revision) == (True, True, NUMBER, 1)
    assert verdict.sample is True
    assert "样例" in verdict.signer


def confirmation(*values: str) -> dict[str, Any]:
    names = "title", "subtitle", "number_words", "as_of_words", "statement", "seal", "seal_note", "sample_words"
    return {
        **dict.fromkeys(names, "样例"),
        "number": "aB3_x-9Zq1Lm",
        "as_of": "2026-11-27T01:31:00+00:00",
        "fields": [("供应商名称", "样例电缆𠮷㐂龘有限公司"), *(("产品品类", value) for value in values)],
        "strong": [0],
        "alarm": [],
        "notes": ["等级反映企业的质量追溯能力，不代表产品质量或真伪认证。"],
    }


async def test_a_confirmation_is_one_page_signed_as_itself(certifier: TypstCertifier) -> None:
    pdf = await certifier.render_confirmation(confirmation(), URL)
    assert pdf == await certifier.render_confirmation(confirmation(), URL)
    verdict = await certifier.verify(await certifier.sign_confirmation(pdf, "aB3_x-9Zq1Lm"))
    assert verdict is not None
    assert (verdict.ours, verdict.intact) == (True, True)
    assert (verdict.number, verdict.revision, verdict.confirmation) == (None, None, "aB3_x-9Zq1Lm")
    longest = (
        ["样例电缆电气设备" * 25] * 2
        + ["样例省样例市样例区样例路" * 25, "样例重点工业产品品类" * 40]
        + ["样例" * 50] * 10
    )
    full = pypdfium2.PdfDocument(await certifier.render_confirmation(confirmation(*longest), URL))
    assert len(full) == 1
    assert "不代表产品质量" in full[0].get_textpage().get_text_range()


async def test_a_byte_changed_anywhere_is_seen(signed: bytes, tmp_path: Path) -> None:
    ours = [sample_key(tmp_path).certificate]
    dice = random.Random(20261127)
    places = [0, 9, len(signed) - 1, *(dice.randrange(len(signed)) for _ in range(60))]
    for place in places:
        changed = bytearray(signed)
        changed[place] ^= 1 << dice.randrange(8)
        verdict = await read(bytes(changed), ours)
        assert verdict is not None, place
        assert (verdict["ours"], verdict["intact"]) == (True, False), place


async def test_what_is_added_after_the_signature_is_seen(certifier: TypstCertifier, signed: bytes) -> None:
    verdict = await certifier.verify(signed + b"\n% more\n")
    assert verdict is not None
    assert (verdict.ours, verdict.intact) == (True, False)


async def test_a_strangers_signature_is_not_ours_though_it_claims_our_number(
    certifier: TypstCertifier, tmp_path: Path
) -> None:
    drawn = await certifier.render(face(), URL)
    forged = await asyncio.to_thread(sign, drawn.pdf, sample_key(tmp_path / "stranger"), certificate_reason(NUMBER, 1))
    verdict = await certifier.verify(forged)
    assert verdict is not None
    assert verdict.ours is False


@pytest.mark.parametrize("junk", [b"", b"%PDF-1.7", b"\x00" * 10_000, b"%PDF-1.7\n" + b"1 0 obj << /A " * 5_000])
async def test_junk_carries_no_signature(certifier: TypstCertifier, junk: bytes) -> None:
    assert await certifier.verify(junk) is None


async def test_a_file_signed_under_a_former_key_is_still_known(signed: bytes, tmp_path: Path) -> None:
    former = x509.load_der_x509_certificate(sample_key(tmp_path).certificate)
    pem = tmp_path / "former.pem"
    pem.write_bytes(former.public_bytes(Encoding.PEM))
    settings = CertificateSettings.model_validate({"former_certificates": (pem,)})
    now = TypstCertifier(settings, sample_key(tmp_path / "new"))
    try:
        verdict = await now.verify(signed)
    finally:
        await now.aclose()
    assert verdict is not None
    assert (verdict.ours, verdict.intact) == (True, True)


@pytest.fixture
def stamps() -> Iterator[str]:
    """A time stamp service (RFC 3161) that nobody trusts."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "样例时间戳")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    stamper = DummyTimeStamper(
        asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)), asn1_keys.PrivateKeyInfo.load(private)
    )

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
            answer = stamper.request_tsa_response(asked).dump()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_time_stamp_is_put_in_where_a_service_is_named(stamps: str, tmp_path: Path) -> None:
    settings = CertificateSettings.model_validate({"timestamp_url": stamps})
    stamped = TypstCertifier(settings, sample_key(tmp_path))
    try:
        pdf = await stamped.sign((await stamped.render(face(), URL)).pdf, NUMBER, 1)
        verdict = await stamped.verify(pdf)
    finally:
        await stamped.aclose()
    assert verdict is not None
    assert (verdict.ours, verdict.intact) == (True, True)
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
    attributes = signature.signer_info["unsigned_attrs"]
    assert "signature_time_stamp_token" in [attribute["type"].native for attribute in attributes]


async def test_a_time_stamp_service_that_is_away_is_said(tmp_path: Path) -> None:
    settings = CertificateSettings.model_validate({"timestamp_url": "http://127.0.0.1:1/"})
    stamped = TypstCertifier(settings, sample_key(tmp_path))
    try:
        drawn = await stamped.render(face(), URL)
        with pytest.raises(CertifierFailed, match="TimestampRequestError"):
            await stamped.sign(drawn.pdf, NUMBER, 1)
    finally:
        await stamped.aclose()


# --- keys ------------------------------------------------------------------------------------------------------------


def test_the_sample_key_is_made_once_marked_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first, second = sample_key(tmp_path), sample_key(tmp_path)
    assert first.certificate == second.certificate
    assert first.sample
    assert (tmp_path / "sample-key.p12").stat().st_mode & 0o077 == 0
    assert "样例" in x509.load_der_x509_certificate(first.certificate).subject.rfc4514_string()


def test_a_configured_key_is_no_sample_and_a_wrong_password_is_said(tmp_path: Path) -> None:
    sample_key(tmp_path)
    path = tmp_path / "sample-key.p12"
    assert load_key(path, "sample").sample is False
    for wrong in (lambda: load_key(path, "wrong"), lambda: load_key(tmp_path / "none.p12", "")):
        with pytest.raises(CertifierFailed):
            wrong()
    key, certificate, chain = pkcs12.load_key_and_certificates(path.read_bytes(), b"sample")
    assert key is not None
    assert certificate is not None
    assert len(chain) == 1


def test_production_never_makes_itself_a_key(tmp_path: Path) -> None:
    settings = Settings(environment=Environment.PRODUCTION, data_dir=tmp_path)
    with pytest.raises(CertifierFailed):
        TypstCertifier.from_settings(settings)
    assert list(tmp_path.iterdir()) == []
    assert any(line.startswith("ZHUISU_CERTIFICATE__KEY_FILE") for line in settings.missing_for_production())
