import { PosternError } from "../postern.js";
import { readAnswer, readError } from "../postern/answers.js";
import { client } from "./client.js";

const refusals = [400, 401, 403, 404, 409, 413, 415, 422];
const headers = { Accept: "application/json, text/plain" };

/**
 * @param {string} path
 * @param {AbortSignal} signal
 * @returns {Promise<{ value: any, now: Date }>} the answer, and the time by the server's clock
 */
export async function get(path, signal) {
  const response = await sent(() => client.fetch(path, { headers, signal, cache: "no-store" }));
  const value = await readAnswer(response, refusals);
  const date = Date.parse(response.headers.get("date") ?? "");
  return { value, now: Number.isNaN(date) ? new Date() : new Date(date) };
}

/**
 * What is thrown for a refusal has the server's `code` for it as `reason`.
 *
 * @param {"POST" | "DELETE"} method
 * @param {string} path
 * @param {object} [body]
 * @param {(path: string, init: RequestInit) => Promise<Response>} [ask] who is asked as whom
 */
export async function send(method, path, body, ask = (...request) => client.fetch(...request)) {
  /** @type {RequestInit} */
  const init = { method, headers: { Accept: "application/problem+json" } };
  if (body) {
    init.headers = { ...init.headers, "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const response = await sent(() => ask(path, init));
  if (response.ok) return;
  const problem = await response.clone().json().catch(() => null);
  throw Object.assign(await readError(response, refusals), { reason: problem?.code });
}

/**
 * As `send`, for any account.
 *
 * @param {string} path
 * @param {object} body
 */
export const sendAsNobody = (path, body) =>
  send("POST", path, body, (...request) => fetch(...request));

/** @param {() => Promise<Response>} request */
async function sent(request) {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const text = navigator.onLine ? "The service cannot be reached." : "This device is offline.";
    throw new PosternError("offline", text);
  }
}

/**
 * Whether the answer came too late to matter: the page is left, or its person is gone.
 *
 * @param {any} error
 */
export function isOver(error) {
  return ["signed-out", "account-changed"].includes(error?.code) || error?.name === "AbortError";
}

/** @param {any} error */
export function words(error) {
  if (error instanceof PosternError) return error.message;
  console.error(error);
  return "Something went wrong in this page. Loading it again may help.";
}
