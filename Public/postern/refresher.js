import { PosternError } from "./errors.js";

const attempts = 3;
const longestPause = 2;

/** Asks for new tokens, and asks again: an answer that was lost is the same the second time. */
export class Refresher {
  #service;
  #keeper;
  #retries;
  #fingerprint;

  /**
   * @param {import("./service.js").Service} service
   * @param {import("./keepers.js").Keeper} keeper
   * @param {import("./retries.js").Retries} retries
   * @param {import("./fingerprint.js").Fingerprint} fingerprint
   */
  constructor(service, keeper, retries, fingerprint) {
    this.#service = service;
    this.#keeper = keeper;
    this.#retries = retries;
    this.#fingerprint = fingerprint;
  }

  /**
   * New tokens are in the keeper when this returns. Throws `refused` when the server says that the
   * session is over, and else trouble, with the seconds until it makes sense to ask again.
   *
   * @param {import("./session.js").Session} session
   */
  async refresh(session) {
    for (let attempt = 1; ; attempt += 1) {
      const sent = this.#keeper.refreshToken;
      try {
        const tokens = await this.#service.refresh(await this.#body(sent), session.signal);
        session.assertLive();
        // Another tab may have saved a newer one, or have signed out: then this one is old.
        if (this.#keeper.refreshToken === sent) this.#keeper.save(tokens);
        this.#retries.succeeded();
        return;
      } catch (error) {
        session.assertLive();
        if (!(error instanceof PosternError)) throw error;
        if (error.isTrouble) await this.#endure(error, attempt);
        else if (this.#keeper.refreshToken === sent || attempt === attempts) throw error;
        session.assertLive();
      }
    }
  }

  /**
   * Waits before the next attempt, or gives up for now.
   *
   * @param {PosternError} trouble
   * @param {number} attempt
   */
  async #endure({ code, message, status, retryAfter }, attempt) {
    const wait = this.#retries.failed(retryAfter);
    if (attempt >= attempts || wait > longestPause) {
      throw new PosternError(code, message, { status, retryAfter: wait });
    }
    await this.#retries.pause(wait);
  }

  /** @param {string | null} refreshToken */
  async #body(refreshToken) {
    const fingerprint = await this.#fingerprint.forRefresh();
    // What is undefined is not sent.
    return { refreshToken: refreshToken ?? undefined, fingerprint };
  }
}
