import { element } from "./element.js";

/**
 * A labelled field. One for a password has a button that shows what was typed.
 *
 * @param {string} label
 * @param {Record<string, string | number | boolean>} attributes of the input; `id` is needed
 * @param {string} [hint]
 */
export function field(label, attributes, hint) {
  const input = element("input", { required: true, ...attributes });
  if (hint) input.setAttribute("aria-describedby", `${attributes.id}-hint`);
  const isPassword = attributes.type === "password";
  return element(
    "div",
    { class: "field" },
    element("label", { for: attributes.id }, label),
    element("div", { class: "control" }, input, isPassword && showButton(input)),
    hint ? element("p", { class: "hint", id: `${attributes.id}-hint` }, hint) : null,
  );
}

/** @param {HTMLInputElement} input */
function showButton(input) {
  const toggle = () => {
    const isShown = input.type === "text";
    input.type = isShown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!isShown));
  };
  const what = element("span", { class: "unseen" }, " what is typed");
  const button = element(
    "button",
    {
      type: "button",
      class: "quiet",
      "aria-controls": input.id,
      "aria-pressed": "false",
      onclick: toggle,
    },
    "Show",
    what,
  );
  return button;
}
