import assert from "node:assert/strict";
import test from "node:test";
import { Browser, flush } from "./support/browser.js";

const refreshPath = "/refresh-token";

async function twoTabs(tokens, prepare = (_) => {}) {
  const browser = new Browser();
  prepare(browser);
  const tabs = [await browser.signedIn({ tokens }), browser.open({ tokens })];
  await tabs[1].client.restore();
  browser.server.requests = [];
  return { browser, tabs };
}

/**
 * Holds back the next answer to a refresh; call what this returns to let it through. As in browsers,
 * its cookie comes when the answer does, and only if somebody still waits for it or it outlives its
 * page.
 */
function hold(browser) {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  browser.server.script(refreshPath, async (record, server) => {
    const { cookie } = server;
    const answer = server.answer(record);
    const newer = server.cookie;
    server.cookie = cookie;
    await held;
    const { tab, keepalive, signal } = record.init;
    if (!signal.aborted && (keepalive || !tab.isGone)) server.cookie = newer;
    return answer;
  });
  return release;
}

/** Starts a refresh in the tab. */
function start(tab) {
  const refresh = tab.client.retry();
  refresh.catch(() => {});
  return refresh;
}

for (const tokens of ["cookie", "local"]) {
  test(`L3 ${tokens}: one tab at a time refreshes`, async () => {
    const { browser, tabs } = await twoTabs(tokens);
    browser.server.expireAccessTokens();
    const release = hold(browser);
    const gets = tabs.map((tab) => tab.get("/a"));
    await flush();
    assert.equal(browser.server.count(refreshPath), 1);
    release();
    assert.deepEqual((await Promise.all(gets)).map(({ user }) => user), ["id-alice", "id-alice"]);
    // What is in `localStorage` is everybody's.
    assert.equal(browser.server.count(refreshPath), tokens === "local" ? 1 : 2);
  });

  test(`L3 ${tokens}: a tab that is closed leaves its turn to the next`, async () => {
    const { browser, tabs } = await twoTabs(tokens);
    hold(browser);
    start(tabs[0]);
    await flush();
    const next = start(tabs[1]);
    await flush();
    assert.equal(browser.server.count(refreshPath), 1);
    tabs[0].vanish();
    await next;
    assert.equal(tabs[1].client.status, "signed-in");
  });

  test(`L3 ${tokens}: a frozen tab keeps others waiting for 15 seconds`, async () => {
    const { browser, tabs } = await twoTabs(tokens);
    hold(browser);
    start(tabs[0]);
    await flush();
    const next = start(tabs[1]);
    await tabs[1].wait(14);
    assert.equal(browser.server.count(refreshPath), 1);
    await tabs[1].wait(15);
    await next;
    assert.equal(browser.server.count(refreshPath), 2);
    assert.equal(tabs[1].client.status, "signed-in");
  });

  test(`L4 ${tokens}: who signs out while it waits for its turn sends nothing more`, async () => {
    const { browser, tabs } = await twoTabs(tokens);
    hold(browser);
    start(tabs[0]);
    await flush();
    const next = start(tabs[1]);
    await flush();
    const dropped = assert.rejects(next, { code: "signed-out" });
    await tabs[1].client.logout();
    await dropped;
    assert.equal(browser.server.count(refreshPath), 1);
  });

  for (const [name, prepare] of [
    ["has none", (browser) => (browser.locks = null)],
    [
      "refuses them",
      (browser) => {
        browser.locks.request = () => Promise.reject(new DOMException("", "SecurityError"));
      },
    ],
  ]) {
    test(`${tokens}: a browser that ${name} refreshes without turns`, async () => {
      const { browser, tabs } = await twoTabs(tokens, prepare);
      const release = hold(browser);
      const refreshes = tabs.map(start);
      await flush();
      assert.equal(browser.server.count(refreshPath), 2);
      release();
      await Promise.all(refreshes);
    });
  }

  test(`L3 ${tokens}: crossing tabs stay signed in, in whichever order answers come`, async () => {
    const steps = [0, 1].flatMap((place) => ["ask", "hold", "reload"].map((what) => [place, what]));
    steps.push([0, "release"]);
    const orders = steps.flatMap((a) =>
      steps.flatMap((b) => steps.flatMap((c) => steps.map((d) => [a, b, c, d]))),
    );
    for (const order of orders) {
      const { browser, tabs } = await twoTabs(tokens);
      const held = [];
      for (const [place, what] of order) {
        if (what === "release") {
          held.shift()?.();
        } else if (what === "reload") {
          tabs[place] = tabs[place].reload({ tokens });
          tabs[place].client.restore().catch(() => {});
        } else {
          if (what === "hold") held.push(hold(browser));
          start(tabs[place]);
        }
        await flush();
      }
      held.forEach((release) => release());
      await flush();
      browser.server.forget();
      browser.server.now += 3600;
      for (const tab of tabs) {
        browser.server.expireAccessTokens();
        assert.equal((await tab.get("/a")).user, "id-alice", JSON.stringify(order));
      }
      assert.equal(browser.server.sessionCount, 1, JSON.stringify(order));
    }
  });
}
