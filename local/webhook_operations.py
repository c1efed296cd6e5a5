"""OpenAPI descriptions of what is no FastAPI route: webhooks, costs, sockets and health."""

from __future__ import annotations

from local.cost_operations import cost_paths
from local.openapi_parts import Node, answer, operation, problem, query
from local.updates_operations import updates_paths
from shared.http_contract import success

_MESSAGE = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "id": "102290129340398",
            "changes": [
                {
                    "field": "messages",
                    "value": {
                        "messaging_product": "whatsapp",
                        "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
                        "contacts": [{"profile": {"name": "Asha"}, "wa_id": "919800000001"}],
                        "messages": [
                            {
                                "from": "919800000001",
                                "id": "wamid.HBgMOTE5ODAwMDAwMDAx",
                                "timestamp": "1772357400",
                                "type": "text",
                                "text": {"body": "Can I see the doctor tomorrow?"},
                            }
                        ],
                    },
                }
            ],
        }
    ],
}
_CALL_FORM = {
    "CallSid": "CA00000000000000000000000000000001",
    "AccountSid": "AC00000000000000000000000000000001",
    "From": "+919800000001",
    "To": "+912240000000",
    "CallStatus": "ringing",
    "Direction": "inbound",
}
_STREAM_TWIML = (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Connect action="https://example.com/webhooks/voice/recover">'
    '<Stream url="wss://example.com/media/TOKEN" statusCallback="https://example.com/webhooks/voice/stream-status"/>'
    "</Connect></Response>"
)
_BRIEFING_TWIML = (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Gather input="dtmf" numDigits="1" method="POST" '
    'action="https://example.com/webhooks/voice/transfer-summary?call=CA00000000000000000000000000000001">'
    "<Say>A call from Asha. Wants to move an appointment. Press any key to take the call.</Say></Gather>"
    "<Hangup/></Response>"
)


def platform_paths() -> Node:
    """The paths of the webhooks, the sockets, the health checks and this document."""
    return {
        **_message_paths(),
        **_voice_paths(),
        **cost_paths(),
        **_socket_paths(),
        **_health_paths(),
        **_document_paths(),
    }


def security_schemes() -> Node:
    """How providers and sockets prove who they are."""
    return {
        "metaSignature": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Hub-Signature-256",
            "description": "HMAC-SHA256 of the raw body with the app secret, as Meta sends it.",
        },
        "twilioSignature": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Twilio-Signature",
            "description": "HMAC-SHA1 over the address and the form fields, as Twilio sends it.",
        },
        "ticket": {
            "type": "apiKey",
            "in": "query",
            "name": "ticket",
            "description": "Single use, 30 seconds; from `POST /api/v1/updates-ticket`.",
        },
    }


def _message_paths() -> Node:
    handshake = operation(
        "confirm_whatsapp_webhook",
        "Answer Meta's check of the address.",
        {"200": answer("text/plain", "1158201444"), "403": problem("forbidden", "The verify token is wrong.")},
        tag="webhooks",
    )
    handshake["parameters"] = [
        query("hub.mode", "subscribe"),
        query("hub.verify_token", "the-verify-token"),
        query("hub.challenge", "1158201444"),
    ]
    status_form = {"MessageSid": "SM00000000000000000000000000000002", "MessageStatus": "delivered"}
    text_form = {
        "MessageSid": "SM00000000000000000000000000000001",
        "From": "whatsapp:+919800000001",
        "To": "whatsapp:+14155238886",
        "Body": "Can I see the doctor tomorrow?",
        "NumMedia": "0",
    }
    return {
        "/webhooks/messages/whatsapp": {
            "get": handshake,
            "post": operation(
                "receive_whatsapp",
                "Take messages and statuses from the WhatsApp Cloud API; replies are sent later.",
                {"200": answer("application/json", success({"accepted": 1})), **_refusals()},
                tag="webhooks",
                security="metaSignature",
                body=("application/json", _MESSAGE),
            ),
        },
        "/webhooks/messages/twilio-whatsapp": {
            "post": _twilio("receive_twilio_whatsapp", "Take a message from Twilio's WhatsApp sender.", text_form)
        },
        "/webhooks/messages/twilio-whatsapp/status": {
            "post": _twilio("receive_twilio_whatsapp_status", "Take a delivery status.", status_form, is_silent=True)
        },
    }


def _voice_paths() -> Node:
    status = _CALL_FORM | {"CallStatus": "completed", "CallDuration": "71"}
    stream = {"CallSid": _CALL_FORM["CallSid"], "StreamSid": "MZ00000000000000000000000000000001"}
    return {
        "/webhooks/voice/incoming": {
            "post": _twilio(
                "answer_call", "Answer a call: connect it to the media socket.", _CALL_FORM, twiml=_STREAM_TWIML
            )
        },
        "/webhooks/voice/status": {
            "post": _twilio("receive_call_status", "Take note of a call's progress.", status, is_silent=True)
        },
        "/webhooks/voice/stream-status": {
            "post": _twilio(
                "receive_stream_status",
                "Take note of a media stream's progress.",
                stream | {"StreamEvent": "stream-stopped"},
                is_silent=True,
            )
        },
        "/webhooks/voice/recover": {
            "post": _twilio(
                "recover_call", "Connect a call again whose media stream broke off.", _CALL_FORM, twiml=_STREAM_TWIML
            )
        },
        "/webhooks/voice/machine-detection": {
            "post": _twilio(
                "receive_machine_detection",
                "Leave the voicemail message of an outbound call, or hang up, when a machine answered it.",
                _CALL_FORM | {"AnsweredBy": "human"},
                is_silent=True,
            )
        },
        "/webhooks/voice/transfer-summary": {
            "post": {
                **_twilio(
                    "brief_person",
                    "Tell the person whom a caller is put through to who calls, and what about.",
                    _CALL_FORM | {"Direction": "outbound-dial"},
                    twiml=_BRIEFING_TWIML,
                ),
                "parameters": [query("call", _CALL_FORM["CallSid"])],
            }
        },
        "/webhooks/voice/transfer-result": {
            "post": _twilio(
                "finish_transfer",
                "End a call after the caller has talked with a person; connect it again if nobody could be reached.",
                _CALL_FORM | {"CallStatus": "in-progress", "DialCallStatus": "no-answer", "DialBridged": "false"},
                twiml=_STREAM_TWIML,
            )
        },
    }


def _socket_paths() -> Node:
    media = operation(
        "open_media_stream",
        "WebSocket of a call's audio (Twilio Media Streams); the token comes from the answer to the incoming call.",
        {"101": {"description": "The socket is open."}, "401": problem("unauthenticated", "The token is not valid.")},
        tag="sockets",
        security="twilioSignature",
    )
    media["parameters"] = [{**query("token", "TOKEN"), "in": "path"}]
    return {"/media/{token}": {"get": media}, **updates_paths()}


def _health_paths() -> Node:
    function = operation(
        "read_function_health",
        "Whether a function starts.",
        {
            "200": answer("application/json", success({"alive": True})),
            "404": problem("not_found", "Nothing is served at this path."),
        },
        tag="health",
    )
    function["parameters"] = [{**query("function", "history_api"), "in": "path"}]
    stream = operation(
        "read_stream_health",
        "Whether a task of the stream service lives, and whether it takes calls.",
        {"200": answer("application/json", success({"draining": False, "active_calls": 3, "capacity": 50}))},
        tag="health",
    )
    return {"/health/{function}": {"get": function}, "/health/stream": {"get": stream}}


def _document_paths() -> Node:
    document = operation(
        "read_openapi",
        "This document.",
        {"200": answer("application/json", {"openapi": "3.1.0", "info": {}, "paths": {}})},
        tag="documentation",
    )
    page = operation(
        "read_docs",
        "This document as a page.",
        {"200": answer("text/html", "<!doctype html><title>Vaani</title>")},
        tag="documentation",
    )
    return {"/api/v1/openapi.json": {"get": document}, "/api/v1/docs": {"get": page}}


def _twilio(name: str, summary: str, form: Node, *, twiml: str = "<Response/>", is_silent: bool = False) -> Node:
    """A webhook that Twilio posts a form to; a silent one is only told that it arrived."""
    taken = {"204": {"description": "Taken note of."}} if is_silent else {"200": answer("text/xml", twiml)}
    return operation(
        name,
        summary,
        {**taken, **_refusals()},
        tag="webhooks",
        security="twilioSignature",
        body=("application/x-www-form-urlencoded", form),
    )


def _refusals() -> Node:
    return {
        "400": problem("invalid_request", "The body is not what the provider sends."),
        "401": problem("signature_invalid", "The request is not signed by the provider."),
        "403": problem("blocked", "This source failed validation too often."),
        "405": problem("method_not_allowed", "This method is not allowed here."),
        "413": problem("too_large", "The request is larger than the platform accepts."),
        "429": problem("rate_limited", "Too many requests; try again later."),
        "503": problem("queue_unavailable", "The message could not be kept; send it again."),
    }
