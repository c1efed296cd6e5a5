"""Words of others inside a prompt: enclosed as data, in a block that nothing inside can end."""

from __future__ import annotations

import re

# Controls other than new line and tab, marks of direction, and characters that cannot be seen. The joiners U+200C and
# U+200D stay: Indic scripts are misspelt without them. Variation selectors and tags carry hidden text.
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
)
_LINE_ENDS = re.compile("\r\n?|[\u0085\u2028\u2029]")
# What begins a tag, in every width it is drawn in. "5 < 6" and "<= 10" stay what they are.
_OPENING = re.compile("[<\uff1c\ufe64\u226e](?!=|[ \t]*\\d)")
_HARMLESS = "\u2039"


def enclose(tag: str, text: str) -> str:
    """The text between `<tag>` and `</tag>`, each on a line of its own."""
    return f"<{tag}>\n{defused(text)}\n</{tag}>"


def defused(text: str) -> str:
    """The text without what cannot be seen and without anything that a model could take for a tag."""
    visible = _HIDDEN.sub("", _LINE_ENDS.sub("\n", text))
    return _OPENING.sub(_HARMLESS, visible)
