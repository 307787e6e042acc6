import { isOver, words } from "./api.js";
import { client } from "./client.js";
import { element } from "./element.js";

/** @param {string} text */
export const loading = (text) => element("p", { class: "loading" }, text);

/** @param {string} text */
export const empty = (text) => element("p", { class: "empty" }, text);

/**
 * @param {string} title
 * @param {string} text
 * @param {...Node} actions
 */
export const failure = (title, text, ...actions) =>
  element(
    "div",
    { class: "notice bad", role: "alert" },
    element("p", {}, element("strong", {}, title)),
    element("p", {}, text),
    ...actions,
  );

/**
 * Fills `place`: with a word that it is loading, then with what `show` makes of the answer, or with
 * the reason why there is none and a button to try again. Trouble that passes needs no button.
 *
 * @template Value
 * @param {HTMLElement} place
 * @param {string} what "the jobs", as in "Loading the jobs"
 * @param {() => Promise<Value>} ask
 * @param {(value: Value) => Node[]} show
 * @returns {Promise<void>}
 */
export async function fill(place, what, ask, show) {
  place.setAttribute("aria-busy", "true");
  place.replaceChildren(loading(`Loading ${what}…`));
  try {
    place.replaceChildren(...show(await ask()));
  } catch (/** @type {any} */ error) {
    if (isOver(error)) return;
    const again = () => fill(place, what, ask, show);
    const button = element("button", { type: "button", onclick: again }, "Try again");
    const title = `${what[0].toUpperCase()}${what.slice(1)} could not be loaded`;
    const said = failure(title, words(error), button);
    place.replaceChildren(said);
    if (error?.isTrouble) whenBetter(() => said.isConnected && again());
  } finally {
    place.removeAttribute("aria-busy");
  }
}

/**
 * Calls `action` once, when the service can be reached again.
 *
 * @param {() => void} action
 */
function whenBetter(action) {
  const heard = new AbortController();
  const look = () => {
    if (client.trouble || !navigator.onLine) return;
    heard.abort();
    action();
  };
  client.addEventListener("trouble", look, { signal: heard.signal });
  window.addEventListener("online", look, { signal: heard.signal });
}
