"""Reading codes from plain renders: QR, Data Matrix, line codes, several at once, GS1 separators, damaged pictures."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
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


def on_page(code: NDArray[np.uint8], margin: int = 60) -> NDArray[np.uint8]:
    return np.pad(code, margin, constant_values=255)


def bent(page: NDArray[np.uint8], turn: float = 1.15) -> NDArray[np.uint8]:
    """The page around an upright cylinder, seen from the front: ``turn`` radians to either side."""
    height, width = page.shape
    across = np.arange(width) / (width - 1) * 2 - 1
    source = (np.arcsin(across * np.sin(turn)) / turn + 1) / 2 * (width - 1)
    x = np.tile(source.astype(np.float32), (height, 1))
    # A camera a little above sees the rounds of the cylinder as arcs.
    drop = (40 * (1 - np.cos(across * 1.2))).astype(np.float32)
    y = np.arange(height, dtype=np.float32)[:, None] + drop[None, :]
    return cv2.remap(page, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255)


def test_each_code_tells_version_and_error_correction_left() -> None:
    (whole,) = read_codes(on_page(qr(TEXT)))
    assert whole.version == 4
    assert whole.uec == 1.0
    code = qr(TEXT)
    code[100:118, 100:130] = 0
    (stained,) = read_codes(on_page(code))
    assert stained.uec is not None
    assert 0 <= stained.uec < 1


def test_a_code_without_one_finder_pattern_is_read() -> None:
    code = qr(TEXT)
    for top, left in ((24, 24), (24, len(code) - 24 - 42), (len(code) - 24 - 42, 24)):
        torn = code.copy()
        torn[top : top + 42, left : left + 42] = 255
        (found,) = read_codes(on_page(torn))
        assert found.text == TEXT
        assert found.readers == frozenset()


def test_a_code_around_a_pipe_is_read() -> None:
    page = bent(on_page(qr("HELLO 42", scale=9), 30))
    (found,) = read_codes(page, "thorough")
    assert found.text == "HELLO 42"


def test_a_dark_picture_beside_a_lamp_is_read() -> None:
    rng = np.random.default_rng(5)
    page = np.full((900, 900), 255.0)
    code = qr(TEXT, scale=8)
    page[100 : 100 + len(code), 100 : 100 + len(code)] = code
    dim = 2 + page / 255 * 9 + rng.normal(0, 0.8, page.shape)
    dim[600:, 600:] = 250
    (found,) = read_codes(np.clip(dim, 0, 255).astype(np.uint8))
    assert found.text == TEXT


def test_light_on_dark() -> None:
    matrix = np.array(zxingcpp.create_barcode("SAMPLE-01", zxingcpp.DataMatrix).to_image(scale=8))
    for code in (qr(TEXT), np.pad(matrix, 20, constant_values=255)):
        (found,) = read_codes(255 - on_page(code))
        assert found.text in {TEXT, "SAMPLE-01"}


def test_many_codes_each_once() -> None:
    texts = [f"CODE {n:02}" for n in range(24)]
    tiles = [qr(text, scale=4, border=5) for text in texts]
    page = np.vstack([np.hstack(tiles[n : n + 6]) for n in range(0, 24, 6)])
    assert sorted(code.text for code in read_codes(page)) == texts


def test_a_line_code_of_a_few_bars_is_not_taken_for_one() -> None:
    bars = np.tile(np.repeat(np.array([0, 255, 0, 255, 255, 0], np.uint8), 5), (120, 8))
    assert read_codes(np.pad(bars, 40, constant_values=255), "thorough") == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 60000), (60000, 1), (3, 900), (16, 16), (17, 5000), (64, 64)])
@pytest.mark.parametrize("level", [0, 255])
def test_odd_sizes_hold_nothing(shape: tuple[int, int], level: int) -> None:
    for effort in ("fast", "thorough"):
        assert read_codes(np.full(shape, level, np.uint8), effort) == []


def test_noise_holds_nothing() -> None:
    noise = np.random.default_rng(7).integers(0, 256, (500, 700), dtype=np.uint8)
    assert read_codes(noise, "thorough") == []


def test_a_picture_of_60_megapixels_is_read_in_its_own_pixels() -> None:
    page = np.full((7800, 7800), 255, np.uint8)
    code = qr(TEXT, scale=30)
    page[5000 : 5000 + len(code), 3000 : 3000 + len(code)] = code
    (found,) = read_codes(page)
    assert found.text == TEXT
    assert np.abs(found.corners[0] - [3120, 5120]).max() < 12


def test_arrays_that_are_not_contiguous() -> None:
    page = on_page(qr(TEXT))
    wide = np.repeat(page, 2, axis=1)
    (found,) = read_codes(wide[:, ::2])
    assert found.text == TEXT


def test_a_code_cut_out_of_the_untouched_photo_is_offered_to_both_readers() -> None:
    page = on_page(qr(TEXT))
    (symbol,) = read_symbols(page)
    assert second_opinion(page, replace(symbol, readers=frozenset())).readers == {"zxing", "zbar"}
    assert second_opinion(page, replace(symbol, text="something else", readers=frozenset())).readers == frozenset()
