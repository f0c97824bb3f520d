"""SMS by Eskiz (notify.eskiz.uz). From public clients of its API; not tried against the service.

Texts must be approved by Eskiz beforehand, so they come from the templates without any change but
the values.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx

from cardioalert.notify.channel import BusyError, Letter, judge
from cardioalert.notify.texts import sms_text

TIMEOUT = 20.0  # s


@dataclass(slots=True, kw_only=True)
class EskizChannel:
    """One account at Eskiz; its token is asked for when it is missing or was refused."""

    email: str
    password: str = field(repr=False)
    sender: str = "4546"
    url: str = "https://notify.eskiz.uz/api"
    name: str = "sms"
    _token: str = field(default="", repr=False)

    def send(self, letter: Letter) -> str:
        """Send one SMS to an Uzbek number."""
        form = {
            "mobile_phone": letter.address.removeprefix("+"),
            "message": sms_text(letter.text),
            "from": self.sender,
            "user_sms_id": letter.id,
        }
        try:
            answer = self._post(form)
            if answer.status_code == 401:  # the token lasts about a month
                self._token = ""
                answer = self._post(form)
        except httpx.HTTPError as error:
            raise BusyError(f"eskiz-{type(error).__name__}") from None
        judge(answer.status_code)
        try:
            return str(answer.json().get("id", ""))
        except ValueError:
            raise BusyError("eskiz-answer") from None

    def _post(self, form: dict[str, str]) -> httpx.Response:
        """Send the request, signed in."""
        with httpx.Client(base_url=self.url, timeout=TIMEOUT) as client:
            if not self._token:
                login = {"email": self.email, "password": self.password}
                answer = client.post("/auth/login", data=login)
                judge(answer.status_code if answer.status_code != 422 else 401)
                self._token = str(answer.json()["data"]["token"])
            headers = {"Authorization": f"Bearer {self._token}"}
            return client.post("/message/sms/send", data=form, headers=headers)
