"""Twilio's errors in Twilio's words.

Source: Twilio, "Error and warning dictionary".
"""

from __future__ import annotations

MESSAGES = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "Internal server error",
    21205: "Url is not a valid URL",
    21211: "Invalid 'To' Phone Number",
    21213: "Caller phone number required",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21610: "Attempt to send to unsubscribed recipient",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21620: "Invalid media URL(s)",
    21655: "The ContentSid is Invalid",
    21656: "The ContentVariables Parameter is invalid",
    63016: "Failed to send freeform message because you are outside the allowed window.",
    63018: "Rate limit exceeded for Channel",
    63019: "Media failed to download",
    63024: "Invalid message recipient",
    63028: "Number of parameters provided does not match the expected number of parameters",
}
USUAL_CODES = {400: 21211, 401: 20003, 404: 20404, 429: 20429}
ANY_FAILURE = 20500


def twilio_error(status: int, code: int | None = None, message: str | None = None) -> dict[str, object]:
    """The body of a refused request."""
    number = code if code is not None else USUAL_CODES.get(status, ANY_FAILURE)
    return {
        "code": number,
        "message": message or MESSAGES.get(number, MESSAGES[ANY_FAILURE]),
        "more_info": f"https://www.twilio.com/docs/errors/{number}",
        "status": status,
    }
