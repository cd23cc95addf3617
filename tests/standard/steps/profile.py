"""Steps on the editions."""

from typing import Any

from standard.profile import Edition
from tests.standard.steps import step


@step
def edition_in_force(edition: Edition, given: dict[str, Any]) -> Any:
    """The edition that the case's ``on`` picks."""
    return {"id": edition.id, "stamp": edition.stamp, "valid_from": edition.valid_from}
