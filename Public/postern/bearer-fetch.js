/**
 * Sends `request` with the session's access token. The session's end aborts it, and drops an answer
 * that comes after.
 *
 * @param {import("../postern.js").Environment} environment
 * @param {Request} request
 * @param {import("./session.js").Session} session
 * @param {string | null} token
 */
export async function bearerFetch(environment, request, session, token) {
  session.assertLive();
  const headers = new Headers(request.headers);
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  try {
    const response = await environment.fetch(
      new Request(request, { headers, signal: either(session.signal, request.signal) }),
    );
    session.assertLive();
    return response;
  } catch (error) {
    session.assertLive();
    throw error;
  }
}

/**
 * Aborts with the first of the two, also while the answer's body is still on the way.
 *
 * @param {AbortSignal} one
 * @param {AbortSignal} other
 * @returns {AbortSignal}
 */
function either(one, other) {
  const any = /** @type {any} */ (AbortSignal).any;
  if (any) return any.call(AbortSignal, [one, other]);
  const controller = new AbortController();
  for (const signal of [one, other]) {
    if (signal.aborted) controller.abort(signal.reason);
    signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true });
  }
  return controller.signal;
}
