// What lies between a browser and the server: a cookie jar, and a network that cuts answers off.

/** Counts of everything that happens, over all browsers. */
export const counts = {
  requests: 0,
  refreshes: 0,
  cutBefore: 0,
  cutAfter: 0,
  reloads: 0,
  troubles: 0,
  failed: 0,
};

export const network = { origin: "", cuts: 0 };

const lost = () => new TypeError("fetch failed: cut off");

/** One browser's `fetch`: its cookies, its origin, its bad luck. */
export class Jar {
  #cookie = "";

  fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    const headers = new Headers(request.headers);
    headers.set("Origin", network.origin);
    if (this.#cookie && request.credentials !== "omit") headers.set("Cookie", this.#cookie);
    counts.requests += 1;
    const isRefresh = pathname === "/refresh-token";
    if (isRefresh) counts.refreshes += 1;
    const luck = pathname === "/login" ? Infinity : Math.random() / network.cuts;
    if (luck < 1 / 3) {
      counts.cutBefore += 1;
      throw lost();
    }
    const response = await fetch(request.url, {
      method: request.method,
      headers,
      body: request.method === "POST" ? await request.text() : undefined,
      signal: request.signal,
    });
    const answer = await response.arrayBuffer();
    // Cut off before its head came, or behind it: then the cookie is there, and the body is not.
    const isCut = luck < 1;
    const hasHead = luck > 2 / 3;
    if (isCut) counts.cutAfter += 1;
    if (isCut && !hasHead) throw lost();
    const cookie = response.headers.get("Set-Cookie");
    if (cookie !== null) this.#store(cookie.split(";")[0]);
    if (isCut) throw lost();
    const { status } = response;
    return new Response(status === 204 ? null : answer, { status, headers: response.headers });
  };

  /** @param {string} pair */
  #store(pair) {
    this.#cookie = pair.endsWith("=") ? "" : pair;
  }
}
