import assert from "node:assert/strict";
import test from "node:test";
import { Browser, flush } from "./support/browser.js";
import { json, jwt } from "./support/server.js";

async function twoTabs(options) {
  const browser = new Browser();
  const one = await browser.signedIn(options);
  const other = browser.open(options);
  await other.client.restore();
  return { browser, one, other };
}

/** Holds back the next answer to `path`; call what this returns to let it through. */
function hold(browser, path) {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  browser.server.script(path, async (record, server) => {
    const answer = server.answer(record);
    await held;
    return answer;
  });
  return release;
}

for (const tokens of ["cookie", "local"]) {
  test(`${tokens}: L4: signing out in one tab shows in the others at once`, async () => {
    const { one, other } = await twoTabs({ tokens });
    await one.client.logout();
    await flush();
    assert.equal(other.client.status, "signed-out");
    assert.deepEqual(other.changes.at(-1), [null, "other-tab"]);
  });

  test(`${tokens}: signing in in one tab shows in the others`, async () => {
    const browser = new Browser();
    const other = browser.open({ tokens });
    assert.equal(await other.client.restore(), null);
    await browser.signedIn({ tokens });
    await flush();
    assert.equal(other.client.user?.username, "alice");
  });

  test(`${tokens}: L4: a result that comes after another tab signed out is dropped`, async () => {
    const { browser, one, other } = await twoTabs({ tokens });
    const release = hold(browser, "/private");
    const dropped = assert.rejects(other.get("/private"), { code: "signed-out" });
    await flush();
    await one.client.logout();
    await flush();
    release();
    await dropped;
  });

  test(`${tokens}: L4: a refresh in flight does not bring back who signed out`, async () => {
    const { browser, one, other } = await twoTabs({ tokens });
    browser.server.expireAccessTokens();
    const release = hold(browser, "/refresh-token");
    const dropped = assert.rejects(other.get("/private"), { code: "signed-out" });
    await flush();
    await one.client.logout();
    await flush();
    release();
    await dropped;
    await flush();
    assert.equal(other.client.status, "signed-out");
    assert.equal(browser.stored.get("token"), undefined);
    const later = browser.open({ tokens });
    assert.equal(await later.client.restore(), null);
  });

  test(`${tokens}: L11: another account in another tab shows, and nothing is mixed`, async () => {
    const { browser, one, other } = await twoTabs({ tokens });
    const release = hold(browser, "/private");
    const dropped = assert.rejects(other.get("/private"), { code: "account-changed" });
    await flush();
    await one.client.login("bob", "right");
    await flush();
    release();
    await dropped;
    assert.equal(other.client.user?.username, "bob");
    const changes = [null, "bob"].map((name) => [name, "account-changed"]);
    assert.deepEqual(other.changes.slice(-2), changes);
    assert.equal((await other.get("/a")).user, "id-bob");
  });

  test(`${tokens}: L11: a tab that slept finds out before it asks for anything`, async () => {
    const { browser, one, other } = await twoTabs({ tokens });
    other.client.close();
    await one.client.login("bob", "right");
    await flush();
    await assert.rejects(other.get("/private"), { code: "account-changed" });
    assert.equal(browser.server.count("/private"), 0);
    assert.equal((await other.get("/a")).user, "id-bob");
  });

  test(`${tokens}: L4: a tab that slept through a sign-out sends nothing`, async () => {
    const { browser, one, other } = await twoTabs({ tokens });
    other.client.close();
    await one.client.logout();
    await assert.rejects(other.get("/private"), { code: "signed-out" });
    assert.equal(browser.server.count("/private"), 0);
    assert.equal(other.client.status, "signed-out");
  });
}

test("L5: a page from the cache drops what it shows, without asking anybody", async () => {
  const { browser, other } = await twoTabs({ tokens: "cookie" });
  browser.stored.delete("postern.user");
  const asked = browser.server.requests.length;
  other.hear("pageshow", { persisted: true });
  assert.equal(other.client.status, "signed-out");
  assert.equal(browser.server.requests.length, asked);
});

test("L5: where nothing is stored, a page from the cache asks before it shows", async () => {
  const browser = new Browser();
  browser.storageState = "refused";
  const tab = await browser.signedIn();
  browser.server.endSessions();
  tab.hear("pageshow", { persisted: true });
  assert.equal(tab.client.status, "unknown");
  await flush();
  assert.equal(tab.client.status, "signed-out");
});

test("L11: a refresh with another person's token is not used for this one", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  browser.server.expireAccessTokens();
  const bobs = () => json({ accessToken: jwt({ sub: "id-bob" }), expiresIn: 900 });
  browser.server.script("/refresh-token", bobs);
  await assert.rejects(tab.get("/private"), { code: "account-changed" });
  assert.equal(browser.server.count("/private"), 1);
});

test("L11: an existing client signs somebody else in, and this one follows", async () => {
  const { browser, one, other } = await twoTabs({ tokens: "local" });
  const bob = { id: "id-bob", username: "bob" };
  browser.server.script("/current-user", () => json(bob));
  browser.changeStorage(one, "refreshToken", jwt({ sub: "id-bob" }));
  browser.changeStorage(one, "token", jwt({ sub: "id-bob", user: bob }));
  await flush();
  assert.equal(other.client.user?.username, "bob");
});

test("L4: signing out is heard where nothing can be stored", async () => {
  const browser = new Browser();
  browser.storageState = "refused";
  const one = await browser.signedIn();
  const other = browser.open();
  await other.client.restore();
  await one.client.logout();
  await flush();
  assert.equal(other.client.status, "signed-out");
});

test("L4: tokens that were saved while another tab signed out are taken back", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn({ tokens: "local" });
  browser.broadcast({ name: "postern local https://gate.example/" }, { type: "signed-out" });
  await flush();
  assert.equal(tab.client.status, "signed-out");
  assert.deepEqual([...browser.stored.keys()], ["postern.attempt"]);
});

test("L4: an answer that will not be aborted is dropped all the same", async () => {
  const { browser, one, other } = await twoTabs({ tokens: "cookie" });
  const { fetch } = browser.server;
  let signal;
  let answer;
  browser.server.fetch = (input, init) => {
    if (!String(input.url).endsWith("/private")) return fetch(input, init);
    ({ signal } = input);
    return new Promise((resolve) => (answer = resolve));
  };
  const dropped = assert.rejects(other.get("/private"), { code: "signed-out" });
  await flush();
  await one.client.logout();
  await flush();
  answer(json({ secret: true }));
  await dropped;
  assert.equal(signal.aborted, true);
});

test("in memory mode tabs are apart", async () => {
  const browser = new Browser();
  const one = await browser.signedIn({ tokens: "memory" });
  const other = await browser.signedIn({ tokens: "memory" }, "bob");
  await one.client.logout();
  await flush();
  assert.equal(other.client.user?.username, "bob");
});

test("no token is told to other tabs", async () => {
  const browser = new Browser();
  const told = [];
  const { broadcast } = browser;
  browser.broadcast = function (from, data) {
    told.push(JSON.stringify(data));
    broadcast.call(this, from, data);
  };
  const tab = await browser.signedIn();
  await tab.client.logout();
  assert.deepEqual(told, ['{"type":"signed-in","subject":"id-alice"}', '{"type":"signed-out"}']);
});
