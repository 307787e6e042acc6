const key = "postern.attempt";
const form = /^[\w-]{16,64}$/;

/**
 * The names under which tokens are asked for. One is random, made while all is well and stored, so
 * that the next to ask after a lost answer names the same one: this tab or another, after a
 * reload or a long sleep. It counts for the token that it came with; with another it does no harm.
 *
 * In storage it is followed by a mark of who sent it last. Only that one, when its answer is kept,
 * puts another in its place: nobody else still waits for an answer to it then.
 */
export class Attempts {
  #crypto;
  #storage;
  /** @type {string | null} what this tab left in storage when it sent last */
  #left = null;

  /**
   * @param {import("../postern.js").Environment} environment
   * @param {import("./storage.js").SafeStorage} storage as long-lived and as shared as the tokens
   */
  constructor({ crypto }, storage) {
    this.#crypto = crypto;
    this.#storage = storage;
  }

  /** What to send, already stored; undefined in a browser that has no randomness. */
  take() {
    const stored = this.#storage.get(key)?.split(" ")[0] ?? "";
    const attempt = form.test(stored) ? stored : this.#make();
    if (attempt !== undefined) this.#storage.set(key, `${attempt} ${this.#make()}`);
    this.#left = this.#storage.get(key);
    return attempt;
  }

  /** Whether nobody has asked, or signed in, since this tab asked. */
  get isLatest() {
    return this.#storage.get(key) === this.#left;
  }

  /** The answer is kept: the next request is another one. */
  answered() {
    if (this.isLatest) this.begin();
  }

  begin() {
    this.#storage.set(key, this.#make() ?? null);
  }

  end() {
    this.#storage.set(key, null);
  }

  /** 128 bits in base64url. */
  #make() {
    const bytes = this.#crypto?.getRandomValues(new Uint8Array(16));
    if (!bytes) return undefined;
    const base64 = btoa(String.fromCharCode(...bytes));
    return base64.slice(0, 22).replaceAll("+", "-").replaceAll("/", "_");
  }
}
