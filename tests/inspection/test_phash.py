"""The fingerprint of a shot: the same for its copies, another one for another shot."""

import pickle
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.picture_index import copies_of
from inspection.fingerprint import KEY_RADIUS, SAME_SHOT, Fingerprint
from inspection.phash import fingerprint

PHOTOS = sorted((Path(__file__).parents[1] / "photos").glob("*.jpg"))


@cache
def gray(name: str) -> NDArray[np.uint8]:
    image = cv2.imread(name, cv2.IMREAD_GRAYSCALE)
    assert image is not None
    return image.astype(np.uint8, copy=False)


def print_of(image: NDArray[np.uint8]) -> Fingerprint:
    made = fingerprint(image)
    assert made is not None
    return made


def key_distance(later: Fingerprint, earlier: Fingerprint) -> int:
    return min((key ^ earlier.key).bit_count() for turn in later.keys for key in turn)


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
def test_copies_are_the_same_shot(path: Path) -> None:
    original = print_of(gray(str(path)))
    for edit, image in copies_of(gray(str(path))):
        copy = print_of(image)
        # Trimmed, overexposed and compressed at once is the hardest of them: it may just escape.
        assert copy.distance(original.fine) <= SAME_SHOT + 5 * (edit == "trimmed, brighter, chat"), edit
        assert key_distance(copy, original) <= KEY_RADIUS, edit


def test_other_photos_of_the_same_design_are_other_shots() -> None:
    prints = [print_of(gray(str(path))) for path in PHOTOS]
    apart = [one.distance(other.fine) for one in prints for other in prints if one is not other]
    assert min(apart) > SAME_SHOT + 5


@pytest.mark.parametrize("shape", [(301, 200), (1200, 1600), (2047, 1025)])
def test_a_turned_copy_has_the_same_fingerprint(shape: tuple[int, int]) -> None:
    image = cv2.resize(gray(str(PHOTOS[0])), shape[::-1], interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    original = print_of(image)
    for turns in range(4):
        turned = print_of(np.rot90(image, turns).copy())
        assert turned.distance(original.fine) <= 10
        assert key_distance(turned, original) <= 2


def test_a_picture_of_nothing_has_none() -> None:
    assert fingerprint(np.full((300, 400), 200, np.uint8)) is None
    assert fingerprint(np.zeros((1, 1), np.uint8)) is None


def test_a_fingerprint_travels_between_processes() -> None:
    made = print_of(gray(str(PHOTOS[0])))
    assert pickle.loads(pickle.dumps(made)) == made
    assert (len(made.keys), len(made.keys[0]), len(made.fines)) == (4, 9, 108)
    assert len(made.fine) == 32
    assert 0 <= made.key < 2**64
