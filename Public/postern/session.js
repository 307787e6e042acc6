/** A sign-in as this tab knows it. Another sign-in is another object, never this one changed. */
export class Session {
  /** @type {import("../postern.js").User | null} null until the server has said */
  user = null;
  /** @type {Promise<void> | null} the refresh that is under way, for all who wait for it */
  refreshing = null;
  #controller = new AbortController();

  /** @param {string | undefined} subject the person's id, as far as it is known */
  constructor(subject) {
    this.subject = subject;
  }

  /** Its requests end with it. */
  get signal() {
    return this.#controller.signal;
  }

  /** @param {Error} reason what those who still wait are told */
  end(reason) {
    this.#controller.abort(reason);
  }

  /** Throws if the session is over: what comes now is nobody's. */
  assertLive() {
    if (this.signal.aborted) throw this.signal.reason;
  }
}
