import assert from "node:assert/strict";
import test from "node:test";
import { Browser, flush } from "./support/browser.js";
import { cut, html, json, jwt, text } from "./support/server.js";

for (const tokens of ["cookie", "local", "memory"]) {
  test(`${tokens}: a 401 is answered by one refresh for all, and each is repeated`, async () => {
    const browser = new Browser();
    const tab = await browser.signedIn({ tokens });
    browser.server.expireAccessTokens();
    const answers = await Promise.all(["/a", "/b", "/c"].map((path) => tab.get(path)));
    assert.deepEqual(answers.map(({ path }) => path), ["/a", "/b", "/c"]);
    assert.equal(browser.server.count("/refresh-token"), 1);
    assert.equal(browser.server.count("/a"), 2);
  });

  test(`${tokens}: the next expiry is refreshed again`, async () => {
    const browser = new Browser();
    const tab = await browser.signedIn({ tokens });
    for (let round = 1; round <= 3; round += 1) {
      browser.server.expireAccessTokens();
      assert.equal((await tab.get("/a")).user, "id-alice");
      assert.equal(browser.server.count("/refresh-token"), round);
    }
  });
}

test("a request that started before the refresh ended does not start another", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  browser.server.expireAccessTokens();
  let answerLate;
  browser.server.script("/late", () => new Promise((resolve) => (answerLate = resolve)));
  const late = tab.get("/late");
  await tab.get("/early");
  await flush();
  answerLate(text(401, "jwt expired"));
  assert.equal((await late).path, "/late");
  assert.equal(browser.server.count("/refresh-token"), 1);
});

test("a repeated request carries its body and method again", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  browser.server.expireAccessTokens();
  const response = await tab.client.fetch("/password", { method: "POST", body: '{"a":1}' });
  assert.equal((await response.json()).body, '{"a":1}');
});

test("L3: ten tabs wake with expired tokens and all stay signed in", async () => {
  const browser = new Browser();
  await browser.signedIn();
  const tabs = Array.from({ length: 10 }, () => browser.open());
  await Promise.all(tabs.map((tab) => tab.client.restore()));
  browser.server.expireAccessTokens();
  const answers = await Promise.all(tabs.map((tab) => tab.get("/a")));
  assert.ok(answers.every(({ user }) => user === "id-alice"));
  assert.ok(tabs.every(({ client }) => client.status === "signed-in"));
});

test("L3: in local mode a tab takes the token that another tab has fetched", async () => {
  const browser = new Browser();
  const one = await browser.signedIn({ tokens: "local" });
  const other = browser.open({ tokens: "local" });
  await other.client.restore();
  browser.server.expireAccessTokens();
  await one.get("/a");
  await other.get("/a");
  assert.equal(browser.server.count("/refresh-token"), 1);
});

test("L7: a refresh whose answer was lost is asked for again, and nobody notices", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  browser.server.expireAccessTokens();
  browser.server.script("/refresh-token", (record, server) => (server.answer(record), cut()));
  const answer = tab.get("/a");
  await tab.wait(1);
  assert.equal((await answer).user, "id-alice");
  assert.deepEqual(tab.troubles, []);
});

test("L10: a storm of 401 ends in one sign-out and no loop", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  browser.server.endSessions();
  const results = await Promise.allSettled(["/a", "/b", "/c", "/d"].map((path) => tab.get(path)));
  assert.ok(results.every(({ reason }) => reason.code === "signed-out"));
  assert.equal(browser.server.count("/refresh-token"), 1);
  assert.deepEqual(tab.changes, [["alice", "sign-in"], [null, "refused"]]);
});

test("L10: a 401 that stays is handed on after one repetition", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  const refuse = () => text(401, "Token is invalid");
  browser.server.script("/a", refuse);
  browser.server.script("/a", refuse);
  const response = await tab.client.fetch("/a");
  assert.equal(response.status, 401);
  assert.equal(browser.server.count("/a"), 2);
  assert.equal(tab.client.status, "signed-in");
});

test("L8: the expiry in the token and the device's clock decide nothing", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  await tab.get("/a");
  assert.equal(browser.server.count("/refresh-token"), 0);
});

test("L3: in local mode a late answer does not replace what another tab has saved", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn({ tokens: "local" });
  const make = (n) => jwt({ sub: "id-alice", n });
  const newer = { token: make(1), refreshToken: make(2) };
  browser.server.expireAccessTokens();
  browser.server.script("/refresh-token", (record, server) => {
    for (const [key, value] of Object.entries(newer)) browser.changeStorage(null, key, value);
    return server.answer(record);
  });
  await tab.client.fetch("/a");
  for (const [key, value] of Object.entries(newer)) assert.equal(browser.stored.get(key), value);
});

const noVerdicts = {
  "401": () => text(401, "Token is invalid"),
  "403 as HTML": () => html(403),
  "403 as HTML that says it is text": () => text(403, "<html>Room number</html>"),
  "403 as HTML without a tag": () => text(403, "No", { "content-type": "text/html" }),
  "403 as somebody else's JSON": () =>
    text(403, '{"detail":"No"}', { "content-type": "application/json" }),
  "200 as HTML": () => html(200),
  "200 without a token": () => json({}),
  "302": () => new Response(null, { status: 302, headers: { location: "https://hotel.example" } }),
  "404": () => text(404, "Not found"),
  "429": () => text(429, "Too many attempts, please try again later"),
  "500": () => text(500, "Something went wrong"),
  "503": () => text(503, "The store is busy"),
  "a cut connection": cut,
};
for (const [name, answer] of Object.entries(noVerdicts)) {
  test(`L6: ${name} from /refresh-token signs nobody out`, async () => {
    const browser = new Browser();
    const tab = await browser.signedIn();
    browser.server.expireAccessTokens();
    for (let time = 0; time < 3; time += 1) browser.server.script("/refresh-token", answer);
    const failed = assert.rejects(tab.get("/a"), ({ isTrouble }) => isTrouble);
    await tab.wait(1);
    await tab.wait(1);
    await failed;
    assert.equal(tab.client.status, "signed-in");
    assert.ok(tab.client.trouble.retryAfter > 0);
    await tab.wait(3);
    assert.equal(tab.client.trouble, null);
    assert.equal((await tab.get("/a")).user, "id-alice");
  });
}

test("only a 403 that is the server's own signs out", async () => {
  for (const type of ["text/plain; charset=utf-8", "application/problem+json"]) {
    const browser = new Browser();
    const tab = await browser.signedIn();
    browser.server.expireAccessTokens();
    const body = type.startsWith("text") ? "Refresh token is wrong" : '{"detail":"wrong"}';
    const answer = new Response(body, { status: 403, headers: { "content-type": type } });
    browser.server.script("/refresh-token", () => answer);
    await assert.rejects(tab.get("/a"), { code: "signed-out" });
    assert.equal(tab.client.status, "signed-out");
  }
});
