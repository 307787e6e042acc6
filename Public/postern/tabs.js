/**
 * What the tabs tell each other. No token is in it.
 *
 * @typedef {{ type: "signed-in", subject: string } | { type: "signed-out" }} Message
 */

/** The other tabs of this site in this browser. */
export class Tabs {
  /** @type {import("../postern.js").Channel | undefined} */
  #channel;

  /**
   * @param {import("../postern.js").Environment["BroadcastChannel"]} Channel
   * @param {string} name tabs hear those of the same name
   * @param {(message: Message) => void} listener
   */
  constructor(Channel, name, listener) {
    try {
      if (!Channel) return;
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

  close() {
    this.#channel?.close();
  }
}
