"""Hypothesis strategies that take a good webhook and break it: in its tree, its bytes, its signature, its transport."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
from collections.abc import MutableMapping, MutableSequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from hypothesis import strategies as some

from shared.lambda_runtime import LARGEST_BODY_BYTES
from tests.payloads.corpus import ALL
from tests.payloads.shapes import Payload
from tests.provider_requests import APP_SECRET, BASE_URL, META_PATH, TWILIO_PATH, twilio_signature

_PAYLOADS = [payload for payload in ALL if len(json.dumps(payload.body)) < 20_000]


def _nested(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


_ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 2**31, 2**63, -(2**63) - 1, 10**50, 1.5, 1e308, float("nan"), float("inf"), -0.0,
    "", " ", "\x00", "\ud800", "\udfff\ud83d", "\u202e\u200b\ufeff", "\U0001d54f" * 50, "x" * 6000, "9" * 20,
    "-5", "NaN",
    "text", "messages", "message_echoes", "system", "image", "919812345678", "IN.42", "4102444800",
    "253402300799", "null", "{}",
    "../../etc/passwd", "' OR 1=1 --", "%s%n{}", "https://169.254.169.254/", [], {}, [[]], [None], [[], {}, ""],
    {"": ""}, {"\x00": "\ud800"}, {"id": {}}, {"body": []}, {"type": "text"}, {"__proto__": 1},
    _nested(30), _nested(90),
)  # fmt: skip
_ODD_BYTES = (
    b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf0\x9f", b"\x00", b'"', b"\\", b"\\u", b"\\ud800", b"{", b"}", b"[",
    b"]", b",", b":", b"null", b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b"\xef\xbb\xbf", b"\r\n",
    b"%00", b"%ff", b"&=&=",
    b"//", b"\xe2\x80\xa8", b'"entry":[],', b'"id":1,"id":2,',
)  # fmt: skip
_TOO_MUCH = (b"[" * 100_000, b'{"a":' * 30_000, b"[[" * 50_000 + b"]]" * 50_000, b" " * 500_000, b"x" * 700_000)
_METHODS = ("POST",) * 72 + ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "", "BREW")
_PATHS = (META_PATH, TWILIO_PATH, f"{TWILIO_PATH}/status")
_ODD_PATHS = (
    f"{META_PATH}/", f"{META_PATH}/status", "/webhooks/messages/", "/webhooks/messages/\ud800", "/", "",
    "/webhooks/messages/%77hatsapp", f"{TWILIO_PATH}/status/status", "/webhooks/messages/whatsapp\x00", "//",
)  # fmt: skip
_QUERIES: tuple[dict[str, list[str]], ...] = (
    {}, {}, {}, {"hub.mode": ["subscribe"]}, {"hub.mode": ["subscribe"], "hub.verify_token": ["wrong"]},
    {"bodySHA256": ["x"]}, {"%": ["%zz", "%ff"]}, {"\ud800": ["\ud800"]}, {"a" * 2000: [""]},
)  # fmt: skip
_CONTENT_TYPES = (
    "application/json", "application/x-www-form-urlencoded", "text/plain", "", "application/json; charset=utf-16",
    "multipart/form-data; boundary=x", "x" * 300, "\ud800",
)  # fmt: skip

_place = some.integers(0, 10**6)
_odd = some.sampled_from(_ODD_VALUES)
_tree_breaks = some.lists(
    some.tuples(some.sampled_from(("replace", "drop", "add", "wrap", "twin", "rename", "graft")), _place, _place, _odd),
    max_size=4,
)
_byte_breaks = some.lists(
    some.tuples(some.sampled_from(("cut", "insert", "overwrite", "drop")), _place, some.sampled_from(_ODD_BYTES)),
    max_size=3,
)


@dataclass(frozen=True, slots=True)
class Case:
    """A post as the load balancer hands it over, and what must appear neither in the answer nor in the logs."""

    event: dict[str, Any]
    signature: str


@some.composite
def broken_posts(draw: some.DrawFn) -> Case:
    """A webhook of the corpus, broken in any number of ways; most are signed, so that they get past the door."""
    payload = draw(some.sampled_from(_PAYLOADS))
    raw = _serialized(draw, payload)
    if draw(some.integers(0, 2)) == 0:
        raw = _broken_bytes(raw, draw(_byte_breaks))
    if draw(some.integers(0, 199)) == 0:
        raw = draw(_too_much(raw))
    path = payload.path if draw(some.integers(0, 19)) else draw(some.sampled_from((*_PATHS, *_ODD_PATHS)))
    signature = _signature(draw, path, raw, is_meta=payload.path == META_PATH)
    headers = {
        draw(some.sampled_from(("x-hub-signature-256", "X-Hub-Signature-256"))): signature,
        "x-twilio-signature": signature,
        "content-type": draw(some.sampled_from(_CONTENT_TYPES)),
        "x-forwarded-for": draw(some.sampled_from(("31.13.24.1", "", "6.6.6.6, 10.0.0.1", "\x00", "unknown"))),
    }
    return Case(_event(draw, path, headers, raw), signature)


def _serialized(draw: some.DrawFn, payload: Payload) -> bytes:
    body = copy.deepcopy(payload.body)
    for how, where, which, value in draw(_tree_breaks):
        body = _break_tree(body, how, where, which, copy.deepcopy(value))
    if payload.path == META_PATH or not isinstance(body, dict):
        in_ascii = draw(some.booleans())
        return json.dumps(body, ensure_ascii=in_ascii).encode("utf-8", "surrogatepass")
    fields = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in body.items()]
    return urlencode([(_utf8(name), _utf8(value)) for name, value in fields]).encode()


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _containers(value: Any) -> list[Any]:
    """All objects and lists of a tree, itself first."""
    found: list[Any] = []
    left = [value]
    while left and len(found) < 500:
        each = left.pop()
        if isinstance(each, (dict, list)):
            found.append(each)
            left += each.values() if isinstance(each, dict) else each
    return found


def _break_tree(body: Any, how: str, where: int, which: int, value: Any) -> Any:
    containers = _containers(body)
    if not containers or (how == "wrap" and where % 50 == 0):
        return value if not containers else [body]
    container = containers[where % len(containers)]
    if isinstance(container, dict):
        _break_object(container, how, which, value)
    else:
        _break_list(container, how, which, value)
    return body


def _break_object(holder: MutableMapping[str, Any], how: str, which: int, value: Any) -> None:
    names = list(holder)
    if not names or how == "add":
        holder[("timestamp", "text", "brand_new", "errors")[which % 4]] = value
        return
    name = names[which % len(names)]
    if how == "drop":
        del holder[name]
    elif how == "rename":
        holder[str(value)[:3000]] = holder.pop(name)
    elif how == "wrap":
        holder[name] = [holder[name]]
    elif how == "twin":
        holder[f"{name}2"] = copy.deepcopy(holder[name])
    else:
        holder[name] = value if how == "replace" else copy.deepcopy(holder)


def _break_list(holder: MutableSequence[Any], how: str, which: int, value: Any) -> None:
    if not holder or how == "add":
        holder.insert(which % (len(holder) + 1), value)
        return
    place = which % len(holder)
    if how == "drop":
        del holder[place]
    elif how in {"twin", "graft"}:
        holder.append(copy.deepcopy(holder[place]))
    else:
        holder[place] = [holder[place]] if how == "wrap" else value


def _broken_bytes(raw: bytes, breaks: list[tuple[str, int, bytes]]) -> bytes:
    for how, where, odd in breaks:
        place = where % (len(raw) + 1)
        if how == "cut":
            raw = raw[:place]
        elif how == "insert":
            raw = raw[:place] + odd + raw[place:]
        elif how == "overwrite":
            raw = raw[:place] + odd + raw[place + len(odd) :]
        else:
            raw = raw[:place] + raw[place + 1 + where % 50 :]
    return raw


@some.composite
def _too_much(draw: some.DrawFn, raw: bytes) -> bytes:
    """A body of many levels, or of about the largest size, a little less or a little more."""
    place = draw(_place) % (len(raw) + 1)
    if draw(some.booleans()):
        return raw[:place] + draw(some.sampled_from(_TOO_MUCH)) + raw[place:]
    missing = LARGEST_BODY_BYTES - len(raw) + draw(some.sampled_from((-1, 0, 1, 5000)))
    return raw + b" " * missing if draw(some.booleans()) else raw[:place] + b"x" * missing + raw[place:]


def _signature(draw: some.DrawFn, path: str, raw: bytes, *, is_meta: bool) -> str:
    kind = draw(some.integers(0, 9))
    if kind == 0:
        return draw(some.sampled_from(("", "sha256=", "sha256=" + "0" * 64, "é", "\ud800", "sha1=x", "x" * 5000)))
    signed = raw[:-1] if kind == 1 else raw
    if is_meta:
        return f"sha256={hmac.new(APP_SECRET.encode(), signed, hashlib.sha256).hexdigest()}"
    try:
        pairs = parse_qsl(signed.decode(), keep_blank_values=True, max_num_fields=1000)
        return twilio_signature(f"{BASE_URL}{path}", pairs)
    except ValueError:
        return "unsignable"


def _event(draw: some.DrawFn, path: str, headers: dict[str, str], raw: bytes) -> dict[str, Any]:
    body, is_base64 = _transported(draw, raw)
    query = draw(some.sampled_from(_QUERIES))
    event: dict[str, Any] = {
        "httpMethod": draw(some.sampled_from(_METHODS)),
        "path": path,
        "body": body,
        "isBase64Encoded": is_base64,
    }
    if draw(some.booleans()):
        several = {name: [value] for name, value in headers.items()}
        return {**event, "multiValueHeaders": several, "multiValueQueryStringParameters": query}
    single = {name: values[0] for name, values in query.items()}
    return {**event, "headers": headers, "queryStringParameters": single}


def _transported(draw: some.DrawFn, raw: bytes) -> tuple[str | None, bool]:
    """The body in the event: as it should be, or with one of the traps of base64."""
    encoded = base64.b64encode(raw).decode()
    trap = draw(some.integers(0, 39))
    if trap == 0:
        return base64.urlsafe_b64encode(raw).decode(), True
    if trap == 1:
        return f" {encoded}\n", True
    if trap == 2:
        return encoded[:-1], True
    if trap == 3:
        return encoded, False
    if trap == 4:
        return raw.decode("utf-8", "surrogateescape"), True
    if trap == 5:
        return None, draw(some.booleans())
    try:
        return (encoded, True) if draw(some.booleans()) else (raw.decode(), False)
    except UnicodeDecodeError:
        return encoded, True
