import { readAnswer, readError } from "./answers.js";
import { PosternError } from "./errors.js";

/** Shorter than the server's grace, so that a lost answer can still be asked for again. */
const patience = 10;

/** Postern's own routes, as far as the client speaks them. */
export class Service {
  #environment;
  #cookie;

  /**
   * @param {import("../postern.js").Environment} environment
   * @param {URL} base
   * @param {boolean} cookie whether the refresh token travels in a cookie
   */
  constructor(environment, base, cookie) {
    this.#environment = environment;
    this.base = base;
    this.#cookie = cookie;
  }

  /** @param {URL} url */
  owns(url) {
    return url.origin === this.base.origin && url.pathname.startsWith(this.base.pathname);
  }

  /**
   * @param {object} body
   * @returns {Promise<Record<string, any>>}
   */
  logIn(body) {
    const refusals = [400, 401, 403, 413, 415, 422];
    return this.#post("login", body, {}, (response) => readAnswer(response, refusals));
  }

  /**
   * @param {object} body
   * @param {AbortSignal} signal
   */
  async refresh(body, signal) {
    const answer = await this.#post("refresh-token", body, { signal }, (response) =>
      readAnswer(response, [403]),
    );
    if (typeof answer.accessToken === "string") {
      return /** @type {import("./keepers.js").Tokens} */ (answer);
    }
    throw new PosternError("unexpected", "The answer of the service could not be read.");
  }

  /** @param {object} body */
  logOut(body) {
    // The browser sees it through even when the page is closed. Other answers bring a cookie, which
    // must not come after that of a later page.
    const options = { keepalive: this.#cookie };
    return this.#post("logout", body, options, async (response) => {
      if (response.status !== 204 && response.status !== 200) throw await readError(response, []);
      return {};
    });
  }

  /**
   * @param {string} path
   * @param {object} body
   * @param {{ signal?: AbortSignal, keepalive?: boolean }} options
   * @param {(response: Response) => Promise<Record<string, any>>} read
   */
  async #post(path, body, { signal, keepalive }, read) {
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    const late = new PosternError("unavailable", "The service did not answer in time.");
    const timer = this.#environment.setTimeout(() => controller.abort(late), patience * 1000);
    try {
      const response = await this.#environment.fetch(new URL(path, this.base).href, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json, text/plain" },
        body: JSON.stringify(body),
        cache: "no-store",
        credentials: "same-origin",
        // A redirect would carry a password to who knows where.
        redirect: "manual",
        keepalive,
        signal: controller.signal,
      });
      return await read(response);
    } catch (error) {
      if (controller.signal.aborted) throw controller.signal.reason;
      throw this.explain(error);
    } finally {
      this.#environment.clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /**
   * What to say of a request that failed.
   *
   * @param {unknown} error
   */
  explain(error) {
    if (error instanceof PosternError) return error;
    return this.#environment.navigator?.onLine === false
      ? new PosternError("offline", "This device is offline.")
      : new PosternError("offline", "The service cannot be reached.");
  }
}
