"""Codes and batches of a ledger are found again without it, whatever their spelling."""

from workflow.monthly.ledger_index import index_of, listed


def test_what_stands_in_a_ledger_is_found_and_nothing_else() -> None:
    index = index_of(["https://id.gs1.org/01/06901234567892/10/L1/21/0001", "L-2026 a", "", "L-2026 a"])
    assert listed([index], {"l2026a"})
    assert listed(["", index], {"nothing", "httpsidgs1org010690123456789210l1210001"})
    assert not listed([index], {"l2026", "l2026ab"})
    assert not listed([index], set())
    assert not listed([], {"l2026a"})


def test_a_large_ledgers_index_stays_small_and_tells_apart() -> None:
    index = index_of(f"B{number}" for number in range(20_000))
    assert len(index) == 20_000 * 8
    assert listed([index], {"b19999"})
    assert not any(listed([index], {f"c{number}"}) for number in range(20))
