import { client } from "../shared/client.js";
import { element } from "../shared/element.js";

/** @type {import("../shared/router.js").Page} */
export const home = {
  title: "Postern",
  show: () => [client.user ? welcome(client.user) : hero(), facts(), routes()],
};

/** @param {import("../postern.js").User} user */
function welcome({ first_name: firstName, username }) {
  return element(
    "section",
    { class: "hero" },
    element("h1", { tabindex: -1 }, `Welcome back, ${firstName || username}`),
    element("p", { class: "lead" }, "This browser stays signed in, in all its tabs."),
    element(
      "p",
      { class: "actions" },
      element("a", { href: "/profile", class: "button" }, "See your jobs"),
      element("a", { href: "/password", class: "button plain" }, "Change your password"),
    ),
  );
}

function hero() {
  return element(
    "section",
    { class: "hero" },
    element("h1", { tabindex: -1 }, "Stay signed in until you say otherwise"),
    element(
      "p",
      { class: "lead" },
      "Through reloads, bad networks and ten tabs at a time. " +
        "Postern also shows you every browser that is signed in as you.",
    ),
    element(
      "p",
      { class: "actions" },
      element("a", { href: "/profile", class: "button" }, "Open your account"),
    ),
  );
}

function facts() {
  const fact = (/** @type {string} */ title, /** @type {string} */ text) =>
    element("li", { class: "card" }, element("h2", {}, title), element("p", {}, text));
  return element(
    "ul",
    { class: "facts" },
    fact("You see where", "Each browser that is signed in is listed. End one, or all others."),
    fact("Out of reach", "What keeps you signed in is in a cookie that no script can read."),
    fact("No surprises", "A network that fails is said to fail. It never signs you out."),
  );
}

function routes() {
  const route = (/** @type {string} */ name, /** @type {string} */ text) => [
    element("dt", {}, element("code", {}, name)),
    element("dd", {}, text),
  ];
  const script = element("a", { href: "/postern.js", target: "_blank" }, "postern.js");
  return element(
    "section",
    {},
    element("h2", {}, "For programs"),
    element("p", {}, "Your own pages and programs speak to Postern over HTTP, with JSON."),
    element(
      "dl",
      { class: "routes" },
      ...route("POST /login", "a name and a password for two tokens"),
      ...route("POST /refresh-token", "a refresh token for its successor and a new access token"),
      ...route("GET /current-user", "who you are"),
      ...route("GET /job-list", "your jobs"),
    ),
    element("p", {}, "In a page of your own, ", script, " does the talking."),
    element("p", {}, element("a", { href: "/api.html" }, "All routes"), ", their fields and answers."),
  );
}
