import { PosternError } from "./errors.js";
import { Retries } from "./retries.js";

/** @typedef {import("../postern.js").Trouble} Trouble */

/** What keeps the client from the server, and when it tries again. */
export class Troubles {
  /** @type {Trouble | null} */
  current = null;
  #changed;
  #retry;

  /**
   * @param {import("../postern.js").Environment} environment
   * @param {() => void} changed called when `current` has changed
   * @param {() => Promise<unknown>} retry called when it is time
   */
  constructor(environment, changed, retry) {
    this.retries = new Retries(environment);
    this.#changed = changed;
    this.#retry = retry;
  }

  /** What to throw as long as the server is to be left alone. */
  get reason() {
    const { current } = this;
    if (!current || !this.retries.waiting) return undefined;
    return new PosternError(current.kind, current.message, current);
  }

  /**
   * Returns the error, for throwing; if it is trouble, notes it and sees to the next try.
   *
   * @param {PosternError} error
   */
  note(error) {
    if (!error.isTrouble) return error;
    const { message, status } = error;
    const kind = /** @type {Trouble["kind"]} */ (error.code);
    const retryAfter = error.retryAfter ?? this.retries.failed(undefined);
    this.current = { kind, message, retryAfter, ...(status === undefined ? {} : { status }) };
    this.retries.schedule(retryAfter, () => this.retry());
    this.#changed();
    return error;
  }

  /** What comes of it is seen in `current`. */
  retry() {
    this.#retry().catch(() => {});
  }

  clear() {
    this.retries.succeeded();
    if (!this.current) return;
    this.current = null;
    this.#changed();
  }
}
