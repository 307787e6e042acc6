const day = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeZone: "UTC" });
const minute = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/**
 * `2019-04-01` as people write it; anything else as it is.
 *
 * @param {unknown} value
 */
export function formatDay(value) {
  const text = String(value ?? "");
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? text : day.format(time);
}

/** @param {Date} date */
export const formatMinute = (date) => minute.format(date);

/**
 * @param {Date} date
 * @param {Date} now by the server's clock, as `date` is
 */
export function formatAgo(date, now) {
  const seconds = Math.max(0, (now.getTime() - date.getTime()) / 1000);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return ago.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 86400) return ago.format(-Math.floor(seconds / 3600), "hour");
  return ago.format(-Math.floor(seconds / 86400), "day");
}
