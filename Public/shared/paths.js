const longest = 4000;

/**
 * Where to go after signing in: whatever stands behind `?to=`, as it is spelt, since nginx writes it
 * there as it came. Only a path of this site is followed, else the start page. What somebody else
 * may have put there is never decoded, so that one look at it is enough.
 *
 * @param {string} search the query of the sign-in page's address, with its `?`
 * @param {string} origin
 */
export function wayBack(search, origin) {
  if (!search.startsWith("?to=")) return "/profile";
  const wanted = search.slice("?to=".length);
  // What can be seen of ASCII, but no backslash, which browsers take for a slash.
  if (wanted.length > longest || !/^\/(?!\/)[!-[\]-~]*$/.test(wanted)) return "/";
  try {
    const url = new URL(wanted, origin);
    // A path such as /..//host becomes //host, which alone is the address of another site.
    const isOwn = url.origin === origin && !url.pathname.startsWith("//");
    return isOwn && url.pathname !== "/sign-in" ? url.pathname + url.search + url.hash : "/";
  } catch {
    return "/";
  }
}

/**
 * The address of the sign-in page that leads back to `path`.
 *
 * @param {string} path
 */
export const signInPath = (path) => `/sign-in?to=${path}`;
