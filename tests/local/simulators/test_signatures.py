"""Signatures are those of the vendors' published examples."""

from __future__ import annotations

from local.simulators.signatures import sign_meta, sign_twilio


def test_twilio_signature_is_that_of_twilios_own_test_suite() -> None:
    parameters = {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
        "Caller": "+14158675309",
    }

    signature = sign_twilio("https://mycompany.com/myapp.php?foo=1&bar=2", parameters, "12345")

    assert signature == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_meta_signature_changes_with_any_byte() -> None:
    assert sign_meta(b'{"a":1}', "secret") != sign_meta(b'{"a": 1}', "secret")
    assert sign_meta(b"what do ya want for nothing?", "Jefe") == (
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
