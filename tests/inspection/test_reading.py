"""Reading codes from plain renders: QR, Data Matrix, line codes, several at once, GS1 separators, damaged pictures."""

import cv2
import numpy as np
import segno
import zxingcpp
from numpy.typing import NDArray

from inspection import read_codes
from inspection.reading import read_symbols, second_opinion

TEXT = "https://id.gs1.org/01/06901234567892/10/L2026A/21/0001"


def qr(text: str, scale: int = 6, border: int = 4) -> NDArray[np.uint8]:
    symbol = segno.make(text, error="m", micro=False, boost_error=False)
    rows = [[0 if dark else 255 for dark in row] for row in symbol.matrix_iter(scale=scale, border=border)]
    return np.array(rows, np.uint8)


def test_corners_start_at_the_symbols_own_upper_left_and_run_clockwise() -> None:
    page = np.full((400, 500), 255, np.uint8)
    code = qr(TEXT)
    page[50 : 50 + len(code), 80 : 80 + len(code)] = code
    side = len(code) - 48
    for turns in range(4):
        (found,) = read_codes(np.ascontiguousarray(np.rot90(page, turns)))
        assert found.text == TEXT
        assert found.symbology == "QRCode"
        corners = np.array(found.corners)
        expected = np.array([[104, 74], [104 + side, 74], [104 + side, 74 + side], [104, 74 + side]], float)
        for _ in range(turns):
            width = 500 if _ % 2 == 0 else 400
            expected = np.stack([expected[:, 1], width - expected[:, 0]], axis=1)
        assert np.abs(corners - expected).max() < 2.5


def test_several_codes_of_several_kinds() -> None:
    page = np.full((700, 900), 255, np.uint8)
    code = qr(TEXT)
    page[20 : 20 + len(code), 20 : 20 + len(code)] = code
    matrix = np.array(zxingcpp.create_barcode("SAMPLE-01", zxingcpp.DataMatrix).to_image(scale=8))
    page[400 : 400 + matrix.shape[0], 40 : 40 + matrix.shape[1]] = matrix
    line = np.array(zxingcpp.create_barcode("6901234567892", zxingcpp.EAN13).to_image(scale=3))
    page[100 : 100 + line.shape[0], 420 : 420 + line.shape[1]] = line
    found = {code.symbology: code.text for code in read_codes(page)}
    assert found == {"QRCode": TEXT, "DataMatrix": "SAMPLE-01", "EAN13": "6901234567892"}


def test_a_gs1_separator_stays_in_the_text() -> None:
    barcode = zxingcpp.create_barcode("(01)06901234567892(10)L2026A(21)000X", zxingcpp.DataMatrix, gs1=True)
    image = np.pad(np.array(barcode.to_image(scale=8)), 30, constant_values=255)
    (found,) = read_codes(image)
    assert found.text == "010690123456789210L2026A\x1d21000X"


def test_a_repaired_picture_is_evidence_but_names_no_reader() -> None:
    page = np.full((400, 500), 255, np.uint8)
    code = qr(TEXT, scale=4)
    page[50 : 50 + len(code), 80 : 80 + len(code)] = code
    rng = np.random.default_rng(3)
    dim = (cv2.GaussianBlur(page, (0, 0), 2.2).astype(float) * 0.5 + 30 + rng.normal(0, 1, page.shape)).astype(np.uint8)
    assert read_codes(dim, "fast") == []
    (repaired,) = (s for s in read_symbols(dim, "thorough") if s.text)
    assert repaired.text == TEXT
    assert repaired.readers == frozenset()


def test_the_second_reader_is_asked_about_the_same_pixels() -> None:
    page = np.pad(qr(TEXT), 40, constant_values=255)
    (symbol,) = read_symbols(page)
    assert symbol.readers == {"zxing"}
    assert second_opinion(page, symbol).readers == {"zxing", "zbar"}


def test_nothing_in_nothing() -> None:
    assert read_codes(np.full((120, 160), 128, np.uint8), "thorough") == []
    assert read_codes(np.zeros((1, 1), np.uint8), "thorough") == []
