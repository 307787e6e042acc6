/**
 * `localStorage` that never throws. Browsers refuse it in private modes, when it is full, and when
 * the person turned it off: then values live as long as the page, and `works` says so.
 */
export class SafeStorage {
  #environment;
  /** @type {Map<string, string | null>} what could not be written */
  #memory = new Map();

  /** @param {Pick<import("../postern.js").Environment, "localStorage">} environment */
  constructor(environment) {
    this.#environment = environment;
  }

  /** Whether a value would outlive the page. Asked by writing one. */
  get works() {
    try {
      const storage = this.#storage;
      storage.setItem("postern.probe", "1");
      storage.removeItem("postern.probe");
      return true;
    } catch {
      return false;
    }
  }

  /** @param {string} key */
  get(key) {
    const remembered = this.#memory.get(key);
    return remembered === undefined ? this.getStored(key) : remembered;
  }

  /**
   * What other tabs can see too.
   *
   * @param {string} key
   */
  getStored(key) {
    try {
      return this.#storage.getItem(key);
    } catch {
      return null;
    }
  }

  /**
   * @param {string} key
   * @param {string | null} value
   */
  set(key, value) {
    this.#memory.delete(key);
    try {
      if (value === null) this.#storage.removeItem(key);
      else this.#storage.setItem(key, value);
    } catch {
      this.#memory.set(key, value);
      this.#discard(key);
    }
  }

  /**
   * An old value that could not be replaced must not come back after a reload.
   *
   * @param {string} key
   */
  #discard(key) {
    try {
      this.#storage.removeItem(key);
    } catch {
      // Nothing can be read from there either.
    }
  }

  get #storage() {
    const storage = this.#environment.localStorage;
    if (!storage) throw new TypeError("no localStorage");
    return storage;
  }
}
