"""Small requests that want to become large, and text that wants to become more than text."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from tests.attacks.conftest import assert_logs_are_json
from tests.attacks.raw_http import Answer
from tests.attacks.target import FORM_TYPE, JSON_TYPE, META_PATH, TWILIO_PATH, Target
from tests.attacks.test_webhooks import FORM, META_BODY, form, meta_body
from tests.attacks.verdict import assert_envelope, assert_tells_nothing
from tests.end_to_end.platform import eventually, rows

pytestmark = pytest.mark.integration

REFUSED = frozenset({400, 413, 415, 422})
DEEP = 100_000


def as_json(text: str) -> bytes:
    """JSON that no writer would write."""
    return text.encode()


BODIES: tuple[tuple[str, bytes], ...] = (
    ("deep lists", as_json("[" * DEEP + "]" * DEEP)),
    ("deep objects", as_json('{"a":' * (DEEP // 2) + "1" + "}" * (DEEP // 2))),
    ("open lists", as_json("[" * DEEP)),
    ("wide list", as_json("[" + ",".join("0" * 100_000) + "]")),
    ("wide object", as_json("{" + ",".join(f'"k{n}":0' for n in range(20_000)) + "}")),
    ("huge number", as_json('{"id": ' + "9" * 200_000 + "}")),
    ("huge exponent", as_json('{"id": 1e999999999}')),
    ("small exponent", as_json('{"id": 1e-999999999}')),
    ("no number", as_json('{"id": NaN}')),
    ("no end", as_json('{"id": Infinity}')),
    ("same key many times", as_json("{" + ",".join('"id":"a"' for _ in range(20_000)) + "}")),
    ("half a character", b'{"id": "\xff\xfe"}'),
    ("overlong UTF-8", b'{"id": "\xc0\xae\xc0\xae"}'),
    ("half a pair", as_json('{"id": "\\ud800"}')),
    ("NUL", b'{"id": "a\x00b"}'),
    ("comment", as_json('{"id": "a" /* b */}')),
    ("UTF-16", '{"id": "a"}'.encode("utf-16")),
    ("mark of order", b'\xef\xbb\xbf{"id": "a"}'),
    ("two values", as_json('{"id": "a"}{"id": "b"}')),
    ("packed", gzip.compress(b'{"id": "a"}')),
    ("bomb", gzip.compress(b"0" * 50_000_000)),
    ("text", b"id=a"),
    ("nothing", b""),
    ("null", b"null"),
    ("XML", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
)


def assert_survived(target: Target, answer: Answer) -> None:
    """Refused in the envelope, and the next request is served."""
    assert answer.status in REFUSED, (answer.status, answer.text[:300])
    assert_envelope(answer, answer.json()["error"]["code"])
    assert_tells_nothing(target, answer)


@pytest.mark.usefixtures("unmoved")
def test_no_body_of_the_api_is_too_much(target: Target, subtests: pytest.Subtests) -> None:
    for name, body in BODIES:
        for path in ("/api/v1/agents", "/api/v1/tools", "/api/v1/routing-rules/test"):
            with subtests.test(f"{name} {path}"):
                assert_survived(target, target.ask("POST", path, body=body))
            if name in {"packed", "bomb"}:
                with subtests.test(f"{name}, and said so"):
                    assert_survived(target, target.ask("POST", path, body=body, Content_Encoding="gzip"))


@pytest.mark.usefixtures("unmoved")
def test_no_webhook_of_meta_is_too_much(target: Target, subtests: pytest.Subtests) -> None:
    """Signed: whoever has the app's secret, or a user who can make Meta send strange things."""
    for name, body in BODIES:
        with subtests.test(name):
            answer = target.door.ask("POST", META_PATH, headers=[JSON_TYPE, target.keys.meta(body)], body=body)
            # What is JSON and holds nothing for us is acknowledged, or Meta would send it for days.
            if answer.status != 200:
                assert_survived(target, answer)


FORMS: tuple[tuple[str, Iterable[tuple[str, str]]], ...] = (
    ("fields", [(f"f{number}", "") for number in range(30_000)]),
    ("one field often", [("Body", "a")] * 5_000),
    ("a long name", [("a" * 500_000, "")]),
    ("files without end", [*{**FORM, "NumMedia": "999999999999999999999"}.items()]),
    ("files below none", [*{**FORM, "NumMedia": "-5"}.items()]),
    ("no number of files", [*{**FORM, "NumMedia": "\u0663"}.items()]),
    ("no id", [*{**FORM, "MessageSid": "", "SmsMessageSid": ""}.items()]),
    ("no sender", [*{**FORM, "From": "", "WaId": ""}.items()]),
)


def test_no_form_is_too_much(target: Target, subtests: pytest.Subtests) -> None:
    for name, fields in FORMS:
        with subtests.test(name):
            known = dict(fields)
            body = form(fields)
            headers = [FORM_TYPE, target.keys.twilio(TWILIO_PATH, known)]
            answer = target.door.ask("POST", TWILIO_PATH, headers=headers, body=body)
            assert answer.status in {200, 400, 401, 413, 422}, (answer.status, answer.text[:300])
            assert_tells_nothing(target, answer)
            if answer.status != 200:
                assert_envelope(answer, answer.json()["error"]["code"])


def _zip_bomb(name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(name, b"\0" * 100_000_000)
    return packed.getvalue()


def _pdf(content: bytes, *, filters: str = "/FlateDecode", pages: int = 1) -> bytes:
    """A document of pages that share one stream."""
    kids = " ".join(f"{number + 4} 0 R" for number in range(pages))
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        f"<< /Length {len(content)} /Filter [{filters}] >>\nstream\n".encode() + content + b"\nendstream",
    ]
    parts += [b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 3 0 R >>"] * pages
    document, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, part in enumerate(parts, start=1):
        offsets.append(len(document))
        document += f"{number} 0 obj\n".encode() + part + b"\nendobj\n"
    begins_at = len(document)
    document += f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n".encode()
    document += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    document += f"trailer << /Size {len(parts) + 1} /Root 1 0 R >>\nstartxref\n{begins_at}\n%%EOF".encode()
    return bytes(document)


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]><lolz>&a11;</lolz>"
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BLANKS = zlib.compress(b" " * 60_000_000, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A document that is none, or too much of one. Where it is read, its words are all that is kept."""

    name: str
    media_type: str
    content: bytes
    statuses: frozenset[int] = REFUSED


UPLOADS = (
    Upload(name="a text bomb", media_type=WORD, content=_zip_bomb("word/document.xml")),
    Upload(name="a sheet bomb", media_type=SHEET, content=_zip_bomb("xl/sharedStrings.xml")),
    Upload(name="an archive", media_type="application/zip", content=_zip_bomb("a")),
    Upload(name="an archive that is said to be text", media_type="text/plain", content=_zip_bomb("a")),
    Upload(name="an archive that is said to be a PDF", media_type="application/pdf", content=_zip_bomb("a")),
    Upload(name="a PDF bomb", media_type="application/pdf", content=_pdf(BLANKS)),
    Upload(
        name="a PDF bomb within a bomb",
        media_type="application/pdf",
        content=_pdf(zlib.compress(zlib.compress(b" " * 200_000_000, 9), 9), filters="/FlateDecode /FlateDecode"),
    ),
    Upload(name="a bomb on each page", media_type="application/pdf", content=_pdf(BLANKS, pages=150)),
    Upload(name="a PDF of too many pages", media_type="application/pdf", content=_pdf(zlib.compress(b""), pages=999)),
    Upload(name="a PDF of no pages", media_type="application/pdf", content=b"%PDF-1.7\n%%EOF"),
    Upload(name="laughs", media_type="text/xml", content=LAUGHS.encode()),
    Upload(name="laughs of an application", media_type="application/xml", content=LAUGHS.encode()),
    Upload(name="laughs in a picture", media_type="image/svg+xml", content=LAUGHS.encode()),
    Upload(name="an entity outside", media_type="application/xml", content=OUTSIDE.encode()),
    Upload(name="laughs in a page", media_type="text/html", content=LAUGHS.encode(), statuses=REFUSED | {201}),
    Upload(name="an entity in a page", media_type="text/html", content=OUTSIDE.encode(), statuses=REFUSED | {201}),
    Upload(name="tags in tags", media_type="text/html", content=b"<div>" * 100_000 + b"x", statuses=REFUSED | {201}),
    Upload(name="tags without end", media_type="text/html", content=b"<" * 300_000, statuses=REFUSED | {201}),
    Upload(name="a long cell", media_type="text/csv", content=b'a,b\n"' + b"x" * 600_000, statuses=REFUSED | {201}),
    Upload(
        name="columns", media_type="text/csv", content=b"," * 300_000 + b"\n" + b"," * 300_000, statuses=REFUSED | {201}
    ),
    Upload(name="packed", media_type="text/plain", content=gzip.compress(b"a" * 9_000_000)),
    Upload(name="too large", media_type="text/plain", content=b"a" * 800_000),
)


def test_no_upload_is_too_much_or_reads_what_is_ours(target: Target, subtests: pytest.Subtests) -> None:
    example = json.loads(target.ask("GET", "/api/v1/openapi.json").body)["paths"]["/api/v1/agents"]["post"]
    agent = {**example["requestBody"]["content"]["application/json"]["example"], "id": "reader", "tools": []}
    assert target.ask("POST", "/api/v1/agents", body=json.dumps(agent).encode()).status == 201
    place = "/api/v1/agents/reader/documents"

    for upload in UPLOADS:
        with subtests.test(upload.name):
            address = f"{place}?title={quote(upload.name)}"
            answer = target.ask("POST", address, body=upload.content, Content_Type=upload.media_type)
            assert answer.status in upload.statuses, (answer.status, answer.text[:300])
            assert_tells_nothing(target, answer)
    words = rows(target.platform, "SELECT string_agg(text, ' ') FROM knowledge_passages")
    assert "root:" not in str(words)
    assert "lollol" not in str(words)


# Text that would end a line of a log, begin another one, or move the cursor of whoever reads it.
INTO_LOGS = (
    'x"}\n{"level":"INFO","message":"forged"}',
    '\r\n{"level":"INFO","message":"forged"}\r\n',
    "\x1b[2J\x1b[31mforged\x1b[0m",
    "\x1b]0;forged\x07",
    "\u2028forged\u2029",
    "\x85forged\x0b\x0c",
    "forged\x00\x08\x08",
    "\ud83d",
    "\u202eforged",
    "%s%s%n{forged}",
    "${jndi:ldap://127.0.0.1/forged}",
    '","_aws":{"CloudWatchMetrics":[{"Namespace":"forged"}]},"a":"',
)
CONTROLS = frozenset(b"\x00\x07\x08\x0b\x0c\x1b\x7f")


async def test_no_text_of_a_stranger_writes_a_line_of_a_log(target: Target) -> None:
    sent = 0
    for number, text in enumerate(INTO_LOGS):
        sender = f"9198777{number:05}"
        body = meta_body(message_id=f"wamid.{text}", sender=sender, text=f"log {text}")
        named = json.loads(body)
        named["entry"][0]["changes"][0]["value"]["contacts"][0]["profile"]["name"] = text
        body = json.dumps(named).encode()
        answer = target.door.ask("POST", META_PATH, headers=[JSON_TYPE, target.keys.meta(body)], body=body)
        assert answer.status in {200, 400, 422}, answer.text
        sent += answer.status == 200
        odd = meta_body(message_id=f"wamid.odd{number}", sender=text, text="log of a user")
        target.door.ask("POST", META_PATH, headers=[JSON_TYPE, target.keys.meta(odd)], body=odd)
        in_header = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
        in_address = quote(text.encode("utf-8", "surrogatepass"), safe="")
        stated = [("X-Amzn-Trace-Id", f"Root={in_address}"), ("User-Agent", in_header), JSON_TYPE]
        target.door.ask("POST", f"{META_PATH}/{in_address}", headers=stated, body=META_BODY)
        target.ask("GET", f"/api/v1/conversations/{in_address}", X_Amzn_Trace_Id=f"Root=1-{in_address}")
        target.ask("GET", f"/api/v1/conversations?q={in_address}&user_id={in_address}", User_Agent=in_header)
        target.door.ask("GET", f"/console/{in_address}")
        target.door.ask("GET", f"/media/{in_address}")

    async def done() -> bool | None:
        counted = "SELECT count(*) FROM messages WHERE text LIKE 'log %' AND direction = 'inbound' AND state = 'done'"
        return rows(target.platform, counted)[0][0] >= sent or None

    await eventually(done, seconds=60)
    assert_logs_are_json(target)
    for log in target.logs.glob("*.log"):
        # What was tried may stand in a text, escaped; it may be no line, no message, no metric of its own.
        lines = log.read_bytes().split(b"\n")
        assert not [
            line for line in lines if line.lstrip().startswith((b"forged", b'{"level":"INFO","message":"forged'))
        ]
        assert not [line for line in lines if line.startswith(b"{") and is_forged(json.loads(line))]
        if not log.name.startswith(("postgres", "valkey", "aws", "seed")):
            assert not CONTROLS & {*b"".join(lines)}, log.name


def is_forged(line: dict[str, Any]) -> bool:
    """Whether a stranger has written it, in whole or as a metric."""
    return line.get("message") == "forged" or "forged" in str(line.get("_aws"))
