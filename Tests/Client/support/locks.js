/** The Web Locks of one browser. A tab that is gone lets go of its own. */
export class Locks {
  #tails = new Map();

  /** @param tab `whenGone` is a promise */
  async request(tab, name, { signal }, action) {
    const before = this.#tails.get(name);
    let leave;
    const left = new Promise((resolve) => (leave = resolve));
    tab.whenGone.then(leave);
    this.#tails.set(name, Promise.all([before, left]));
    const aborted = new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
    try {
      await Promise.race([before, aborted]);
      return await action();
    } finally {
      leave();
    }
  }
}
