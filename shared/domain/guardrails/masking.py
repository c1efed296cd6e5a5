"""Personal data in texts: found by its form, and replaced by a word that says what stood there."""

from __future__ import annotations

import re
from collections.abc import Callable

# What may stand between the groups of a number as people write it; invisible characters are no way around.
_GAP = r"[ \u00a0\u2009\u200b-\u200d\u2060()\-\u2010-\u2013]{0,3}"
# Not inside a word, nor behind "word-" or "word.": ids look like that. \d is a digit of any script.
_BEFORE = r"(?<![A-Za-z_\d])(?<![A-Za-z_\d][.\-])"
_AFTER = r"(?![A-Za-z_\d]|-[A-Za-z_]*\d|\.\d)"
_HEX = "[0-9a-fA-F]"

# What only looks personal: uuids and internet addresses.
_KEPT = (
    rf"(?<![A-Za-z\d]){_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}(?![A-Za-z\d])"
    r"|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"
)
_ADDRESS = r"(?<![\w.+%\-])[\w.+%\-]++@\w[\w\-]*+(?:\.\w[\w\-]*+)*+"
_ACCOUNT = (
    r"(?i:\b(?:account|acct|a/c|khata)\b|\u0916\u093e\u0924\u093e)[^\d\n]{0,24}"
    r"(?<![A-Za-z])\d(?:[ \-]?\d){8,17}(?![A-Za-z\d])"
)
_PAN = r"(?<![A-Za-z\d])[A-Za-z]{3}[ABCFGHJLPTabcfghjlpt][A-Za-z]\d{4}[A-Za-z](?![A-Za-z\d])"
_IFSC = r"(?<![A-Za-z\d])(?:[A-Z]{4}0[A-Z\d]{6}|[A-Za-z]{4}0\d{6})(?![A-Za-z\d])"
_PASSPORT = (
    r"(?<![A-Za-z\d\-])[A-Z]{1,2}[ ]?\d{7}(?![A-Za-z\d\-])"
    r"|(?i:\bpassport)[^\d\n]{0,24}?\b(?=[A-Za-z]*\d)[A-Za-z\d]{6,9}\b"
)
# In this order where several begin at one place.
_PERSONAL = re.compile(
    rf"(?P<kept>{_KEPT})|(?P<address>{_ADDRESS})|(?P<account>{_ACCOUNT})"
    rf"|(?P<number>{_BEFORE}\+?(?:{_GAP}\d){{10,60}}{_AFTER})|(?P<pan>{_PAN})|(?P<ifsc>{_IFSC})|(?P<passport>{_PASSPORT})"
)
_MAY_BE_PERSONAL = re.compile(r"[@\d]")
_NOT_DIGITS = re.compile(r"\D+")
_GROUP = re.compile(r"\+?\d+")
_LETTERS_AND_DIGITS_AT_END = re.compile(r"[A-Za-z]{0,2} ?\d[\dA-Za-z \-]*$")

_AADHAAR_DIGITS = 12
_CARD_DIGITS = range(13, 20)
_CARD_BEGINNINGS = range(2, 7)
_PHONE_DIGITS = range(10, 16)
_LENGTHS = range(10, 20)
_MOBILE_DIGITS = 10
# What a number is written with in front of an Indian one: nothing, a trunk zero, the country.
_PREFIXES = ("", "0", "91", "091", "0091")

# Source: J. Verhoeff, "Error detecting decimal codes" (1969); UIDAI uses it for the last digit of an Aadhaar number.
_VERHOEFF_PRODUCT = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_VERHOEFF_PERMUTATION = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0),
    (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5),
    (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)


def mask_text(text: str) -> str:
    """The text with personal data replaced: `[number]`, `[email]`, `[aadhaar]`, `[card]`, `[account]` and so on.

    Phone numbers, e-mail addresses, UPI ids, Aadhaar, PAN, payment cards, IFSC with account numbers and passports are
    known by their forms and check digits, in digits of any script; names and addresses of houses are not known.
    """
    if not _MAY_BE_PERSONAL.search(text):
        return text
    return _PERSONAL.sub(_mask, text)


def _mask(match: re.Match[str]) -> str:
    return _MASKS[match.lastgroup or "kept"](match.group())


def _kept(found: str) -> str:
    return found


def _address(found: str) -> str:
    _, _, domain = found.partition("@")
    *_, last = domain.split(".")
    if not last.isalpha():
        return found
    return "[email]" if "." in domain else "[upi]"


def _account(found: str) -> str:
    """The word that told what the number is stays."""
    start = next(position for position, character in enumerate(found) if character.isdigit())
    return f"{found[:start]}[account]"


def _number(found: str) -> str:
    """A run of digits, perhaps in groups, which may be several numbers or nobody's."""
    groups = [(group.start(), group.end()) for group in _GROUP.finditer(found)]
    masked: list[str] = []
    done, first = 0, 0
    while first < len(groups):
        for last in range(min(len(groups), first + _LENGTHS.stop), first, -1):
            start, end = groups[first][0], groups[last - 1][1]
            if (mask := _mask_of_number(found[start:end])) is not None:
                masked += (found[done:start], mask)
                done, first = end, last
                break
        else:
            first += 1
    return "".join((*masked, found[done:]))


def _mask_of_number(shown: str) -> str | None:
    written = _NOT_DIGITS.sub("", shown)
    if len(written) not in _LENGTHS:
        return None
    digits = [int(digit) for digit in written]
    has_country = shown.startswith("+")
    if len(digits) == _AADHAAR_DIGITS and digits[0] > 1 and not has_country and _has_verhoeff_check(digits):
        return "[aadhaar]"
    if len(digits) in _CARD_DIGITS and digits[0] in _CARD_BEGINNINGS and _has_luhn_check(digits):
        return "[card]"
    is_phone = has_country or shown.isdigit() or _is_indian(digits)
    return "[number]" if is_phone and len(digits) in _PHONE_DIGITS else None


def _is_indian(digits: list[int]) -> bool:
    """A mobile number of India with or without its prefixes, or a landline with its trunk zero."""
    written = "".join(map(str, digits))
    prefix, local = written[:-_MOBILE_DIGITS], written[-_MOBILE_DIGITS:]
    return prefix in _PREFIXES and (local[0] in "6789" or prefix != "")


def _has_luhn_check(digits: list[int]) -> bool:
    """Source: ISO/IEC 7812-1, annex B."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if position % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 # the digits of the double, added
    return total % 10 == 0


def _has_verhoeff_check(digits: list[int]) -> bool:
    check = 0
    for position, digit in enumerate(reversed(digits)):
        check = _VERHOEFF_PRODUCT[check][_VERHOEFF_PERMUTATION[position % 8][digit]]
    return check == 0


def _passport(found: str) -> str:
    """The word that told what it is stays, where there is one."""
    at_end = _LETTERS_AND_DIGITS_AT_END.search(found)
    return "[passport]" if at_end is None else f"{found[: at_end.start()]}[passport]"


_MASKS: dict[str, Callable[[str], str]] = {
    "kept": _kept,
    "address": _address,
    "account": _account,
    "number": _number,
    "pan": lambda _: "[pan]",
    "ifsc": lambda _: "[ifsc]",
    "passport": _passport,
}
