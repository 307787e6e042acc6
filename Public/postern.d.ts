/** How a page signs people in with Postern, and keeps them signed in. */

export interface ClientOptions {
  /** Where Postern answers. Default: the page's own origin. */
  baseURL?: string | URL;
  /**
   * Where the tokens are kept. `cookie` (default): the refresh token in an HttpOnly cookie, out of
   * reach for scripts, and the access token in memory. `local`: both in `localStorage`, under
   * `token` and `refreshToken`. `memory`: both in memory; a reload signs out, and tabs are apart.
   */
  tokens?: "cookie" | "local" | "memory";
  /**
   * Binds the sign-in to this kind of browser: `true` sends a coarse digest (browser family,
   * platform, language, time zone), a string is sent as it is. Default: nothing is sent.
   */
  fingerprint?: boolean | string;
}

export interface LoginOptions {
  /**
   * Whether the sign-in outlasts the browser's end. Default: `true`. Where the tokens are kept as
   * `cookie`; `local` always does, and `memory` never.
   */
  remember?: boolean;
}

/** The person who is signed in, with the fields of `GET /current-user`. */
export interface User {
  id: string;
  username: string;
  email?: string;
  first_name?: string;
  last_name?: string;
  gender?: string;
  phone?: string;
  city?: string;
}

/** `unknown`: not asked yet, or asked and not answered. It is no sign-out. */
export type Status = "unknown" | "signed-out" | "signed-in";

/** Why the service could not be asked. The person stays signed in meanwhile. */
export interface Trouble {
  kind: "offline" | "unavailable" | "throttled" | "unexpected";
  /** For people: the server's own text where it gave one. */
  message: string;
  /** The answer's status, if there was an answer. */
  status?: number;
  /** Seconds until the next try, which comes of itself. */
  retryAfter: number;
}

export type ErrorCode =
  /** The server said no: a wrong password, a missing field. `message` is its text. */
  | "refused"
  /** The sign-in ended, here or in another tab, before the answer came. The answer is dropped. */
  | "signed-out"
  /** Somebody else signed in in another tab before the answer came. The answer is dropped. */
  | "account-changed"
  /** This browser, or this address, cannot do what is asked. `message` says what is missing. */
  | "unsupported"
  | Trouble["kind"];

export class PosternError extends Error {
  constructor(code: ErrorCode, message: string, details?: { status?: number; retryAfter?: number });
  readonly code: ErrorCode;
  readonly status: number | undefined;
  /** Seconds, where the server named them. */
  readonly retryAfter: number | undefined;
  /** Whether this is trouble on the way, and so no verdict. */
  readonly isTrouble: boolean;
}

/** Why the user changed. */
export type Reason = "sign-in" | "sign-out" | "refused" | "restored" | "other-tab" | "account-changed";

export class ChangeEvent extends Event {
  constructor(user: User | null, reason: Reason);
  readonly user: User | null;
  readonly reason: Reason;
}

export interface ClientEvents {
  /** Somebody signed in or out, in this tab or in another, or `status` became known. */
  change: ChangeEvent;
  /** `trouble` began, changed or ended. */
  trouble: Event;
}

export interface Client extends EventTarget {
  /** Who is signed in; null while that is nobody, or not known. */
  readonly user: User | null;
  readonly status: Status;
  /** What keeps the client from refreshing; null while all is well. */
  readonly trouble: Trouble | null;
  /** Something this browser will not do, for people to read; null if it does all. */
  readonly warning: string | null;

  /** Signs in. @throws {PosternError} `refused` with the server's text, or trouble. */
  login(username: string, password: string, options?: LoginOptions): Promise<User>;
  /**
   * Signs out: here and in the other tabs at once, then at the server.
   * @throws {PosternError} trouble, when the server could not be told. It is told later.
   */
  logout(): Promise<void>;
  /**
   * After a reload: who is signed in? `null` is nobody. Where scripts can see no sign of a
   * session in a cookie, the service is asked only with `ask`.
   * @throws {PosternError} trouble, when nobody could tell. It goes on asking; `change` will say.
   */
  restore(options?: { ask?: boolean }): Promise<User | null>;
  /** Tries again at once, instead of waiting for the next try. @throws {PosternError} trouble */
  retry(): Promise<void>;
  /**
   * The platform's `fetch`. Relative addresses are relative to the base URL. To addresses under
   * the base URL it adds the access token, refreshes it on a 401, and repeats the request once.
   * @throws {PosternError} `signed-out`, `account-changed`, or trouble while refreshing
   * @throws {TypeError} when the request itself could not be sent, as the platform's `fetch` does
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Lets go of timers, listeners and the channel to the other tabs. Signs nobody out. */
  close(): void;

  addEventListener<Name extends keyof ClientEvents>(
    type: Name,
    listener: (event: ClientEvents[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Name extends keyof ClientEvents>(
    type: Name,
    listener: (event: ClientEvents[Name]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** What the client takes from the browser; tests hand in their own. */
export interface Environment {
  fetch: typeof globalThis.fetch;
  setTimeout(action: () => void, milliseconds: number): unknown;
  clearTimeout(timer: any): void;
  random(): number;
  location?: Pick<Location, "href" | "origin">;
  navigator?: Partial<Pick<Navigator, "userAgent" | "language" | "cookieEnabled" | "onLine">> & {
    readonly locks?: Locks;
  };
  isSecureContext?: boolean;
  crypto?: Pick<Crypto, "subtle" | "getRandomValues">;
  BroadcastChannel?: new (name: string) => Channel;
  /** May throw when it is read, as browsers do that keep nothing. */
  readonly localStorage?: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  addEventListener?(type: string, listener: (event: any) => void): void;
  removeEventListener?(type: string, listener: (event: any) => void): void;
}

/** What the client uses of `navigator.locks`. */
export interface Locks {
  request(
    name: string,
    options: { signal: AbortSignal },
    action: () => Promise<void>,
  ): Promise<unknown>;
}

/** What the client uses of a `BroadcastChannel`. */
export interface Channel {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

export function createClient(options?: ClientOptions, environment?: Environment): Client;
