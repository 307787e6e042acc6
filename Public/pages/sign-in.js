import { client } from "../shared/client.js";
import { depart, forgetDeparture } from "../shared/departure.js";
import { element } from "../shared/element.js";
import { field } from "../shared/fields.js";
import { form } from "../shared/form.js";
import { wayBack } from "../shared/paths.js";
import { loading } from "../shared/states.js";

/** @type {import("../shared/router.js").Page} */
export const signIn = {
  title: "Sign in",
  forWhom: "strangers",
  show({ goOn, notice }) {
    if (client.status === "signed-in") {
      const path = wayBack(location.search, location.origin);
      return goOn(path) ? [] : leave(path + location.hash);
    }
    forgetDeparture();
    const why = notice || client.warning;
    return [
      element(
        "section",
        { class: "narrow card" },
        element("h1", { tabindex: -1 }, "Sign in"),
        why ? element("p", { class: "notice", role: "status" }, why) : null,
        form({ action: "Sign in", failed: "That did not work", fields: fields(), send }),
      ),
    ];
  },
};

/**
 * To what Postern guards. Where that is no page but a download, this one stays.
 *
 * @param {string} path
 */
function leave(path) {
  const link = element("a", { href: path, target: "_self", class: "button" }, "Go on");
  const title = element("h1", { tabindex: -1 }, "You are signed in");
  if (depart(path)) return [title, loading("One moment…"), element("p", {}, link)];
  return [
    element(
      "section",
      { class: "narrow card" },
      title,
      element("p", {}, "But the page that you asked for sent you back here. You can try it again."),
      element("p", { class: "actions" }, link),
    ),
  ];
}

const fields = () => [
  field("Username", {
    id: "username",
    name: "username",
    autocomplete: "username",
    autocapitalize: "none",
    spellcheck: "false",
    autofocus: true,
  }),
  field("Password", {
    id: "password",
    name: "password",
    type: "password",
    autocomplete: "current-password",
  }),
  element(
    "label",
    { class: "choice" },
    element("input", { type: "checkbox", name: "remember", checked: true }),
    "Keep me signed in on this device",
  ),
];

/**
 * The `change` that follows leads on to where the person wanted to go.
 *
 * @param {FormData} data
 */
async function send(data) {
  await client.login(String(data.get("username")), String(data.get("password")), {
    remember: data.has("remember"),
  });
}
