import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import test from "node:test";
import { createClient } from "../../Public/postern.js";
import { digest } from "../../Public/postern/fingerprint.js";
import { Browser, flush } from "./support/browser.js";
import { cut, html, text } from "./support/server.js";

test("a refused sign-in throws the server's own text", async () => {
  const tab = new Browser().open();
  await assert.rejects(tab.client.login("alice", "wrong"), {
    code: "refused",
    status: 400,
    message: "Username or password is wrong!",
  });
  assert.equal(tab.client.user, null);
});

test("Q13: an account that is closed to strangers says what to do", async () => {
  const browser = new Browser();
  const tab = browser.open();
  browser.server.script("/login", () => text(403, "Ask for a link to choose a new password."));
  await assert.rejects(tab.client.login("alice", "right"), {
    code: "refused",
    status: 403,
    message: "Ask for a link to choose a new password.",
  });
});

test("a throttled sign-in says when to come back", async () => {
  const browser = new Browser();
  const tab = browser.open();
  browser.server.script("/login", () => text(429, "Too many attempts", { "retry-after": "7" }));
  await assert.rejects(tab.client.login("alice", "right"), { code: "throttled", retryAfter: 7 });
});

for (const [name, answer] of [["HTML", () => html(200)], ["a cut connection", cut]]) {
  test(`a sign-in answered by ${name} is trouble, not a refusal`, async () => {
    const browser = new Browser();
    const tab = browser.open();
    browser.server.script("/login", answer);
    await assert.rejects(tab.client.login("alice", "right"), ({ isTrouble }) => isTrouble);
  });
}

test("D5: in cookie mode no token is within reach of other scripts", async () => {
  const browser = new Browser();
  await browser.signedIn();
  assert.deepEqual([...browser.stored.keys()].sort(), ["postern.attempt", "postern.user"]);
  assert.equal(browser.stored.get("postern.user"), "id-alice");
});

test("local mode keeps the tokens where existing clients look for them", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn({ tokens: "local" });
  const kept = [...browser.stored.keys()].sort();
  assert.deepEqual(kept, ["postern.attempt", "refreshToken", "token"]);
  await tab.client.logout();
  assert.deepEqual([...browser.stored], []);
});

for (const tokens of ["cookie", "local", "memory"]) {
  test(`${tokens}: signing out ends the session at the server`, async () => {
    const browser = new Browser();
    const tab = await browser.signedIn({ tokens });
    const stolen = browser.stored.get("refreshToken") ?? browser.server.cookie;
    await tab.client.logout();
    const answer = browser.server.answer({
      path: "/refresh-token",
      origin: browser.server.origin,
      headers: new Headers(),
      body: JSON.stringify({ refreshToken: stolen ?? "-" }),
    });
    assert.equal(answer.status, 403);
    assert.deepEqual(tab.changes.at(-1), [null, "sign-out"]);
  });
}

test("K4: a sign-out that the server did not hear is said, and told again", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  browser.server.script("/logout", () => text(503, "The store is busy"));
  const expected = { code: "unavailable", message: /could not be told yet/ };
  await assert.rejects(tab.client.logout(), expected);
  assert.equal(tab.client.status, "signed-out");
  await tab.wait(1);
  assert.equal(browser.server.cookie, null);
  assert.equal(tab.client.trouble, null);
});

test("K4: it is told after a reload as well", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  browser.server.script("/logout", cut);
  await assert.rejects(tab.client.logout());
  const later = tab.reload();
  assert.equal(await later.client.restore(), null);
  await flush();
  assert.equal(browser.server.cookie, null);
  assert.equal(browser.stored.size, 0);
});

test("the answer to a sign-out does not take the cookie of the next sign-in", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  let release;
  const held = new Promise((resolve) => (release = resolve));
  browser.server.script("/logout", (record, server) => held.then(() => server.answer(record)));
  tab.client.logout();
  const login = tab.client.login("bob", "right");
  await flush();
  assert.equal(browser.server.count("/login"), 1);
  release();
  await login;
  assert.notEqual(browser.server.cookie, null);
});

test("a token goes to the base URL only", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  for (const address of ["https://elsewhere.example/a", "https://gate.example.evil.example/a"]) {
    await tab.client.fetch(address);
  }
  await tab.client.fetch("https://gate.example/a");
  const sent = browser.server.requests.slice(1).map(({ headers }) => headers.has("authorization"));
  assert.deepEqual(sent, [false, false, true]);
});

test("a base URL with a path is a fence as well", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn({ tokens: "memory" });
  const fenced = createClient(
    { tokens: "local", baseURL: "https://gate.example/auth" },
    tab.environment(),
  );
  browser.stored.set("token", "a.b.c").set("refreshToken", "a.b.c");
  browser.server.script("/auth/current-user", () => Response.json({ id: "1", username: "alice" }));
  browser.server.script("/auth/a", () => Response.json({}));
  await fenced.fetch("a");
  await fenced.fetch("/a");
  const [, , inside, outside] = browser.server.requests;
  assert.deepEqual([inside.path, outside.path], ["/auth/a", "/a"]);
  assert.ok(inside.headers.has("authorization"));
  assert.ok(!outside.headers.has("authorization"));
});

test("a password follows no redirect", async () => {
  const browser = new Browser();
  await browser.signedIn();
  assert.equal(browser.server.requests[0].init.redirect, "manual");
});

test("the fingerprint of the sign-in comes with each refresh, also after a journey", async () => {
  const browser = new Browser();
  const options = { fingerprint: true };
  const tab = await browser.signedIn(options);
  browser.navigator.language = "pt";
  await tab.reload(options).client.restore();
  const sent = browser.server.requests
    .filter(({ body }) => body)
    .map(({ body }) => JSON.parse(body).fingerprint);
  assert.match(sent[0], /^[0-9a-f]{64}$/);
  assert.equal(sent[1], sent[0]);
});

test("the fingerprint is coarse: an update changes nothing, another browser does", async () => {
  const made = (userAgent, crypto = webcrypto) =>
    digest({ navigator: { userAgent, language: "en" }, crypto });
  const chrome = (version) => `(X11; Linux x86_64) Chrome/${version} Safari/537.36`;
  assert.equal(await made(chrome("120.0")), await made(chrome("156.2")));
  assert.notEqual(await made(chrome("120.0")), await made("(X11; Linux) Firefox/120.0"));
  assert.equal(await made(chrome("120.0"), null), await made(chrome("156.2"), null));
  assert.match(await made(chrome("120.0"), null), /^f[0-9a-f]{32}$/);
});

for (const state of ["full", "refused"]) {
  test(`L14: with storage ${state}, cookie mode works, over a reload too`, async () => {
    const browser = new Browser();
    browser.storageState = state;
    const tab = await browser.signedIn();
    assert.equal((await tab.get("/a")).user, "id-alice");
    assert.equal(tab.client.warning, null);
    assert.equal((await tab.reload().client.restore()).username, "alice");
  });

  test(`L14: with storage ${state}, local mode works until a reload, and says so`, async () => {
    const browser = new Browser();
    browser.storageState = state;
    const tab = await browser.signedIn({ tokens: "local" });
    browser.server.expireAccessTokens();
    assert.equal((await tab.get("/a")).user, "id-alice");
    assert.match(tab.client.warning, /keeps nothing/);
    assert.equal(await tab.reload({ tokens: "local" }).client.restore(), null);
  });
}

test("L14: storage that fills up keeps no refresh token that was used before", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn({ tokens: "local" });
  browser.server.expireAccessTokens();
  browser.storageState = "full";
  await tab.get("/a");
  assert.equal(browser.stored.has("refreshToken"), false);
  assert.equal((await tab.get("/a")).user, "id-alice");
});

test("L14: without cookies, or on an address that is not secure, no password is sent", async () => {
  for (const spoil of [
    (browser) => (browser.navigator.cookieEnabled = false),
    (browser) => (browser.isSecureContext = false),
  ]) {
    const browser = new Browser();
    spoil(browser);
    const tab = browser.open();
    await assert.rejects(tab.client.login("alice", "right"), { code: "unsupported" });
    assert.ok(tab.client.warning);
    assert.deepEqual(browser.server.requests, []);
  }
});

test("cookie mode on another origin is refused when the client is made", () => {
  const { browser } = new Browser().open();
  const make = () => browser.open({ baseURL: "https://elsewhere.example" });
  assert.throws(make, { name: "TypeError", message: /own origin/ });
});

test("Q3: to another origin the browser's name goes in the body, and is kept for the next time", async () => {
  const browser = new Browser();
  const tab = browser.open({ tokens: "memory", baseURL: "https://elsewhere.example" });
  browser.server.origin = "https://elsewhere.example";
  const signIn = (device) => {
    const user = { id: "id-alice", username: "alice", email: "alice@example.com" };
    browser.server.script("/login", () => Response.json({ user, accessToken: "a.e30.c", device }));
    return tab.client.login("alice", "right");
  };
  await signIn("first");
  await signIn("second");
  await signIn(undefined);
  const sent = browser.server.requests.filter(({ path }) => path === "/login");
  const names = sent.map(({ body }) => JSON.parse(body).device);
  assert.deepEqual(names, ["", "first", "second"]);
});

test("Q3: on its own origin the browser's name is a cookie's business", async () => {
  const browser = new Browser();
  await browser.signedIn({ tokens: "local" });
  assert.ok(!("device" in JSON.parse(browser.server.requests[0].body)));
  assert.ok(!browser.stored.has("postern.device"));
});
