/** Postern, played: signs nothing, checks the rest. Its cookie jar is the browser's. */
export class Server {
  origin = "https://gate.example";
  cookie = null;
  /** Seconds. */
  now = 0;
  requests = [];
  #sessions = new Map();
  #number = 0;
  #scripted = [];

  /** The next request to `path` is answered by `answer` instead. */
  script(path, answer) {
    this.#scripted.push({ path, answer });
  }

  /** What was scripted and not used. */
  forget() {
    this.#scripted = [];
  }

  get sessionCount() {
    return this.#sessions.size;
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
    const id = `s${++this.#number}`;
    const session = { id, user, kind, access: new Set(), current: this.#token(user), replaced: [] };
    if (kind === "cookie") this.#end(this.cookie);
    this.#sessions.set(id, session);
    return json({ user, ...this.#issue(session) });
  }

  /** The decision that Sources/Sessions makes. */
  #refresh({ refreshToken, attempt }) {
    if (attempt !== undefined && !/^[\w-]{16,64}$/.test(attempt)) {
      return text(400, "Please enter valid data!");
    }
    const token = refreshToken ?? this.cookie;
    const session = this.#sessionOf(token);
    if (!session) return text(403, "Refresh token is wrong");
    const { replaced, current, user } = session;
    const old = replaced.find((other) => other.token === token);
    if (token === current) {
      replaced.unshift({ token, attempt, time: this.now });
      session.current = this.#token(user);
    } else if (old === replaced[0] && attempt !== undefined && old.attempt === attempt) {
      // Whoever asked first asks again.
    } else if (this.now - old.time >= 30) {
      this.#end(token);
      return text(403, "Refresh token is wrong");
    }
    return json(this.#issue(session));
  }

  #logOut({ refreshToken }) {
    this.#end(refreshToken ?? this.cookie);
    if (!refreshToken) this.cookie = null;
    return new Response(null, { status: 204 });
  }

  #token(user) {
    return jwt({ sub: user.id, user, jti: ++this.#number });
  }

  #sessionOf(token) {
    return [...this.#sessions.values()].find(
      ({ current, replaced }) =>
        current === token || replaced.some((other) => other.token === token),
    );
  }

  #end(token) {
    this.#sessions.delete(this.#sessionOf(token)?.id);
  }

  #issue(session) {
    const { user, kind, current: refreshToken } = session;
    const accessToken = this.#token(user);
    session.access.add(accessToken);
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
