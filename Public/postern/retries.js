const shortest = 0.5;
const longest = 60;

/** When to try again: each failure waits longer than the one before, up to a minute. */
export class Retries {
  #environment;
  #failures = 0;
  /** @type {unknown} */
  #timer;
  waiting = false;

  /** @param {import("../postern.js").Environment} environment */
  constructor(environment) {
    this.#environment = environment;
  }

  /**
   * Seconds to wait after one more failure. A part of it is left to chance, so that the browsers
   * of a whole house do not come back in the same moment.
   *
   * @param {number | undefined} retryAfter what the server asked for
   */
  failed(retryAfter) {
    const wait = Math.min(shortest * 2 ** this.#failures, longest);
    this.#failures += 1;
    return Math.max(wait * (0.75 + this.#environment.random() / 2), retryAfter ?? 0);
  }

  /**
   * @param {number} seconds
   * @param {() => void} action
   */
  schedule(seconds, action) {
    this.stopWaiting();
    this.waiting = true;
    this.#timer = this.#environment.setTimeout(() => {
      this.waiting = false;
      action();
    }, seconds * 1000);
  }

  /** @param {number} seconds */
  pause(seconds) {
    return new Promise((resolve) => {
      this.#environment.setTimeout(() => resolve(undefined), seconds * 1000);
    });
  }

  stopWaiting() {
    if (this.waiting) this.#environment.clearTimeout(this.#timer);
    this.waiting = false;
  }

  succeeded() {
    this.stopWaiting();
    this.#failures = 0;
  }
}
