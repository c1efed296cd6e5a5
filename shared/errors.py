"""Everything that can go wrong, named by what the caller can do about it."""


class PlatformError(Exception):
    """A failure the platform foresaw; `code` is stable and safe to show, `str(error)` holds no internals.

    Attributes:
        code: machine-readable name, part of the API contract.
        retryable: whether the same request may succeed later.
        retry_after_seconds: when to try again, if that is known.
    """

    code = "internal_error"
    retryable = False

    def __init__(
        self,
        message: str,
        *,
        retry_after_seconds: int | None = None,
        details: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.details = details


class InvalidRequest(PlatformError):
    """The request is malformed: not JSON, a field of the wrong type, an unreadable cursor."""

    code = "invalid_request"


class InvalidContent(PlatformError):
    """The request is well formed, but what it asks makes no sense."""

    code = "invalid_content"


class Inapplicable(InvalidContent):
    """The request is right in itself, but does not go with what there is: agents, a channel's limits, what is kept."""


class WindowClosed(Inapplicable):
    """The user wrote too long ago for a free text; only a template may be sent."""

    code = "window_closed"


class OptedOut(Inapplicable):
    """The user asked for no more messages on this channel; nothing may be sent until they ask for it again."""

    code = "opted_out"


class NotTakenOver(Inapplicable):
    """The agents have the conversation: a person who wants to write into it has to take it over first."""

    code = "not_taken_over"


class SignatureInvalid(PlatformError):
    """The provider's signature is missing or does not match; never says which, nor what was expected."""

    code = "signature_invalid"


class Unauthenticated(PlatformError):
    """No bearer token, ticket or stream token, or one that is expired, used or forged."""

    code = "unauthenticated"


class IdentityUnavailable(PlatformError):
    """The identity provider's keys could not be fetched, so no token can be checked."""

    code = "identity_unavailable"
    retryable = True


class Forbidden(PlatformError):
    """The caller is known but may not do this."""

    code = "forbidden"


class Blocked(PlatformError):
    """The source failed validation too often and is shut out for a while."""

    code = "blocked"
    retryable = True


class NotFound(PlatformError):
    """There is no such thing, or none that the caller may see."""

    code = "not_found"


class MethodNotAllowed(PlatformError):
    """There is something at this path, but not for this method; `allowed` names the methods that it takes."""

    code = "method_not_allowed"

    def __init__(self, message: str, *, allowed: str = "") -> None:
        super().__init__(message)
        self.allowed = allowed


class VersionConflict(PlatformError):
    """Somebody else changed the thing since the caller read it."""

    code = "version_conflict"


class TooLarge(PlatformError):
    """The request is larger than the platform accepts."""

    code = "too_large"


class RateLimited(PlatformError):
    """The user sent more than the limit of the current minute allows."""

    code = "rate_limited"
    retryable = True


class AlreadyClaimed(PlatformError):
    """Another worker holds the message's lease; the queue offers the message again later."""

    code = "already_claimed"
    retryable = True


class NotYetReadable(PlatformError):
    """The item was written by a release that this one does not know; while a release is rolled out, another may."""

    code = "not_yet_readable"
    retryable = True


class NotTogether(PlatformError):
    """Some of the messages to answer as one are known already; each must be answered by itself."""

    code = "not_together"


class TakenOver(PlatformError):
    """A person has the conversation by now: nothing of what its agents decided to say may go out."""

    code = "taken_over"


class LeaseLost(PlatformError):
    """The lease ran out and another worker took the message over; this worker's result must not be stored."""

    code = "lease_lost"


class StoreUnavailable(PlatformError):
    """PostgreSQL, Redis or S3 gave no answer in time."""

    code = "store_unavailable"
    retryable = True


class QueueUnavailable(PlatformError):
    """The queue did not take a message, so it was not accepted."""

    code = "queue_unavailable"
    retryable = True


class ModelUnavailable(PlatformError):
    """The language model gave no answer in time."""

    code = "model_unavailable"
    retryable = True


class SpeechUnavailable(PlatformError):
    """Speech recognition or synthesis gave no answer in time."""

    code = "speech_unavailable"
    retryable = True


class SpeechRefused(SpeechUnavailable):
    """The engine is well, but has no such voice or cannot say this text: asking it once more is no use."""

    retryable = False


class ProviderUnavailable(PlatformError):
    """Twilio or Meta gave no answer, or asked us to slow down."""

    code = "provider_unavailable"
    retryable = True


class ProviderBusy(ProviderUnavailable):
    """The provider certainly did nothing: it could not be reached, or it asked us to slow down."""


class MediaRefused(PlatformError):
    """A file of a message cannot be had: gone, too large, not what was stated, or at an address we do not visit.

    Attributes:
        reason: one of few words that say which, kept with the file.
    """

    code = "media_refused"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message, details={"reason": reason})
        self.reason = reason


class ProviderRejected(PlatformError):
    """Twilio or Meta refused the request for good; `provider_code` is their own error number.

    Attributes:
        reason: one of few words that say why, whichever provider it was: `window_closed`, `opted_out`,
            `undeliverable`, `limited`, `media`, `template`, `account`; `refused` for anything else.
    """

    code = "provider_rejected"

    def __init__(self, message: str, *, provider_code: str, reason: str = "refused") -> None:
        super().__init__(message, details={"provider_code": provider_code, "reason": reason})
        self.provider_code = provider_code
        self.reason = reason
