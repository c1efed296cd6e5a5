"""Message templates that a provider has approved; checked only when at least one is known.

Source: WhatsApp Business Platform, "Template messages" and "Error codes"; Twilio, "Content templates".
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

NO_SUCH_TEMPLATE = 132001
WRONG_COUNT = 132000
TWILIO_NO_SUCH_TEMPLATE = 21655
TWILIO_WRONG_VARIABLES = 21656
TWILIO_WRONG_COUNT = 63028


class Template(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An approved template; the counts are of variables. For Twilio only those of the body count."""

    languages: tuple[str, ...] = ("en",)
    category: str = "utility"
    header: int = 0
    body: int = 0
    buttons: int = 0


class Templates:
    """The approved templates by name (Meta) or content sid (Twilio)."""

    def __init__(self) -> None:
        self._templates: dict[str, Template] = {}

    def approve(self, name: str, template: Template) -> None:
        """Know a template from now on."""
        self._templates[name] = template

    def clear(self) -> None:
        """Know none, and check none."""
        self._templates.clear()

    def listed(self) -> dict[str, object]:
        """What is known."""
        return {name: msgspec.to_builtins(template) for name, template in self._templates.items()}

    def category(self, name: object) -> str | None:
        """What the template is for; None when it is not known."""
        template = self._templates.get(str(name))
        return None if template is None else template.category

    def meta_refusal(self, content: dict[str, Any]) -> tuple[int, str] | None:
        """Meta's number and words for what is wrong with a template message; None when it can be accepted."""
        if not self._templates:
            return None
        name, code = content["name"], content["language"]["code"]
        template = self._templates.get(name)
        if template is None or code not in template.languages:
            return NO_SUCH_TEMPLATE, f"template name ({name}) does not exist in {code}"
        for part, expected in (("header", template.header), ("body", template.body), ("button", template.buttons)):
            given = sum(
                len(component.get("parameters") or [])
                for component in content.get("components") or []
                if isinstance(component, dict) and str(component.get("type", "")).lower() == part
            )
            if given != expected:
                return WRONG_COUNT, f"{part}: number of localizable_params ({given}) does not match ({expected})"
        return None

    def twilio_refusal(self, content_sid: str, variables: str) -> int | None:
        """Twilio's number for what is wrong with a template message; None when it can be accepted."""
        try:
            given = json.loads(variables or "{}")
        except ValueError:
            return TWILIO_WRONG_VARIABLES
        if not isinstance(given, dict) or not all(isinstance(value, str) and value for value in given.values()):
            return TWILIO_WRONG_VARIABLES
        if not self._templates:
            return None
        template = self._templates.get(content_sid)
        if template is None:
            return TWILIO_NO_SUCH_TEMPLATE
        return None if len(given) == template.body else TWILIO_WRONG_COUNT
