"""Which of Amazon Transcribe's languages hears a caller.

Source: Amazon Transcribe streaming API, LanguageCode; Developer Guide, "Supported languages and language-specific
features".
"""

from __future__ import annotations

_CODES = frozenset(
    {
        *("en-IN", "en-US", "en-GB", "en-AU", "en-NZ", "en-ZA", "en-IE"),
        *("hi-IN", "ta-IN", "te-IN", "bn-IN", "mr-IN", "gu-IN", "kn-IN", "ml-IN", "pa-IN", "or-IN"),
        *("id-ID", "ms-MY", "th-TH", "vi-VN", "tl-PH", "zh-CN", "zh-HK", "zh-TW", "ja-JP", "ko-KR"),
    }
)
"""Of India, South-East Asia and their neighbours, those that the streaming interface names."""

_USUAL = {
    "en": "en-IN",
    "zh": "zh-CN",
    "fil": "tl-PH",
    "ne": "hi-IN",
    "sa": "hi-IN",
}
"""What stands for a language whose region is not among the codes; Nepali and Sanskrit share Hindi's script."""

_DEFAULT = "en-IN"


def transcribe_code(tag: str) -> str:
    """The code for a BCP 47 tag: the same, another region's, a close language's, or Indian English."""
    language, _, region = tag.partition("-")
    code = f"{language.lower()}-{region.upper()}"
    if code in _CODES:
        return code
    alike = next((known for known in sorted(_CODES) if known.startswith(f"{language.lower()}-")), _DEFAULT)
    return _USUAL.get(language.lower(), alike)
