"""Forged, changed, redirected and repeated webhooks."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from local.simulators.signatures import TWILIO_SIGNATURE_HEADER, sign_meta, sign_twilio
from tests.attacks.raw_http import Answer
from tests.attacks.target import FORM_TYPE, JSON_TYPE, META_PATH, TWILIO_PATH, Keys, Target
from tests.attacks.verdict import assert_refused
from tests.end_to_end.platform import eventually, rows

pytestmark = [pytest.mark.integration, pytest.mark.requirement("6.1"), pytest.mark.requirement("6.2")]

Header = tuple[str, str]
MESSAGE_SID = "SM" + "a" * 32
FORM = {
    "MessageSid": MESSAGE_SID,
    "SmsMessageSid": MESSAGE_SID,
    "AccountSid": "AC" + "0" * 31 + "1",
    "From": "whatsapp:+919811111111",
    "To": "whatsapp:+918047112233",
    "Body": "forged",
    "NumMedia": "0",
    "WaId": "919811111111",
}
CALL = {
    "CallSid": "CA" + "a" * 32,
    "AccountSid": "AC" + "0" * 31 + "1",
    "From": "+919811111112",
    "To": "+918047112233",
    "CallStatus": "ringing",
    "Direction": "inbound",
}


def meta_body(*, message_id: str = "wamid.FORGED", sender: str = "919811111113", text: str = "forged") -> bytes:
    """A text message as Meta posts it."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "918047112233", "phone_number_id": "100000000000001"},
        "contacts": [{"profile": {"name": "Mallory"}, "wa_id": sender}],
        "messages": [
            {"from": sender, "id": message_id, "timestamp": "4102444800", "type": "text", "text": {"body": text}}
        ],
    }
    change = {"id": "200000000000001", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [change]}).encode()


META_BODY = meta_body()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """A post that its provider did not make. What is not said is as the provider would make it, but for a signature."""

    name: str
    headers: Callable[[Keys], Iterable[Header]] = lambda _keys: ()
    path: str = META_PATH
    body: bytes = META_BODY
    status: int = 401
    code: str = "signature_invalid"


def form(fields: Mapping[str, str] | Iterable[tuple[str, str]] = FORM) -> bytes:
    """A form body."""
    return urlencode(fields if isinstance(fields, Mapping) else [*fields]).encode()


def signed_for(base_url: Callable[[str], str], *headers: Header, path: str = TWILIO_PATH) -> Any:
    """Twilio's signature of the usual form for another address, and what shall make us believe in it."""

    def build(keys: Keys) -> Iterable[Header]:
        signature = sign_twilio(f"{base_url(keys.base_url)}{path}", FORM, keys.auth_token)
        return [(TWILIO_SIGNATURE_HEADER, signature), *headers]

    return build


def digest(keys: Keys, body: bytes = META_BODY) -> str:
    """What Meta's header holds."""
    return sign_meta(body, keys.app_secret)


ELSEWHERE = "https://vaani.attacker.example"
OF_META = (
    Forgery(name="unsigned"),
    Forgery(name="empty", headers=lambda _: [("X-Hub-Signature-256", "")]),
    Forgery(name="only the kind", headers=lambda _: [("X-Hub-Signature-256", "sha256=")]),
    Forgery(name="zeros", headers=lambda _: [("X-Hub-Signature-256", "sha256=" + "0" * 64)]),
    Forgery(name="not hexadecimal", headers=lambda _: [("X-Hub-Signature-256", "sha256=" + "z" * 64)]),
    Forgery(name="not ASCII", headers=lambda _: [("X-Hub-Signature-256", "sha256=" + "é" * 64)]),
    Forgery(name="other key", headers=lambda _: [("X-Hub-Signature-256", sign_meta(META_BODY, "guess"))]),
    Forgery(name="no key", headers=lambda _: [("X-Hub-Signature-256", sign_meta(META_BODY, ""))]),
    Forgery(name="Twilio's key", headers=lambda keys: [("X-Hub-Signature-256", sign_meta(META_BODY, keys.auth_token))]),
    Forgery(name="other body", headers=lambda keys: [("X-Hub-Signature-256", digest(keys, b"{}"))]),
    Forgery(name="a byte more", headers=lambda keys: [keys.meta(META_BODY)], body=META_BODY + b"\n"),
    Forgery(name="cut short", headers=lambda keys: [("X-Hub-Signature-256", digest(keys)[:-1])]),
    Forgery(name="longer", headers=lambda keys: [("X-Hub-Signature-256", digest(keys) + "0")]),
    Forgery(name="without its kind", headers=lambda keys: [("X-Hub-Signature-256", digest(keys).partition("=")[2])]),
    Forgery(
        name="said to be SHA-1",
        headers=lambda keys: [("X-Hub-Signature-256", digest(keys).replace("sha256", "sha1"))],
    ),
    Forgery(name="in the old header", headers=lambda keys: [("X-Hub-Signature", digest(keys))]),
    Forgery(name="in a header with underscores", headers=lambda keys: [("X_Hub_Signature_256", digest(keys))]),
    Forgery(name="in Twilio's header", headers=lambda keys: [("X-Twilio-Signature", digest(keys))]),
    Forgery(name="right, then wrong", headers=lambda keys: [keys.meta(META_BODY), ("X-Hub-Signature-256", "sha256=0")]),
    Forgery(name="wrong, then right", headers=lambda keys: [("X-Hub-Signature-256", "sha256=0"), keys.meta(META_BODY)]),
    Forgery(name="twice", headers=lambda keys: [keys.meta(META_BODY), keys.meta(META_BODY)]),
    Forgery(name="two in one", headers=lambda keys: [("X-Hub-Signature-256", f"sha256=0,{digest(keys)}")]),
    Forgery(
        name="of what is packed",
        headers=lambda keys: [("Content-Encoding", "gzip"), keys.meta(META_BODY)],
        body=gzip.compress(META_BODY, mtime=0),
    ),
    Forgery(name="Twilio's signature", headers=lambda keys: [keys.twilio(META_PATH, {})]),
)
_SIGNED_OTHERWISE: Any = tuple(
    Forgery(path=TWILIO_PATH, body=form(), name=name, headers=headers)
    for name, headers in (
        ("unsigned", lambda _: ()),
        ("empty", lambda _: [(TWILIO_SIGNATURE_HEADER, "")]),
        ("no base64", lambda _: [(TWILIO_SIGNATURE_HEADER, "%%%")]),
        (
            "other key",
            lambda keys: [(TWILIO_SIGNATURE_HEADER, sign_twilio(keys.base_url + TWILIO_PATH, FORM, "guess"))],
        ),
        ("no key", lambda keys: [(TWILIO_SIGNATURE_HEADER, sign_twilio(keys.base_url + TWILIO_PATH, FORM, ""))]),
        ("Meta's signature", lambda keys: [keys.meta(form())]),
        ("of the address only", lambda keys: [keys.twilio(TWILIO_PATH, {})]),
        ("of fewer fields", lambda keys: [keys.twilio(TWILIO_PATH, {**FORM, "Body": ""})]),
        ("of another path", lambda keys: [keys.twilio(TWILIO_PATH + "/status", FORM)]),
        ("of a path with a slash", lambda keys: [keys.twilio(TWILIO_PATH + "/", FORM)]),
        ("of a query", lambda keys: [keys.twilio(TWILIO_PATH + "?a=b", FORM)]),
        ("of another host", signed_for(lambda _: ELSEWHERE)),
        ("of another port", signed_for(lambda _: "http://127.0.0.1:1")),
        ("of another scheme", signed_for(lambda base: base.replace("http:", "https:"))),
        ("of a socket's scheme", signed_for(lambda base: base.replace("http:", "ws:"))),
        (
            "of a forwarded host",
            signed_for(lambda _: ELSEWHERE, ("X-Forwarded-Host", "vaani.attacker.example")),
        ),
        (
            "of a forwarded host and scheme",
            signed_for(
                lambda _: ELSEWHERE, ("X-Forwarded-Host", "vaani.attacker.example"), ("X-Forwarded-Proto", "https")
            ),
        ),
        (
            "of a host by RFC 7239",
            signed_for(lambda _: ELSEWHERE, ("Forwarded", "host=vaani.attacker.example;proto=https")),
        ),
        (
            "of the Host header",
            signed_for(lambda _: "http://vaani.attacker.example", ("Host", "vaani.attacker.example")),
        ),
        (
            "of a forwarded scheme",
            signed_for(lambda base: base.replace("http:", "https:"), ("X-Forwarded-Proto", "https")),
        ),
        ("of an original address", signed_for(lambda _: ELSEWHERE, ("X-Original-URL", ELSEWHERE + TWILIO_PATH))),
        ("of a rewritten address", signed_for(lambda _: ELSEWHERE, ("X-Rewrite-URL", ELSEWHERE + TWILIO_PATH))),
        ("of a forwarded prefix", signed_for(lambda base: base + "/api", ("X-Forwarded-Prefix", "/api"))),
        (
            "right, then wrong",
            lambda keys: [keys.twilio(TWILIO_PATH, FORM), (TWILIO_SIGNATURE_HEADER, "x")],
        ),
        (
            "wrong, then right",
            lambda keys: [(TWILIO_SIGNATURE_HEADER, "x"), keys.twilio(TWILIO_PATH, FORM)],
        ),
        ("in a header with underscores", lambda keys: [("X_Twilio_Signature", keys.twilio(TWILIO_PATH, FORM)[1])]),
    )
)
OF_TWILIO = (
    *_SIGNED_OTHERWISE,
    Forgery(
        name="of another value",
        path=TWILIO_PATH,
        headers=lambda keys: [keys.twilio(TWILIO_PATH, FORM)],
        body=form({**FORM, "From": "whatsapp:+919899999999"}),
    ),
    Forgery(
        name="with a field more",
        path=TWILIO_PATH,
        headers=lambda keys: [keys.twilio(TWILIO_PATH, FORM)],
        body=form({**FORM, "Extra": "1"}),
    ),
    Forgery(
        name="with a field less",
        path=TWILIO_PATH,
        headers=lambda keys: [keys.twilio(TWILIO_PATH, FORM)],
        body=form({name: value for name, value in FORM.items() if name != "WaId"}),
    ),
    Forgery(
        name="with a field twice",
        path=TWILIO_PATH,
        headers=lambda keys: [keys.twilio(TWILIO_PATH, FORM)],
        body=form([*FORM.items(), ("From", "whatsapp:+919899999999")]),
    ),
    Forgery(
        name="with a query more",
        path=TWILIO_PATH + "?Body=other",
        headers=lambda keys: [keys.twilio(TWILIO_PATH, FORM)],
        body=form(),
    ),
    Forgery(
        name="for a body's hash that is another's",
        path=TWILIO_PATH + "?bodySHA256=" + "0" * 64,
        headers=lambda keys: [JSON_TYPE, keys.twilio(TWILIO_PATH + "?bodySHA256=" + "0" * 64, {})],
        body=b"{}",
    ),
    Forgery(
        name="for an empty hash",
        path=TWILIO_PATH + "?bodySHA256=",
        headers=lambda keys: [keys.twilio(TWILIO_PATH + "?bodySHA256=", {})],
        body=form(),
    ),
)
UNSIGNED_ELSEWHERE = tuple(
    Forgery(name=path, path=path, body=form(CALL))
    for path in (
        TWILIO_PATH + "/status",
        *(
            f"/webhooks/voice/{name}"
            for name in (
                "incoming",
                "status",
                "stream-status",
                "recover",
                "machine-detection",
                "transfer-result",
                "transfer-summary",
            )
        ),
    )
)


def post(target: Target, forgery: Forgery) -> Answer:
    """Send it."""
    stated = [*forgery.headers(target.keys)]
    if "content-type" not in {name.lower() for name, _ in stated}:
        stated.append(JSON_TYPE if forgery.path == META_PATH else FORM_TYPE)
    return target.door.ask("POST", forgery.path, headers=stated, body=forgery.body)


@pytest.mark.usefixtures("unmoved")
@pytest.mark.parametrize(
    ("provider", "forgeries"), [("Meta", OF_META), ("Twilio", OF_TWILIO), ("unsigned", UNSIGNED_ELSEWHERE)]
)
def test_a_forged_webhook_is_refused_and_nothing_comes_of_it(
    target: Target, provider: str, forgeries: tuple[Forgery, ...], subtests: pytest.Subtests
) -> None:
    for forgery in forgeries:
        with subtests.test(f"{provider}: {forgery.name}"):
            assert_refused(target, post(target, forgery), forgery.status, forgery.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """A check of the address that Meta did not make."""

    query: str
    status: int = 403
    code: str = "forbidden"


HANDSHAKES = (
    Handshake(query="hub.mode=subscribe&hub.verify_token=guess&hub.challenge=1"),
    Handshake(query="hub.mode=subscribe&hub.verify_token=&hub.challenge=1"),
    Handshake(query="hub.mode=subscribe&hub.challenge=1"),
    Handshake(query="hub.mode=subscribe&hub.verify_token[]={token}&hub.challenge=1"),
    Handshake(query="hub.mode=subscribe&hub.verify_token=%00{token}&hub.challenge=1"),
    Handshake(query="hub.mode=subscribe&hub.verify_token=%FF%FE&hub.challenge=1"),
    Handshake(query="hub.mode=unsubscribe&hub.verify_token={token}&hub.challenge=1"),
)


@pytest.mark.usefixtures("unmoved")
@pytest.mark.parametrize("handshake", HANDSHAKES, ids=lambda handshake: handshake.query)
def test_a_forged_handshake_is_refused(target: Target, handshake: Handshake) -> None:
    query = handshake.query.replace("{token}", target.keys.verify_token)

    answer = target.door.ask("GET", f"{META_PATH}?{query}")

    assert_refused(target, answer, handshake.status, handshake.code)


def test_a_challenge_is_echoed_as_text_that_no_browser_runs(target: Target) -> None:
    query = f"hub.mode=subscribe&hub.verify_token={target.keys.verify_token}&hub.challenge=<script>alert(1)</script>"

    answer = target.door.ask("GET", f"{META_PATH}?{query}")

    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def answered(target: Target, text: str) -> list[Any]:
    """The messages with this text, once all of them are dealt with."""

    async def look() -> list[Any] | None:
        found = rows(target.platform, "SELECT state FROM messages WHERE text = :text", text=text)
        return found if found and all(state == "done" for (state,) in found) else None

    return await eventually(look)


async def test_a_message_of_meta_that_is_replayed_counts_once(target: Target) -> None:
    body = meta_body(message_id="wamid.REPLAYED", sender="919811110001", text="replayed by Meta")
    headers = [JSON_TYPE, target.keys.meta(body)]

    answers = [target.door.ask("POST", META_PATH, headers=headers, body=body) for _ in range(4)]
    kept = await answered(target, "replayed by Meta")
    late = target.door.ask("POST", META_PATH, headers=headers, body=body)

    assert [answer.status for answer in (*answers, late)] == [200] * 5
    assert kept == [["done"]]
    assert rows(target.platform, "SELECT count(*) FROM messages WHERE user_id = '919811110001'") == [[2]]


async def test_a_form_of_twilio_is_itself_whatever_the_order_of_its_fields_and_counts_once(target: Target) -> None:
    fields = {**FORM, "MessageSid": "SM" + "b" * 32, "Body": "replayed by Twilio", "WaId": "919811110002"}
    fields |= {"From": "whatsapp:+919811110002", "SmsMessageSid": fields["MessageSid"]}
    signature = target.keys.twilio(TWILIO_PATH, fields)
    orders = ([*fields.items()], [*reversed(fields.items())], sorted(fields.items(), key=lambda field: field[1]))

    answers = [
        target.door.ask("POST", TWILIO_PATH, headers=[FORM_TYPE, signature], body=form(order)) for order in orders
    ]
    kept = await answered(target, "replayed by Twilio")

    assert [(answer.status, answer.text.endswith("<Response/>")) for answer in answers] == [(200, True)] * 3
    assert kept == [["done"]]


async def test_a_status_that_is_replayed_late_takes_nothing_back(target: Target) -> None:
    sender = "919811110003"
    body = meta_body(message_id="wamid.STATUS", sender=sender, text="statuses out of order")
    target.door.ask("POST", META_PATH, headers=[JSON_TYPE, target.keys.meta(body)], body=body)
    await answered(target, "statuses out of order")
    reply = """
        SELECT provider_messages.provider_message_id FROM messages JOIN provider_messages ON message_id = messages.id
        WHERE user_id = :user AND delivery_status = 'read'
    """

    async def read() -> str | None:
        found = rows(target.platform, reply, user=sender)
        return str(found[0][0]) if found else None

    provider_id = await eventually(read)
    for word in ("delivered", "sent"):
        late = status_post(provider_id, word, sender)
        answer = target.door.ask("POST", META_PATH, headers=[JSON_TYPE, target.keys.meta(late)], body=late)
        assert answer.status == 200

    async def noted() -> bool | None:
        log = "SELECT count(*) FROM message_events WHERE item_id = :id AND occurred_at < '2024-01-01'"
        return rows(target.platform, log, id=provider_id) == [[2]] or None

    await eventually(noted)
    assert await read() == provider_id


def status_post(provider_id: str, word: str, recipient: str) -> bytes:
    """A delivery status as Meta posts it."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "918047112233", "phone_number_id": "100000000000001"},
        "statuses": [{"id": provider_id, "status": word, "timestamp": "1700000000", "recipient_id": recipient}],
    }
    change = {"id": "200000000000001", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [change]}).encode()
