"""Signatures, the time window, both keys, both envelopes; and everything a stranger may send instead."""

import base64
import time
from collections.abc import Mapping

import pytest
import xmltodict
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from wechatpy.crypto.pkcs7 import PKCS7Encoder

from bot.crypto import CallbackCrypto
from bot.refusal import CallbackRefused, Reason
from config.settings import CallbackMode
from tests.bot.wechat import (
    APP_ID,
    KEY,
    OLD_KEY,
    TOKEN,
    crypto,
    opened_reply,
    plain_query,
    resigned,
    sealed,
    signature,
    text_message,
)

BODY = text_message()


def reason(crypto: CallbackCrypto, query: Mapping[str, str], body: bytes) -> Reason:
    with pytest.raises(CallbackRefused) as caught:
        crypto.open(query, body)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value.reason


def test_the_vector_of_the_documentation() -> None:
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "echostr": "4375120948345356249",
    }
    assert crypto().check_url(query) == "4375120948345356249"
    for name in ("signature", "timestamp", "nonce"):
        for wrong in ("", "0", "签名"):
            with pytest.raises(CallbackRefused) as caught:
                crypto().check_url(query | {name: wrong})
            assert caught.value.reason is Reason.SIGNATURE
            assert caught.value.status == 403


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("key", [KEY, OLD_KEY])
def test_a_round_trip_with_the_present_and_the_previous_key(key: str, as_json: bool) -> None:
    query, body = sealed(BODY, key=key, as_json=as_json)
    opened = crypto().open(query, body)
    assert opened.body.decode() == BODY
    answer = crypto().seal("<xml><Content>好</Content></xml>", opened)
    assert opened_reply(answer, key) == {"Content": "好"}
    assert xmltodict.parse(answer)["xml"]["Nonce"] != query["nonce"]


@pytest.mark.parametrize("length", [*range(60, 96), 500])
def test_padding_fills_blocks_of_32(length: int) -> None:
    body = "好" + "x" * length
    query, envelope = sealed(body)
    assert crypto().open(query, envelope).body.decode() == body
    pads = len(PKCS7Encoder.encode(b"x" * length)) - length
    assert 1 <= pads <= 32


def test_without_a_previous_key_an_old_ciphertext_is_refused() -> None:
    assert reason(crypto(previous_aes_key=None), *sealed(BODY, key=OLD_KEY)) is Reason.CIPHERTEXT


@pytest.mark.parametrize("key", [KEY, OLD_KEY])
def test_another_accounts_message_is_refused(key: str) -> None:
    assert reason(crypto(), *sealed(BODY, key=key, app_id="wxanother")) is Reason.APP_ID


@pytest.mark.parametrize("name", ["msg_signature", "signature", "timestamp", "nonce"])
def test_a_changed_query_is_refused(name: str) -> None:
    query, body = sealed(BODY)
    assert reason(crypto(), query | {name: "1"}, body) is Reason.SIGNATURE


def test_the_window_is_enforced_on_both_sides() -> None:
    now = time.time()
    for age in (601, -601, 86400 * 365):
        assert reason(crypto(now=lambda: now), *sealed(BODY, timestamp=now - age)) is Reason.TIMESTAMP
        plain = crypto(CallbackMode.PLAINTEXT, now=lambda: now)
        assert reason(plain, plain_query(now - age), BODY.encode()) is Reason.TIMESTAMP
    for age in (598, -598):
        assert crypto(now=lambda: now).open(*sealed(BODY, timestamp=now - age)).body.decode() == BODY


@pytest.mark.parametrize("timestamp", ["", "x", "1e9", "9" * 5000, "-1", "１２"])
def test_a_timestamp_that_is_none_is_refused(timestamp: str) -> None:
    query = {"timestamp": timestamp, "nonce": "n", "signature": signature(TOKEN, timestamp, "n")}
    assert reason(crypto(CallbackMode.PLAINTEXT), query, BODY.encode()) is Reason.TIMESTAMP


def test_modes() -> None:
    plain, encrypted = (plain_query(), BODY.encode()), sealed(BODY)
    assert reason(crypto(CallbackMode.SAFE), *plain) is Reason.PLAINTEXT
    assert reason(crypto(CallbackMode.PLAINTEXT), *encrypted) is Reason.ENCRYPTED
    for mode in (CallbackMode.COMPAT, CallbackMode.PLAINTEXT):
        opened = crypto(mode).open(*plain)
        assert crypto(mode).seal("<xml/>", opened) == "<xml/>"
    for mode in (CallbackMode.COMPAT, CallbackMode.SAFE):
        assert crypto(mode).open(*encrypted).sealed_with is not None


def test_safe_mode_does_not_take_plain_fields_beside_a_good_signature() -> None:
    query, _ = sealed(BODY)
    assert reason(crypto(), query, BODY.encode()) is Reason.MALFORMED


def test_in_compat_mode_what_was_encrypted_counts() -> None:
    query, body = sealed(BODY)
    both = body.replace(b"</xml>", b"<Content>forged</Content></xml>")
    assert crypto(CallbackMode.COMPAT).open(query, both).body.decode() == BODY


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"text",
        b"<xml/>",
        b"<xml><Encrypt></Encrypt></xml>",
        b"<xml><Encrypt><a/></Encrypt></xml>",
        b"{}",
        b"[]",
        b'{"Encrypt": 1}',
        b'{"Encrypt": ["a"]}',
        b"\xff\xfe",
        b'<?xml version="1.0" encoding="nonsense"?><xml><Encrypt>a</Encrypt></xml>',
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
        b"<a>" * 100_000,
        b"<a>" * 100_000 + b"</a>" * 100_000,
        b'{"Encrypt":' * 50_000,
    ],
)
def test_an_envelope_that_is_none_is_refused(body: bytes) -> None:
    query, _ = sealed(BODY)
    assert reason(crypto(), query, body) is Reason.MALFORMED


@pytest.mark.parametrize("ciphertext", ["a", "ab", "!!!!", "密文", base64.b64encode(b"x" * 31).decode(), "QQ=="])
def test_a_signed_ciphertext_that_is_none_is_refused(ciphertext: str) -> None:
    query, _ = sealed(BODY)
    assert reason(crypto(), *resigned(query, ciphertext)) is Reason.CIPHERTEXT


@budget(max_examples=1500, deadline=None)
@given(st.data())
def test_mutated_ciphertexts_are_refused_even_with_a_good_signature(data: st.DataObject) -> None:
    query, body = sealed(BODY)
    raw = bytearray(base64.b64decode(xmltodict.parse(body)["xml"]["Encrypt"]))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw
    try:
        opened = crypto().open(*resigned(query, base64.b64encode(bytes(raw)).decode()))
    except CallbackRefused:
        return
    assert opened.body.decode() is not None  # a change in the random head or the padding goes unseen


@budget(max_examples=500, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["signature", "timestamp", "nonce", "msg_signature", "encrypt_type", "echostr"]), st.text()
    ),
    st.binary(max_size=200),
    st.sampled_from(CallbackMode),
)
def test_any_query_with_any_body_is_refused(query: dict[str, str], body: bytes, mode: CallbackMode) -> None:
    reason(crypto(mode), query, body)


def test_secrets_do_not_show() -> None:
    shown = repr(crypto()) + repr(vars(crypto()))
    assert not any(secret in shown for secret in (TOKEN, KEY, OLD_KEY))
    assert APP_ID not in str(CallbackRefused(Reason.APP_ID))
