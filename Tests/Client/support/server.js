/** Postern, played: signs nothing, checks the rest. Its cookie jar is the browser's. */
export class Server {
  origin = "https://gate.example";
  cookie = null;
  requests = [];
  #sessions = new Map();
  #number = 0;
  #scripted = [];

  /** The next request to `path` is answered by `answer` instead. */
  script(path, answer) {
    this.#scripted.push({ path, answer });
  }

  count(path) {
    return this.requests.filter((request) => request.path === path).length;
  }

  /** As when 15 minutes have passed. */
  expireAccessTokens() {
    for (const session of this.#sessions.values()) session.access.clear();
  }

  endSessions() {
    this.#sessions.clear();
  }

  fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const body = request.method === "POST" ? await request.clone().text() : "";
    const record = { path: url.pathname, origin: url.origin, headers: request.headers, body, init };
    this.requests.push(record);
    await new Promise((resolve) => setImmediate(resolve));
    const index = this.#scripted.findIndex(({ path }) => path === url.pathname);
    const answer = async () => {
      const script = index < 0 ? undefined : this.#scripted.splice(index, 1)[0];
      return script ? script.answer(record, this) : this.answer(record);
    };
    return aborting(request.signal, answer());
  };

  answer({ path, origin, headers, body }) {
    if (origin !== this.origin) return json({ foreign: true });
    const fields = body.startsWith("{") ? JSON.parse(body) : {};
    if (path === "/login") return this.#logIn(fields);
    if (path === "/refresh-token") return this.#refresh(fields);
    if (path === "/logout") return this.#logOut(fields);
    const session = this.#find(headers.get("authorization")?.slice("Bearer ".length));
    if (!session) return text(401, "jwt expired");
    if (path === "/current-user") return json(session.user);
    return json({ path, user: session.user.id, body });
  }

  #logIn({ username, password, session: kind }) {
    if (password !== "right") return text(400, "Username or password is wrong!");
    const user = { id: `id-${username}`, username, email: `${username}@example.com` };
    const session = { id: `s${++this.#number}`, user, kind, access: new Set(), refresh: null };
    this.#sessions.set(session.id, session);
    return json({ user, ...this.#issue(session) });
  }

  #refresh(fields) {
    const token = fields.refreshToken ?? this.cookie;
    const session = [...this.#sessions.values()].find(({ all }) => all.has(token));
    return session ? json(this.#issue(session)) : text(403, "Refresh token is wrong");
  }

  #logOut(fields) {
    const token = fields.refreshToken ?? this.cookie;
    for (const [id, { all }] of this.#sessions) if (all.has(token)) this.#sessions.delete(id);
    if (!fields.refreshToken) this.cookie = null;
    return new Response(null, { status: 204 });
  }

  #issue(session) {
    const { user, kind } = session;
    const make = () => jwt({ sub: user.id, user, jti: ++this.#number });
    const [accessToken, refreshToken] = [make(), make()];
    session.access.add(accessToken);
    session.all = (session.all ?? new Set()).add(refreshToken);
    if (kind !== "cookie") return { accessToken, refreshToken, expiresIn: 900 };
    this.cookie = refreshToken;
    return { accessToken, expiresIn: 900 };
  }

  #find(token) {
    return [...this.#sessions.values()].find(({ access }) => access.has(token));
  }
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

export const jwt = (claims) => `${encode({ alg: "HS256" })}.${encode(claims)}.signature`;

export const json = (value, headers = {}) => Response.json(value, { headers });

export const text = (status, words, headers = {}) =>
  new Response(words, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  });

export const html = (status) =>
  new Response("<html><form>Room number</form></html>", {
    status,
    headers: { "content-type": "text/html" },
  });

/** As when the connection is cut. */
export const cut = () => {
  throw new TypeError("fetch failed");
};

function aborting(signal, answer) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
    answer.then(resolve, reject);
  });
}
