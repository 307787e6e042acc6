/** Most browsers claim to be Chrome and Safari as well: the order matters. */
const browsers = [
  ["Edg", "Edge"],
  ["OPR", "Opera"],
  ["SamsungBrowser", "Samsung Internet"],
  ["Firefox", "Firefox"],
  ["FxiOS", "Firefox"],
  ["CriOS", "Chrome"],
  ["Chromium", "Chromium"],
  ["Chrome", "Chrome"],
  ["Safari", "Safari"],
  ["curl", "curl"],
];
const platforms = [
  ["Android", "Android"],
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["CrOS", "ChromeOS"],
  ["Windows", "Windows"],
  ["Mac OS X", "macOS"],
  ["Linux", "Linux"],
];

/**
 * `Firefox on Windows`. An agent that is not known is named by its first word.
 *
 * @param {unknown} userAgent
 */
export function describeUserAgent(userAgent) {
  const text = String(userAgent ?? "").trim();
  const browser = browsers.find(([token]) => text.includes(`${token}/`))?.[1];
  const platform = platforms.find(([token]) => text.includes(token))?.[1];
  if (text === "") return "Unknown browser";
  if (!browser) return text.split(/[\s/]/)[0].slice(0, 40);
  return platform ? `${browser} on ${platform}` : browser;
}
