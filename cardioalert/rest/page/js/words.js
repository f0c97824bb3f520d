// The words of the chosen language, and numbers, dates and times as it writes them.

export const LANGUAGES = { uz: "Oʻzbekcha", ru: "Русский", en: "English" };
const HOME_MINUTES = 5 * 60; // Asia/Tashkent, no summer time since 1992

let words = null;

export function language() {
  return words ? words.language : first();
}

function first() {
  const kept = localStorage.getItem("language");
  if (kept in LANGUAGES) return kept;
  const spoken = navigator.languages.map((name) => name.slice(0, 2).toLowerCase());
  return spoken.find((code) => code in LANGUAGES) || "uz";
}

export async function load(code = first()) {
  const answer = await fetch(`/words/${code}.json`);
  words = await answer.json();
  document.documentElement.lang = code;
}

export async function choose(code) {
  await load(code);
  localStorage.setItem("language", code);
}

/** Return a text of the page with its values. */
export function t(name, values = {}) {
  const text = words.texts[name];
  if (text === undefined) throw new Error(`no text ${name}`);
  return put(text, values);
}

export function put(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));
}

/** Return the word for a code, of a subject such as `urgency`; undefined when there is none. */
export function word(subject, code) {
  return words[subject][code];
}

export function table(subject) {
  return words[subject];
}

export function errorText(code) {
  return words.errors[code] || words.errors.general;
}

export function number(value, decimals = 0) {
  const [whole, part] = Math.abs(value).toFixed(decimals).split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u00a0") : whole;
  const sign = Number(Math.abs(value).toFixed(decimals)) && value < 0 ? "-" : "";
  return sign + grouped + (part ? (language() === "en" ? "." : ",") + part : "");
}

/** Return the clock of Tashkent for an instant, as a Date whose UTC fields are to be read. */
function atHome(instant) {
  return new Date(new Date(instant).getTime() + HOME_MINUTES * 60000);
}

/** Return today in Tashkent as YYYY-MM-DD, or a day some days later. */
export function day(later = 0) {
  return new Date(atHome(Date.now()).getTime() + later * 86400000).toISOString().slice(0, 10);
}

/** Return a day given as YYYY-MM-DD... in words. */
export function dateText(text, { short = false } = {}) {
  const [year, month, date] = text.slice(0, 10).split("-").map(Number);
  const weekday = words.weekdays[(new Date(Date.UTC(year, month - 1, date)).getUTCDay() + 6) % 7];
  const values = { year, month: words.months[month - 1], day: date, weekday };
  return t(short ? "date-week" : "date", values);
}

/** Return a local time `YYYY-MM-DDTHH:MM` in words. */
export function localText(text, { short = true } = {}) {
  return `${dateText(text, { short })}, ${text.slice(11, 16)}`;
}

/** Return an instant (UTC) in words, in the time of Tashkent. */
export function instantText(text) {
  return localText(atHome(text).toISOString(), { short: false });
}
