const key = "postern.device";

/**
 * The name by which the service knows this browser again, so that strangers who guess at the
 * password do not keep its owner out. A cookie holds it where the service has the page's origin;
 * to another origin no cookie goes, so it is kept here and sent along.
 */
export class Device {
  #storage;
  #isSent;

  /**
   * @param {import("../postern.js").Environment} environment
   * @param {URL} base of the service
   * @param {import("./storage.js").SafeStorage} storage
   */
  constructor({ location }, base, storage) {
    this.#storage = storage;
    this.#isSent = location !== undefined && location.origin !== base.origin;
  }

  /** What `/login` is told of it; the empty name asks for one. */
  get fields() {
    return this.#isSent ? { device: this.#storage.get(key) ?? "" } : {};
  }

  /** @param {{ device?: unknown }} answer */
  remember({ device }) {
    if (typeof device === "string") this.#storage.set(key, device);
  }
}
