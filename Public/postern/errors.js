/** @typedef {import("../postern.js").ErrorCode} ErrorCode */

/** @type {ReadonlySet<ErrorCode>} */
const troubles = new Set(["offline", "unavailable", "throttled", "unexpected"]);

/** What went wrong, in a word for programs (`code`) and in words for people (`message`). */
export class PosternError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {{ status?: number, retryAfter?: number }} [details]
   */
  constructor(code, message, details = {}) {
    super(message);
    this.name = "PosternError";
    this.code = code;
    this.status = details.status;
    this.retryAfter = details.retryAfter;
  }

  /** Whether this is trouble on the way, and so no verdict about anybody. */
  get isTrouble() {
    return troubles.has(this.code);
  }
}

export const signedOut = () => new PosternError("signed-out", "You are signed out.");

export const accountChanged = () =>
  new PosternError("account-changed", "Somebody else has signed in in another tab.");
