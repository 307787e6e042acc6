import { client } from "./shared/client.js";
import { announce, showAccount, showTrouble } from "./shared/header.js";
import { wayBack } from "./shared/paths.js";
import { Router } from "./shared/router.js";
import { devices } from "./pages/devices.js";
import { home } from "./pages/home.js";
import { link } from "./pages/link.js";
import { notFound } from "./pages/not-found.js";
import { password } from "./pages/password.js";
import { profile } from "./pages/profile.js";
import { signIn } from "./pages/sign-in.js";

const router = new Router(
  {
    "/": home,
    "/sign-in": signIn,
    "/profile": profile,
    "/devices": devices,
    "/password": password,
    "/link": link,
  },
  notFound,
  showTrouble,
);
const guarded = ["/profile", "/devices", "/password"];

client.addEventListener("change", ({ user, reason }) => {
  showAccount();
  const isGuarded = guarded.includes(location.pathname);
  if (reason === "sign-out") {
    announce("You are signed out.");
    if (isGuarded) router.go("/");
  } else if (!user && client.status === "signed-out" && isGuarded) {
    router.askToSignIn(whySignedOut(reason));
  } else if (user && reason === "account-changed") {
    announce(`${user.username} has signed in in another tab.`);
  }
  router.update();
  showTrouble();
});
client.addEventListener("trouble", () => {
  router.update();
  showTrouble();
});
window.addEventListener("online", showTrouble);
window.addEventListener("offline", showTrouble);

/** @param {import("./postern.js").Reason} reason */
function whySignedOut(reason) {
  if (reason === "other-tab") return "You have signed out in another tab.";
  if (reason === "refused") return "Your session has ended. Please sign in again.";
  return "";
}

// Who was sent here by the guard of an application may have a session without a trace in this page.
const isSent =
  location.pathname === "/sign-in" && !router.has(wayBack(location.search, location.origin));
const restored = client.restore({ ask: isSent });
showAccount();
router.update();
// What went wrong is in `client.trouble`, and it goes on asking.
restored.catch(() => {});
