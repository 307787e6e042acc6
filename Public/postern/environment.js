import { PosternError } from "./errors.js";

/** The browser. Its functions are looked up when they are called: pages and tests replace some. */
/** @type {import("../postern.js").Environment} */
export const browser = {
  fetch: (input, init) => globalThis.fetch(input, init),
  setTimeout: (action, milliseconds) => globalThis.setTimeout(action, milliseconds),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
  random: Math.random,
  location: globalThis.location,
  navigator: globalThis.navigator,
  isSecureContext: globalThis.isSecureContext,
  crypto: globalThis.crypto,
  BroadcastChannel: globalThis.BroadcastChannel,
  get localStorage() {
    return globalThis.localStorage;
  },
  addEventListener: (type, listener) => globalThis.addEventListener?.(type, listener),
  removeEventListener: (type, listener) => globalThis.removeEventListener?.(type, listener),
};

/**
 * What stands in the way of signing in; undefined if nothing does.
 *
 * @param {import("../postern.js").Environment} environment
 * @param {"cookie" | "local" | "memory"} tokens
 */
export function obstacle(environment, tokens) {
  if (tokens !== "cookie") return undefined;
  if (environment.isSecureContext === false) {
    const text = "This address is not secure. Signing in needs one that starts with https://.";
    return new PosternError("unsupported", text);
  }
  if (environment.navigator?.cookieEnabled === false) {
    const text = "Cookies are turned off in this browser. Signing in needs them for this site.";
    return new PosternError("unsupported", text);
  }
  return undefined;
}

/**
 * @param {string | URL | undefined} baseURL
 * @param {import("../postern.js").Environment} environment
 * @param {"cookie" | "local" | "memory"} tokens
 */
export function resolveBase(baseURL, environment, tokens) {
  const { location } = environment;
  const base = new URL(baseURL ?? location?.origin ?? "", location?.href);
  base.search = "";
  base.hash = "";
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  if (tokens === "cookie" && location && base.origin !== location.origin) {
    throw new TypeError(
      `tokens: "cookie" needs Postern on the page's own origin; ` +
        `use "local" or "memory" for ${base.origin}`,
    );
  }
  return base;
}
