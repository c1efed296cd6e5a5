// Asks the API. Every answer is an envelope; what comes out here is its data, or a problem that says what went wrong.

import { t } from "./language.js";
import { sayWaiting } from "./notices.js";

const TIMEOUT_MS = 20_000;
/** So often a question is asked again that was one too many in its minute. */
const MOST_REPEATS = 4;
const LONGEST_WAIT_MS = 65_000;
// Not all that waited ask in the same moment.
const SPREAD_MS = 500;

/** A request that was refused or failed. `message` may be shown; `details` names fields that are wrong. */
export class ApiProblem extends Error {
  constructor({ status, code, message, details = null, requestId = null, retryAfterSeconds = null }) {
    super(message);
    Object.assign(this, { status, code, details, requestId, retryAfterSeconds });
  }
}

/** The API in the name of who is signed in. */
export class Api {
  constructor(config, session) {
    this.base = `${config.api_base_url}/api/v1`;
    this.session = session;
    this.busyUntil = 0;
  }

  /** Data of a GET; `query` values that are null, undefined or "" are left out. */
  async get(path, query = {}, options = {}) {
    return (await this.request("GET", path, { query, ...options })).data;
  }

  async post(path, body = undefined, options = {}) {
    return (await this.request("POST", path, { body, ...options })).data;
  }

  async put(path, body, options = {}) {
    return (await this.request("PUT", path, { body, ...options })).data;
  }

  async remove(path, options = {}) {
    return (await this.request("DELETE", path, options)).data;
  }

  /**
   * The whole answer: `{data, etag, status}`.
   *
   * `headers` are added to it; `body` is sent as JSON, or as it is if it is a Blob or FormData; `signal` gives it up.
   * A GET that is one too many in its minute waits as the API says, a few times; everything else is told at once.
   *
   * @throws {ApiProblem}
   */
  async request(method, path, { query = {}, body = undefined, headers = {}, signal = undefined } = {}) {
    const ask = () => this.#fetch(method, path, { query, body, headers, signal });
    const response = method === "GET" ? await this.#patiently(ask, signal) : await ask();
    const envelope = response.status === 204 ? { data: null } : await readEnvelope(response);
    if (response.status === 401) {
      this.session.expire();
    }
    if (!response.ok) {
      throw problemOf(response, envelope);
    }
    return { data: envelope.data, etag: response.headers.get("etag"), status: response.status };
  }

  async #patiently(ask, signal) {
    for (let repeats = 0; ; repeats += 1) {
      await this.#untilNotBusy(signal);
      const response = await ask();
      const waitMs = 1000 * (secondsToWait(response) ?? 1);
      if (response.status !== 429 || repeats >= MOST_REPEATS || waitMs > LONGEST_WAIT_MS) {
        return response;
      }
      this.busyUntil = Math.max(this.busyUntil, performance.now() + waitMs);
    }
  }

  /** All questions wait together: one was told for how long. */
  async #untilNotBusy(signal) {
    while (performance.now() < this.busyUntil) {
      const waitMs = this.busyUntil - performance.now();
      const done = sayWaiting(t("shell.waiting", { seconds: Math.ceil(waitMs / 1000) }));
      try {
        await pause(waitMs + Math.random() * SPREAD_MS, signal);
      } finally {
        done();
      }
    }
  }

  async #fetch(method, path, { query, body, headers, signal }) {
    const wanted = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
    const search = wanted.length > 0 ? `?${new URLSearchParams(wanted)}` : "";
    const isPlain = body !== undefined && !(body instanceof Blob) && !(body instanceof FormData);
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      return await fetch(this.base + path + search, {
        method,
        headers: {
          authorization: `Bearer ${await this.session.token()}`,
          ...(isPlain ? { "content-type": "application/json" } : {}),
          ...headers,
        },
        body: isPlain ? JSON.stringify(body) : body,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        cache: "no-store",
      });
    } catch (error) {
      if (signal?.aborted) {
        throw error;
      }
      throw new ApiProblem({ status: 0, code: "network", message: t("shell.problem.network") });
    }
  }
}

/** @throws {DOMException} when `signal` gives it up. */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

function secondsToWait(response) {
  const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return Number.isNaN(seconds) ? null : seconds;
}

async function readEnvelope(response) {
  try {
    return await response.json();
  } catch {
    return { data: null, error: null };
  }
}

function problemOf(response, envelope) {
  const error = envelope.error ?? {
    code: "unreadable",
    message: t("shell.problem.unreadable", { status: response.status }),
  };
  return new ApiProblem({
    status: response.status,
    code: error.code,
    message: error.message,
    details: error.details ?? null,
    requestId: error.request_id ?? response.headers.get("x-request-id"),
    retryAfterSeconds: secondsToWait(response),
  });
}
