import { client } from "../app/client.js";
import { element } from "../app/element.js";
import { field } from "../app/fields.js";
import { form } from "../app/form.js";
import { safePath } from "../app/paths.js";

/** @type {import("../app/router.js").Page} */
export const signIn = {
  title: "Sign in",
  forWhom: "strangers",
  show({ leaveTo, notice }) {
    const next = safePath(new URLSearchParams(location.search).get("next"), location.origin);
    if (client.status === "signed-in") {
      leaveTo(next);
      return [];
    }
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
