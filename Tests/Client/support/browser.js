import { webcrypto } from "node:crypto";
import { createClient } from "../../../Public/postern.js";
import { Locks } from "./locks.js";
import { Server } from "./server.js";

export const flush = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** One browser with one cookie jar and one `localStorage`, and tabs that hear each other. */
export class Browser {
  server = new Server();
  stored = new Map();
  /** "works", "full" or "refused" */
  storageState = "works";
  navigator = {
    userAgent: "X11; Linux x86_64 Chrome/1.0",
    language: "en",
    cookieEnabled: true,
    onLine: true,
  };
  isSecureContext = true;
  crypto = webcrypto;
  /** null in old browsers */
  locks = new Locks();
  #tabs = [];
  #channels = [];

  open(options = {}) {
    const tab = new Tab(this, options);
    this.#tabs.push(tab);
    return tab;
  }

  async signedIn(options = {}, username = "alice") {
    const tab = this.open(options);
    await tab.client.login(username, "right");
    return tab;
  }

  changeStorage(tab, key, value) {
    if (value === null) this.stored.delete(key);
    else this.stored.set(key, String(value));
    const others = this.#tabs.filter((other) => other !== tab);
    setImmediate(() => others.forEach((other) => other.hear("storage", { key })));
  }

  joinChannel(channel) {
    this.#channels.push(channel);
  }

  broadcast(from, data) {
    const others = this.#channels.filter((other) => other !== from && other.name === from.name);
    setImmediate(() => others.forEach((other) => other.onmessage?.({ data })));
  }
}

class Tab {
  #listeners = new Map();
  timers = new Set();
  changes = [];
  troubles = [];
  isGone = false;
  #goes;
  whenGone = new Promise((resolve) => (this.#goes = resolve));

  constructor(browser, options) {
    this.browser = browser;
    this.client = createClient(options, this.environment());
    this.client.addEventListener("change", ({ user, reason }) => {
      this.changes.push([user?.username ?? null, reason]);
    });
    this.client.addEventListener("trouble", () => {
      this.troubles.push(this.client.trouble?.kind ?? null);
    });
  }

  environment() {
    const tab = this;
    const { browser } = this;
    return {
      fetch: async (input, init) => {
        const answer = await browser.server.fetch(input, init && { ...init, tab });
        return tab.isGone ? new Promise(() => {}) : answer;
      },
      setTimeout: (action, milliseconds) => {
        const timer = { action, seconds: milliseconds / 1000 };
        this.timers.add(timer);
        return timer;
      },
      clearTimeout: (timer) => this.timers.delete(timer),
      random: () => 0.5,
      location: { href: `${browser.server.origin}/profile`, origin: browser.server.origin },
      get navigator() {
        const { locks } = browser;
        const request = (...parts) => locks.request(tab, ...parts);
        return { ...browser.navigator, locks: locks ? { request } : undefined };
      },
      get isSecureContext() {
        return browser.isSecureContext;
      },
      crypto: browser.crypto,
      BroadcastChannel: class {
        onmessage = null;
        constructor(name) {
          this.name = name;
          browser.joinChannel(this);
        }
        postMessage(data) {
          browser.broadcast(this, data);
        }
        close() {
          this.name = "";
        }
      },
      get localStorage() {
        return storageOf(tab);
      },
      addEventListener: (type, listener) => this.#listeners.set(type, listener),
      removeEventListener: (type) => this.#listeners.delete(type),
    };
  }

  hear(type, event = {}) {
    this.#listeners.get(type)?.(event);
  }

  /** Lets the timers of at most `seconds` run, and what follows from them. */
  async wait(seconds) {
    await flush();
    const due = [...this.timers].filter((timer) => timer.seconds <= seconds);
    for (const timer of due) {
      this.timers.delete(timer);
      timer.action();
    }
    await flush();
  }

  /** As by closing the tab and opening the address again. */
  reload(options) {
    this.vanish();
    return this.browser.open(options);
  }

  /** As by closing the tab in mid request: nothing runs on in it. */
  vanish() {
    this.isGone = true;
    this.client.close();
    this.timers.clear();
    this.#goes();
  }

  async get(path) {
    return (await this.client.fetch(path)).json();
  }
}

function storageOf(tab) {
  const { browser } = tab;
  if (browser.storageState === "refused") throw new DOMException("denied", "SecurityError");
  return {
    getItem: (key) => browser.stored.get(key) ?? null,
    setItem: (key, value) => {
      if (browser.storageState === "full") throw new DOMException("full", "QuotaExceededError");
      browser.changeStorage(tab, key, value);
    },
    removeItem: (key) => browser.changeStorage(tab, key, null),
  };
}
