import { PosternError } from "./errors.js";

const tries = 3;
const longestPause = 2;

/** Asks for new tokens, and asks again: an answer that was lost is the same the second time. */
export class Refresher {
  #service;
  #keeper;
  #retries;
  #fingerprint;
  #attempts;
  #tabs;

  /**
   * @param {import("./service.js").Service} service
   * @param {import("./keepers.js").Keeper} keeper
   * @param {import("./retries.js").Retries} retries
   * @param {import("./fingerprint.js").Fingerprint} fingerprint
   * @param {import("./attempts.js").Attempts} attempts
   * @param {import("./tabs.js").Tabs} tabs
   */
  constructor(service, keeper, retries, fingerprint, attempts, tabs) {
    this.#service = service;
    this.#keeper = keeper;
    this.#retries = retries;
    this.#fingerprint = fingerprint;
    this.#attempts = attempts;
    this.#tabs = tabs;
  }

  /**
   * New tokens are in the keeper when this returns. Throws `refused` when the server says that the
   * session is over, and else trouble, with the seconds until it makes sense to ask again.
   *
   * @param {import("./session.js").Session} session
   */
  async refresh(session) {
    const before = this.#keeper.accessToken;
    for (let count = 1; ; count += 1) {
      let sent = /** @type {string | null} */ (null);
      const send = async () => {
        const fingerprint = await this.#fingerprint.forRefresh();
        session.assertLive();
        const { accessToken } = this.#keeper;
        // Another tab, whose turn was before, has left one that all may use.
        if (accessToken !== null && accessToken !== before) return;
        // In this order: an attempt that is older than its token does no harm.
        const attempt = this.#attempts.take();
        sent = this.#keeper.refreshToken;
        // What is undefined is not sent.
        const body = { refreshToken: sent ?? undefined, fingerprint, attempt };
        const tokens = await this.#service.refresh(body, session.signal);
        session.assertLive();
        // Another tab may have saved a newer one, or have signed out: then this one is old.
        if (this.#keeper.refreshToken === sent) this.#keeper.save(tokens);
        this.#attempts.answered();
      };
      try {
        await this.#tabs.inTurn(session.signal, send);
        this.#retries.succeeded();
        return;
      } catch (error) {
        session.assertLive();
        if (!(error instanceof PosternError)) throw error;
        const isOld = this.#keeper.refreshToken !== sent || !this.#attempts.isLatest;
        if (error.isTrouble) await this.#endure(error, count);
        else if (!isOld || count === tries) throw error;
      }
    }
  }

  /**
   * Waits before the next try, or gives up for now.
   *
   * @param {PosternError} trouble
   * @param {number} count
   */
  async #endure({ code, message, status, retryAfter }, count) {
    const wait = this.#retries.failed(retryAfter);
    if (count >= tries || wait > longestPause) {
      throw new PosternError(code, message, { status, retryAfter: wait });
    }
    await this.#retries.pause(wait);
  }
}
