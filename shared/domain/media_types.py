"""What a file is, by its first bytes, and what may be said of it: types and names as strangers state them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import unicodedata

from shared.domain.media import MediaFailure, MediaFile, MediaReference, family_of, plain_type
from shared.errors import MediaRefused

UNKNOWN_TYPE = "application/octet-stream"
_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,80}(?:; ?[\w.+-]{1,30}=[\w.+\"-]{1,60}){0,3}", re.ASCII)
_SHOWN = frozenset({"image", "audio", "video"})
# One container serves both, so its first bytes cannot tell a film from a song.
_AV = frozenset({"audio", "video"})

_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"#!AMR", "audio/amr"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
)
_INSIDE_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_BRANDS = {b"M4A ": "audio/mp4", b"heic": "image/heic", b"mif1": "image/heif", b"avif": "image/avif"}
_PROVABLE = frozenset({mime_type for _, mime_type in _BEGINNINGS} | {*_INSIDE_RIFF.values(), *_BRANDS.values()})
_MARKUP_BYTES = 1024
_MARKUP = re.compile(rb"<(!doctype html|html|head|body|script|svg)\b", re.IGNORECASE)

_LONGEST_NAME = 100
_LONGEST_EXTENSION = 10
_RESERVED = re.compile(r'[<>:"|?*]')


def checked_file(reference: MediaReference, content: bytes, *, served_type: str = "") -> MediaFile:
    """A file with the content that was fetched for the reference; `served_type` is what its server calls it.

    Raises:
        MediaRefused: the content is empty, or not what the provider stated.
    """
    if not content:
        raise MediaRefused("The file is empty.", reason=MediaFailure.EMPTY)
    stated_hash = _digest(reference.sha256)
    if stated_hash is not None and hashlib.sha256(content).digest() != stated_hash:
        raise MediaRefused("The file is not the one that was sent.", reason=MediaFailure.WRONG_HASH)
    stated = clean_type(reference.mime_type) or clean_type(served_type) or UNKNOWN_TYPE
    return MediaFile(content=content, mime_type=_type_of(content, stated), filename=safe_filename(reference.filename))


def found_type(content: bytes) -> str | None:
    """The type that the first bytes prove; None when they prove none."""
    for beginning, mime_type in _BEGINNINGS:
        if content.startswith(beginning):
            return mime_type
    if content.startswith(b"RIFF"):
        return _INSIDE_RIFF.get(content[8:12])
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:12], "video/3gpp" if content[8:11] == b"3gp" else "video/mp4")
    markup = _MARKUP.match(content[:_MARKUP_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n"))
    if markup is not None:
        return "image/svg+xml" if markup[1].lower() == b"svg" else "text/html"
    is_svg = content.startswith(b"<?xml") and b"<svg" in content[:_MARKUP_BYTES]
    return "image/svg+xml" if is_svg else None


def is_genuine(file: MediaFile) -> bool:
    """Whether the first bytes prove the type, or the type is one that they cannot prove."""
    found, stated = found_type(file.content), plain_type(file.mime_type)
    return found == stated or (found is None and stated not in _PROVABLE)


def clean_type(stated: str) -> str:
    """The type as it was stated, if that can be one; otherwise nothing."""
    stated = stated.strip()
    return stated if _TYPE.fullmatch(stated) else ""


def safe_filename(stated: str | None) -> str | None:
    """The name without folders, invisible characters and what file systems reserve; None if nothing is left."""
    if stated is None:
        return None
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", stated.encode("utf-8", "replace").decode()))[-1]
    # Among the invisible ones are those that turn the direction of writing, so that `gpj.exe` reads as `exe.jpg`.
    name = "".join(letter for letter in name if not unicodedata.category(letter).startswith("C"))
    name = _RESERVED.sub("_", name).strip().lstrip(".")
    stem, dot, extension = name.rpartition(".")
    if dot and len(extension) <= _LONGEST_EXTENSION:
        name = f"{stem[: _LONGEST_NAME - len(extension) - 1]}.{extension}"
    return name[:_LONGEST_NAME] or None


def _type_of(content: bytes, stated: str) -> str:
    found = found_type(content)
    if found is None or found == plain_type(stated):
        return stated
    family, proved = family_of(stated), family_of(found)
    if {family, proved} <= _AV:
        return stated
    if family in _SHOWN and (family != proved or found == "image/svg+xml"):
        raise MediaRefused("The file is not of the type that was stated.", reason=MediaFailure.WRONG_TYPE)
    return found


def _digest(stated: str | None) -> bytes | None:
    """A SHA-256 hash in hexadecimal digits or Base64; None when nothing that could be one was stated."""
    if stated is None:
        return None
    stated = stated.strip()
    try:
        digest = bytes.fromhex(stated) if re.fullmatch(r"[0-9a-fA-F]{64}", stated) else _from_base64(stated)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == hashlib.sha256().digest_size else None


def _from_base64(stated: str) -> bytes:
    plain = stated.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
