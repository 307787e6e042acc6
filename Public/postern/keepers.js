import { subjectOf } from "./claims.js";

/**
 * Where the tokens of a sign-in are kept.
 *
 * @typedef {object} Keeper
 * @property {Record<string, string>} loginFields what `/login` must know of it
 * @property {boolean} shared whether the tabs share one sign-in
 * @property {string | null} accessToken
 * @property {string | null} refreshToken null where a cookie holds it
 * @property {() => boolean} canRefresh
 * @property {() => string | null | undefined} whose the id of the person whose sign-in is kept;
 *   null: nobody's; undefined: only the server can tell
 * @property {(subject: string) => void} mark notes whose sign-in is kept
 * @property {(tokens: Tokens) => void} save
 * @property {() => void} clear ends it for all tabs
 * @property {() => void} forget lets this tab forget it
 * @property {() => void} takeBack as `forget`, and removes what this tab wrote last, if it stands
 * @property {(key: string | null) => boolean} concerns whether a `storage` event is about it
 *
 * @typedef {{ accessToken: string, refreshToken?: string }} Tokens
 */

const hintKey = "postern.user";

/**
 * The refresh token is in a cookie that no script can see. A hint in `localStorage`, the person's
 * id, saves strangers the question and shows a sign-out to pages that were asleep.
 *
 * @implements {Keeper}
 */
export class CookieKeeper {
  /** @type {Record<string, string>} */
  loginFields = { session: "cookie" };
  shared = true;
  /** @type {string | null} */
  accessToken = null;
  refreshToken = null;
  #storage;

  /** @param {import("./storage.js").SafeStorage} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  canRefresh() {
    return true;
  }

  whose() {
    return this.#storage.getStored(hintKey) ?? (this.#storage.works ? null : undefined);
  }

  /** @param {string} subject */
  mark(subject) {
    if (this.#storage.getStored(hintKey) !== subject) this.#storage.set(hintKey, subject);
  }

  /** @param {Tokens} tokens */
  save({ accessToken }) {
    this.accessToken = accessToken;
  }

  clear() {
    this.accessToken = null;
    this.#storage.set(hintKey, null);
  }

  forget() {
    this.accessToken = null;
  }

  takeBack() {
    this.forget();
  }

  /** @param {string | null} key */
  concerns(key) {
    return key === null || key === hintKey;
  }
}

/**
 * Both tokens in `localStorage`, under the names that existing clients use. They are read anew each
 * time: another tab may have written them, and not by this module.
 *
 * @implements {Keeper}
 */
export class LocalKeeper {
  /** @type {Record<string, string>} */
  loginFields = {};
  shared = true;
  /** @type {string | null} */
  #own = null;
  #storage;

  /** @param {import("./storage.js").SafeStorage} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  get accessToken() {
    return this.#storage.get("token");
  }

  get refreshToken() {
    return this.#storage.get("refreshToken");
  }

  canRefresh() {
    return this.refreshToken !== null;
  }

  whose() {
    const token = this.#storage.get("token") ?? this.#storage.get("refreshToken");
    return token === null ? null : subjectOf(token);
  }

  mark() {}

  /** @param {Tokens} tokens */
  save({ accessToken, refreshToken }) {
    if (refreshToken !== undefined) {
      this.#own = refreshToken;
      this.#storage.set("refreshToken", refreshToken);
    }
    this.#storage.set("token", accessToken);
  }

  clear() {
    this.#storage.set("token", null);
    this.#storage.set("refreshToken", null);
  }

  forget() {}

  takeBack() {
    if (this.#own !== null && this.refreshToken === this.#own) this.clear();
    this.#own = null;
  }

  /** @param {string | null} key */
  concerns(key) {
    return key === null || key === "token" || key === "refreshToken";
  }
}

/**
 * Both tokens in this page's memory: gone with a reload, and no other tab's business.
 *
 * @implements {Keeper}
 */
export class MemoryKeeper {
  /** @type {Record<string, string>} */
  loginFields = {};
  shared = false;
  /** @type {string | null} */
  accessToken = null;
  /** @type {string | null} */
  refreshToken = null;

  canRefresh() {
    return this.refreshToken !== null;
  }

  whose() {
    return this.accessToken === null ? null : subjectOf(this.accessToken);
  }

  mark() {}

  /** @param {Tokens} tokens */
  save({ accessToken, refreshToken }) {
    this.accessToken = accessToken;
    this.refreshToken = refreshToken ?? this.refreshToken;
  }

  clear() {
    this.accessToken = null;
    this.refreshToken = null;
  }

  forget() {
    this.clear();
  }

  takeBack() {
    this.clear();
  }

  concerns() {
    return false;
  }
}
