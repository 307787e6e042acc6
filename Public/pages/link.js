import { sendAsNobody } from "../shared/api.js";
import { client } from "../shared/client.js";
import { element } from "../shared/element.js";
import { form } from "../shared/form.js";
import { newPassword } from "../shared/new-password.js";

/**
 * Behind the link that an operator made. Its secret stays in the address, so that the page can be
 * loaded again; once it is used it is worthless.
 *
 * @type {import("../shared/router.js").Page}
 */
export const link = {
  title: "Choose a password",
  // Waits until it is known who is signed in: the page would be made anew over what is typed.
  forWhom: "strangers",
  show({ signal, goOn }) {
    const token = location.hash.slice(1);
    const username = nameIn(token);
    const heading = element("h1", { tabindex: -1 }, "Choose a password");
    if (username === null) {
      const text = "This link is not whole. Open it again as you got it, to its last character.";
      return [
        element("section", { class: "narrow card" }, heading, element("p", { class: "notice" }, text)),
      ];
    }
    const chosen = newPassword(signal);
    const made = form({
      action: "Choose password",
      failed: "The password was not set",
      fields: [account(username), chosen.node],
      refused: chosen.refused,
      async send(data) {
        const password = String(data.get("newPassword"));
        await sendAsNobody("/link", { token, newPassword: password });
        try {
          await client.login(username, password);
          goOn("/profile");
        } catch {
          made.replaceWith(signInYourself());
        }
      },
    });
    const text = "You will be signed in with it here, and signed out everywhere else.";
    const intro = element("p", {}, "For the account ", element("strong", {}, username), ". ", text);
    return [element("section", { class: "narrow card" }, heading, intro, made)];
  },
};

/**
 * The name that a token begins with, or null where it is no token. It is shown and tried, not
 * trusted: the server goes by the secret.
 *
 * @param {string} token
 */
function nameIn(token) {
  const name = /^([\w-]+)\.[\w-]{43}$/.exec(token)?.[1];
  if (!name) return null;
  try {
    const bytes = atob(name.replaceAll("-", "+").replaceAll("_", "/"));
    const decoder = new TextDecoder("utf-8", { fatal: true });
    return decoder.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  } catch {
    return null;
  }
}

/**
 * Tells password managers whose password it is.
 *
 * @param {string} username
 */
const account = (username) =>
  element("input", {
    class: "unseen",
    type: "text",
    name: "username",
    autocomplete: "username",
    value: username,
    "aria-label": "Account",
    readonly: true,
    tabindex: -1,
  });

/** The password is set, and then something went wrong. */
const signInYourself = () =>
  element(
    "div",
    { class: "notice good", role: "status" },
    element("p", {}, "Your password is set."),
    element("a", { href: "/sign-in", class: "button" }, "Sign in"),
  );
