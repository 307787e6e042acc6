const key = "postern.fingerprint";

/**
 * What a sign-in is bound to. It is remembered as it was then: a journey to another time zone, or
 * another language, signs nobody out.
 */
export class Fingerprint {
  #option;
  #environment;
  #storage;

  /**
   * @param {boolean | string} option as in `ClientOptions`
   * @param {import("../postern.js").Environment} environment
   * @param {import("./storage.js").SafeStorage} storage
   */
  constructor(option, environment, storage) {
    this.#option = option;
    this.#environment = environment;
    this.#storage = storage;
  }

  async forSignIn() {
    if (typeof this.#option === "string") return this.#option;
    return this.#option ? digest(this.#environment) : undefined;
  }

  async forRefresh() {
    if (this.#option === false) return undefined;
    return this.#storage.get(key) ?? this.forSignIn();
  }

  /** @param {string | undefined} fingerprint */
  remember(fingerprint) {
    if (this.#option !== false) this.#storage.set(key, fingerprint ?? null);
  }
}

/**
 * A coarse digest of the kind of browser: its family, platform, language and time zone. Nothing in
 * it changes with an update or with the network, and it tells no person from another.
 *
 * @param {import("../postern.js").Environment} environment
 */
export async function digest(environment) {
  const { userAgent = "", language = "" } = environment.navigator ?? {};
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const text = [family(userAgent), platform(userAgent), language, timeZone].join("\n");
  const subtle = environment.crypto?.subtle;
  if (!subtle) return `f${mixed(text)}`;
  const bytes = await subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes), hexadecimal).join("");
}

/** The order matters: most browsers claim to be Chrome and Safari as well. */
const families = ["Edg", "OPR", "SamsungBrowser", "Firefox", "FxiOS", "CriOS", "Chrome", "Safari"];
const platforms = ["Android", "iPhone", "iPad", "CrOS", "Windows", "Mac OS X", "Linux"];

/** @param {string} userAgent */
const family = (userAgent) => families.find((name) => userAgent.includes(`${name}/`)) ?? "other";

/** @param {string} userAgent */
const platform = (userAgent) => platforms.find((name) => userAgent.includes(name)) ?? "other";

/** @param {number} byte */
const hexadecimal = (byte) => byte.toString(16).padStart(2, "0");

/**
 * Where the address is not secure, browsers have no SHA-256. This is FNV-1a, four times over: no
 * secret hangs on it, it only has to come out the same each time.
 *
 * @param {string} text
 */
function mixed(text) {
  return [1, 2, 3, 4]
    .map((seed) => {
      let hash = Math.imul(2166136261, seed);
      for (const byte of new TextEncoder().encode(text)) {
        hash = Math.imul(hash ^ byte, 16777619);
      }
      return (hash >>> 0).toString(16).padStart(8, "0");
    })
    .join("");
}
