"""Where a request comes from."""

import pytest

from workflow.callers import UNKNOWN, caller_network


@pytest.mark.parametrize(
    ("forwarded", "proxies", "network"),
    [
        ([], 0, "10.0.0.9/32"),
        (["1.1.1.1"], 0, "10.0.0.9/32"),
        (["1.1.1.1"], 1, "1.1.1.1/32"),
        (["9.9.9.9, 1.1.1.1"], 1, "1.1.1.1/32"),
        (["9.9.9.9", "1.1.1.1"], 1, "1.1.1.1/32"),
        (["9.9.9.9, 1.1.1.1, 10.0.0.1"], 2, "1.1.1.1/32"),
        (["1.1.1.1"], 2, "10.0.0.9/32"),
        ([], 1, "10.0.0.9/32"),
        (["2001:db8::1"], 1, "2001:db8::/64"),
        (["2001:db8:0:0:ffff::1"], 1, "2001:db8::/64"),
        (["x"], 1, UNKNOWN),
        (["1.1.1.1:80"], 1, UNKNOWN),
        ([""], 1, UNKNOWN),
    ],
)
def test_the_address_is_the_one_our_outermost_proxy_saw(forwarded: list[str], proxies: int, network: str) -> None:
    assert caller_network(forwarded, "10.0.0.9", proxies) == network


def test_nobody_known_is_one_caller() -> None:
    assert caller_network([], None, 0) == UNKNOWN
