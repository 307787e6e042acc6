const key = "postern.left";
const seconds = 10;

/**
 * Leaves these pages for another one of this site. An application that goes on refusing sends
 * the person back at once: so nobody is sent to the same path twice within some seconds.
 *
 * @param {string} path
 * @returns {boolean} whether it has left
 */
export function depart(path) {
  const now = Date.now();
  try {
    const [lastPath, time] = JSON.parse(sessionStorage.getItem(key) ?? "[]");
    const isTurnedBack = lastPath === path && Math.abs(now - time) < seconds * 1000;
    sessionStorage.setItem(key, JSON.stringify([path, now]));
    if (isTurnedBack) return false;
  } catch {
    // Where nothing is kept, nobody can tell: the person decides.
    return false;
  }
  location.replace(path);
  return true;
}

/** A person who signs in by hand has a new reason to go there. */
export function forgetDeparture() {
  try {
    sessionStorage.removeItem(key);
  } catch {
    // Then there is nothing to remove.
  }
}
