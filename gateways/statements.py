"""Statements as JWS (RFC 7515) with ES256: :class:`workflow.ports.Statements` on joserfc."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from config.settings import Environment, Settings
from workflow.ports import StatementsUnavailable

ALGORITHM, CURVE = "ES256", "P-256"
"""What every JOSE library verifies."""
SAMPLE_KEY = "sample-statement-key.json"


class JwsStatements:
    """Signs with one key and publishes it beside those that signed before it; names each by its thumbprint (RFC 7638).

    Without a key (None) nothing is signed, and only former keys are published.
    """

    def __init__(self, issuer: str, key: ECKey | None, former: Sequence[ECKey] = (), *, sample: bool = False) -> None:
        self._issuer = issuer
        self._key = key
        self._kid = None if key is None else key.thumbprint()
        self._sample = sample
        self._jwks = {"keys": [_public(one) for one in (key, *former) if one is not None]}

    @classmethod
    def from_settings(cls, settings: Settings) -> "JwsStatements":
        """With the configured key, or in development with a sample key, made in the data folder when first needed."""
        issuer = settings.resolved_public_url()
        former = [read_key(path, signs=False) for path in settings.statement_former_keys]
        if settings.statement_key_path is not None:
            return cls(issuer, read_key(settings.statement_key_path, signs=True), former)
        if settings.environment is Environment.PRODUCTION:
            return cls(issuer, None, former)
        return cls(issuer, _sample_key(settings.data_dir), former, sample=True)

    @property
    def issuer(self) -> str:
        """The platform's public URL."""
        return self._issuer

    @property
    def sample(self) -> bool:
        """Whether it signs with the sample key."""
        return self._sample

    def sign(self, claims: Mapping[str, Any], *, typ: str) -> str:
        """The claims as compact JWS."""
        if self._key is None:
            raise StatementsUnavailable("没有签发声明的密钥（ZHUISU_STATEMENT_KEY_PATH）")
        payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":"))
        header = {"alg": ALGORITHM, "kid": self._kid, "typ": typ}
        return jws.serialize_compact(header, payload, self._key, algorithms=[ALGORITHM])

    def jwks(self) -> dict[str, Any]:
        """The published keys."""
        return self._jwks


def new_key() -> ECKey:
    """A fresh key that can sign."""
    return ECKey.generate_key(CURVE, private=True)


def read_key(path: Path, *, signs: bool) -> ECKey:
    """The key of a PEM or JWK file, private where it ``signs``; :class:`StatementsUnavailable` where it is no such."""
    try:
        text = path.read_bytes()
        key = ECKey.import_key(json.loads(text) if text.lstrip().startswith(b"{") else text)
    except (OSError, ValueError, JoseError) as problem:
        raise StatementsUnavailable(f"{path}: {type(problem).__name__}") from None
    if key.curve_name != CURVE:
        raise StatementsUnavailable(f"{path}: 须为 {CURVE} 曲线的密钥（{ALGORITHM}）")
    if signs and not key.is_private:
        raise StatementsUnavailable(f"{path}: 只有公钥，不能签名")
    return key


def _public(key: ECKey) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM}


def _sample_key(folder: Path) -> ECKey:
    """The sample key below ``folder``, made once: what it signed can be verified after a restart."""
    path = folder / SAMPLE_KEY
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{SAMPLE_KEY}.{os.getpid()}"
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(new_key().as_dict(private=True)))
        partial.replace(path)
    return read_key(path, signs=True)
