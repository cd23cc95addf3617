"""Is it from WeChat, and what does it say: signatures, time window, decryption, and the way back."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from defusedxml import ElementTree
from pydantic import SecretStr
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException

from bot.refusal import CallbackRefused, Reason
from bot.updates import is_json
from config.clock import real_seconds
from config.settings import CallbackMode, WeChatSettings


@dataclass(frozen=True, slots=True)
class Opened:
    """A callback's body in the clear; ``sealed_with`` is what its reply must be sealed with, None: with nothing."""

    body: bytes
    sealed_with: WeChatCrypto | None = None


class CallbackCrypto:
    """The callback's secrets and the mode chosen on WeChat's console.

    While the AES key is being changed, WeChat may still use the previous one: both open, and a reply goes out under
    the key that its request came under.
    """

    def __init__(
        self,
        *,
        app_id: str,
        token: SecretStr,
        aes_key: SecretStr,
        previous_aes_key: SecretStr | None = None,
        mode: CallbackMode = CallbackMode.SAFE,
        skew_seconds: float = 600,
        now: Callable[[], float] = real_seconds,
    ) -> None:
        self._token = token
        self._mode = mode
        self._skew = skew_seconds
        self._now = now
        keys = [key for key in (aes_key, previous_aes_key) if key is not None]
        self._ciphers = [WeChatCrypto(token.get_secret_value(), key.get_secret_value(), app_id) for key in keys]

    @classmethod
    def from_settings(cls, wechat: WeChatSettings, now: Callable[[], float] = real_seconds) -> Self:
        """As the settings say."""
        return cls(
            app_id=wechat.app_id,
            token=wechat.token,
            aes_key=wechat.aes_key,
            previous_aes_key=wechat.previous_aes_key,
            mode=wechat.mode,
            skew_seconds=wechat.callback_skew_seconds,
            now=now,
        )

    def check_url(self, query: Mapping[str, str]) -> str:
        """The ``echostr`` that proves the address to be ours.

        No time window here: the answer tells the sender nothing but what it sent.
        """
        self._check(query, "signature")
        return query.get("echostr", "")

    def open(self, query: Mapping[str, str], body: bytes) -> Opened:
        """Verify a push and decrypt it where it is encrypted; whatever is wrong is a :class:`CallbackRefused`."""
        encrypted = query.get("encrypt_type") == "aes" or "msg_signature" in query
        if encrypted and self._mode is CallbackMode.PLAINTEXT:
            raise CallbackRefused(Reason.ENCRYPTED)
        if not encrypted and self._mode is CallbackMode.SAFE:
            raise CallbackRefused(Reason.PLAINTEXT)
        if not encrypted:
            self._check(query, "signature")
            self._check_time(query)
            return Opened(body)
        if "signature" in query:
            self._check(query, "signature")
        ciphertext = _ciphertext(body)
        self._check(query, "msg_signature", ciphertext)
        self._check_time(query)
        return self._decrypt(query, ciphertext)

    def seal(self, xml: str, opened: Opened) -> str:
        """The reply as it must go out for that request: encrypted, with a timestamp and nonce of our own, or plain."""
        if opened.sealed_with is None:
            return xml
        sealed: str = opened.sealed_with.encrypt_message(xml, secrets.token_hex(8), str(int(self._now())))
        return sealed

    def _decrypt(self, query: Mapping[str, str], ciphertext: str) -> Opened:
        reason = Reason.CIPHERTEXT
        for cipher in self._ciphers:
            try:
                text = cipher.decrypt_message(
                    {"Encrypt": ciphertext}, query["msg_signature"], query["timestamp"], query["nonce"]
                )
            except InvalidAppIdException:
                reason = Reason.APP_ID
            except Exception:  # noqa: S112 - a wrong key or a hostile text raises anything there
                continue
            else:
                return Opened(text.encode(), cipher)
        raise CallbackRefused(reason)

    def _check(self, query: Mapping[str, str], name: str, *more: str) -> None:
        """Compare in constant time: how far a guess was right must not show in how long it took."""
        parts = [self._token.get_secret_value(), query.get("timestamp", ""), query.get("nonce", ""), *more]
        text = "".join(sorted(parts)).encode("utf-8", "backslashreplace")
        expected = hashlib.sha1(text, usedforsecurity=False).hexdigest()  # WeChat's choice, not ours
        given = query.get(name, "").encode("utf-8", "backslashreplace")
        if not hmac.compare_digest(expected.encode(), given):
            raise CallbackRefused(Reason.SIGNATURE)

    def _check_time(self, query: Mapping[str, str]) -> None:
        """``signature`` does not cover the body, so that one seen once must not serve for ever."""
        try:
            age = abs(self._now() - int(query["timestamp"]))
        except (KeyError, ValueError, OverflowError):
            raise CallbackRefused(Reason.TIMESTAMP) from None
        if age > self._skew:
            raise CallbackRefused(Reason.TIMESTAMP)


def _ciphertext(body: bytes) -> str:
    """The ``Encrypt`` field of an XML or JSON envelope."""
    try:
        found: Any
        if is_json(body):
            found = json.loads(body.decode("utf-8-sig")).get("Encrypt")
        else:
            found = ElementTree.fromstring(body, forbid_dtd=True).findtext("Encrypt")
    except Exception:
        raise CallbackRefused(Reason.MALFORMED) from None
    if not isinstance(found, str) or not found.strip():
        raise CallbackRefused(Reason.MALFORMED)
    return found.strip()
