"""Files read into words."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from shared.adapters.document_text import MOST_PAGES, DocumentTextReader
from shared.domain.knowledge.document import cut_into_passages
from shared.errors import InvalidContent


async def read(content: bytes, media_type: str, charset: str = "utf-8") -> str:
    return await DocumentTextReader().read(content, media_type=media_type, charset=charset)


def a_pdf(*pages: str, password: str = "", permissions_only: bool = False) -> bytes:
    writer = PdfWriter()
    for text in pages:
        page = writer.add_blank_page(300, 300)
        font = DictionaryObject(
            {NameObject(name): NameObject(value) for name, value in _FONT}  # as every reader knows it
        )
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F"): font})}
        )
        drawn = DecodedStreamObject()
        drawn.set_data(f"BT /F 12 Tf 10 200 Td ({text}) Tj ET".encode() if text else b"")
        page[NameObject("/Contents")] = writer._add_object(drawn)
    if password or permissions_only:
        writer.encrypt(password, owner_password="owner", algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


_FONT = (("/Type", "/Font"), ("/Subtype", "/Type1"), ("/BaseFont", "/Helvetica"))


async def test_plain_text_and_markdown_are_read_as_they_are() -> None:
    assert await read("# समय\n8 बजे".encode(), "text/plain") == "# समय\n8 बजे"
    assert await read(b"\xef\xbb\xbf# Hours", "text/markdown") == "# Hours"


async def test_a_stated_charset_is_used() -> None:
    assert await read("naïve".encode("latin-1"), "text/plain", charset="ISO-8859-1") == "naïve"


@pytest.mark.parametrize(
    ("content", "media_type", "charset"),
    [
        (b"\xff\xfe\xfa", "text/plain", "utf-8"),
        (b"a", "text/plain", "rot13"),
        (b"a\x00b", "text/plain", "utf-8"),
        (b"PK\x03\x04", "application/zip", "utf-8"),
        (b'a,b\n"' + b"x" * 200_000 + b'"', "text/csv", "utf-8"),
        (b"no pdf at all", "application/pdf", "utf-8"),
        (b"%PDF-1.7\n1 0 obj <<", "application/pdf", "utf-8"),
        (b"x" * 2_000_001, "text/plain", "utf-8"),
    ],
)
async def test_what_cannot_be_read_is_refused(content: bytes, media_type: str, charset: str) -> None:
    with pytest.raises(InvalidContent):
        await read(content, media_type, charset)


async def test_rows_of_a_table_become_sentences() -> None:
    table = 'Test;Price;Fasting\nBlood sugar;150 rupees;yes\n\n"Blood; count";350 rupees;\n'

    assert await read(table.encode(), "text/csv") == (
        "Test: Blood sugar; Price: 150 rupees; Fasting: yes.\n\nTest: Blood; count; Price: 350 rupees."
    )


async def test_a_page_is_read_as_people_see_it() -> None:
    page = """<!doctype html><html><head><title>x</title><style>p {}</style></head><body>
    <nav>Home</nav><h1>Our <em>fees</em></h1><p>600&nbsp;rupees &amp; more<br>for adults</p>
    <script>steal()</script><ul><li>UPI</li><li>Cash</li></ul><table><tr><td>Skin</td><td>900</td></tr></table>"""

    text = await read(page.encode(), "text/html")

    assert [(passage.title, passage.text) for passage in cut_into_passages(text, title="Site")] == [
        ("Site", "Home"),
        ("Our fees", "600 rupees & more\nfor adults\n- UPI\n- Cash\nSkin 900"),
    ]


async def test_all_pages_of_a_pdf_are_read() -> None:
    assert (await read(a_pdf("First page.", "Second page."), "application/pdf")).split() == [
        "First",
        "page.",
        "Second",
        "page.",
    ]


async def test_a_pdf_that_may_only_not_be_printed_is_read() -> None:
    assert "Prices" in await read(a_pdf("Prices", permissions_only=True), "application/pdf")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (a_pdf("Secret", password="pass"), "locked"),
        (a_pdf("", ""), "no text"),
        (a_pdf(*("x" for _ in range(MOST_PAGES + 1))), "pages"),
    ],
)
async def test_a_pdf_without_words_for_us_is_refused_with_the_reason(content: bytes, message: str) -> None:
    with pytest.raises(InvalidContent, match=message):
        await read(content, "application/pdf")


@given(st.binary(max_size=300), st.sampled_from(["text/plain", "text/csv", "text/html", "application/pdf"]))
@settings(deadline=None)
async def test_any_bytes_are_read_or_refused(content: bytes, media_type: str) -> None:
    try:
        text = await read(b"%PDF-1.4\n" + content if media_type == "application/pdf" else content, media_type)
    except InvalidContent:
        return

    assert isinstance(text, str)
