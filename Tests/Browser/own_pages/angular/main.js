// What builds of Angular do to a page: its policies of Trusted Types, components' styles, chunks.
const results = {};
const root = document.querySelector("app-root");

async function attempt(name, work) {
  try {
    results[name] = await work();
  } catch (error) {
    results[name] = error.name;
  }
}

/** A policy, or none where the page may not have it: Angular goes on with plain strings then. */
function policy(name) {
  try {
    return trustedTypes.createPolicy(name, {
      createHTML: (text) => text,
      createScript: (text) => text,
      createScriptURL: (text) => text,
    });
  } catch {
    return null;
  }
}

await attempt("base", () => document.baseURI === `${location.origin}/`);
await attempt("style sheet", () => getComputedStyle(root).color === "rgb(9, 9, 9)");
// A component's styles.
await attempt("style element", () => {
  const style = document.createElement("style");
  style.textContent = "[_ngcontent-1] { color: rgb(7, 8, 9); }";
  document.head.append(style);
  const element = document.createElement("p");
  element.setAttribute("_ngcontent-1", "");
  root.append(element);
  return getComputedStyle(element).color === "rgb(7, 8, 9)";
});
await attempt("sanitized HTML", () => {
  const html = policy("angular");
  const element = document.createElement("p");
  element.innerHTML = html?.createHTML("<b>bold</b>") ?? "<b>bold</b>";
  root.append(element);
  return element.firstChild.nodeName === "B";
});
await attempt("lazy chunk", () => {
  const bundler = policy("angular#bundler");
  const script = document.createElement("script");
  script.src = bundler?.createScriptURL("lazy.js") ?? "lazy.js";
  document.head.append(script);
  return new Promise((resolve) => {
    script.onload = () => resolve(window.lazy === "a lazy chunk");
    script.onerror = () => resolve(false);
  });
});
await attempt("data: image", () => {
  const image = document.createElement("img");
  root.append(image);
  return new Promise((resolve) => {
    image.onload = () => resolve(true);
    image.onerror = () => resolve(false);
    image.src = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>";
  });
});
await attempt("no other policy", () => policy("other") === null);
await attempt("no plain string", () => {
  try {
    document.createElement("p").innerHTML = "<b>bold</b>";
    return false;
  } catch {
    return true;
  }
});
await attempt("no inline onload", () => getComputedStyle(root).fontSize !== "7px");
await attempt("signs in", async () => {
  const { createClient } = await import("/postern.js");
  const client = createClient();
  await client.login("alice", "postern-demo");
  return (await (await client.fetch("/job-list")).json()).length === 3;
});
window.results = results;
