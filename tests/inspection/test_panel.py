"""The scanner panel: who reads a code in the photo, and at which simulated distances it goes out of sight."""

import json

import cv2
import numpy as np
import segno
import zxingcpp
from numpy.typing import NDArray

from inspection.panel import Panel, panel
from inspection.reading import Symbol, read_codes

TEXT = "https://id.gs1.org/01/06901234567892/10/L2026A/21/0001"


def photo(scale: int = 10, blur: float = 0.0) -> NDArray[np.uint8]:
    rows = segno.make(TEXT, error="m", micro=False, boost_error=False).matrix_iter(scale=scale, border=8)
    picture = np.array([[30 if dark else 225 for dark in row] for row in rows], np.uint8)
    return cv2.GaussianBlur(picture, (0, 0), blur) if blur else picture


def asked(picture: NDArray[np.uint8], module_mm: float | None) -> Panel:
    (symbol,) = read_codes(picture)
    answer = panel(picture, symbol, module_mm)
    assert answer is not None
    return answer


def test_a_sound_code_of_20_mm_is_read_by_all_at_every_distance() -> None:
    answer = asked(photo(), 20 / 33)
    assert answer.views[0].readers == ("zxing", "zbar", "opencv")
    assert [view.distance_cm for view in answer.views] == [None, 5, 10, 20, 30]
    assert all(len(view.readers) >= 2 for view in answer.views)
    assert answer.unread_cm == ()
    assert answer.single_cm == ()


def test_a_tiny_code_fails_far_away_first() -> None:
    answer = asked(photo(), 0.2)
    assert 30 in answer.unread_cm
    assert 5 not in answer.unread_cm
    far = answer.views[-1]
    assert far.px_per_module < 1.2
    assert not far.limited


def test_a_view_nearer_than_the_photo_says_that_it_is_limited() -> None:
    answer = asked(photo(scale=4), 20 / 33)
    assert [view.limited for view in answer.views] == [False, True, True, False, False]


def test_no_millimetres_no_distances() -> None:
    answer = asked(photo(), None)
    assert len(answer.views) == 1
    assert json.loads(json.dumps(answer.to_json()))["views"][0]["readers"] == ["zxing", "zbar", "opencv"]


def test_a_reader_that_says_something_else_is_named() -> None:
    picture = photo()
    (symbol,) = read_codes(picture)
    other = Symbol("another text", "QRCode", symbol.corners, size=symbol.size)
    answer = panel(picture, other, None)
    assert answer is not None
    assert answer.views[0].readers == ()
    assert answer.views[0].differing == ("zxing", "zbar", "opencv")


def test_a_data_matrix_is_for_zxing_alone() -> None:
    matrix = np.array(zxingcpp.create_barcode("SAMPLE-01", zxingcpp.DataMatrix).to_image(scale=8))
    answer = asked(np.pad(matrix, 40, constant_values=255), 0.5)
    assert answer.asked == ("zxing",)
    assert answer.views[0].readers == ("zxing",)


def test_nothing_read_is_nothing_to_ask() -> None:
    nothing = Symbol("", "QRCode", np.array([[10.0, 10], [50, 10], [50, 50], [10, 50]]))
    assert panel(photo(), nothing, 0.5) is None
