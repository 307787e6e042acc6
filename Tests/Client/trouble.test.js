import assert from "node:assert/strict";
import test from "node:test";
import { readRetryAfter } from "../../Public/postern/answers.js";
import { Browser, flush } from "./support/browser.js";
import { cut, text } from "./support/server.js";

async function troubled(answers, options) {
  const browser = new Browser();
  const tab = await browser.signedIn(options);
  browser.server.expireAccessTokens();
  for (const answer of answers) browser.server.script("/refresh-token", answer);
  return { browser, tab };
}

const busy = (seconds) => () => text(503, "The store is busy", { "retry-after": String(seconds) });

test("Retry-After is waited for, and meanwhile the server is left alone", async () => {
  const { browser, tab } = await troubled([busy(30)]);
  await assert.rejects(tab.get("/a"), { code: "unavailable", message: "The store is busy" });
  assert.equal(tab.client.trouble.retryAfter, 30);
  assert.equal(tab.client.trouble.message, "The store is busy");
  await assert.rejects(tab.get("/b"), { code: "unavailable" });
  await tab.wait(29);
  assert.equal(browser.server.count("/refresh-token"), 1);
  await tab.wait(30);
  assert.equal(browser.server.count("/refresh-token"), 2);
  assert.deepEqual(tab.troubles, ["unavailable", null]);
});

test("each failure waits longer, and no longer than a minute and a half", async () => {
  const { tab } = await troubled(Array.from({ length: 20 }, () => cut));
  tab.get("/a").catch(() => {});
  const waits = [];
  for (let round = 0; round < 17; round += 1) {
    await tab.wait(100);
    if (tab.client.trouble) waits.push(tab.client.trouble.retryAfter);
  }
  assert.deepEqual(waits.slice(0, 4).map(Math.round), [2, 4, 8, 16]);
  assert.ok(waits.every((wait) => wait <= 90));
});

test("the way back online ends the waiting", async () => {
  const { browser, tab } = await troubled([cut, cut, cut]);
  browser.navigator.onLine = false;
  const expected = { code: "offline", message: "This device is offline." };
  const failed = assert.rejects(tab.get("/a"), expected);
  await tab.wait(1);
  await tab.wait(1);
  await failed;
  browser.navigator.onLine = true;
  tab.hear("online");
  await flush();
  assert.equal(tab.client.trouble, null);
});

test("retry() asks at once", async () => {
  const { tab } = await troubled([busy(300)]);
  await assert.rejects(tab.get("/a"));
  await tab.client.retry();
  assert.equal(tab.client.trouble, null);
});

test("a server that never answers is trouble after ten seconds", async () => {
  const never = () => new Promise(() => {});
  const { tab } = await troubled([never]);
  const answer = tab.get("/a");
  await tab.wait(10);
  await tab.wait(1);
  assert.equal((await answer).user, "id-alice");
});

test("signing out ends the asking", async () => {
  const { browser, tab } = await troubled([busy(30)]);
  await assert.rejects(tab.get("/a"));
  await tab.client.logout();
  await tab.wait(60);
  assert.equal(browser.server.count("/refresh-token"), 1);
  assert.equal(tab.client.trouble, null);
});

test("Retry-After as a date counts from the server's own clock", () => {
  const headers = new Headers({
    date: "Mon, 01 Jan 2001 00:00:00 GMT",
    "retry-after": "Mon, 01 Jan 2001 00:00:20 GMT",
  });
  assert.equal(readRetryAfter(headers), 20);
});

test("a Retry-After without sense is none, and one of a week is ten minutes", () => {
  for (const value of ["soon", "-5", "", "Mon, 01 Jan 2001 00:00:20 GMT"]) {
    assert.equal(readRetryAfter(new Headers({ "retry-after": value })), undefined, value);
  }
  assert.equal(readRetryAfter(new Headers({ "retry-after": "604800" })), 600);
});
