"""Ledgers (台账): workbooks and CSV files, guarded, read and judged. Appendix A 追溯码与数据类 2–6, Appendix C(3)."""

from inspection.ledger.items import read_items
from inspection.ledger.reading import read_ledger
from inspection.materials import Ledger, LedgerRefused

__all__ = ["Ledger", "LedgerRefused", "read_items", "read_ledger"]
