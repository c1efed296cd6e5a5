"""OpenAPI descriptions of what is no FastAPI route: webhooks, costs, sockets and health."""

from __future__ import annotations

from typing import Any

from shared.http_contract import failure, success

Node = dict[str, Any]

_FAILURE = {"$ref": "#/components/schemas/Failure"}
_REQUEST_ID = "1-67891233-abcdef012345678912345678"
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
        **_cost_paths(),
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
    handshake = _operation(
        "confirm_whatsapp_webhook",
        "Answer Meta's check of the address.",
        {"200": _answer("text/plain", "1158201444"), "403": _problem("forbidden", "The verify token is wrong.")},
        tag="webhooks",
    )
    handshake["parameters"] = [
        _query("hub.mode", "subscribe"),
        _query("hub.verify_token", "the-verify-token"),
        _query("hub.challenge", "1158201444"),
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
            "post": _operation(
                "receive_whatsapp",
                "Take messages and statuses from the WhatsApp Cloud API; replies are sent later.",
                {"200": _answer("application/json", success({"accepted": 1})), **_refusals()},
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
                "parameters": [_query("call", _CALL_FORM["CallSid"])],
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


def _cost_paths() -> Node:
    month = {
        "month": "2026-02",
        "currency": "USD",
        "is_estimated": False,
        "total": "11.30",
        "services": [
            {"service": "Amazon Relational Database Service", "amount": "11.10"},
            {"service": "AWS Lambda", "amount": "0.20"},
        ],
    }
    messaging = {
        "month": "2026-02",
        "messages": [
            {"channel": "whatsapp", "category": "service", "billable": True, "count": 1204},
            {"channel": "twilio-whatsapp", "category": None, "billable": None, "count": 88},
        ],
    }
    reservation = {
        "service": "Amazon ElastiCache",
        "instance": "cache.t4g.micro ap-south-1",
        "count": 6,
        "term_years": 1,
        "monthly_saving": "12.50",
        "upfront_cost": "0",
        "currency": "USD",
        "lookback_days": 60,
    }
    idle = {
        "kind": "address",
        "resource": "arn:aws:ec2:ap-south-1:123456789012:elastic-ip/eipalloc-0a1b2c3d",
        "idle_since": "2026-03-01T03:00:00+00:00",
        "monthly_cost": "3.65",
        "assumption": "1 at an assumed 0.005 USD per hour.",
        "action": "It is attached to nothing: release it.",
    }
    refusals = {
        "401": _problem("unauthenticated", "The bearer token is not valid."),
        "403": _problem("forbidden", "This needs the role admin."),
        "503": _problem("provider_unavailable", "Cost Explorer gave no usable answer."),
    }
    costs = _operation(
        "read_costs",
        "Costs by month and service, the latest month first, amounts as exact decimals; and how many messages left, "
        "as the messaging providers count them (null: they do not say).",
        {
            "200": _answer("application/json", success({"months": [month], "messaging": [messaging]})),
            "400": _problem("invalid_request", "months: Input should be a number."),
            "422": _problem("invalid_content", "months: Input should be 1 to 12."),
            **refusals,
        },
        tag="costs",
        security="bearer",
    )
    costs["parameters"] = [
        {
            "name": "months",
            "in": "query",
            "required": False,
            "schema": {"type": "integer", "minimum": 1, "maximum": 12, "default": 3},
            "description": "How many months, this one included.",
        }
    ]
    advice = _operation(
        "read_cost_recommendations",
        "Reservations that would save money, by the last 60 days, and what lay idle for a day.",
        {"200": _answer("application/json", success({"reservations": [reservation], "idle": [idle]})), **refusals},
        tag="costs",
        security="bearer",
    )
    return {"/api/v1/costs": {"get": costs}, "/api/v1/costs/recommendations": {"get": advice}}


def _socket_paths() -> Node:
    media = _operation(
        "open_media_stream",
        "WebSocket of a call's audio (Twilio Media Streams); the token comes from the answer to the incoming call.",
        {"101": {"description": "The socket is open."}, "401": _problem("unauthenticated", "The token is not valid.")},
        tag="sockets",
        security="twilioSignature",
    )
    media["parameters"] = [{**_query("token", "TOKEN"), "in": "path"}]
    updates = _operation(
        "open_updates_socket",
        "WebSocket of live events as JSON: type, at, conversation_id, channel, data.",
        {
            "101": {"description": "The socket is open."},
            "401": _problem("unauthenticated", "The ticket is not valid."),
            "429": _problem("rate_limited", "Three sockets are open already."),
        },
        tag="sockets",
        security="ticket",
    )
    updates["parameters"] = [
        {**_query("since", "1772357400000-0"), "required": False, "description": "Id of the last event that was seen."}
    ]
    return {"/media/{token}": {"get": media}, "/updates": {"get": updates}}


def _health_paths() -> Node:
    function = _operation(
        "read_function_health",
        "Whether a function starts.",
        {"200": _answer("application/json", success({"alive": True}))},
        tag="health",
    )
    function["parameters"] = [{**_query("function", "history_api"), "in": "path"}]
    stream = _operation(
        "read_stream_health",
        "Whether a task of the stream service lives, and whether it takes calls.",
        {"200": _answer("application/json", success({"draining": False, "active_calls": 3, "capacity": 50}))},
        tag="health",
    )
    return {"/health/{function}": {"get": function}, "/health/stream": {"get": stream}}


def _document_paths() -> Node:
    document = _operation(
        "read_openapi",
        "This document.",
        {"200": _answer("application/json", {"openapi": "3.1.0", "info": {}, "paths": {}})},
        tag="documentation",
    )
    page = _operation(
        "read_docs",
        "This document as a page.",
        {"200": _answer("text/html", "<!doctype html><title>Vaani</title>")},
        tag="documentation",
    )
    return {"/api/v1/openapi.json": {"get": document}, "/api/v1/docs": {"get": page}}


def _twilio(name: str, summary: str, form: Node, *, twiml: str = "<Response/>", is_silent: bool = False) -> Node:
    """A webhook that Twilio posts a form to; a silent one is only told that it arrived."""
    taken = {"204": {"description": "Taken note of."}} if is_silent else {"200": _answer("text/xml", twiml)}
    return _operation(
        name,
        summary,
        {**taken, **_refusals()},
        tag="webhooks",
        security="twilioSignature",
        body=("application/x-www-form-urlencoded", form),
    )


def _operation(
    name: str,
    summary: str,
    responses: Node,
    *,
    tag: str,
    security: str | None = None,
    body: tuple[str, Node] | None = None,
) -> Node:
    operation: Node = {"operationId": name, "summary": summary, "tags": [tag], "responses": responses}
    operation["security"] = [] if security is None else [{security: []}]
    if body is not None:
        content_type, example = body
        operation["requestBody"] = {
            "required": True,
            "content": {content_type: {"schema": {"type": "object"}, "example": example}},
        }
    return operation


def _answer(content_type: str, example: object) -> Node:
    schema = {"type": "string"} if isinstance(example, str) else {"type": "object"}
    return {"description": "Success", "content": {content_type: {"schema": schema, "example": example}}}


def _problem(code: str, message: str) -> Node:
    example = failure(code, message, request_id=_REQUEST_ID)
    return {"description": message, "content": {"application/json": {"schema": _FAILURE, "example": example}}}


def _refusals() -> Node:
    return {
        "400": _problem("invalid_request", "The body is not what the provider sends."),
        "401": _problem("signature_invalid", "The request is not signed by the provider."),
        "403": _problem("blocked", "This source failed validation too often."),
        "413": _problem("too_large", "The request is larger than the platform accepts."),
        "429": _problem("rate_limited", "Too many requests; try again later."),
        "503": _problem("queue_unavailable", "The message could not be kept; send it again."),
    }


def _query(name: str, example: str) -> Node:
    return {"name": name, "in": "query", "required": True, "schema": {"type": "string"}, "example": example}
