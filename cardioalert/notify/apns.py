"""Push messages to iPhones: Apple's service, HTTP/2, signed with a token (ES256).

Tested against a local HTTP/2 server, never against Apple.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cardioalert.errors import KeyFileError
from cardioalert.i18n import translate as _
from cardioalert.notify.channel import BusyError, Letter, RefusedError, judge

TOKEN_LIFE = 40 * 60  # s; Apple wants 20 to 60 minutes
TIMEOUT = 20.0  # s
GONE = ("BadDeviceToken", "Unregistered", "DeviceTokenNotForTopic")


@dataclass(slots=True, kw_only=True)
class ApnsChannel:
    """One app at Apple.

    Attributes
    ----------
    key : the .p8 file's content, PEM
    verify : what to trust; a test gives the certificate of its own server
    """

    key: str = field(repr=False)
    key_id: str
    team_id: str
    topic: str
    url: str = "https://api.push.apple.com"
    name: str = "push"
    verify: Any = True
    _token: str = field(default="", repr=False)
    _made: float = 0.0

    def send(self, letter: Letter) -> str:
        """Send one push; `apns-id` is the delivery's, so that Apple drops a second copy."""
        headers = {
            "authorization": f"bearer {self._signed()}",
            "apns-topic": self.topic,
            "apns-push-type": "alert",
            "apns-priority": "10",
            "apns-id": str(uuid.UUID(letter.id)),
            "apns-expiration": str(int(time.time()) + 86_400),
        }
        alert = {"title": letter.title, "body": letter.text}
        level = "time-sensitive" if letter.critical else "active"
        body = {"aps": {"alert": alert, "sound": "default", "interruption-level": level}}
        try:
            with httpx.Client(http2=True, timeout=TIMEOUT, verify=self.verify) as client:
                answer = client.post(
                    f"{self.url}/3/device/{letter.address}", headers=headers, json=body
                )
        except httpx.HTTPError as error:
            raise BusyError(f"apns-{type(error).__name__}") from None
        if answer.status_code != 200:
            reason = _reason(answer)
            if answer.status_code == 410 or reason in GONE:
                raise RefusedError("device-gone")
            judge(answer.status_code)
        return str(answer.headers.get("apns-id", ""))

    def _signed(self) -> str:
        """Return the provider token, made anew when it is old."""
        if not self._token or time.time() - self._made > TOKEN_LIFE:
            self._made = time.time()
            head = {"alg": "ES256", "kid": self.key_id}
            claims = {"iss": self.team_id, "iat": int(self._made)}
            self._token = sign(self.key, head, claims)
        return self._token


def sign(key: str, head: dict[str, Any], claims: dict[str, Any]) -> str:
    """Return a JSON web token signed with a P-256 key."""
    private = load_pem_private_key(key.encode(), password=None)
    if not isinstance(private, EllipticCurvePrivateKey):
        raise KeyFileError(_("the key of APNs is no P-256 key"))
    body = b".".join(_encode(json.dumps(part, separators=(",", ":"))) for part in (head, claims))
    r, s = decode_dss_signature(private.sign(body, ECDSA(SHA256())))
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return (body + b"." + base64.urlsafe_b64encode(raw).rstrip(b"=")).decode()


def _encode(text: str) -> bytes:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=")


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("reason", ""))
    except ValueError:
        return ""
