import { element } from "../shared/element.js";

/** @type {import("../shared/router.js").Page} */
export const notFound = {
  title: "Page not found",
  show: () => [
    element("p", {}, "There is no page at ", element("code", {}, location.pathname), "."),
    element("p", {}, element("a", { href: "/", class: "button" }, "Back to the start")),
  ],
};
