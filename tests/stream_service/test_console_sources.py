"""What the files of the console promise, read without a browser: words, modules, and nothing its policy forbids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from stream_service.console_files import FOLDER

LANGUAGES = ("en", "hi")
MOST_LINES = {".js": 300, ".css": 400, ".html": 100}

_ENTRY = re.compile(r'^\s*"(?P<key>[\w.-]+)":\s*(?P<text>"(?:[^"\\]|\\.)*"|`[^`]*`|$)', re.MULTILINE)
_BLOCK = re.compile(r"^  (?P<language>en|hi): \{\n(?P<entries>.*?)^  \},?$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"^\s*(?://|/\*|\*).*$", re.MULTILINE)
_LITERAL = re.compile(r'"(?P<text>[^"\\\n]*)"')
_TEMPLATE = re.compile(r"`(?P<text>[^`\n]*)`")
_ASKED = re.compile(r'\b(?:t|has)\(\s*"(?P<key>[^"]+)"')
_ASKED_FORM = re.compile(r"\b(?:t|has)\(\s*`(?P<form>[^`]+)`")
_HOLE = re.compile(r"\$\{(?:[^{}]|\{[^{}]*\})*\}")
_PLACE = re.compile(r"\{(\w+)\}")
_IMPORT = re.compile(r'(?:\bfrom\s+|\bimport\s+|\bimport\(\s*|addModule\(\s*|new URL\(\s*)"(?P<path>\.{1,2}/[^"]+)"')
_FORBIDDEN = {
    "HTML out of text": re.compile(r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc)\b"),
    "code out of text": re.compile(r"\beval\(|\bnew Function\b|\bset(?:Timeout|Interval)\(\s*[\"'`]"),
    "an inline style": re.compile(r"[{,]\s*style:(?! \"(?:currency|percent|unit)\")|\"style\"|\bstyle=|cssText"),
    "an inline handler": re.compile(r"[\s\"']on[a-z]+=[\"']"),
}


def files(*kinds: str) -> list[Path]:
    return sorted(path for path in FOLDER.rglob("*") if path.suffix in kinds)


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


@cache
def code_of(path: Path) -> str:
    return _COMMENT.sub("", path.read_text())


def has_messages(path: Path) -> bool:
    return bool(_BLOCK.search(code_of(path)))


@cache
def messages() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for path in filter(has_messages, files(".js")):
        for block in _BLOCK.finditer(code_of(path)):
            entries = {entry["key"]: entry["text"].strip('"`') for entry in _ENTRY.finditer(block["entries"])}
            twice = found[block["language"]].keys() & entries.keys()
            assert not twice, f"{name_of(path)} says again: {sorted(twice)}"
            found[block["language"]] |= entries
    return found


@cache
def words_of_code() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """All texts that stand in the code, and the forms of those that are put together."""
    literals: set[str] = set()
    forms: set[str] = set()
    for path in files(".js"):
        code = _BLOCK.sub("", code_of(path))
        literals |= {found["text"] for found in _LITERAL.finditer(code)}
        forms |= {found["text"] for found in _TEMPLATE.finditer(code) if "." in _HOLE.sub("", found["text"])}
    return frozenset(literals), tuple(as_pattern(form) for form in forms)


def as_pattern(form: str) -> re.Pattern[str]:
    return re.compile(r"[\w.-]+".join(re.escape(part) for part in _HOLE.split(form)))


def test_there_is_a_console() -> None:
    assert len(files(".js")) > 20
    assert len(messages()["en"]) > 100


def counted(keys: Iterable[str]) -> set[str]:
    """Keys without the forms for one thing: what has a form of its own for it, each language decides."""
    return {key.removesuffix(".one") for key in keys}


def test_both_languages_have_the_same_messages() -> None:
    assert counted(messages()["en"]) ^ counted(messages()["hi"]) == set()


def test_a_message_has_the_same_places_in_both_languages() -> None:
    english, hindi = messages()["en"], messages()["hi"]

    differing = [
        key
        for key in english.keys() & hindi.keys()
        if set(_PLACE.findall(english[key])) != set(_PLACE.findall(hindi[key]))
    ]

    assert differing == []


def test_hindi_is_written_in_devanagari() -> None:
    english, hindi = messages()["en"], messages()["hi"]

    same = [key for key, text in hindi.items() if text == english.get(key) and len(_PLACE.sub("", text).split()) > 2]

    assert same == []


@pytest.mark.parametrize("path", files(".js"), ids=name_of)
def test_every_message_that_is_asked_for_is_there(path: Path) -> None:
    known = messages()["en"]
    code = code_of(path)

    missing = [found["key"] for found in _ASKED.finditer(code) if found["key"] not in known]
    unmatched = [
        found["form"]
        for found in _ASKED_FORM.finditer(code)
        if not any(as_pattern(found["form"]).fullmatch(key) for key in known)
    ]

    assert missing + unmatched == []


def test_no_message_is_left_over() -> None:
    literals, forms = words_of_code()

    def is_used(key: str) -> bool:
        # `key.one` is what `t` takes instead of `key` for one thing.
        names = {key, key.removesuffix(".one")}
        return bool(names & literals) or any(form.fullmatch(name) for form in forms for name in names)

    assert [key for key in messages()["en"] if not is_used(key)] == []


@pytest.mark.parametrize("path", files(".js", ".html"), ids=name_of)
def test_nothing_is_used_that_the_policy_forbids(path: Path) -> None:
    code = code_of(path)

    assert [what for what, pattern in _FORBIDDEN.items() if pattern.search(code)] == []


@pytest.mark.parametrize("path", files(".html"), ids=name_of)
def test_scripts_and_styles_are_files_of_our_own(path: Path) -> None:
    text = path.read_text()

    assert "<style" not in text
    assert re.findall(r"<script(?![^>]*\bsrc=\"[\w./-]+\")[^>]*>", text) == []
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//[^\"]*\"", text) == []


@pytest.mark.parametrize("path", files(".js"), ids=name_of)
def test_every_imported_module_exists(path: Path) -> None:
    missing = [
        found["path"]
        for found in _IMPORT.finditer(code_of(path))
        if not (path.parent / found["path"]).resolve().is_file()
    ]

    assert missing == []


@pytest.mark.parametrize("path", files(*MOST_LINES), ids=name_of)
def test_a_file_can_be_read_in_one_go(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES[path.suffix]


def pages() -> list[str]:
    listed = re.findall(r'\{ name: "(\w+)"', (FOLDER / "shell" / "router.js").read_text())
    return sorted(set(listed) | {path.name for path in (FOLDER / "pages").iterdir()})


@pytest.mark.parametrize("name", pages())
def test_a_page_can_be_opened_and_brings_its_words(name: str) -> None:
    code = (FOLDER / "pages" / name / "page.js").read_text()

    assert re.search(r"^export async function open\(\w+, ", code, re.MULTILINE)
    assert re.search(r"^export (?:const messages\b|\{[^}]*\bmessages\b[^}]*\})", code, re.MULTILINE)
    assert (FOLDER / "pages" / name / "page.css").is_file()
    assert f"shell.{name}" in messages()["en"]
