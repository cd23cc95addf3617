"""Photo in, findings out: Appendix D of T/ZGJDJX—3—2026. Pure on bytes; the heavy libraries load on first use."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspection.inspector import inspect
    from inspection.reading import read_codes

__all__ = ["inspect", "read_codes"]


def __getattr__(name: str) -> Any:
    """Load the reader only when it is asked for: `inspection.report` must stay cheap for every other room."""
    if name == "read_codes":
        from inspection.reading import read_codes  # noqa: PLC0415

        return read_codes
    if name == "inspect":
        from inspection.inspector import inspect  # noqa: PLC0415

        return inspect
    raise AttributeError(name)
