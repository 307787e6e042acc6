import assert from "node:assert/strict";
import test from "node:test";
import { formatAgo, formatDay } from "../../Public/shared/format.js";
import { signInPath, wayBack } from "../../Public/shared/paths.js";
import { describeUserAgent } from "../../Public/shared/user-agent.js";

const origin = "https://gate.example";

/** What may stand behind `?to=` in the address of the sign-in page, as a browser hands it over. */
const back = (wanted) => wayBack(`?to=${wanted}`, origin);

test("after signing in the way leads back to where the person came from, as it was spelt", () => {
  assert.equal(wayBack("", origin), "/profile");
  const paths = [
    ...["/", "/devices", "/devices?a=1", "/app/tree?x=%2F&to=//y&z=a+b?c", "/app/a%20b%2Fc%5Cd"],
    ...["/app/~x/!$&'()*+,;=:@", "/app//double", "/app/https://gate.example/", "/%2f%2fevil.example"],
    ...["/sign-in/x", "/app/sign-in", `/${"x".repeat(3999)}`, "/app/{}|^`<>[]"],
  ];
  for (const path of paths) {
    const { pathname, search } = new URL(path, origin);
    assert.equal(back(path), pathname + search);
  }
  assert.equal(wayBack(signInPath("/devices?a=1&b=%20").slice("/sign-in".length), origin), "/devices?a=1&b=%20");
});

const tricks = [
  ...["", "devices", ".", "..", "./devices", "../devices", "?", "#", "&to=/devices", " /devices"],
  ...["//", "//evil.example", "///evil.example", "////evil.example", "//evil.example/%2e%2e"],
  ...["//evil.example@gate.example", "//gate.example@evil.example", "//gate.example/devices"],
  ...["/\\evil.example", "\\/evil.example", "\\\\evil.example", "/\\/evil.example", "/app\\x"],
  ...["/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example", "\t//evil.example", "/\0/evil"],
  ...["/app\r\nSet-Cookie: a=b", "/app\u007f", "/app x", "\u00a0//evil.example", "/\u2028/evil"],
  ...["/..//evil.example", "/.//evil.example", "/x/..//evil.example", "/%2e%2e//evil.example"],
  ...["/%2E//evil.example", "/a/b/../..//evil.example", "/..//..//evil.example"],
  ...["%2f%2fevil.example", "%2Fdevices", "%5c%5cevil.example", "%09//evil.example", "%00/devices"],
  ...["%252f%252fevil.example", "/\uff0fevil.example", "\uff0f\uff0fevil.example", "/\u3002evil"],
  ...["https:evil.example", "https:/evil.example", "https://evil.example", "HTTPS://evil.example"],
  ...["https:devices", "https://gate.example/devices", "https://gate.example.evil.example/"],
  ...["http://gate.example/", "javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)"],
  ...["javascript://gate.example/%0aalert(1)", "data:text/html,<script>alert(1)</script>"],
  ...["vbscript:x", "blob:https://gate.example/1", "file:///etc/passwd", "view-source:https://x"],
  ...["about:blank", "mailto:a@evil.example", "ftp://evil.example", "//[::1]", "//127.1", "//evil%00"],
  ...["/sign-in", "/sign-in?to=/", "/sign-in?to=//evil.example", "/x/../sign-in", "/./sign-in"],
  ...[`/${"x".repeat(4000)}`, `/${"x".repeat(10_000)}`, `//${"x".repeat(10_000)}`],
];

for (const [number, wanted] of tricks.entries()) {
  const name = JSON.stringify(wanted.slice(0, 40));
  test(`P10: trick ${number + 1} leads to the start page: ${name}`, () => {
    assert.equal(back(wanted), "/");
  });
}

test("P10: wherever the way back leads, it is on this site, however it is read again", () => {
  const pieces = ["/", "\\", ".", "..", "%2f", "%5c", "%2e", ":", "@", "evil.example", "a", "?", "\t"];
  let followed = 0;
  for (let number = 0; number < 40_000; number++) {
    let wanted = "/";
    for (let rest = number; rest > 0; rest = Math.floor(rest / pieces.length)) {
      wanted += pieces[rest % pieces.length];
    }
    const path = back(wanted);
    if (path !== "/") followed++;
    assert.match(path, /^\/(?![/\\])/, wanted);
    assert.equal(new URL(path, origin).origin, origin, wanted);
    assert.equal(new URL(path, `${origin}/sign-in?to=${wanted}`).href, `${origin}${path}`);
  }
  assert.ok(followed > 1000);
});

test("P10: a name other than `to`, or another before it, is none", () => {
  for (const search of ["?next=//evil.example", "?a=1&to=/devices", "?To=/devices", "?to", "?"]) {
    assert.equal(wayBack(search, origin), "/profile");
  }
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
