// A client for Postern: signs people in and keeps them signed in. Its types and their
// documentation are in postern.d.ts; take this file together with the folder postern/.

import { readAnswer } from "./postern/answers.js";
import { Attempts } from "./postern/attempts.js";
import { bearerFetch } from "./postern/bearer-fetch.js";
import { readClaims, subjectOf } from "./postern/claims.js";
import { Device } from "./postern/device.js";
import { browser, obstacle, resolveBase } from "./postern/environment.js";
import { PosternError, accountChanged, signedOut } from "./postern/errors.js";
import { ChangeEvent } from "./postern/events.js";
import { Fingerprint } from "./postern/fingerprint.js";
import { CookieKeeper, LocalKeeper, MemoryKeeper } from "./postern/keepers.js";
import { Refresher } from "./postern/refresher.js";
import { Service } from "./postern/service.js";
import { Session } from "./postern/session.js";
import { SignOuts } from "./postern/sign-outs.js";
import { SafeStorage } from "./postern/storage.js";
import { Tabs } from "./postern/tabs.js";
import { Troubles } from "./postern/troubles.js";

export { ChangeEvent, PosternError };

/** @typedef {import("./postern.js").User} User */
/** @typedef {import("./postern.js").Reason} Reason */

const keepers = { cookie: CookieKeeper, local: LocalKeeper, memory: MemoryKeeper };

/** @type {typeof import("./postern.js").createClient} */
export const createClient = (options = {}, environment = browser) =>
  // The types of the events are narrower than EventTarget's own.
  /** @type {any} */ (new PosternClient(options, environment));

/** @typedef {Omit<import("./postern.js").Client, keyof EventTarget>} ClientMembers */

/** @implements {ClientMembers} */
class PosternClient extends EventTarget {
  #environment;
  #tokens;
  #attempts;
  #device;
  #fingerprint;
  #service;
  #storage;
  #troubles;
  #refresher;
  #signOuts;
  #tabs;
  /** @type {import("./postern/keepers.js").Keeper} */
  #keeper;
  /** @type {Session | null} */
  #session = null;
  /** Whether it is known who is signed in, or that nobody is. */
  #known = false;
  /** @type {Promise<User | null> | null} */
  #restoring = null;

  /**
   * @param {import("./postern.js").ClientOptions} options
   * @param {import("./postern.js").Environment} environment
   */
  constructor(options, environment) {
    super();
    const tokens = options.tokens ?? "cookie";
    if (!(tokens in keepers)) throw new TypeError(`tokens: "${tokens}" is not known`);
    const base = resolveBase(options.baseURL, environment, tokens);
    this.#environment = environment;
    this.#tokens = tokens;
    this.#service = new Service(environment, base, tokens === "cookie");
    this.#storage = new SafeStorage(environment);
    this.#keeper = new keepers[tokens](this.#storage);
    const { shared } = this.#keeper;
    this.#attempts = new Attempts(environment, shared ? this.#storage : new SafeStorage({}));
    this.#device = new Device(environment, base, this.#storage);
    this.#fingerprint = new Fingerprint(options.fingerprint ?? false, environment, this.#storage);
    const changed = () => this.dispatchEvent(new Event("trouble"));
    this.#troubles = new Troubles(environment, changed, () => this.retry());
    const { retries } = this.#troubles;
    const name = shared ? `postern ${tokens} ${base.href}` : null;
    this.#tabs = new Tabs(environment, name, this.#hear);
    this.#refresher = new Refresher(
      this.#service,
      this.#keeper,
      retries,
      this.#fingerprint,
      this.#attempts,
      this.#tabs,
    );
    this.#signOuts = new SignOuts(this.#service, this.#storage, tokens === "cookie");
    this.fetch = this.fetch.bind(this);
    for (const [type, listener] of this.#listeners) environment.addEventListener?.(type, listener);
  }

  get user() {
    return this.#session?.user ?? null;
  }

  get status() {
    if (this.#session) return this.#session.user ? "signed-in" : "unknown";
    return this.#known ? "signed-out" : "unknown";
  }

  get trouble() {
    return this.#troubles.current;
  }

  get warning() {
    const error = obstacle(this.#environment, this.#tokens);
    if (error) return error.message;
    if (this.#tokens !== "local" || this.#storage.works) return null;
    return "This browser keeps nothing for this site: after a reload you have to sign in again.";
  }

  // Signing in and out

  /**
   * @param {string} username
   * @param {string} password
   * @param {import("./postern.js").LoginOptions} options
   */
  async login(username, password, options = {}) {
    const error = obstacle(this.#environment, this.#tokens);
    if (error) throw error;
    // Their answers carry cookies, which must not come after the new one.
    await Promise.allSettled([this.#session?.refreshing, this.#signOuts.settle()]);
    const digest = await this.#fingerprint.forSignIn();
    const answer = await this.#service.logIn({
      username,
      password,
      ...this.#keeper.loginFields,
      ...this.#device.fields,
      fingerprint: digest,
      // What is undefined is not sent.
      remember: options.remember,
    });
    if (typeof answer.accessToken !== "string" || typeof answer.user !== "object") {
      throw new PosternError("unexpected", "The answer of the service could not be read.");
    }
    this.#session?.end(accountChanged());
    this.#keeper.save(/** @type {any} */ (answer));
    this.#attempts.begin();
    this.#fingerprint.remember(digest);
    this.#device.remember(answer);
    this.#troubles.clear();
    const session = new Session(subjectOf(answer.accessToken));
    this.#session = session;
    this.#begin(session, answer.user, "sign-in");
    this.#tabs.tell({ type: "signed-in", subject: String(session.subject) });
    return /** @type {User} */ (answer.user);
  }

  async logout() {
    const { refreshToken } = this.#keeper;
    this.#end("sign-out");
    await this.#told(this.#signOuts.tell(refreshToken));
  }

  restore({ ask = false } = {}) {
    return this.#restoring ?? this.#startRestore("restored", ask);
  }

  async retry() {
    this.#troubles.retries.stopWaiting();
    if (this.#signOuts.isOwed && !this.#session) {
      await this.#told(this.#signOuts.tellAgain());
      this.#troubles.clear();
    } else if (this.#session?.user) {
      await this.#refresh(this.#session);
    } else {
      await this.restore();
    }
  }

  /** @param {Promise<void>} telling the server of a sign-out */
  #told(telling) {
    return telling.catch((error) => {
      const text = "You are signed out in this browser, but the service could not be told yet.";
      const message = `${text} ${error.message}`;
      throw this.#troubles.note(new PosternError(error.code, message, error));
    });
  }

  // Requests

  /**
   * @param {string | URL | Request} input
   * @param {RequestInit} [init]
   */
  async fetch(input, init) {
    const address = input instanceof Request ? input : new URL(input, this.#service.base).href;
    const request = new Request(address, init);
    const isOwn = this.#service.owns(new URL(request.url));
    if (!isOwn || request.headers.has("Authorization")) return this.#environment.fetch(request);
    if (!this.#session && !this.#known) await this.restore().catch(() => {});
    const session = this.#session;
    this.#reconcile();
    session?.assertLive();
    return session ? this.#authorised(session, request) : this.#environment.fetch(request);
  }

  /**
   * @param {Session} session
   * @param {Request} request
   */
  async #authorised(session, request) {
    if (this.#keeper.accessToken === null) await this.#refresh(session);
    const token = this.#keeper.accessToken;
    const response = await bearerFetch(this.#environment, request.clone(), session, token);
    if (response.status !== 401) return response;
    // It may have been refreshed since this request started, here or in another tab.
    this.#reconcile();
    session.assertLive();
    if (this.#keeper.accessToken === token) await this.#refresh(session);
    return bearerFetch(this.#environment, request, session, this.#keeper.accessToken);
  }

  /**
   * One refresh for all who wait.
   *
   * @param {Session} session
   */
  #refresh(session) {
    session.refreshing ??= this.#refreshOnce(session).finally(() => {
      session.refreshing = null;
    });
    return session.refreshing;
  }

  /** @param {Session} session */
  async #refreshOnce(session) {
    if (this.#troubles.reason) throw this.#troubles.reason;
    try {
      if (!this.#keeper.canRefresh()) throw new PosternError("refused", "No refresh token.");
      await this.#refresher.refresh(session);
    } catch (error) {
      session.assertLive();
      if (!(error instanceof PosternError)) throw error;
      if (error.isTrouble) throw this.#troubles.note(error);
      this.#end("refused");
      throw signedOut();
    }
    this.#troubles.clear();
    this.#reconcile();
    session.assertLive();
    const subject = subjectOf(this.#keeper.accessToken ?? "");
    session.subject ??= subject;
    if (subject !== session.subject) this.#follow(subject);
    session.assertLive();
  }

  // Who is signed in

  /**
   * @param {Reason} reason
   * @param {boolean} [ask] even where nothing tells of a session
   * @returns {Promise<User | null>}
   */
  #startRestore(reason, ask = false) {
    const restoring = this.#restore(reason, ask).finally(() => {
      if (this.#restoring === restoring) this.#restoring = null;
    });
    this.#restoring = restoring;
    return restoring;
  }

  /**
   * @param {Reason} reason
   * @param {boolean} ask
   */
  async #restore(reason, ask) {
    if (!this.#session) {
      const whose = this.#keeper.whose();
      const mayAsk = ask && this.#keeper.canRefresh() && !this.#signOuts.isOwed;
      if (whose === null && !mayAsk) return this.#restoreNobody();
      this.#session = new Session(whose ?? undefined);
    }
    const session = this.#session;
    if (session.user) return session.user;
    try {
      const user = await this.#loadUser(session);
      if (this.#session === session) this.#begin(session, user, reason);
    } catch (error) {
      if (!session.signal.aborted) throw error;
      // Signed out meanwhile, or another is being restored: then that one is the answer.
      if (this.#session && !this.#session.user) return this.restore();
    }
    return this.user;
  }

  #restoreNobody() {
    const wasKnown = this.#known;
    this.#known = true;
    if (!wasKnown) this.dispatchEvent(new ChangeEvent(null, "restored"));
    if (this.#signOuts.isOwed) this.#troubles.retry();
    return null;
  }

  /** @param {Session} session */
  async #loadUser(session) {
    try {
      const url = new URL("current-user", this.#service.base).href;
      const response = await this.#authorised(session, new Request(url, { cache: "no-store" }));
      const user = /** @type {User} */ (await readAnswer(response, []));
      session.assertLive();
      return user;
    } catch (error) {
      session.assertLive();
      const { user } = readClaims(this.#keeper.accessToken);
      if (user) return user;
      if (this.#troubles.reason) throw error;
      throw this.#troubles.note(this.#service.explain(error));
    }
  }

  /**
   * @param {Session} session
   * @param {User} user
   * @param {Reason} reason
   */
  #begin(session, user, reason) {
    session.user = user;
    this.#known = true;
    if (session.subject !== undefined) this.#keeper.mark(session.subject);
    if (this.#signOuts.isOwed) this.#signOuts.forgive();
    this.dispatchEvent(new ChangeEvent(user, reason));
  }

  /**
   * Ends the sign-in for all tabs.
   *
   * @param {Reason} reason
   */
  #end(reason) {
    this.#keeper.clear();
    this.#attempts.end();
    this.#fingerprint.remember(undefined);
    this.#tabs.tell({ type: "signed-out" });
    this.#leave(signedOut(), true, reason);
  }

  /**
   * @param {PosternError} error what requests in flight are told
   * @param {boolean} known whether nobody is signed in now
   * @param {Reason} reason
   */
  #leave(error, known, reason) {
    this.#session?.end(error);
    this.#session = null;
    this.#known = known;
    this.#troubles.clear();
    this.dispatchEvent(new ChangeEvent(null, reason));
  }

  // Other tabs

  /** @param {import("./postern/tabs.js").Message} message */
  #hear = (message) => {
    if (message.type === "signed-out") {
      this.#keeper.takeBack();
      if (this.#session || !this.#known) this.#leave(signedOut(), true, "other-tab");
    } else if (message.subject !== this.#session?.subject) {
      this.#follow(message.subject);
    }
  };

  /** Compares with what other tabs have left behind. */
  #reconcile() {
    const whose = this.#keeper.whose();
    const session = this.#session;
    if (whose === undefined || whose === (session?.subject ?? null)) return;
    if (whose !== null) {
      this.#follow(whose);
    } else if (session) {
      this.#keeper.forget();
      this.#leave(signedOut(), true, "other-tab");
    }
  }

  /**
   * Another person, or the first one, is signed in in this browser now.
   *
   * @param {string | undefined} subject
   */
  #follow(subject) {
    const reason = this.#session ? "account-changed" : "other-tab";
    this.#keeper.forget();
    this.#leave(accountChanged(), false, reason);
    this.#session = new Session(subject);
    if (subject !== undefined) this.#keeper.mark(subject);
    this.#startRestore(reason).catch(() => {});
  }

  /** @type {[string, (event: any) => void][]} */
  #listeners = [
    ["storage", ({ key }) => this.#keeper.concerns(key) && this.#known && this.#reconcile()],
    ["online", () => this.#troubles.current && this.#troubles.retry()],
    ["visibilitychange", () => this.#known && this.#reconcile()],
    ["pageshow", ({ persisted }) => persisted && this.#wake()],
  ];

  /** The page comes back as it was left. What other tabs did meanwhile, it has not heard. */
  #wake() {
    this.#reconcile();
    const { shared } = this.#keeper;
    if (shared && this.#session && this.#keeper.whose() === undefined) this.#follow(undefined);
  }

  close() {
    this.#troubles.retries.succeeded();
    this.#tabs.close();
    for (const [type, listener] of this.#listeners) {
      this.#environment.removeEventListener?.(type, listener);
    }
  }
}
