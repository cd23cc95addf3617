"""Names and addresses as they are compared: whatever their width, brackets, blanks or case, the same words."""

import unicodedata


def fold(text: str) -> str:
    """Letters, digits and characters only, in half width and small: for comparing, never for showing."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def same(one: str, other: str) -> bool:
    """Whether two spellings are one name; an empty one is nobody's."""
    return fold(one) == fold(other) != ""
