// Signing in with Amazon Cognito's public API, straight from the page.
// Source: Amazon Cognito user pools API reference, InitiateAuth, RespondToAuthChallenge, RevokeToken.

const TIMEOUT_MS = 15_000;

/** A sign-in that was refused; `code` is Cognito's, as `NotAuthorizedException`. */
export class SignInProblem extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** One user pool's client. Steps return `{tokens}` or `{challenge, session, user}`. */
export class Cognito {
  constructor({ endpoint, client_id: clientId }) {
    this.endpoint = endpoint;
    this.clientId = clientId;
  }

  async signIn(user, password) {
    const answer = await this.#ask("InitiateAuth", {
      AuthFlow: "USER_PASSWORD_AUTH",
      ClientId: this.clientId,
      AuthParameters: { USERNAME: user, PASSWORD: password },
    });
    return outcomeOf(answer, user);
  }

  /** Answer a challenge: `NEW_PASSWORD_REQUIRED` with the password, `SOFTWARE_TOKEN_MFA` with the code. */
  async respond({ challenge, session, user }, answered) {
    const name = challenge === "SOFTWARE_TOKEN_MFA" ? "SOFTWARE_TOKEN_MFA_CODE" : "NEW_PASSWORD";
    const answer = await this.#ask("RespondToAuthChallenge", {
      ChallengeName: challenge,
      ClientId: this.clientId,
      Session: session,
      ChallengeResponses: { USERNAME: user, [name]: answered },
    });
    return outcomeOf(answer, user);
  }

  async refresh(refreshToken) {
    const answer = await this.#ask("InitiateAuth", {
      AuthFlow: "REFRESH_TOKEN_AUTH",
      ClientId: this.clientId,
      AuthParameters: { REFRESH_TOKEN: refreshToken },
    });
    return outcomeOf(answer, "").tokens;
  }

  async revoke(refreshToken) {
    await this.#ask("RevokeToken", { ClientId: this.clientId, Token: refreshToken });
  }

  async #ask(operation, body) {
    const response = await fetch(`${this.endpoint}/`, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": `AWSCognitoIdentityProviderService.${operation}`,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    const answer = text ? JSON.parse(text) : {};
    if (!response.ok) {
      throw new SignInProblem(String(answer.__type ?? response.status).split("#").pop(), answer.message ?? "");
    }
    return answer;
  }
}

function outcomeOf(answer, user) {
  const result = answer.AuthenticationResult;
  if (!result) {
    return { challenge: answer.ChallengeName, session: answer.Session, user };
  }
  return {
    tokens: { access: result.AccessToken, id: result.IdToken ?? null, refresh: result.RefreshToken ?? null },
  };
}
