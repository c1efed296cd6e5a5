// Times, durations, amounts and names, as the chosen language writes them.

import { language } from "./language.js";

const LOCALES = { en: "en-IN", hi: "hi-IN" };

function locale() {
  return LOCALES[language()];
}

/** `14:05`, with the date before it unless it is today's; `value` is ISO 8601 or a Date. */
export function time(value) {
  const at = new Date(value);
  const isToday = at.toDateString() === new Date().toDateString();
  const form = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return at.toLocaleString(locale(), isToday ? form : { day: "numeric", month: "short", ...form });
}

/** `3 March 2026`. */
export function date(value) {
  return new Date(value).toLocaleDateString(locale(), { day: "numeric", month: "long", year: "numeric" });
}

/** `3 March 2026, 14:05:09`. */
export function exactTime(value) {
  return new Date(value).toLocaleString(locale(), { dateStyle: "long", timeStyle: "medium", hourCycle: "h23" });
}

/** `1:05` or `1:02:03`. */
export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours, minutes, rest] = parts.map((part) => String(part).padStart(2, "0"));
  return parts[0] > 0 ? `${parts[0]}:${minutes}:${rest}` : `${Number(minutes)}:${rest}`;
}

/** `640 ms` or `1.2 s`. */
export function milliseconds(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${number(ms / 1000, 1)} s`;
}

/** A number with at most so many digits behind the point. */
export function number(value, digits = 0) {
  return value.toLocaleString(locale(), { maximumFractionDigits: digits, minimumFractionDigits: 0 });
}

/** An amount of money; small amounts keep the digits that matter. */
export function money(amount, currency = "USD") {
  const digits = amount !== 0 && Math.abs(amount) < 1 ? 4 : 2;
  return amount.toLocaleString(locale(), { style: "currency", currency, maximumFractionDigits: digits });
}

/** An amount of money in whole cents, as on a bill. */
export function cents(amount, currency = "USD") {
  return amount.toLocaleString(locale(), { style: "currency", currency });
}

/** What one of many costs, to a millionth: so the parts of it add up as they are shown. */
export function unitPrice(amount, currency = "USD") {
  const digits = { minimumFractionDigits: 6, maximumFractionDigits: 6 };
  return amount.toLocaleString(locale(), { style: "currency", currency, ...digits });
}

/** `1.4 MB`. */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  return `${number(count / 1000 ** power, power > 0 ? 1 : 0)} ${units[power]}`;
}
