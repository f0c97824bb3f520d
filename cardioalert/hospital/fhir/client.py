"""Send bundles to a FHIR server: OAuth2 client credentials with a signed assertion, few retries.

SMART backend services: the client proves itself with a JWT signed by its private key (RS384 or
ES384), gets a bearer token, and posts. A bundle is safe to send again: it creates conditionally.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from cardioalert.errors import (
    InputError,
    NotAllowedError,
    PeerError,
    PeerRefusedError,
)
from cardioalert.hospital.libraries import library
from cardioalert.i18n import translate as _

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS: Final = 300
TIMEOUT_S: Final = 120.0
TEMPORARY: Final = (408, 425, 429, 500, 502, 503, 504)
PAUSES_S: Final = (1.0, 4.0)

_ALGORITHMS: Final = {"RSAPrivateKey": "RS384", "EllipticCurvePrivateKey": "ES384"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How this program proves itself.

    Attributes
    ----------
    token_url : str
    client_id : str
    key_file : path
        A private key in PEM, RSA or P-384.
    scope : str
    key_id : str
        Of the public key the server knows; empty: it knows only one.
    """

    token_url: str
    client_id: str
    key_file: Path
    scope: str = "system/*.cruds"
    key_id: str = ""

    def assertion(self, *, now: float) -> str:
        """Return the signed proof of who is asking."""
        jwt = library("jwt")
        serialization = library("cryptography.hazmat.primitives.serialization")
        try:
            key = serialization.load_pem_private_key(self.key_file.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise InputError(
                _("the key {path} cannot be read: {error}", path=self.key_file, error=error)
            ) from error
        names = {base.__name__ for base in type(key).__mro__}
        names |= {type(key).__name__.replace("ECPrivateKey", "EllipticCurvePrivateKey")}
        algorithm = next((alg for name, alg in _ALGORITHMS.items() if name in names), None)
        if algorithm is None:
            raise InputError(
                _("the key {path} is neither RSA nor of an elliptic curve", path=self.key_file)
            )
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.token_url,
            "jti": str(uuid4()),
            "iat": int(now),
            "exp": int(now) + ASSERTION_SECONDS,
        }
        headers = {"kid": self.key_id} if self.key_id else None
        return str(jwt.encode(claims, key, algorithm=algorithm, headers=headers))


def send(bundle: Mapping[str, Any], url: str, credentials: Credentials | None = None) -> list[str]:
    """Post a transaction and return the location of each resource.

    Raises
    ------
    NotAllowedError
        The server does not accept who is asking.
    PeerRefusedError
        The server refuses the bundle, or a part of it.
    PeerError
        It cannot be reached after three attempts.
    """
    httpx = library("httpx")
    headers = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}
    with httpx.Client(timeout=TIMEOUT_S) as client:
        if credentials is not None:
            headers["Authorization"] = f"Bearer {fetch_token(client, credentials)}"
        answer = _post(client, url, bundle, headers)
    entries = answer.get("entry") or []
    failed = [
        entry.get("response", {})
        for entry in entries
        if not str(entry.get("response", {}).get("status", "")).startswith("2")
    ]
    if failed or len(entries) != len(bundle["entry"]):
        raise PeerRefusedError(
            _(
                "{url} accepted {count} of {all} resources; the first fault: {fault}",
                url=url,
                count=len(entries) - len(failed),
                all=len(bundle["entry"]),
                fault=str(failed[:1])[:300],
            )
        )
    return [str(entry["response"].get("location", "")) for entry in entries]


def fetch_token(client: Any, credentials: Credentials) -> str:
    """Exchange the signed assertion for a bearer token."""
    form = {
        "grant_type": "client_credentials",
        "scope": credentials.scope,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": credentials.assertion(now=time.time()),
    }
    httpx = library("httpx")
    try:
        answer = client.post(credentials.token_url, data=form)
    except httpx.HTTPError as error:
        raise PeerError(
            _("{url} cannot be reached: {error}", url=credentials.token_url, error=error)
        ) from error
    if answer.status_code in (400, 401, 403):
        raise NotAllowedError(
            _(
                "{url} refuses the client {client} ({status})",
                url=credentials.token_url,
                client=repr(credentials.client_id),
                status=str(answer.status_code),
            ),
            hint="Check that the server knows this client and its public key.",
        )
    token = answer.json().get("access_token") if answer.status_code == 200 else None
    if not token:
        raise PeerError(
            _(
                "{url} answered {status} without a token",
                url=credentials.token_url,
                status=str(answer.status_code),
            )
        )
    return str(token)


def _post(
    client: Any, url: str, bundle: Mapping[str, Any], headers: dict[str, str]
) -> Mapping[str, Any]:
    """Post, again after a pause when the fault may pass."""
    httpx = library("httpx")
    fault = ""
    for pause in (*PAUSES_S, None):
        try:
            answer = client.post(url, json=dict(bundle), headers=headers)
        except httpx.HTTPError as error:
            fault = str(error) or type(error).__name__
        else:
            if answer.status_code in (200, 201):
                found: Mapping[str, Any] = answer.json()
                return found
            if answer.status_code in (401, 403):
                raise NotAllowedError(
                    _("{url} refuses access ({status})", url=url, status=str(answer.status_code))
                )
            fault = f"status {answer.status_code}: {answer.text[:300]}"
            if answer.status_code not in TEMPORARY:
                raise PeerRefusedError(_("{url} refuses the bundle: {fault}", url=url, fault=fault))
        if pause is not None:
            time.sleep(pause)
    raise PeerError(_("{url} did not take the bundle: {fault}", url=url, fault=fault))
