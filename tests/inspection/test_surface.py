"""The surface model against the camera's own geometry: what can be represented, and what comes back."""

import numpy as np
import pytest

from benchmarks.camera import Camera, View
from benchmarks.certificates import Design, render_certificate
from inspection.rim import sides_of
from inspection.surface import RimPoints, Surface, fit_surface

FRAME = (1461, 1096)
SIZE = (90.0, 60.0)
CODE = np.array([[60.0, 6.0], [82.0, 6.0], [82.0, 28.0], [60.0, 28.0]])


def seen(camera: Camera) -> View:
    sheet = render_certificate(Design(sheet_mm=SIZE, fields={}), px_per_mm=4.0)
    return View(sheet, FRAME, camera, np.random.default_rng(3))


def rims(view: View, sides: range = range(4)) -> list[RimPoints]:
    t = np.linspace(-0.8, 0.8, 48)
    found = []
    for index in sides:
        side = sides_of(SIZE)[index]
        at = side.at(t)
        found.append(RimPoints(at, side.outward, view.project(at)))
    return found


def start(view: View) -> Surface:
    width, height = SIZE
    return Surface.through(view.project(np.array([[0, 0], [width, 0], [width, height], [0, height]])), SIZE, FRAME)


@pytest.mark.parametrize(("bow", "axis"), [(0, 0), (2, 90), (-2, 0), (4, 90), (-4, 0)])
@pytest.mark.parametrize("distortion", [0.0, 0.02, -0.015])
def test_bend_and_lens_are_recovered(bow: float, axis: float, distortion: float) -> None:
    view = seen(Camera(tilt=18, bow_mm=bow, bow_axis=axis, distortion=distortion))
    surface = start(view)
    for _ in range(4):
        fitted = fit_surface(surface, rims(view), view.project(CODE), bent=bool(bow))
        assert fitted is not None
        surface = fitted.surface
    assert np.abs(surface.locate(view.project(CODE)) - CODE).max() < 0.04
    assert surface.bow_mm == pytest.approx(abs(bow), abs=0.12)
    points = np.random.default_rng(1).uniform((0, 0), SIZE, (40, 2))
    assert np.abs(surface.locate(surface.project(points)) - points).max() < 1e-6


def test_three_sides_and_the_code_do() -> None:
    view = seen(Camera(tilt=18))
    surface = start(view)
    noise = np.random.default_rng(5)
    three = [
        RimPoints(rim.at, rim.outward, rim.pixels + noise.normal(0, 0.1, rim.pixels.shape))
        for rim in rims(view, range(3))
    ]
    code = view.project(CODE) + noise.normal(0, 0.05, (4, 2))
    for _ in range(3):
        fitted = fit_surface(surface, three, code, bent=False)
        assert fitted is not None
        surface = fitted.surface
    assert np.abs(surface.locate(code) - CODE).max() < 0.06
    _, (left, _, right, _) = fitted.errors_mm()
    assert left > 1.5 * right  # the side that was not seen is the one that is known least
