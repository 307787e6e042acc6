import { isOver, words } from "./api.js";
import { element } from "./element.js";
import { failure } from "./states.js";

/**
 * A form that says what the server says. While it is sent it cannot be sent again.
 *
 * @param {object} parts
 * @param {string} parts.action the button's word
 * @param {string} parts.failed the title of what went wrong
 * @param {Node[]} parts.fields
 * @param {(data: FormData, form: HTMLFormElement) => Promise<void>} parts.send
 * @param {(error: any) => HTMLInputElement | null} [parts.refused] the field that the error is about
 *   and that says it itself
 */
export function form({ action, failed, fields, send, refused }) {
  const outcome = element("div", { class: "outcome" });
  const button = element("button", { type: "submit", class: "main" }, action);
  const made = element("form", { novalidate: true, onsubmit: submit }, outcome, ...fields, button);
  let isSending = false;

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (isSending) return;
    isSending = true;
    outcome.replaceChildren();
    button.setAttribute("aria-disabled", "true");
    made.setAttribute("aria-busy", "true");
    try {
      await send(new FormData(made), made);
    } catch (error) {
      if (!isOver(error)) show(error);
    } finally {
      isSending = false;
      button.removeAttribute("aria-disabled");
      made.removeAttribute("aria-busy");
    }
  }

  /** @param {any} error */
  function show(error) {
    const refusing = refused?.(error);
    if (refusing) return refusing.focus();
    const text = words(error);
    const { retryAfter } = error;
    const wait = retryAfter > 1 ? ` You can try again in ${Math.ceil(retryAfter)} seconds.` : "";
    outcome.replaceChildren(failure(failed, text + wait));
    const inputs = [...made.querySelectorAll("input")];
    const wrong =
      inputs.find(({ value }) => value === "") ??
      inputs.find(({ autocomplete }) => autocomplete === "current-password");
    wrong?.focus();
    wrong?.select();
  }

  return made;
}
