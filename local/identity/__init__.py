"""A small identity provider that stands in for Amazon Cognito: same API, same claims, same refusals.

It is not the emulator's, because the emulator's tokens end after an hour and its keys change with every start.
"""

AUDIENCE = "vaani-local-front-end"
"""The app client's id."""
