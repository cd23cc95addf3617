"""Seals on a page: round, oval, red, blue, pressed across text, compressed; and what is none.

The stamps are drawn: a ring, a star, and strokes where the name stands.
"""

import io

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inspection.seal import Seal, colourless, dark_rings, find_seals

Page = NDArray[np.uint8]
RED, BLUE, GREY = (206, 40, 50), (40, 70, 190), (70, 70, 70)
PLACE, RADIUS = (600, 1150), 105


def paper(height: int = 1654, width: int = 1170) -> Page:
    """A page of lines of text, with the grain of a scan."""
    page = np.full((height, width, 3), 247, np.uint8)
    for row in range(180, height - 300, 46):
        for column in range(110, width - 120, 34):
            if (row * 7 + column * 3) % 11:
                cv2.rectangle(page, (column, row), (column + 20, row + 20), (35, 35, 40), 2)
    noise = np.random.default_rng(2).normal(0, 3, page.shape)
    return (page + noise).clip(0, 255).astype(np.uint8)


def stamp(
    page: Page, at: tuple[int, int] = PLACE, radius: int = RADIUS, colour: tuple[int, int, int] = RED, *,
    oval: float = 1.0, star: bool = True, shown: float = 1.0, turn: float = 0.0,
) -> Page:  # fmt: skip
    """The page with a seal; ``oval`` is its height by its width, ``shown`` the share of its outline that printed."""
    layer = np.zeros(page.shape[:2], np.uint8)
    size = (radius, round(radius * oval))
    cv2.ellipse(layer, at, size, turn, 90, 90 + 360 * shown, 255, max(2, radius // 22), cv2.LINE_AA)
    for step in range(11):
        angle = np.radians(150 + step * 24 + turn)
        x, y = at[0] + 0.76 * size[0] * np.cos(angle), at[1] + 0.76 * size[1] * np.sin(angle)
        arm = 0.07 * radius
        for dx, dy in ((1, 0), (0, 1), (0.6, 0.6)):
            ends = [(round(x + s * dx * arm), round(y + s * dy * arm)) for s in (-1, 1)]
            cv2.line(layer, *ends, 255, max(2, radius // 40), cv2.LINE_AA)
    if star:
        tips = [
            (at[0] + r * radius * np.cos(a), at[1] + r * radius * np.sin(a))
            for n in range(10)
            for r, a in [((0.3, 0.115)[n % 2], np.radians(n * 36 - 90 + turn))]
        ]
        cv2.fillPoly(layer, [np.array(tips, np.int32)], 255, cv2.LINE_AA)
    share = layer[..., None].astype(np.float64) / 255 * 0.9
    return (page * (1 - share) + np.array(colour) * share).astype(np.uint8)


def jpeg(page: Page, quality: int) -> Page:
    out = io.BytesIO()
    Image.fromarray(page).save(out, "JPEG", quality=quality)
    return np.asarray(Image.open(io.BytesIO(out.getvalue())))


def sure(page: Page) -> list[Seal]:
    return [seal for seal in find_seals(page, read=False) if seal.sure]


def only(page: Page) -> Seal:
    (seal,) = sure(page)
    return seal


@pytest.mark.parametrize(("colour", "name"), [(RED, "red"), (BLUE, "blue")])
def test_a_round_seal_across_text_is_found_where_it_is(colour: tuple[int, int, int], name: str) -> None:
    seal = only(stamp(paper(), colour=colour))
    assert seal.centre == pytest.approx(PLACE, abs=3)
    assert seal.radii == pytest.approx((RADIUS, RADIUS), rel=0.05)
    assert (seal.colour, seal.star) == (name, True)


def test_an_oval_seal_without_a_star_is_found() -> None:
    seal = only(stamp(paper(), radius=130, oval=0.67, star=False))
    assert seal.radii == pytest.approx((130, 87), rel=0.07)
    assert not seal.star


@pytest.mark.parametrize("radius", [60, 90, 180])
@pytest.mark.parametrize("quality", [25, 60, 95])
def test_compression_and_size_do_not_hide_it(radius: int, quality: int) -> None:
    assert only(jpeg(stamp(paper(), radius=radius, turn=17), quality)).radii[0] == pytest.approx(radius, rel=0.07)


def test_two_seals_are_two() -> None:
    page = stamp(stamp(paper()), (280, 1300), 90)
    assert sorted(round(seal.centre[0], -2) for seal in sure(page)) == [300, 600]


def test_a_seal_across_a_red_line_of_the_letterhead_is_found() -> None:
    page = paper()
    cv2.line(page, (60, 1150), (1110, 1150), RED, 5)
    assert only(stamp(page)).centre == pytest.approx(PLACE, abs=6)


def test_half_a_seal_is_doubtful() -> None:
    found = find_seals(stamp(paper(), shown=0.6), read=False)
    assert found
    assert not any(seal.sure for seal in found)


def letterhead() -> Page:
    page = paper()
    cv2.putText(page, "NOTICE 2026", (150, 140), cv2.FONT_HERSHEY_DUPLEX, 3.4, RED, 12)
    cv2.line(page, (60, 165), (1110, 165), RED, 6)
    return page


def emblem() -> Page:
    page = paper()
    cv2.circle(page, (585, 100), 70, (222, 178, 60), -1)
    cv2.circle(page, (585, 100), 58, RED, -1)
    for x, y, r in ((585, 80, 12), (560, 105, 5), (612, 105, 5)):
        cv2.circle(page, (x, y), r, (240, 210, 90), -1)
    return page


def red_frame() -> Page:
    page = paper()
    cv2.rectangle(page, (30, 30), (1140, 1620), RED, 8)
    cv2.rectangle(page, (300, 400), (560, 660), RED, 6)
    return page


def buttons() -> Page:
    page = paper()
    for x in range(200, 1000, 200):
        cv2.circle(page, (x, 1450), 60, RED, -1)
        cv2.circle(page, (x, 1450), 40, BLUE, 4)
    return page


@pytest.mark.parametrize("page", [paper, letterhead, emblem, red_frame, buttons])
def test_what_is_no_seal_is_taken_for_none(page: object) -> None:
    assert callable(page)
    assert find_seals(page(), read=False) == []


def test_a_copy_in_grey_has_no_colour_and_its_stamp_is_never_sure() -> None:
    page = stamp(paper(), colour=GREY)
    gray = np.repeat(page.mean(-1, keepdims=True).astype(np.uint8), 3, 2)
    assert colourless(gray)
    assert not colourless(stamp(paper()))
    assert find_seals(gray, read=False) == []
    assert all(not seal.sure for seal in dark_rings(gray))
    blank = stamp(np.full((1654, 1170, 3), 250, np.uint8), colour=GREY)
    assert [seal.sure for seal in dark_rings(blank)] == [False]


@pytest.mark.parametrize("shape", [(1, 1), (1, 20), (20, 1), (40, 40), (3000, 150), (200, 4000)])
def test_pictures_of_any_shape_are_answered(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(4)
    assert find_seals(np.full((*shape, 3), 255, np.uint8)) == []
    for seal in find_seals(rng.integers(0, 255, (*shape, 3), np.uint8)):
        assert not seal.sure


@pytest.mark.parametrize(
    ("name", "issuer", "firm", "another"),
    [
        ("示范市市场监督管理局", True, False, False),
        ("示范线缆（样例）有限公司", False, True, False),
        ("示范线（样例）有限公", False, True, False),
        ("线有用公", False, False, False),
        ("别的电器制造有限公司", False, False, True),
        ("", False, False, False),
    ],
)
def test_a_name_tells_whose_seal_it_is(name: str, issuer: bool, firm: bool, another: bool) -> None:
    seal = Seal((0, 0), (9, 9), 0, "red", 1, True, True, name)
    assert seal.of_issuer is issuer
    assert seal.of_firm("示范线缆(样例)有限公司") is firm
    assert seal.of_another("示范线缆(样例)有限公司") is another
    assert not seal.of_another("")
