"""Every agent's language leads to one that Transcribe hears."""

from __future__ import annotations

import pytest

from shared.adapters.aws.transcribe.languages import transcribe_code


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en-IN", "en-IN"),
        ("hi-IN", "hi-IN"),
        ("ta-IN", "ta-IN"),
        ("te-IN", "te-IN"),
        ("bn-IN", "bn-IN"),
        ("mr-IN", "mr-IN"),
        ("id-ID", "id-ID"),
        ("ms-MY", "ms-MY"),
        ("th-TH", "th-TH"),
        ("vi-VN", "vi-VN"),
        ("HI-in", "hi-IN"),
        ("en-SG", "en-IN"),
        ("en", "en-IN"),
        ("bn-BD", "bn-IN"),
        ("ms-SG", "ms-MY"),
        ("fil-PH", "tl-PH"),
        ("ne-NP", "hi-IN"),
        ("zh-SG", "zh-CN"),
        ("sw-KE", "en-IN"),
        ("", "en-IN"),
    ],
)
def test_tag_is_heard_as_the_nearest_language(tag: str, code: str) -> None:
    assert transcribe_code(tag) == code
