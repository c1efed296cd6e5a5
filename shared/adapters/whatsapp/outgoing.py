"""What the business sends, as the Graph API wants it written.

Source: WhatsApp Business Platform, "Messages API" and the page of each message type, "Business-scoped user IDs".
"""

from __future__ import annotations

from shared.domain.content import (
    ButtonAction,
    Choices,
    Content,
    FileContent,
    FileKind,
    Location,
    Menu,
    MessageTemplate,
    Option,
    Reaction,
    TextContent,
    file_of,
)
from shared.domain.json_value import JSON
from shared.domain.message import Recipient

_BUTTON_PARAMETER = {
    ButtonAction.URL: ("text", "text"),
    ButtonAction.QUICK_REPLY: ("payload", "payload"),
    ButtonAction.COPY_CODE: ("coupon_code", "coupon_code"),
}


def envelope_of(recipient: Recipient) -> dict[str, JSON]:
    """The fields that say to whom a message goes and which one it answers, and our id of it."""
    envelope: dict[str, JSON] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual" if recipient.group_id is None else "group",
        **address_of(recipient),
        "biz_opaque_callback_data": recipient.delivery_id,
    }
    if recipient.is_quoting and recipient.reply_to is not None:
        envelope["context"] = {"message_id": recipient.reply_to}
    return envelope


def address_of(recipient: Recipient) -> dict[str, JSON]:
    """The field that names the receiver.

    A phone number or a group goes into `to`, a business-scoped id into `recipient`: in `to` it would be accepted and
    never delivered.
    """
    if recipient.group_id is not None:
        return {"to": recipient.group_id}
    user = recipient.address or recipient.user_id
    return {"to": user} if user.isascii() and user.isdigit() else {"recipient": user}


def written(content: Content, media_id: str | None = None) -> dict[str, JSON]:
    """The content's own fields; `media_id` is the id of its uploaded file, if it has one."""
    if isinstance(content, TextContent):
        return {"type": "text", "text": {"preview_url": False, "body": content.text}}
    if isinstance(content, Choices | Menu):
        return {"type": "interactive", "interactive": _interactive(content)}
    if isinstance(content, FileContent):
        kind = FileKind.AUDIO if content.file_kind is FileKind.VOICE else content.file_kind
        return {"type": kind.value, kind.value: _file(content, media_id)}
    if isinstance(content, Location):
        place: dict[str, JSON] = {"latitude": content.latitude, "longitude": content.longitude}
        return {"type": "location", "location": place | _filled(name=content.name, address=content.address)}
    if isinstance(content, Reaction):
        return {"type": "reaction", "reaction": {"message_id": content.message_id, "emoji": content.emoji}}
    return {"type": "template", "template": _template(content, media_id)}


def _interactive(content: Choices | Menu) -> dict[str, JSON]:
    fields: dict[str, JSON] = {
        "type": "button" if isinstance(content, Choices) else "list",
        "body": {"text": content.text},
        "action": _buttons(content) if isinstance(content, Choices) else _sections(content),
    }
    if content.header:
        fields["header"] = {"type": "text", "text": content.header}
    if content.footer:
        fields["footer"] = {"text": content.footer}
    return fields


def _buttons(content: Choices) -> dict[str, JSON]:
    return {
        "buttons": [{"type": "reply", "reply": {"id": option.id, "title": option.title}} for option in content.options]
    }


def _sections(content: Menu) -> dict[str, JSON]:
    return {
        "button": content.button,
        "sections": [
            _filled(title=section.title) | {"rows": [_row(option) for option in section.options]}
            for section in content.sections
        ],
    }


def _row(option: Option) -> JSON:
    return {"id": option.id, "title": option.title} | _filled(description=option.description)


def _file(content: FileContent, media_id: str | None) -> dict[str, JSON]:
    fields: dict[str, JSON] = {"link": content.link} if media_id is None else {"id": media_id}
    fields |= _filled(caption=content.caption, filename=content.filename)
    if content.file_kind is not FileKind.DOCUMENT:
        fields.pop("filename", None)
    if content.file_kind is FileKind.VOICE:
        fields["voice"] = True
    return fields


def _template(content: MessageTemplate, media_id: str | None) -> dict[str, JSON]:
    components: list[JSON] = []
    header = _template_header(content, media_id)
    if header is not None:
        components.append({"type": "header", "parameters": [header]})
    if content.variables:
        values: list[JSON] = [{"type": "text", "text": value} for value in content.variables]
        components.append({"type": "body", "parameters": values})
    for button in content.buttons:
        kind, field = _BUTTON_PARAMETER[button.action]
        components.append(
            {
                "type": "button",
                "sub_type": button.action.value,
                "index": str(button.index),
                "parameters": [{"type": kind, field: button.value}],
            }
        )
    return {"name": content.name, "language": {"code": content.language}, "components": components}


def _template_header(content: MessageTemplate, media_id: str | None) -> JSON:
    file = file_of(content)
    if file is not None:
        return {"type": file.file_kind.value, file.file_kind.value: _file(file, media_id)}
    return {"type": "text", "text": content.header} if content.header else None


def _filled(**fields: str) -> dict[str, JSON]:
    return {name: value for name, value in fields.items() if value}
