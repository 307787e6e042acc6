import { get } from "../shared/api.js";
import { element } from "../shared/element.js";
import { formatDay } from "../shared/format.js";
import { empty, fill } from "../shared/states.js";

/** @type {import("../shared/router.js").Page} */
export const profile = {
  title: "Profile",
  forWhom: "signed-in",
  show({ signal }) {
    const person = element("section", { class: "card", "aria-label": "You" });
    const jobs = element("div");
    fill(person, "your data", () => get("/current-user", signal), ({ value }) => showPerson(value));
    fill(jobs, "the jobs", () => get("/job-list", signal), ({ value }) => showJobs(value));
    const title = element("h2", { id: "jobs" }, "Jobs");
    return [person, element("section", { "aria-labelledby": "jobs" }, title, jobs)];
  },
};

/** @param {Record<string, any>} user */
function showPerson(user) {
  const name = [user.first_name, user.last_name].filter(Boolean).join(" ");
  const letters = initials(name || user.username);
  const facts = [
    ["Email", user.email],
    ["Phone", user.phone],
    ["City", user.city],
    ["Gender", user.gender],
  ];
  return [
    element(
      "div",
      { class: "person" },
      element("span", { class: "initials", "aria-hidden": "true" }, letters),
      element(
        "div",
        {},
        element("p", { class: "name" }, name || String(user.username)),
        element("p", { class: "hint" }, String(user.username)),
      ),
      element("a", { href: "/password", class: "button plain" }, "Change password"),
    ),
    element(
      "dl",
      { class: "details" },
      ...facts
        .filter(([, value]) => value)
        .map(([label, value]) =>
          element("div", {}, element("dt", {}, label), element("dd", {}, String(value))),
        ),
    ),
  ];
}

/** @param {string} name */
const initials = (name) =>
  String(name).split(/\s+/).slice(0, 2).map((word) => [...word][0] ?? "").join("").toUpperCase();

/**
 * A date or a number stays on one line, if it is as short as they are.
 *
 * @param {string} text
 */
const unbroken = (text) => element("span", { class: text.length <= 16 ? "number" : "" }, text);

/** @type {[string, (job: Record<string, any>) => string | Node][]} */
const columns = [
  ["Title", (job) => element("strong", {}, String(job.title ?? ""))],
  ["Company", (job) => String(job.company_name ?? "")],
  ["Department", (job) => String(job.department ?? "")],
  ["From", (job) => unbroken(formatDay(job.first_date))],
  ["To", (job) => unbroken(formatDay(job.last_date) || "today")],
  ["Skills", (job) => String(job.skills ?? "")],
  ["EIN", (job) => unbroken(String(job.ein ?? ""))],
];

/**
 * The roles are written out: narrow screens show each row as a block, and a table whose `display`
 * is changed would be none to a screen reader.
 *
 * @param {unknown} jobs
 */
function showJobs(jobs) {
  if (!Array.isArray(jobs) || jobs.length === 0) return [empty("There are no jobs here yet.")];
  const head = columns.map(([label]) =>
    element("th", { role: "columnheader", scope: "col" }, label),
  );
  const row = (/** @type {Record<string, any>} */ job) =>
    columns.map(([label, show]) =>
      element("td", { role: "cell", "data-label": label }, show(job)),
    );
  const rows = jobs.map((job) => element("tr", { role: "row" }, ...row(job)));
  const table = element(
    "table",
    { role: "table", "aria-labelledby": "jobs" },
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...head)),
    element("tbody", { role: "rowgroup" }, ...rows),
  );
  return [element("div", { class: "card table" }, table)];
}
