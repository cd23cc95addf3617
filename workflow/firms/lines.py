"""What people type into a form of one line."""

from workflow.problems import Kind, Refused


def one_line(text: str) -> str:
    """The text without breaks and runs of space: it stands in the middle of sentences, and on the certificate."""
    return " ".join(text.split())


def filled_line(text: str, field: str, what: str, most: int, *, clause: str) -> str:
    """The same of a ``field`` that may not be empty nor longer than ``most`` characters; ``what``: its name.

    :class:`Refused`: ``field_missing``, ``field_too_long``.
    """
    line = one_line(text)
    if not line:
        raise Refused(Kind.INVALID, "field_missing", f"请填写{what}", clause=clause, field=field)
    if len(line) > most:
        raise Refused(Kind.INVALID, "field_too_long", f"{what}最多 {most} 个字", clause=clause, field=field)
    return line
