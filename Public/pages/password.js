import { send } from "../shared/api.js";
import { client } from "../shared/client.js";
import { element } from "../shared/element.js";
import { field } from "../shared/fields.js";
import { form } from "../shared/form.js";
import { newPassword } from "../shared/new-password.js";

/** @type {import("../shared/router.js").Page} */
export const password = {
  title: "Change password",
  forWhom: "signed-in",
  show({ signal }) {
    const chosen = newPassword(signal);
    return [
      element(
        "section",
        { class: "narrow card" },
        element("h1", { tabindex: -1 }, "Change password"),
        element("p", {}, "Every other browser that is signed in as you will be signed out."),
        form({
          action: "Change password",
          failed: "The password was not changed",
          fields: [...fields(), chosen.node],
          refused: chosen.refused,
          async send(data, made) {
            await change(data, made);
            chosen.forget();
          },
        }),
      ),
    ];
  },
};

const fields = () => [
  // Tells password managers whose password it is.
  element("input", {
    class: "unseen",
    type: "text",
    name: "username",
    autocomplete: "username",
    value: client.user?.username ?? "",
    "aria-label": "Account",
    readonly: true,
    tabindex: -1,
  }),
  field("Current password", {
    id: "current-password",
    name: "currentPassword",
    type: "password",
    autocomplete: "current-password",
    autofocus: true,
  }),
];

/**
 * @param {FormData} data
 * @param {HTMLFormElement} made
 */
async function change(data, made) {
  const currentPassword = data.get("currentPassword");
  await send("POST", "/password", { currentPassword, newPassword: data.get("newPassword") });
  made.reset();
  const said = element(
    "p",
    { class: "notice good", role: "status", tabindex: -1 },
    "Your password is changed, and all other sessions are ended.",
  );
  made.querySelector(".outcome")?.replaceChildren(said);
  said.focus();
}
