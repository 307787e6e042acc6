import assert from "node:assert/strict";
import test from "node:test";
import { Browser } from "./support/browser.js";
import { cut } from "./support/server.js";

const key = "postern.attempt";
const hour = 3600;

/** What becomes of a request to refresh, by name. */
const fates = {
  heard: (record, server) => server.answer(record),
  /** The server never hears of it. */
  unsent: cut,
  /** The answer is lost, and with it the cookie. */
  lost: (record, server) => {
    const { cookie } = server;
    server.answer(record);
    server.cookie = cookie;
    cut();
  },
  /** The page never hears of it, and the browser has kept the cookie. */
  unheard: (record, server) => {
    server.answer(record);
    cut();
  },
};

/** Lets the tab refresh until it succeeds or gives up for now. */
async function refresh(tab, fate = "heard") {
  const { server } = tab.browser;
  for (let count = 0; count < 3; count += 1) server.script("/refresh-token", fates[fate]);
  server.expireAccessTokens();
  let isOver = false;
  const done = () => (isOver = true);
  tab.client.retry().then(done, done);
  while (!isOver) await tab.wait(2);
  server.forget();
}

const attemptsOf = ({ requests }) =>
  requests
    .filter(({ path }) => path === "/refresh-token")
    .map(({ body }) => JSON.parse(body).attempt);

for (const tokens of ["cookie", "local", "memory"]) {
  for (const fate of tokens === "cookie" ? ["lost", "unheard"] : ["lost"]) {
    test(`P3 ${tokens}, ${fate}: the same attempt is sent until an answer is kept`, async () => {
      const browser = new Browser();
      const tab = await browser.signedIn({ tokens });
      await refresh(tab, fate);
      browser.server.now += 24 * hour;
      await refresh(tab);
      assert.equal(tab.client.status, "signed-in");
      const [first, ...others] = attemptsOf(browser.server);
      assert.match(first, /^[\w-]{22}$/);
      assert.deepEqual(others, [first, first, first]);
      await refresh(tab);
      assert.notEqual(attemptsOf(browser.server).at(-1), first);
    });

    if (tokens === "memory") continue;

    test(`P3 ${tokens}, ${fate}: the next page asks again as the one that is gone did`, async () => {
      const browser = new Browser();
      const tab = await browser.signedIn({ tokens });
      await refresh(tab, fate);
      browser.server.now += 24 * hour;
      const next = tab.reload({ tokens });
      assert.equal((await next.client.restore()).username, "alice");
      await refresh(next);
      assert.equal(next.client.status, "signed-in");
      const [first, , , fourth] = attemptsOf(browser.server);
      assert.equal(fourth, first);
    });

    test(`P3 ${tokens}, ${fate}: another tab asks again as the one that sleeps did`, async () => {
      const browser = new Browser();
      const tab = await browser.signedIn({ tokens });
      const other = browser.open({ tokens });
      await other.client.restore();
      await refresh(tab, fate);
      browser.server.now += 24 * hour;
      await refresh(other);
      browser.server.now += 24 * hour;
      await refresh(tab);
      assert.deepEqual([tab.client.status, other.client.status], ["signed-in", "signed-in"]);
    });
  }

  test(`P6 ${tokens}: each token is asked for under an attempt of its own`, async () => {
    const browser = new Browser();
    const tab = await browser.signedIn({ tokens });
    for (let round = 0; round < 5; round += 1) await refresh(tab);
    assert.equal(new Set(attemptsOf(browser.server)).size, 5);
  });

  test(`P3 ${tokens}: where nothing is stored it holds as long as the page`, async () => {
    const browser = new Browser();
    browser.storageState = "refused";
    const tab = await browser.signedIn({ tokens });
    await refresh(tab, "lost");
    browser.server.now += hour;
    await refresh(tab);
    assert.equal(tab.client.status, "signed-in");
  });

  test(`${tokens}: without a source of randomness no attempt is sent`, async () => {
    const browser = new Browser();
    browser.crypto = undefined;
    const tab = await browser.signedIn({ tokens });
    await refresh(tab);
    await refresh(tab);
    assert.deepEqual(attemptsOf(browser.server), [undefined, undefined]);
    assert.equal(tab.client.status, "signed-in");
  });
}

test("an attempt is stored before it is sent", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  browser.stored.delete(key);
  const { fetch } = browser.server;
  const seen = [];
  browser.server.fetch = (input, init) => {
    seen.push([JSON.parse(init.body).attempt, browser.stored.get(key).split(" ")[0]]);
    return fetch(input, init);
  };
  await refresh(tab);
  assert.equal(seen.length, 1);
  assert.equal(seen[0][0], seen[0][1]);
});

test("what cannot be an attempt is not sent", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  for (const text of ["", " ", "short", "a".repeat(65), "<b>not an attempt</b>"]) {
    browser.stored.set(key, text);
    await refresh(tab);
    assert.match(attemptsOf(browser.server).at(-1), /^[\w-]{22}$/);
  }
});

test("without turns, a late answer leaves the attempt under which another tab asks", async () => {
  const browser = new Browser();
  browser.locks = null;
  const tab = await browser.signedIn();
  const other = browser.open();
  await other.client.restore();
  let answer;
  browser.server.script("/refresh-token", (record, server) => {
    const made = server.answer(record);
    return new Promise((resolve) => (answer = () => resolve(made)));
  });
  browser.server.expireAccessTokens();
  const slow = tab.client.retry();
  await tab.wait(0);
  await refresh(other, "lost");
  answer();
  await slow;
  browser.server.now += hour;
  await refresh(other);
  assert.deepEqual([tab.client.status, other.client.status], ["signed-in", "signed-in"]);
});

test("P14: a refresh that another tab's sign-in has overtaken is asked for again", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  const other = browser.open();
  await other.client.restore();
  let answer;
  browser.server.script("/refresh-token", (record, server) => {
    return new Promise((resolve) => (answer = () => resolve(server.answer(record))));
  });
  const cookie = browser.server.cookie;
  browser.server.expireAccessTokens();
  const slow = tab.client.retry();
  await tab.wait(0);
  await other.client.login("alice", "right");
  const newer = browser.server.cookie;
  browser.server.cookie = cookie;
  answer();
  browser.server.cookie = newer;
  await slow;
  assert.deepEqual([tab.client.status, other.client.status], ["signed-in", "signed-in"]);
});

test("signing out forgets the attempt", async () => {
  for (const tokens of ["cookie", "local"]) {
    const browser = new Browser();
    const tab = await browser.signedIn({ tokens });
    assert.ok(browser.stored.has(key));
    await tab.client.logout();
    assert.ok(!browser.stored.has(key));
  }
});

for (const tokens of ["cookie", "local"]) {
  test(`P3 ${tokens}: two tabs stay signed in, whatever gets lost and in which order`, async () => {
    const all = [...Object.keys(fates), "reload"];
    const steps = [0, 1].flatMap((place) => all.map((what) => [place, what]));
    const orders = steps.flatMap((a) => steps.flatMap((b) => steps.map((c) => [a, b, c])));
    for (const order of orders) {
      const browser = new Browser();
      const tabs = [await browser.signedIn({ tokens }), browser.open({ tokens })];
      for (const [place, what] of [[1, "reload"], ...order, [0, "heard"], [1, "heard"]]) {
        browser.server.now += hour;
        if (what === "reload") {
          tabs[place] = tabs[place].reload({ tokens });
          await tabs[place].client.restore();
        } else {
          await refresh(tabs[place], what);
        }
        const states = tabs.map(({ client }) => client.status);
        assert.ok(!states.includes("signed-out"), JSON.stringify(order));
      }
      assert.equal(browser.server.sessionCount, 1, JSON.stringify(order));
    }
  });
}
