import { client } from "./client.js";
import { element } from "./element.js";
import { signInPath } from "./paths.js";
import { failure, loading } from "./states.js";

/**
 * @typedef {object} Page
 * @property {string} title
 * @property {"anybody" | "signed-in" | "strangers"} [forWhom] default: anybody
 * @property {(context: Context) => Node[]} show
 *
 * @typedef {object} Context
 * @property {AbortSignal} signal aborted when the page is left
 * @property {(path: string) => boolean} goOn to a page, if there is one at that path
 * @property {string} notice why the person is here
 */

/** Shows the page that the address names, to whom it is meant for. */
export class Router {
  #pages;
  #notFound;
  #main = /** @type {HTMLElement} */ (document.getElementById("main"));
  #leaving = new AbortController();
  #shown = "";
  #notice = "";
  #shows;

  /**
   * @param {Record<string, Page>} pages by path
   * @param {Page} notFound
   * @param {() => void} shows called after another page is shown
   */
  constructor(pages, notFound, shows) {
    this.#shows = shows;
    this.#pages = pages;
    this.#notFound = notFound;
    document.addEventListener("click", (event) => this.#click(event));
    window.addEventListener("popstate", () => this.update({ focus: true }));
  }

  /** @param {string} path whether there is a page at it, whatever its query */
  has(path) {
    return Object.hasOwn(this.#pages, new URL(path, location.origin).pathname);
  }

  /** @param {string} path */
  go(path, { replace = false } = {}) {
    if (replace) history.replaceState(null, "", path);
    else history.pushState(null, "", path);
    this.update({ focus: true });
    window.scrollTo(0, 0);
  }

  /**
   * Goes to the sign-in page, and from there back here.
   *
   * @param {string} notice
   */
  askToSignIn(notice) {
    this.#notice = notice;
    this.go(signInPath(location.pathname + location.search), { replace: true });
  }

  /** Shows the page anew if it is another one now, or somebody else looks at it. */
  update({ focus = false } = {}) {
    const page = Object.hasOwn(this.#pages, location.pathname)
      ? this.#pages[location.pathname]
      : this.#notFound;
    const { status, user, trouble } = client;
    if (page.forWhom === "signed-in" && status === "signed-out") return this.askToSignIn("");
    const waits = page.forWhom !== undefined && page.forWhom !== "anybody" && status === "unknown";
    const key = [location.href, status, user?.id, waits && trouble?.message].join("\n");
    if (key === this.#shown) return;
    this.#shown = key;
    this.#leaving.abort();
    this.#leaving = new AbortController();
    const heading = element("h1", { tabindex: -1 }, page.title);
    const nodes = waits ? waiting() : page.show(this.#context());
    if (key !== this.#shown) return;
    document.title = page.title === "Postern" ? page.title : `${page.title} · Postern`;
    this.#main.replaceChildren(...(waits || !nodes.some(isHeading) ? [heading] : []), ...nodes);
    this.#markCurrent();
    this.#shows();
    if (focus) this.#focus();
  }

  /** @returns {Context} */
  #context() {
    const notice = this.#notice;
    this.#notice = "";
    const goOn = (/** @type {string} */ path) => {
      const isPage = this.has(path);
      if (isPage) this.go(path, { replace: true });
      return isPage;
    };
    return { signal: this.#leaving.signal, goOn, notice };
  }

  #markCurrent() {
    for (const link of document.querySelectorAll("header a:not(.brand)")) {
      const isCurrent = link.getAttribute("href") === location.pathname;
      if (isCurrent) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** A screen reader goes on at the new page's heading, a keyboard too. */
  #focus() {
    const target = this.#main.querySelector("[autofocus]") ?? this.#main.querySelector("h1");
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const { metaKey, ctrlKey, shiftKey, altKey } = event;
    const isPlain = event.button === 0 && !(metaKey || ctrlKey || shiftKey || altKey);
    if (!link || !isPlain || link.target || event.defaultPrevented) return;
    const url = new URL(link.href);
    const isPage = url.origin === location.origin && Object.hasOwn(this.#pages, url.pathname);
    if (!isPage || (url.hash && url.pathname === location.pathname)) return;
    event.preventDefault();
    this.go(url.pathname + url.search);
  }
}

/** @param {Node} node */
function isHeading(node) {
  return node instanceof Element && (node.matches("h1") || node.querySelector("h1") !== null);
}

/** While nobody can tell who is signed in. @returns {Node[]} */
function waiting() {
  if (!client.trouble) return [loading("One moment…")];
  const again = () => client.retry().catch(() => {});
  const button = element("button", { type: "button", onclick: again }, "Try again");
  const title = "We could not ask whether you are signed in";
  return [element("div", { id: "waiting" }, failure(title, client.trouble.message, button))];
}
