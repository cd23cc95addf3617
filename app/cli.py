"""The ``zhuisu`` command line: its commands stand in :mod:`app.commands`."""

from app.commands import demo, firms, materials, months, partners, people, photos, rules, service
from app.commands.base import cli

__all__ = ["demo", "firms", "main", "materials", "months", "partners", "people", "photos", "rules", "service"]


def main() -> None:
    """Entry point of the ``zhuisu`` script."""
    cli()
