const owedKey = "postern.sign-out";

/**
 * Tells the server of sign-outs. One that could not be told is owed, in cookie mode over a reload
 * too: no script can take the cookie away, only the server can end what it stands for.
 */
export class SignOuts {
  #service;
  #storage;
  #cookie;
  /** @type {object | null} */
  #owed = null;
  /** @type {Promise<void> | null} */
  #telling = null;

  /**
   * @param {import("./service.js").Service} service
   * @param {import("./storage.js").SafeStorage} storage
   * @param {boolean} cookie
   */
  constructor(service, storage, cookie) {
    this.#service = service;
    this.#storage = storage;
    this.#cookie = cookie;
  }

  get isOwed() {
    return this.#cookie ? this.#storage.get(owedKey) !== null : this.#owed !== null;
  }

  /** @param {string | null} refreshToken null where the cookie says it */
  tell(refreshToken) {
    this.#owed = refreshToken === null ? {} : { refreshToken };
    if (this.#cookie) this.#storage.set(owedKey, "1");
    return this.tellAgain();
  }

  tellAgain() {
    this.#telling ??= this.#tell().finally(() => {
      this.#telling = null;
    });
    return this.#telling;
  }

  async #tell() {
    await this.#service.logOut(this.#owed ?? {});
    this.forgive();
  }

  /**
   * Before a sign-in: the answer to a sign-out must not come after it and take the new cookie away.
   */
  async settle() {
    if (this.isOwed || this.#telling) await this.tellAgain().catch(() => {});
    this.forgive();
  }

  /** Somebody has signed in since: the cookie is theirs now. */
  forgive() {
    this.#owed = null;
    if (this.#cookie && this.isOwed) this.#storage.set(owedKey, null);
  }
}
