"""CHECKs as the tables state them; their text is valid in SQLite and in PostgreSQL alike."""

from enum import StrEnum

from tortoise.migrations.constraints import CheckConstraint


def one_of(table: str, column: str, values: type[StrEnum]) -> CheckConstraint:
    """``column`` holds one of ``values``; the name is ``table_column``. A migration freezes the text, not the enum."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(check=f'"{column}" IN ({listed})', name=f"{table}_{column}")


def sheet(table: str) -> CheckConstraint:
    """Width and height of a sheet are both there and positive, or both absent."""
    return CheckConstraint(
        check=(
            '("sheet_width_um" IS NULL AND "sheet_height_um" IS NULL)'
            ' OR ("sheet_width_um" IS NOT NULL AND "sheet_height_um" IS NOT NULL'
            ' AND "sheet_width_um" > 0 AND "sheet_height_um" > 0)'
        ),
        name=f"{table}_sheet",
    )
