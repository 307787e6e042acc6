// node main.js ORIGIN BROWSERS TABS SECONDS CUTS
// Signs browsers in, uses their tabs for a while, and prints what happened as JSON.

import { Browser } from "./browser.js";
import { counts, network } from "./network.js";

const [origin, browsers, tabs, seconds, cuts] = process.argv.slice(2);
network.origin = origin;

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const between = (low, high) => low + Math.random() * (high - low);

async function start(number) {
  const browser = new Browser(`browser-${number}`, number % 3 === 2 ? "local" : "cookie");
  const first = browser.open();
  for (let attempt = 1; !first.client.user; attempt += 1) {
    try {
      await first.client.login("alice", "postern-demo");
    } catch (error) {
      if (!error.isTrouble || attempt === 60) throw error;
      await sleep(500);
    }
  }
  while (browser.tabs.length < Number(tabs)) await browser.open().client.restore().catch(() => {});
  return browser;
}

/** Uses one place for a tab until the end: now and then it is closed and opened anew. */
async function live(browser, place, end) {
  while (Date.now() < end) {
    await sleep(between(500, 3500));
    const tab = browser.tabs[place];
    if (Math.random() < 0.03) {
      counts.reloads += 1;
      browser.close(tab);
      browser.tabs.splice(place, 0, browser.open());
      browser.tabs.pop();
      await browser.tabs[place].client.restore().catch(() => {});
    } else {
      await tab.use();
    }
  }
}

/** Whether each tab still gets what only a person who is signed in gets, once all is quiet. */
async function isSignedIn(tab) {
  for (let attempt = 0; attempt < 60; attempt += 1) {
    await tab.client.retry().catch(() => {});
    if (tab.client.status === "signed-out") return false;
    const response = await tab.client.fetch("/current-user").catch(() => null);
    if (response?.ok) return true;
    await sleep(500);
  }
  return false;
}

const all = [];
for (let number = 0; number < Number(browsers); number += 1) all.push(await start(number));
console.error(`${all.length} browsers are signed in`);
console.log("ready");

network.cuts = Number(cuts);
const end = Date.now() + Number(seconds) * 1000;
await Promise.all(
  all.flatMap((browser) => browser.tabs.map((_, place) => live(browser, place, end))),
);
network.cuts = 0;
console.log("quiet");

const open = all.flatMap(({ tabs: some }) => some);
const still = await Promise.all(open.map(isSignedIn));
const signOuts = all.flatMap((browser) => browser.signOuts);
const tally = { tabs: open.length, still: still.filter(Boolean).length, signOuts };
console.log(JSON.stringify({ ...counts, ...tally }));
process.exit(0);
