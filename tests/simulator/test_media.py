"""How long media live: three days, and no more of them than there is room for."""

from simulator.media import LIFE, MediaStore


def test_the_oldest_make_room_for_new_ones():
    store = MediaStore(lambda: 0.0, lambda: "http://sim", kept_mb=1)
    first, second, third = (store.add("image", bytes([number]) * 2**19) for number in (1, 2, 3))
    assert store.get(first.media_id) is None
    assert store.by_key(first.key) is None
    assert [store.get(one.media_id) for one in (second, third)] == [second, third]


def test_three_days_and_no_longer():
    now = [0.0]
    store = MediaStore(lambda: now[0], lambda: "http://sim")
    medium = store.add("image", b"x")
    now[0] = LIFE - 1
    assert store.by_key(medium.key) is medium
    now[0] = LIFE
    assert store.by_key(medium.key) is None
