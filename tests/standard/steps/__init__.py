"""What a case may ask (its ``when``): thin steps from a case's plain words to the public functions of ``standard/``."""

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from standard.profile import Edition

Step = Callable[[Edition, dict[str, Any]], Any]

STEPS: dict[str, Step] = {}


def step(function: Step) -> Step:
    """Register a step under its function's name: ``(edition, given) -> plain data`` to compare with ``then``."""
    if function.__name__ in STEPS:
        raise ValueError(f"two steps are called {function.__name__}")
    STEPS[function.__name__] = function
    return function


@cache
def load_steps() -> dict[str, Step]:
    """All steps of this folder's modules."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return STEPS
