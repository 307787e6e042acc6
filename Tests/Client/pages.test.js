import assert from "node:assert/strict";
import test from "node:test";
import { formatAgo, formatDay } from "../../Public/app/format.js";
import { safePath } from "../../Public/app/paths.js";
import { describeUserAgent } from "../../Public/app/user-agent.js";

const origin = "https://gate.example";

test("after signing in only paths of this site are followed", () => {
  assert.equal(safePath("/devices?a=1#b", origin), "/devices?a=1#b");
  const strange = [
    ...[null, "", "devices", "//evil.example", "/\\evil.example", "/..//evil.example"],
    ...["/\t/evil.example", "https://evil.example", "https://gate.example/devices"],
    ...["javascript:alert(1)", "/sign-in?next=/"],
  ];
  for (const wanted of strange) assert.equal(safePath(wanted, origin), "/profile", String(wanted));
});

test("browsers are named by what people call them", () => {
  const names = {
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36":
      "Chrome on Linux",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0":
      "Edge on Windows",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1":
      "Safari on iPhone",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Firefox/140.0": "Firefox on macOS",
    "curl/8.5.0": "curl",
    "Thing 1": "Thing",
    "": "Unknown browser",
  };
  for (const [agent, name] of Object.entries(names)) assert.equal(describeUserAgent(agent), name);
});

test("days are written out, and what is no day stays as it is", () => {
  assert.equal(formatDay("2019-04-01"), "Apr 1, 2019");
  for (const text of ["<b>", "2019-13-45", ""]) assert.equal(formatDay(text), text);
});

test("times are told from the server's now, and never lie in the future", () => {
  const now = new Date("2026-01-02T00:00:00Z");
  const told = (seconds) => formatAgo(new Date(now.getTime() - seconds * 1000), now);
  const texts = [-90, 5, 60, 7200, 86400].map(told);
  assert.deepEqual(texts, ["just now", "just now", "1 minute ago", "2 hours ago", "yesterday"]);
});
