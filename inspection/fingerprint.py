"""What is kept of a picture so that the same shot is recognised when it comes again, and when two are the same.

How it is made of pixels stands in :mod:`inspection.phash`; who only compares needs no picture library.
"""

from dataclasses import dataclass

import numpy as np

KEY_BITS = 64
KEY_RADIUS = 7
"""Copies are at most this far from their original's key, at their best shift; other photos seldom are so near."""
SAME_SHOT = 40
"""Bits of 256 by which two fingerprints of one shot may differ.

Measured on invented certificates (``python -m benchmarks.picture_index --distances``): copies up to 38, photos of the
same design in nearly the same pose from 59 (from 44 on the seeds it was chosen on), of other designs from 80.
"""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What to keep of a picture, and what to look for among those that are kept.

    ``key`` (64 bits) and ``fine`` (256 bits, 32 bytes) are kept. ``keys`` (a row a quarter turn, an entry a shift)
    finds candidates whose key is within :data:`KEY_RADIUS`; the least distance of ``fines`` to their ``fine`` decides.
    """

    keys: tuple[tuple[int, ...], ...]
    fines: tuple[bytes, ...]

    @property
    def key(self) -> int:
        return self.keys[0][0]

    @property
    def fine(self) -> bytes:
        return self.fines[0]

    def distance(self, fine: bytes) -> int:
        """Bits between this picture, at its best turn, shift and scale, and the ``fine`` that another one left."""
        mine = np.frombuffer(b"".join(self.fines), np.uint64).reshape(len(self.fines), -1)
        return int(np.bitwise_count(mine ^ np.frombuffer(fine, np.uint64)).sum(1).min())
