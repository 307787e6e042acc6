import { client } from "./client.js";
import { element } from "./element.js";

const account = /** @type {HTMLElement} */ (document.getElementById("account"));
const troublePlace = /** @type {HTMLElement} */ (document.getElementById("trouble"));
const announcement = /** @type {HTMLElement} */ (document.getElementById("announcement"));

/** The corner that says who is signed in. */
export function showAccount() {
  const { status, user } = client;
  if (status === "signed-in" && user) {
    // What could not be told to the server is said by the trouble line.
    const signOut = () => client.logout().catch(() => {});
    account.replaceChildren(
      element("span", { class: "who" }, user.username),
      element("button", { type: "button", class: "quiet", onclick: signOut }, "Sign out"),
    );
  } else if (status === "signed-out") {
    account.replaceChildren(element("a", { href: "/sign-in" }, "Sign in"));
  } else {
    account.replaceChildren();
  }
}

/** The line that says what is the matter, and that nobody is signed out by it. */
export function showTrouble() {
  const offline = navigator.onLine ? null : { message: "This device is offline." };
  const trouble = client.trouble ?? offline;
  if (!trouble || document.getElementById("waiting")) return troublePlace.replaceChildren();
  const keeps = client.user ? " You stay signed in." : "";
  const again = () => client.retry().catch(() => {});
  troublePlace.replaceChildren(
    element(
      "div",
      { class: "trouble" },
      element("p", {}, `${trouble.message}${keeps}`),
      client.trouble &&
        element("button", { type: "button", class: "quiet", onclick: again }, "Try now"),
    ),
  );
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * Says something in passing: shown for a while, and read out by screen readers.
 *
 * @param {string} text
 */
export function announce(text) {
  clearTimeout(timer);
  announcement.replaceChildren(element("p", {}, text));
  timer = setTimeout(() => announcement.replaceChildren(), 8000);
}
