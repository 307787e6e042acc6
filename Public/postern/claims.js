/**
 * What a token says about its owner. Read, not verified: it only tells whether two tokens are the
 * same person's. The server decides what anybody may see.
 *
 * @param {string | null | undefined} token
 * @returns {{ subject: string | undefined, user: import("../postern.js").User | undefined }}
 */
export function readClaims(token) {
  try {
    const payload = (token ?? "").split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const { sub, user } = JSON.parse(new TextDecoder().decode(bytes));
    const named = typeof user?.username === "string" ? user : undefined;
    const subject = sub ?? user?.id;
    return { subject: subject === undefined ? undefined : String(subject), user: named };
  } catch {
    return { subject: undefined, user: undefined };
  }
}

/**
 * Whose token it is; tokens that cannot be read all count as one person's.
 *
 * @param {string} token
 */
export function subjectOf(token) {
  return readClaims(token).subject ?? "?";
}
