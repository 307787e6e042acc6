// A simulated browser: tabs that run the real client and share cookies, storage and a channel.

import { webcrypto } from "node:crypto";
import { createClient } from "../../../Public/postern.js";
import { Jar, counts, network } from "./network.js";

export class Browser {
  tabs = [];
  /** Sign-outs that nobody asked for, as `[tab, reason]`. */
  signOuts = [];
  #jar = new Jar();
  #stored = new Map();
  #channels = new Set();

  constructor(name, tokens) {
    this.name = name;
    this.tokens = tokens;
  }

  open() {
    const tab = new Tab(this);
    this.tabs.push(tab);
    return tab;
  }

  close(tab) {
    this.tabs.splice(this.tabs.indexOf(tab), 1);
    tab.client.close();
  }

  environment(tab) {
    const browser = this;
    return {
      fetch: this.#jar.fetch,
      setTimeout: (action, milliseconds) => setTimeout(action, milliseconds),
      clearTimeout: (timer) => clearTimeout(timer),
      random: Math.random,
      location: { href: `${network.origin}/profile`, origin: network.origin },
      navigator: { userAgent: `Soak/1.0 ${this.name}`, cookieEnabled: true, onLine: true },
      isSecureContext: true,
      crypto: webcrypto,
      localStorage: {
        getItem: (key) => this.#stored.get(key) ?? null,
        setItem: (key, value) => this.#change(tab, key, String(value)),
        removeItem: (key) => this.#change(tab, key, null),
      },
      addEventListener: (type, listener) => tab.listeners.set(type, listener),
      removeEventListener: (type) => tab.listeners.delete(type),
      BroadcastChannel: class {
        onmessage = null;
        constructor(name) {
          this.name = name;
          browser.#channels.add(this);
        }
        postMessage(data) {
          const others = [...browser.#channels].filter((other) => other !== this);
          for (const other of others) setImmediate(() => other.onmessage?.({ data }));
        }
        close() {
          browser.#channels.delete(this);
        }
      },
    };
  }

  #change(tab, key, value) {
    if (this.#stored.get(key) === (value ?? undefined)) return;
    if (value === null) this.#stored.delete(key);
    else this.#stored.set(key, value);
    const others = this.tabs.filter((other) => other !== tab);
    for (const other of others) setImmediate(() => other.listeners.get("storage")?.({ key }));
  }
}

class Tab {
  listeners = new Map();

  constructor(browser) {
    const { tokens } = browser;
    this.client = createClient({ baseURL: network.origin, tokens }, browser.environment(this));
    this.client.addEventListener("change", ({ user, reason }) => {
      if (!user) browser.signOuts.push([browser.name, reason]);
    });
    this.client.addEventListener("trouble", () => {
      if (this.client.trouble) counts.troubles += 1;
    });
  }

  async use() {
    try {
      const response = await this.client.fetch("/current-user");
      await response.text();
      if (!response.ok) counts.failed += 1;
    } catch {
      counts.failed += 1;
    }
  }
}
