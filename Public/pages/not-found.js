import { element } from "../app/element.js";

/** @type {import("../app/router.js").Page} */
export const notFound = {
  title: "Page not found",
  show: () => [
    element("p", {}, "There is no page at ", element("code", {}, location.pathname), "."),
    element("p", {}, element("a", { href: "/", class: "button" }, "Back to the start")),
  ],
};
