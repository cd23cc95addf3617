"""The server as ``python -m app`` starts it, but what its inspector said of a file in this run it says again.

The roads to the certificate go over the same papers, each of which takes about a second to look at; what is said of
them depends on nothing but what is asked. The first road of a run inspects; the photos' own tests do each time.
"""

import hashlib
import os
import pickle
from pathlib import Path

from gateways import inspector

FOLDER = "ZHUISU_TEST_INSPECTED"
"""The variable that says where a run keeps what was said."""

answer = inspector._answer


def answer_again(entry: str, *arguments: object) -> object:
    """In the inspector's process: as :func:`gateways.inspector._answer`."""
    asked = hashlib.sha256(pickle.dumps((entry, arguments))).hexdigest()
    kept = Path(os.environ[FOLDER]) / asked
    if kept.exists():
        return pickle.loads(kept.read_bytes())
    said = answer(entry, *arguments)
    writing = kept.with_suffix(f".{os.getpid()}")
    writing.write_bytes(pickle.dumps(said))
    writing.rename(kept)
    return said


if __name__ == "__main__":
    from app.cli import main

    inspector._answer = answer_again
    main()
