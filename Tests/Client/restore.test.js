import assert from "node:assert/strict";
import test from "node:test";
import { Browser, flush } from "./support/browser.js";
import { cut, html, text } from "./support/server.js";

for (const tokens of ["cookie", "local"]) {
  test(`${tokens}: after a reload the person is still signed in`, async () => {
    const browser = new Browser();
    const before = await browser.signedIn({ tokens });
    const tab = before.reload({ tokens });
    assert.equal(tab.client.status, "unknown");
    const user = await tab.client.restore();
    assert.equal(user.username, "alice");
    assert.deepEqual(tab.changes, [["alice", "restored"]]);
  });

  test(`${tokens}: a stranger is known without asking the server`, async () => {
    const browser = new Browser();
    const tab = browser.open({ tokens });
    assert.equal(await tab.client.restore(), null);
    assert.equal(tab.client.status, "signed-out");
    assert.deepEqual(browser.server.requests, []);
    assert.deepEqual(tab.changes, [[null, "restored"]]);
  });

  test(`${tokens}: a session that is over is signed out at the start`, async () => {
    const browser = new Browser();
    const before = await browser.signedIn({ tokens });
    browser.server.endSessions();
    const tab = before.reload({ tokens });
    assert.equal(await tab.client.restore(), null);
    assert.equal(tab.client.status, "signed-out");
    assert.equal(await tab.reload({ tokens }).client.restore(), null);
    assert.equal(browser.server.count("/refresh-token"), 1);
  });

  test(`${tokens}: whoever asks while it is being restored gets the same answer`, async () => {
    const browser = new Browser();
    const tab = (await browser.signedIn({ tokens })).reload({ tokens });
    const [one, other, answer] = await Promise.all([
      tab.client.restore(),
      tab.client.restore(),
      tab.get("/a"),
    ]);
    assert.equal(one, other);
    assert.equal(answer.user, "id-alice");
    assert.ok(browser.server.count("/refresh-token") <= 1);
  });
}

test("memory: a reload signs out", async () => {
  const browser = new Browser();
  const tab = (await browser.signedIn({ tokens: "memory" })).reload({ tokens: "memory" });
  assert.equal(await tab.client.restore(), null);
});

test("fetch restores by itself", async () => {
  const browser = new Browser();
  const tab = (await browser.signedIn()).reload();
  assert.equal((await tab.get("/a")).user, "id-alice");
});

for (const [name, answer] of Object.entries({
  "503": () => text(503, "The store is busy"),
  "a captive portal": () => html(200),
  "a cut connection": cut,
})) {
  test(`L6: at the start ${name} is no verdict: the client goes on asking`, async () => {
    const browser = new Browser();
    const tab = (await browser.signedIn()).reload();
    for (let time = 0; time < 3; time += 1) browser.server.script("/refresh-token", answer);
    const failed = assert.rejects(tab.client.restore(), ({ isTrouble }) => isTrouble);
    await tab.wait(1);
    await tab.wait(1);
    await failed;
    assert.equal(tab.client.status, "unknown");
    assert.equal(tab.client.user, null);
    await tab.wait(3);
    assert.equal(tab.client.user?.username, "alice");
    assert.equal(tab.client.trouble, null);
  });
}

test("the profile may be missing for a moment: the token's own claims stand in", async () => {
  const browser = new Browser();
  const tab = (await browser.signedIn()).reload();
  browser.server.script("/current-user", () => text(503, "The store is busy"));
  const user = await tab.client.restore();
  assert.equal(user.username, "alice");
  assert.equal(tab.client.status, "signed-in");
});

test("L6: with tokens that say nothing, a device that is offline says that it is", async () => {
  const browser = new Browser();
  browser.stored.set("token", "a").set("refreshToken", "b");
  browser.navigator.onLine = false;
  browser.server.script("/current-user", cut);
  const tab = browser.open({ tokens: "local" });
  const expected = { code: "offline", message: "This device is offline." };
  await assert.rejects(tab.client.restore(), expected);
  assert.equal(tab.client.status, "unknown");
});

test("L9: a reload in the middle of a refresh starts well", async () => {
  const browser = new Browser();
  const before = await browser.signedIn();
  browser.server.expireAccessTokens();
  browser.server.script("/refresh-token", (record, server) => {
    server.answer(record);
    return new Promise(() => {});
  });
  before.get("/a").catch(() => {});
  await flush();
  const tab = before.reload();
  assert.equal((await tab.client.restore()).username, "alice");
});

test("of a closed page's requests the browser finishes the sign-out alone", async () => {
  const browser = new Browser();
  const tab = (await browser.signedIn()).reload();
  await tab.client.restore();
  await tab.client.logout();
  const posts = browser.server.requests.filter(({ init }) => init?.method === "POST");
  const kept = posts.filter(({ init }) => init.keepalive).map(({ path }) => path);
  assert.deepEqual(kept, ["/logout"]);
  const { init } = posts.find(({ path }) => path === "/refresh-token");
  assert.equal(init.credentials, "same-origin");
  assert.equal(init.headers["Content-Type"], "application/json");
});

test("an existing client's tokens are picked up, and kept under their names", async () => {
  const browser = new Browser();
  const existing = await browser.server.fetch(`${browser.server.origin}/login`, {
    method: "POST",
    body: JSON.stringify({ username: "alice", password: "right" }),
  });
  const { accessToken, refreshToken } = await existing.json();
  browser.stored.set("token", accessToken).set("refreshToken", refreshToken);
  browser.server.expireAccessTokens();
  const tab = browser.open({ tokens: "local" });
  assert.equal((await tab.client.restore()).username, "alice");
  assert.notEqual(browser.stored.get("token"), accessToken);
  assert.notEqual(browser.stored.get("refreshToken"), refreshToken);
  const kept = [...browser.stored.keys()].sort();
  assert.deepEqual(kept, ["postern.attempt", "refreshToken", "token"]);
});

test("a session that left nothing in localStorage is found by asking", async () => {
  const browser = new Browser();
  const before = await browser.signedIn();
  browser.stored.clear();
  const tab = before.reload();
  assert.equal((await tab.client.restore({ ask: true })).username, "alice");
  assert.deepEqual(tab.changes, [["alice", "restored"]]);
  assert.equal((await tab.reload().client.restore()).username, "alice");
});

test("who has no session stays a stranger when the server is asked", async () => {
  const tab = new Browser().open();
  assert.equal(await tab.client.restore({ ask: true }), null);
  assert.equal(tab.client.status, "signed-out");
  assert.equal(tab.client.trouble, null);
});

test("K4: asking does not bring back a session whose end the server has not heard of", async () => {
  const browser = new Browser();
  const before = await browser.signedIn();
  browser.server.script("/logout", cut);
  await assert.rejects(before.client.logout());
  const tab = before.reload();
  assert.equal(await tab.client.restore({ ask: true }), null);
  await flush();
  assert.equal(browser.server.count("/refresh-token"), 0);
  assert.equal(browser.server.cookie, null);
});
