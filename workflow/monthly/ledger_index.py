"""What a ledger lists, kept small: so that any photo of the month is found in it without reading the file again.

A ledger may list two hundred thousand codes. Of each code and batch a digest of 48 bits is kept: that two of them fall
together by chance is one in a thousand million for the largest ledger.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import blake2b

from standard.names import fold

_BYTES = 6


def index_of(names: Iterable[str]) -> str:
    """The index of these codes and batches, as text."""
    return b64encode(b"".join(sorted({_digest(folded) for name in names if (folded := fold(name))}))).decode()


def listed(indexes: Iterable[str], folded: Iterable[str]) -> bool:
    """Whether one of the folded names stands in one of the indexes."""
    wanted = {_digest(name) for name in folded}
    for index in indexes:
        digests = b64decode(index)
        if any(digests[at : at + _BYTES] in wanted for at in range(0, len(digests), _BYTES)):
            return True
    return False


def _digest(folded: str) -> bytes:
    return blake2b(folded.encode(), digest_size=_BYTES).digest()
