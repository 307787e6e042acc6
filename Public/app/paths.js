/**
 * Where to go after signing in: a page of this site, or its profile page. An address of another
 * site, however it is spelt, is not followed.
 *
 * @param {string | null} wanted
 * @param {string} origin
 */
export function safePath(wanted, origin) {
  const fallback = "/profile";
  if (!wanted?.startsWith("/")) return fallback;
  try {
    const url = new URL(wanted, origin);
    const isOwn = url.origin === origin && !url.pathname.startsWith("//");
    if (!isOwn || url.pathname === "/sign-in") return fallback;
    return url.pathname + url.search + url.hash;
  } catch {
    return fallback;
  }
}
