import { get, isOver, send, words } from "../shared/api.js";
import { element } from "../shared/element.js";
import { formatAgo, formatMinute } from "../shared/format.js";
import { announce } from "../shared/header.js";
import { empty, failure, fill } from "../shared/states.js";
import { describeUserAgent } from "../shared/user-agent.js";

/** @type {import("../shared/router.js").Page} */
export const devices = {
  title: "Devices",
  forWhom: "signed-in",
  show({ signal }) {
    const outcome = element("div");
    const list = element("div", { tabindex: -1, "aria-label": "Devices", role: "region" });
    const load = () =>
      fill(list, "the devices", () => get("/sessions", signal), ({ value, now }) =>
        showSessions(value, now, end),
      );

    /** @type {End} */
    async function end(path, done) {
      outcome.replaceChildren();
      try {
        await send("DELETE", path);
        await load();
        announce(done);
        list.focus();
      } catch (error) {
        if (isOver(error)) return;
        outcome.replaceChildren(failure("It was not ended", words(error)));
      }
    }

    load();
    const lead = "Where you are signed in. What you end here loses its access within minutes.";
    return [element("p", { class: "lead" }, lead), outcome, list];
  },
};

/** @typedef {(path: string, done: string) => Promise<void>} End */

/**
 * @param {any} sessions
 * @param {Date} now
 * @param {End} end
 */
function showSessions(sessions, now, end) {
  if (!Array.isArray(sessions) || sessions.length === 0) return [empty("There are no sessions.")];
  const sorted = [...sessions].sort(
    (one, other) =>
      Number(other.current) - Number(one.current) ||
      Date.parse(other.lastUsedAt) - Date.parse(one.lastUsedAt),
  );
  const items = sorted.map((session) => showSession(session, now, end));
  const others = sorted.filter(({ current }) => !current).length;
  const done = others === 1 ? "The other session is ended." : `${others} other sessions are ended.`;
  const all = { type: "button", class: "danger", onclick: () => end("/sessions", done) };
  return [
    element("ul", { class: "sessions" }, ...items),
    others > 0
      ? element("p", {}, element("button", all, "End all others"))
      : empty("You are signed in nowhere else."),
  ];
}

/**
 * @param {any} session
 * @param {Date} now
 * @param {End} end
 */
function showSession(session, now, end) {
  const browser = describeUserAgent(session.userAgent);
  const lastUsed = new Date(session.lastUsedAt);
  const path = `/sessions/${encodeURIComponent(session.id)}`;
  const button = {
    type: "button",
    "aria-label": `End ${browser}, last used ${since(lastUsed, now)}`,
    onclick: () => end(path, `${browser} is ended.`),
  };
  return element(
    "li",
    { class: "card session" },
    element(
      "div",
      {},
      element(
        "h2",
        { title: String(session.userAgent ?? "") },
        browser,
        session.current && element("span", { class: "badge" }, "This one"),
      ),
      element(
        "p",
        { class: "hint" },
        `${session.address} · last used `,
        time(lastUsed, since(lastUsed, now)),
        " · signed in ",
        time(new Date(session.createdAt), formatted(session.createdAt)),
      ),
    ),
    session.current ? null : element("button", button, "End"),
  );
}

/**
 * @param {Date} date
 * @param {Date} now
 */
const since = (date, now) => (isNaN(+date) ? "at an unknown time" : formatAgo(date, now));

/** @param {string} value */
function formatted(value) {
  const date = new Date(value);
  return isNaN(+date) ? "at an unknown time" : formatMinute(date);
}

/**
 * @param {Date} date
 * @param {string} text
 */
function time(date, text) {
  if (isNaN(+date)) return text;
  return element("time", { datetime: date.toISOString(), title: formatMinute(date) }, text);
}
