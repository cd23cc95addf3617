"""Which registered product a picture is of: by the code that stands on it, else by its model in the text."""

from collections.abc import Iterable, Sequence

from inspection.fields import fold
from inspection.report import ProductHint


def product_by_code(text: str, products: Sequence[ProductHint]) -> ProductHint | None:
    """The product one of whose codes stands in the text; the longest such code decides between several."""
    hits = [(len(code), hint) for hint in products for code in hint.codes if code and code in text]
    return max(hits, key=lambda hit: hit[0])[1] if hits else None


def product_by_model(texts: Iterable[str], products: Sequence[ProductHint]) -> ProductHint | None:
    """The one product whose model stands in the lines of text; None where none or several do."""
    lines = [fold(text) for text in texts]
    hits = [hint for hint in products if hint.model and any(fold(hint.model) in line for line in lines)]
    longest = max((len(fold(hint.model)) for hint in hits), default=0)
    hits = [hint for hint in hits if len(fold(hint.model)) == longest]
    return hits[0] if len(hits) == 1 else None
