import { PosternError } from "./errors.js";

/** A hotel's sign-in page or a proxy must not be taken for the server. */
const ownErrorTypes = new Set(["text/plain", "application/problem+json"]);

const longestRetryAfter = 10 * 60;

/**
 * The JSON object of a 200. Anything else is thrown: a no that is the server's own as `refused`,
 * everything else as trouble.
 *
 * @param {Response} response
 * @param {readonly number[]} refusals the statuses by which the server says no
 * @returns {Promise<Record<string, any>>}
 */
export async function readAnswer(response, refusals) {
  const type = mediaType(response);
  if (response.status === 200 && type === "application/json") {
    const answer = await readJSON(response);
    if (typeof answer === "object" && answer !== null) return answer;
  }
  throw await readError(response, refusals);
}

/**
 * @param {Response} response
 * @param {readonly number[]} refusals
 */
export async function readError(response, refusals) {
  const { status } = response;
  const retryAfter = readRetryAfter(response.headers);
  const text = await readText(response);
  const details = { status, retryAfter };
  if (refusals.includes(status) && text !== undefined) {
    return new PosternError("refused", text, details);
  }
  if (status === 429) {
    return new PosternError("throttled", text ?? "Too many requests for the moment.", details);
  }
  if (status >= 500) {
    const message = text ?? "The service is unavailable for the moment.";
    return new PosternError("unavailable", message, details);
  }
  // A captive portal's page, a redirect, a status that the contract does not know.
  const message = "The answer did not come from the service. Does this network ask you to sign in?";
  return new PosternError("unexpected", message, details);
}

/**
 * Seconds, from `Retry-After` as a number or as a date. The date is held against the server's own
 * `Date`, for the device's clock may be wrong.
 *
 * @param {Headers} headers
 * @returns {number | undefined}
 */
export function readRetryAfter(headers) {
  const value = headers.get("retry-after")?.trim();
  if (!value) return undefined;
  const seconds = /^\d+$/.test(value)
    ? Number(value)
    : (Date.parse(value) - Date.parse(headers.get("date") ?? "")) / 1000;
  if (Number.isNaN(seconds)) return undefined;
  return Math.min(Math.max(seconds, 0), longestRetryAfter);
}

/**
 * The server's own words, or undefined where somebody else speaks.
 *
 * @param {Response} response
 */
async function readText(response) {
  const type = mediaType(response);
  if (!ownErrorTypes.has(type)) return undefined;
  try {
    const text = (await response.text()).trim();
    if (type === "text/plain") return text === "" || text.startsWith("<") ? undefined : text;
    const { detail, title } = JSON.parse(text);
    return String(detail ?? title);
  } catch {
    return undefined;
  }
}

/** @param {Response} response */
async function readJSON(response) {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

/** @param {Response} response */
function mediaType(response) {
  return (response.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
}
