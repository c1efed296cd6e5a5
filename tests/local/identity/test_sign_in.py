"""The local identity provider answers as Amazon Cognito does, so the console cannot tell them apart."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import jwt
import pytest

from local.identity import AUDIENCE
from local.identity.sign_in import (
    FREE_ATTEMPTS,
    LONGEST_WAIT_SECONDS,
    SERVICE,
    SESSION_SECONDS,
    SignIn,
    SignInRefusedError,
)
from local.identity.tokens import REFRESH_SECONDS, SIGNED_IN_SECONDS, Tokens
from local.identity.users import Users, is_strong

ISSUER = "http://127.0.0.1:1"


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """A front end in front of the provider."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = Clock()
        self.open()

    def open(self) -> None:
        """Start the provider, again with the same files."""
        self.users = Users(self.directory / "users.json")
        tokens = Tokens(self.directory / "identity.pem", ISSUER, clock=self.clock)
        self.sign_in = SignIn(tokens, self.users, clock=self.clock)

    def ask(self, operation: str, **body: Any) -> dict[str, Any]:
        return self.sign_in.answer(f"{SERVICE}.{operation}", {"ClientId": AUDIENCE, **body})

    def password(self, username: str) -> str:
        return str(self.users.described()[username]["password"])

    def enter(self, username: str, password: str | None = None) -> dict[str, Any]:
        values = {"USERNAME": username, "PASSWORD": self.password(username) if password is None else password}
        return self.ask("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=values)

    def prolong(self, token: str) -> dict[str, Any]:
        return self.ask("InitiateAuth", AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token})


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once, because that takes long."""
    file = tmp_path_factory.mktemp("key") / "identity.pem"
    Tokens(file, ISSUER)
    return file


@pytest.fixture
def desk(tmp_path: Path, key: Path) -> Desk:
    shutil.copy(key, tmp_path)
    return Desk(tmp_path)


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def refusal(desk: Desk, operation: str, **body: Any) -> tuple[str, str]:
    with pytest.raises(SignInRefusedError) as refused:
        desk.ask(operation, **body)
    return refused.value.kind, str(refused.value)


def wrong_password(desk: Desk, username: str) -> str:
    with pytest.raises(SignInRefusedError) as refused:
        desk.enter(username, "wrong")
    assert refused.value.kind == "NotAuthorizedException"
    return str(refused.value)


@pytest.mark.parametrize("name", ["admin", "operator"])
def test_signing_in_gives_tokens_with_the_role_as_a_group(desk: Desk, name: str) -> None:
    result = desk.enter(name)["AuthenticationResult"]

    access, identity = claims(result["AccessToken"]), claims(result["IdToken"])
    assert (access["token_use"], access["client_id"], access["cognito:groups"]) == ("access", AUDIENCE, [name])
    assert (identity["token_use"], identity["aud"], identity["cognito:username"]) == ("id", AUDIENCE, name)
    assert access["iss"] == identity["iss"] == ISSUER
    assert access["exp"] - access["iat"] == result["ExpiresIn"] == SIGNED_IN_SECONDS
    assert result["TokenType"] == "Bearer"


def test_a_wrong_password_and_an_unknown_name_are_refused_in_the_same_words(desk: Desk) -> None:
    assert wrong_password(desk, "admin") == wrong_password(desk, "nobody") == "Incorrect username or password."


def test_guessing_is_slowed_down_even_for_the_right_password(desk: Desk) -> None:
    for _ in range(FREE_ATTEMPTS):
        wrong_password(desk, "admin")

    assert wrong_password(desk, "admin") == "Password attempts exceeded"
    with pytest.raises(SignInRefusedError, match="Password attempts exceeded"):
        desk.enter("admin")
    desk.clock.now += 2
    assert desk.enter("admin")["AuthenticationResult"]


def test_the_wait_after_wrong_passwords_has_an_end(desk: Desk) -> None:
    for _ in range(FREE_ATTEMPTS + 30):
        wrong_password(desk, "admin")
        desk.clock.now += LONGEST_WAIT_SECONDS

    assert desk.enter("admin")["AuthenticationResult"]


def test_a_refresh_token_gets_new_tokens_but_no_new_refresh_token(desk: Desk) -> None:
    signed_in = desk.enter("operator")["AuthenticationResult"]
    desk.clock.now += SIGNED_IN_SECONDS + 1

    prolonged = desk.prolong(signed_in["RefreshToken"])["AuthenticationResult"]

    assert claims(prolonged["AccessToken"])["exp"] > desk.clock.now
    assert claims(prolonged["AccessToken"])["sub"] == claims(signed_in["AccessToken"])["sub"]
    assert "RefreshToken" not in prolonged


def test_after_signing_out_the_refresh_token_gets_nothing_even_from_a_restarted_platform(desk: Desk) -> None:
    token = desk.enter("operator")["AuthenticationResult"]["RefreshToken"]

    assert desk.ask("RevokeToken", Token=token) == {}
    desk.open()

    with pytest.raises(SignInRefusedError, match="revoked"):
        desk.prolong(token)


def test_a_refresh_token_ends(desk: Desk) -> None:
    token = desk.enter("operator")["AuthenticationResult"]["RefreshToken"]
    desk.clock.now += REFRESH_SECONDS

    with pytest.raises(SignInRefusedError, match="Invalid Refresh Token"):
        desk.prolong(token)


@pytest.mark.parametrize("kind", ["AccessToken", "IdToken"])
def test_no_other_token_prolongs(desk: Desk, kind: str) -> None:
    token = desk.enter("admin")["AuthenticationResult"][kind]

    with pytest.raises(SignInRefusedError, match="Invalid Refresh Token"):
        desk.prolong(token)


def test_a_newcomer_chooses_a_password_first(desk: Desk) -> None:
    challenge = desk.enter("newcomer")
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert "AuthenticationResult" not in challenge

    values = {"USERNAME": "newcomer", "NEW_PASSWORD": "Mangoes-in-May-2026"}
    answer = desk.ask(
        "RespondToAuthChallenge",
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=challenge["Session"],
        ChallengeResponses=values,
    )

    assert claims(answer["AuthenticationResult"]["AccessToken"])["cognito:groups"] == ["operator"]
    desk.open()
    assert desk.enter("newcomer", "Mangoes-in-May-2026")["AuthenticationResult"]


@pytest.mark.parametrize(
    "password",
    ["Short-1", "all-lower-case-letters-1", "NO-LOWER-CASE-LETTERS-1", "No-digits-in-here", "NoSymbolsInHere1"],
)
def test_a_weak_new_password_is_refused(desk: Desk, password: str) -> None:
    kind, _ = refusal(
        desk,
        "RespondToAuthChallenge",
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=desk.enter("newcomer")["Session"],
        ChallengeResponses={"USERNAME": "newcomer", "NEW_PASSWORD": password},
    )

    assert kind == "InvalidPasswordException"


@pytest.mark.parametrize("username", ["admin", "operator"])
def test_a_challenge_of_one_cannot_be_answered_for_another(desk: Desk, username: str) -> None:
    kind, _ = refusal(
        desk,
        "RespondToAuthChallenge",
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=desk.enter("newcomer")["Session"],
        ChallengeResponses={"USERNAME": username, "NEW_PASSWORD": "Mangoes-in-May-2026"},
    )

    assert kind == "NotAuthorizedException"


def test_a_challenge_is_soon_forgotten(desk: Desk) -> None:
    session = desk.enter("newcomer")["Session"]
    desk.clock.now += SESSION_SECONDS

    kind, message = refusal(
        desk,
        "RespondToAuthChallenge",
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=session,
        ChallengeResponses={"USERNAME": "newcomer", "NEW_PASSWORD": "Mangoes-in-May-2026"},
    )

    assert (kind, message) == ("NotAuthorizedException", "Invalid session for the user, session is expired.")


@pytest.mark.parametrize(
    ("operation", "body", "kind"),
    [
        ("DeleteUserPool", {}, "UnknownOperationException"),
        ("InitiateAuth", {"ClientId": "another"}, "ResourceNotFoundException"),
        ("InitiateAuth", {"ClientId": None}, "InvalidParameterException"),
        ("InitiateAuth", {}, "InvalidParameterException"),
        ("InitiateAuth", {"AuthFlow": "USER_SRP_AUTH"}, "InvalidParameterException"),
        ("InitiateAuth", {"AuthFlow": "USER_PASSWORD_AUTH"}, "InvalidParameterException"),
        (
            "InitiateAuth",
            {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": 1, "PASSWORD": []}},
            "InvalidParameterException",
        ),
        ("InitiateAuth", {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": "x"}, "InvalidParameterException"),
        ("RespondToAuthChallenge", {"ChallengeName": "SMS_MFA", "Session": "x"}, "InvalidParameterException"),
        (
            "RespondToAuthChallenge",
            {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "x"},
            "NotAuthorizedException",
        ),
        ("RevokeToken", {}, "InvalidParameterException"),
    ],
)
def test_requests_that_make_no_sense_are_refused(desk: Desk, operation: str, body: dict[str, Any], kind: str) -> None:
    assert refusal(desk, operation, **body)[0] == kind


def test_passwords_are_of_this_copy_alone_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first, second = Desk(tmp_path / "first"), Desk(tmp_path / "second")

    assert first.password("admin") != second.password("admin") != second.password("operator")
    assert is_strong(first.password("admin"))
    assert (tmp_path / "first" / "users.json").stat().st_mode & 0o077 == 0
    assert (tmp_path / "first" / "identity.pem").stat().st_mode & 0o077 == 0


def test_passwords_and_tokens_outlive_a_restart(desk: Desk) -> None:
    password, token = desk.password("admin"), desk.enter("admin")["AuthenticationResult"]["RefreshToken"]

    desk.open()

    assert desk.enter("admin", password)["AuthenticationResult"]
    assert desk.prolong(token)["AuthenticationResult"]
