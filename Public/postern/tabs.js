/**
 * What the tabs tell each other. No token is in it.
 *
 * @typedef {{ type: "signed-in", subject: string } | { type: "signed-out" }} Message
 */

/** Longer than one tab can take while its timers run. */
const patience = 15;

/** The other tabs of this site in this browser. */
export class Tabs {
  #environment;
  #name;
  /** @type {import("../postern.js").Channel | undefined} */
  #channel;

  /**
   * @param {import("../postern.js").Environment} environment
   * @param {string | null} name tabs hear those of the same name; null: there are no others
   * @param {(message: Message) => void} listener
   */
  constructor(environment, name, listener) {
    this.#environment = environment;
    this.#name = name;
    try {
      const Channel = environment.BroadcastChannel;
      if (name === null || !Channel) return;
      this.#channel = new Channel(name);
      this.#channel.onmessage = ({ data }) => listener(data);
    } catch {
      // A page without an origin has no channel. `storage` events still tell of other tabs.
    }
  }

  /** @param {Message} message */
  tell(message) {
    this.#channel?.postMessage(message);
  }

  /**
   * Does what only one tab at a time should do. A page that is closed loses its turn. One that is
   * frozen may keep it: then, and where a browser gives no turns, it is done all the same. Nobody's
   * turn is taken away, for his request may just be slow, and crossing requests do harm only where
   * the older answer comes last.
   *
   * @param {AbortSignal} signal ends the wait
   * @param {() => Promise<void>} action must look at what another tab has done meanwhile
   */
  async inTurn(signal, action) {
    const locks = this.#environment.navigator?.locks;
    if (this.#name === null || !locks || signal.aborted) return action();
    const waiting = new AbortController();
    const stop = () => waiting.abort();
    signal.addEventListener("abort", stop);
    const timer = this.#environment.setTimeout(stop, patience * 1000);
    let begun = false;
    const begin = () => {
      begun = true;
      this.#environment.clearTimeout(timer);
      return action();
    };
    try {
      await locks.request(this.#name, { signal: waiting.signal }, begin);
    } catch (error) {
      if (begun) throw error;
      await begin();
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  close() {
    this.#channel?.close();
  }
}
