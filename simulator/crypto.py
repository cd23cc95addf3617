"""Signatures and the AES envelope of callbacks, written from the protocol so that it can check another implementation.

Key = base64(EncodingAESKey + "="), AES-256-CBC, IV = the key's first 16 bytes, PKCS7 to a block of 32 bytes;
plaintext = 16 random bytes + length (4 bytes, big-endian) + body + AppID.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32


class BadEnvelope(ValueError):
    """An encrypted body that WeChat would not accept; the text says why."""


def signature(*parts: str) -> str:
    """SHA-1 in lower hex over the parts, sorted and joined: ``signature`` of three, ``msg_signature`` of four."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two signatures in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


class Envelope:
    """Encrypts callbacks and opens encrypted replies of one account."""

    def __init__(self, *, token: str, aes_key: str, app_id: str) -> None:
        self.token = token
        self._key = base64.b64decode(aes_key + "=")
        self._app_id = app_id.encode()

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))

    def encrypt(self, body: bytes) -> str:
        """The ``Encrypt`` field for ``body``: never the same twice."""
        plain = secrets.token_bytes(16) + struct.pack(">I", len(body)) + body + self._app_id
        pad = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """The body inside ``encrypted``; :class:`BadEnvelope` where padding, length or AppID are wrong."""
        try:
            raw = base64.b64decode(encrypted, validate=True)
            decryptor = self._cipher().decryptor()
            plain = decryptor.update(raw) + decryptor.finalize()
        except (binascii.Error, ValueError) as error:
            raise BadEnvelope("Encrypt 不是合法的密文") from error
        pad = plain[-1] if plain else 0
        if not 1 <= pad <= _BLOCK or plain[-pad:] != bytes([pad]) * pad:
            raise BadEnvelope("密文的填充不对")
        plain = plain[:-pad]
        if len(plain) < 20:
            raise BadEnvelope("密文过短")
        (length,) = struct.unpack(">I", plain[16:20])
        body, app_id = plain[20 : 20 + length], plain[20 + length :]
        if len(body) != length or app_id != self._app_id:
            raise BadEnvelope("密文里的长度或 AppID 不对")
        return body
