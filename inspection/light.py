"""Linear light from sRGB bytes: half the light is where a rim is, and ink is a share of light, not of level."""

import cv2
import numpy as np
from numpy.typing import NDArray

_SRGB = np.array([(v / 255 / 12.92) if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in range(256)], np.float32)


def linear(colour: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Linear light 0…1 of sRGB bytes (any shape of one to four channels)."""
    return np.asarray(cv2.LUT(colour, _SRGB), np.float32)
