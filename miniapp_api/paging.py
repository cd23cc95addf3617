"""Pages by key: what follows an item follows it, however many were added or went meanwhile."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from miniapp_api import wording
from miniapp_api.problems import RefusedHere
from miniapp_api.shapes import Page, Paging

Row = TypeVar("Row", bound=Any)
Item = TypeVar("Item")

MOST_DIGITS = 18


def place(paging: Paging) -> int | None:
    """The row id behind which the page begins; None for the first page. :class:`RefusedHere` where it is none."""
    if paging.after is None:
        return None
    if not (paging.after.isascii() and paging.after.isdigit() and len(paging.after) <= MOST_DIGITS):
        raise RefusedHere(422, "bad_page", wording.BAD_PAGE)
    return int(paging.after)


def page_of(paging: Paging, found: Sequence[Row], shown: Callable[[Row], Item]) -> Page[Item]:
    """The page of ``found``, rows with an ``id``, of which one more was asked for than the page holds."""
    rows = found[: paging.limit]
    return Page(items=[shown(row) for row in rows], next=str(rows[-1].id) if len(found) > paging.limit else None)
