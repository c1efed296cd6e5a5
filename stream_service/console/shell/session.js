// Who is signed in. Tokens live in this tab only and are gone when it is closed.

import { Cognito, SignInProblem } from "./cognito.js";

const KEPT_AS = "vaani.session";
const EARLY_SECONDS = 60;

/** The signed-in person and the tokens that prove it. */
export class Session {
  #tokens = null;
  #renewal = null;

  constructor(config) {
    this.provider = config.sign_in?.kind === "cognito" ? new Cognito(config.sign_in) : null;
    this.environment = config.environment;
    this.roles = [];
    this.hasExpired = false;
    /** Called once when the session is over without the person's wish. */
    this.onExpired = () => {};
  }

  get isSignedIn() {
    return this.#tokens !== null;
  }

  get isAdmin() {
    return this.roles.includes("admin");
  }

  get isOperator() {
    return this.isAdmin || this.roles.includes("operator");
  }

  /** How to call the person. */
  get name() {
    const claims = { ...claimsOf(this.#tokens?.access), ...claimsOf(this.#tokens?.id) };
    return claims.name ?? claims.email ?? claims["cognito:username"] ?? claims.username ?? claims.sub ?? "";
  }

  /** Take up what this tab knew before it was loaded again. */
  async restore() {
    const kept = JSON.parse(sessionStorage.getItem(KEPT_AS) ?? "null");
    if (kept && (secondsLeft(kept.access) > 0 || kept.refresh)) {
      this.#tokens = kept;
      await this.token().catch(() => this.#forget());
    }
  }

  /** Begin with tokens: `{access, id, refresh}`; the last two may be null. */
  begin(tokens) {
    this.#tokens = tokens;
    this.hasExpired = false;
    sessionStorage.setItem(KEPT_AS, JSON.stringify(tokens));
    this.roles = rolesOf(tokens);
  }

  /** A token that is valid for a while; it is renewed when its end is near. */
  async token() {
    if (this.#tokens === null) {
      throw new Error("Nobody is signed in.");
    }
    if (secondsLeft(this.#tokens.access) < EARLY_SECONDS && this.#tokens.refresh && this.provider) {
      this.#renewal ??= this.#renew().finally(() => (this.#renewal = null));
      await this.#renewal;
    }
    return this.#tokens.access;
  }

  /** Ask the API which roles count; the token's own groups stand in when it cannot say. */
  async learnRoles(api) {
    this.roles = rolesOf(this.#tokens);
    try {
      this.roles = (await api.get("/session")).roles;
    } catch {
      // The token's groups are what the API reads, too.
    }
  }

  /** The API said that the token counts no more. */
  expire() {
    if (this.#tokens !== null) {
      this.#forget();
      this.hasExpired = true;
      this.onExpired();
    }
  }

  /** Sign out, also at the identity provider if it can be reached. */
  async end() {
    const refresh = this.#tokens?.refresh;
    this.#forget();
    if (refresh && this.provider) {
      await this.provider.revoke(refresh).catch(() => {});
    }
  }

  async #renew() {
    try {
      const renewed = await this.provider.refresh(this.#tokens.refresh);
      this.begin({ ...this.#tokens, ...renewed, refresh: renewed.refresh ?? this.#tokens.refresh });
    } catch (error) {
      if (error instanceof SignInProblem) {
        this.expire();
      }
      throw error;
    }
  }

  #forget() {
    this.#tokens = null;
    this.roles = [];
    sessionStorage.removeItem(KEPT_AS);
  }
}

/** Whether a text is a token that has not expired. */
export function isUsable(token) {
  return secondsLeft(token) > 0;
}

function rolesOf(tokens) {
  return claimsOf(tokens?.access)["cognito:groups"] ?? [];
}

function secondsLeft(token) {
  return (claimsOf(token).exp ?? 0) - Date.now() / 1000;
}

/** What a token says of itself; only the API checks whether it is true. */
function claimsOf(token) {
  try {
    const part = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (each) => each.charCodeAt(0))));
  } catch {
    return {};
  }
}
