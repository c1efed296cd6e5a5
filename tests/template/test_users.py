"""The user pool: who may sign in, how, and what they then may do."""

from __future__ import annotations

from local.identity.users import SHORTEST_PASSWORD
from shared.domain.access import Role
from tests.template.stack import Stack


def test_the_groups_are_the_roles_that_the_api_knows(stack: Stack) -> None:
    groups = {group["GroupName"] for group in stack.of_type("AWS::Cognito::UserPoolGroup").values()}

    assert groups == {role.value for role in Role}


def test_only_an_admin_makes_users(stack: Stack) -> None:
    assert stack.properties("UserPool")["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}


def test_the_console_signs_in_without_a_secret_and_stays_signed_in_for_a_day(stack: Stack) -> None:
    client = stack.properties("UserPoolClient")

    assert client["GenerateSecret"] is False
    assert {"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"} <= set(client["ExplicitAuthFlows"])
    assert (client["RefreshTokenValidity"], client["TokenValidityUnits"]["RefreshToken"]) == (1, "days")
    assert (client["AccessTokenValidity"], client["TokenValidityUnits"]["AccessToken"]) == (60, "minutes")


def test_signing_in_does_not_tell_who_has_an_account_and_signing_out_counts(stack: Stack) -> None:
    client = stack.properties("UserPoolClient")

    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["EnableTokenRevocation"] is True


def test_the_local_platform_wants_the_same_passwords(stack: Stack) -> None:
    policy = stack.properties("UserPool")["Policies"]["PasswordPolicy"]

    assert policy["MinimumLength"] == SHORTEST_PASSWORD
    assert all(policy[f"Require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))
