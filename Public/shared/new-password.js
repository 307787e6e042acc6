import { get } from "./api.js";
import { element } from "./element.js";
import { field } from "./fields.js";

const advice = "A few words that do not belong together make a good one.";

/**
 * A field for a new password. It says the rule that the server has, how long what is typed is, and
 * what the server said of it; what is easy to guess only the server knows.
 *
 * @param {AbortSignal} signal aborted when the page is left
 */
export function newPassword(signal) {
  const made = field(
    "New password",
    {
      id: "new-password",
      name: "newPassword",
      type: "password",
      autocomplete: "new-password",
    },
    advice,
  );
  const input = /** @type {HTMLInputElement} */ (made.querySelector("input"));
  const hint = /** @type {HTMLElement} */ (made.querySelector(".hint"));
  // Read out when the server has said something, not at each key.
  const verdict = element("span", { class: "verdict", id: "new-password-verdict", role: "status" });
  const count = element("span", { class: "count" });
  made.append(element("p", { class: "hint strength" }, count, verdict));
  input.setAttribute("aria-describedby", `${hint.id} ${verdict.id}`);
  let least = 0;

  function showCount() {
    // As the server counts: code points of the composed form.
    const { length } = [...input.value.normalize("NFC")];
    const isShort = length < least;
    count.textContent = length === 0 ? "" : `${length}${isShort ? ` of ${least}` : ""} characters`;
  }

  function forget() {
    verdict.replaceChildren();
    input.removeAttribute("aria-invalid");
    showCount();
  }
  input.addEventListener("input", forget);

  // Without the rule, the server still says what is wrong.
  get("/password-policy", signal).then(
    ({ value }) => {
      least = Number(value.minimumLength);
      hint.textContent = `At least ${least} characters. ${advice}`;
      showCount();
    },
    () => {},
  );

  return {
    node: made,
    forget,
    /**
     * Shows the reason why the server does not take the password.
     *
     * @param {any} error
     * @returns {HTMLInputElement | null} null where the error is about something else
     */
    refused(error) {
      if (error?.reason !== "unfit_password") return null;
      count.replaceChildren();
      verdict.replaceChildren(error.message);
      input.setAttribute("aria-invalid", "true");
      return input;
    },
  };
}
