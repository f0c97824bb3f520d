"""Each channel against a real server: the exact request, a refusal, a later attempt."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import uuid
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from cardioalert.notify.apns import ApnsChannel
from cardioalert.notify.channel import BusyError, Letter, RefusedError
from cardioalert.notify.eskiz import EskizChannel
from cardioalert.notify.mail import MailChannel
from cardioalert.notify.other import AppriseChannel
from cardioalert.notify.telegram import TelegramChannel
from tests.databases import free_port
from tests.unit.notify.servers import http2_server, http_server, new_key

ID = uuid.UUID(int=7).hex
LETTER = Letter(
    id=ID, address="+998901234567", title="Tashrif", text="Soat 9:00 da, Oʻktam koʻchasi"
)


class Box:
    """An SMTP server's postbox; the first answers may be refusals."""

    def __init__(self, *answers):
        self.answers, self.letters = list(answers), []

    async def handle_DATA(self, server, session, envelope):
        if self.answers:
            return self.answers.pop(0)
        self.letters.append(envelope)
        return "250 OK"


@pytest.fixture
def smtp():
    controller = pytest.importorskip("aiosmtpd.controller")
    running = []

    def start(*answers):
        box = Box(*answers)
        port = free_port()
        server = controller.Controller(box, hostname="127.0.0.1", port=port)
        server.start()
        running.append(server)
        return box, MailChannel(host="127.0.0.1", port=port, sender="care@clinic.example")

    yield start
    for server in running:
        server.stop()


def test_mail_arrives_once_after_a_451(smtp):
    box, channel = smtp("451 later")
    letter = Letter(
        id=ID, address="a@example.org", title="Oʻzbekcha sarlavha", text="Oʻktam koʻchasi"
    )
    with pytest.raises(BusyError, match="smtp-451"):
        channel.send(letter)
    channel.send(letter)
    assert len(box.letters) == 1
    message = email.message_from_bytes(box.letters[0].content, policy=email.policy.default)
    assert message["Subject"] == "Oʻzbekcha sarlavha"
    assert "Oʻktam koʻchasi" in message.get_content()
    assert message["Message-ID"] == f"<{ID}@clinic.example>"


def test_mail_to_nobody_is_refused_for_good(smtp):
    _box, channel = smtp("550 no such user")
    with pytest.raises(RefusedError, match="smtp-550"):
        channel.send(Letter(id=ID, address="a@example.org", title="t", text="t"))
    with pytest.raises(BusyError):
        MailChannel(host="127.0.0.1", port=1).send(LETTER)


def test_sms_signs_in_and_again_when_its_token_is_old():
    token = {"data": {"token": "t1"}}
    answers = [(200, token), (401, {}), (200, {"data": {"token": "t2"}}), (200, {"id": "sms-1"})]
    with http_server(answers) as (url, seen):
        channel = EskizChannel(email="me@example.org", password="geheim", url=url)
        assert channel.send(LETTER) == "sms-1"
        assert "geheim" not in repr(channel)
    assert [path for path, _, _ in seen] == ["/auth/login", "/message/sms/send"] * 2
    form = parse_qs(seen[-1][2])
    assert form["mobile_phone"] == ["998901234567"]
    assert form["message"] == ["Soat 9:00 da, O'ktam ko'chasi"]
    assert form["from"] == ["4546"]
    assert seen[-1][1]["Authorization"] == "Bearer t2"


@pytest.mark.parametrize(
    ("status", "error"), [(400, RefusedError), (429, BusyError), (500, BusyError)]
)
def test_sms_refused_or_later(status, error):
    answers = [(200, {"data": {"token": "t"}}), (status, {})]
    with http_server(answers) as (url, _), pytest.raises(error):
        EskizChannel(email="a@b.uz", password="p", url=url).send(LETTER)


def test_telegram():
    answers = [(200, {"ok": True, "result": {"message_id": 5}}), (403, {}), (429, {})]
    with http_server(answers) as (url, seen):
        channel = TelegramChannel(token="1:abc", url=url)
        assert channel.send(LETTER) == "5"
        with pytest.raises(RefusedError):
            channel.send(LETTER)
        with pytest.raises(BusyError):
            channel.send(LETTER)
    path, _, body = seen[0]
    assert path == "/bot1:abc/sendMessage"
    assert json.loads(body)["text"] == f"{LETTER.title}\n{LETTER.text}"
    assert "parse_mode" not in json.loads(body)


def test_push_over_http2(tmp_path):
    key, text = new_key()
    answers = [(200, ""), (410, "Unregistered"), (429, "TooManyRequests"), (400, "BadDeviceToken")]
    with http2_server(tmp_path, answers) as (url, seen, trust):
        channel = ApnsChannel(
            key=text, key_id="K1", team_id="T1", topic="uz.example", url=url, verify=trust
        )
        letter = Letter(id=ID, address="device1", title="t", text="x", critical=True)
        assert channel.send(letter) == str(uuid.UUID(ID))
        for error in (RefusedError, BusyError, RefusedError):
            with pytest.raises(error):
                channel.send(letter)
    headers, body = seen[0]
    assert headers[":path"] == "/3/device/device1"
    assert headers["apns-topic"] == "uz.example"
    assert headers["apns-push-type"] == "alert"
    assert body["aps"]["alert"] == {"title": "t", "body": "x"}
    assert body["aps"]["interruption-level"] == "time-sensitive"
    head, claims, signature = headers["authorization"].removeprefix("bearer ").split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    numbers = (int.from_bytes(part, "big") for part in (raw[:32], raw[32:]))
    key.public_key().verify(
        encode_dss_signature(*numbers), f"{head}.{claims}".encode(), ECDSA(SHA256())
    )
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["iss"] == "T1"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of apprise
def test_every_other_service_by_apprise():
    pytest.importorskip("apprise")
    with http_server([(200, {})]) as (url, seen):
        AppriseChannel(url=url.replace("http://", "json://")).send(LETTER)
    assert json.loads(seen[0][2])["message"] == LETTER.text
    with pytest.raises(RefusedError):
        AppriseChannel(url="nonsense").send(LETTER)
