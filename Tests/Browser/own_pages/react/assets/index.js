// What builds of React do to a page, each by itself: react-dom, Vite, webpack, CSS-in-JS.
const results = {};
const root = document.getElementById("root");
const pixel =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async function attempt(name, work) {
  try {
    results[name] = await work();
  } catch (error) {
    results[name] = error.name;
  }
}

function add(name, properties = {}) {
  const element = Object.assign(document.createElement(name), properties);
  root.append(element);
  return element;
}

const colour = (element) => getComputedStyle(element).color;
const loads = (element) =>
  new Promise((resolve) => {
    element.onload = () => resolve(true);
    element.onerror = () => resolve(false);
  });

// react-dom sets each property of `style`.
await attempt("style property", () => {
  const element = add("p");
  element.style.color = "rgb(4, 5, 6)";
  element.style.setProperty("--gap", "4px");
  return colour(element) === "rgb(4, 5, 6)";
});
// Markup that a server rendered.
await attempt("style attribute", () => {
  return colour(document.getElementById("rendered")) === "rgb(1, 2, 3)";
});
// CSS-in-JS.
await attempt("style element", () => {
  const style = document.createElement("style");
  style.append(document.createTextNode(".css-1 { color: rgb(7, 8, 9); }"));
  document.head.append(style);
  return colour(add("p", { className: "css-1" })) === "rgb(7, 8, 9)";
});
await attempt("data: image", () => {
  const image = add("img");
  const loaded = loads(image);
  image.src = pixel;
  return loaded;
});
await attempt("image file", () => {
  const image = add("img");
  const loaded = loads(image);
  image.src = "/logo.png";
  return loaded;
});
await attempt("import()", async () => (await import("./chunk.js")).words === "a chunk");
await attempt("webpack's chunk", async () => {
  window.webpackChunk = [];
  const script = document.createElement("script");
  const loaded = loads(script);
  script.src = "/assets/webpack.chunk.js";
  document.head.append(script);
  return (await loaded) && window.webpackChunk.length === 1;
});
await attempt("dangerouslySetInnerHTML", () => {
  const element = add("p");
  element.innerHTML = "<b>bold</b>";
  return element.firstChild.nodeName === "B";
});
await attempt("no inline script", () => {
  const script = document.createElement("script");
  script.append(document.createTextNode("window.inline = true"));
  document.head.append(script);
  return window.inline === undefined;
});
await attempt("no eval", () => {
  try {
    (0, eval)("1");
    return false;
  } catch {
    return true;
  }
});
await attempt("signs in", async () => {
  const { createClient } = await import("/postern.js");
  const client = createClient();
  await client.login("alice", "postern-demo");
  const jobs = await (await client.fetch("/job-list")).json();
  return jobs.length === 3;
});
window.results = results;
