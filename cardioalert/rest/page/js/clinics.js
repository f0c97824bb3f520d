// Clinics: the recommended first, near the person where the phone may tell where that is.

import { explain, get } from "./api.js";
import { add, busy, button, errorBox, field, fill, h, newest, say } from "./dom.js";
import { dateText, day, localText, number, t, table } from "./words.js";

const wish = { region: "", q: "", open_now: false, near: null };

export async function clinics(body, { alive }) {
  const note = h("p", { class: "small" }, wish.near ? t("clinics-near-on") : t("clinics-near-why"));
  const box = errorBox();
  const list = h("ul", { class: "clinics" });
  const count = h("p", { class: "small" });
  const failed = (error) => box.show(explain(error));

  const region = h("select", {},
    h("option", { value: "" }, t("clinics-region-all")),
    Object.entries(table("regions")).map(([code, name]) => h("option", { value: code }, name)));
  region.value = wish.region;
  const search = h("input", { type: "search", autocomplete: "off" });
  search.value = wish.q;
  const open = h("input", { type: "checkbox", id: "open-now" });
  open.checked = wish.open_now;

  const find = newest(list, async (wanted) => {
    box.show("");
    Object.assign(wish, { region: region.value, q: search.value.trim(), open_now: open.checked });
    const { clinics: found } = await get(`/v1/clinics?${query()}`);
    if (!alive() || !wanted()) return;
    fill(list, found.map(card));
    fill(count, found.length ? t("clinics-count", { count: found.length }) : t("clinics-none"));
    say(count.textContent);
  });
  const submit = h("button", { type: "submit", class: "primary" }, t("clinics-find"));
  const form = h("form", { class: "filters", role: "search", "aria-label": t("clinics-title") },
    field(t("clinics-region"), region),
    field(t("clinics-search"), search),
    h("div", { class: "choice" }, open, h("label", { for: "open-now" }, t("clinics-open-now"))),
    submit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(submit, find, failed);
  });
  // Not `busy`: a second change while the first is asked for must not be lost.
  region.addEventListener("change", () => find().catch(failed));
  open.addEventListener("change", () => find().catch(failed));

  const near = button(t("clinics-near"), async () => {
    try {
      wish.near = await place();
      fill(note, t("clinics-near-on"));
    } catch {
      wish.near = null;
      fill(note, t("clinics-near-denied"));
    }
    await find();
  }, { failed, kind: "primary" });

  add(body, [h("h1", {}, t("clinics-title")), near, note, form, box, count, list]);
  await find();
  return t("clinics-title");
}

function query() {
  const words = new URLSearchParams({ limit: "50" });
  if (wish.region) words.set("region", wish.region);
  if (wish.q) words.set("q", wish.q);
  if (wish.open_now) words.set("open_now", "true");
  if (wish.near) {
    words.set("latitude", wish.near.latitude.toFixed(3)); // 100 m is near enough
    words.set("longitude", wish.near.longitude.toFixed(3));
  }
  return words;
}

function place() {
  return new Promise((resolve, reject) => {
    if (!navigator.geolocation) reject(new Error("no geolocation"));
    else {
      navigator.geolocation.getCurrentPosition(({ coords }) => resolve(coords), reject,
        { timeout: 10000, maximumAge: 300000 });
    }
  });
}

function card(clinic) {
  return h("li", { class: "clinic" },
    h("h2", {}, h("a", { href: `#/clinic/${clinic.id}` }, clinic.name)),
    demo(clinic),
    h("p", {}, opening(clinic),
      clinic.distance_km === null ? "" : ` · ${distance(clinic)}`),
    h("p", {}, nextTime(clinic)));
}

export function demo(clinic) {
  return clinic.demo ? h("p", { class: "demo" }, clinic.notice) : "";
}

export function distance(clinic) {
  const km = clinic.distance_km;
  return t("clinic-distance", { km: number(km, km < 10 ? 1 : 0) });
}

export function opening(clinic) {
  if (clinic.open_now === null) return t("clinic-hours-unknown");
  const at = clinic.changes_at;
  const when = at && (at.startsWith(day()) ? at.slice(11, 16) : localText(at));
  if (clinic.open_now) return when ? t("clinic-open-until", { time: when }) : t("clinic-open");
  return when ? t("clinic-opens", { time: when }) : t("clinic-closed");
}

export function nextTime(clinic) {
  if (!clinic.bookable) return t("clinic-not-bookable");
  if (!clinic.next_slot) return t("clinic-next-none");
  return t("clinic-next", { time: localText(clinic.next_slot.local_start) });
}

const DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];

/** Return opening hours, which are kept in the language of OpenStreetMap, with our own words. */
export function hours(text) {
  if (text === "24/7") return t("clinic-always");
  const names = table("weekdays");
  return text
    .replace(/\b(Mo|Tu|We|Th|Fr|Sa|Su)\b/g, (code) => names[DAYS.indexOf(code)])
    .replace(/\bPH\b/g, t("clinic-holidays"))
    .replace(/\b(off|closed)\b/g, t("clinic-closed").toLowerCase())
    .replace(/-/g, "–").replace(/,(?=\S)/g, ", ");
}

/** Everything that is known of a clinic, for its own screen. */
export function facts(clinic) {
  return h("section", { class: "facts" },
    h("p", {}, clinic.address),
    h("p", {}, opening(clinic)),
    clinic.hours ? h("p", {}, `${t("clinic-hours")}: ${hours(clinic.hours)}`) : "",
    clinic.holiday ? h("p", {}, clinic.holiday) : "",
    clinic.walk_in ? h("p", {}, t("clinic-walk-in")) : "",
    clinic.phones.map((phone) => h("p", {}, `${t("clinic-phone")}: `,
      clinic.demo ? phone.number
        : h("a", { href: `tel:${phone.number.replace(/[^+\d]/g, "")}` }, phone.number),
      phone.verified || clinic.demo ? "" : ` (${t("clinic-phone-unverified")})`)),
    clinic.latitude === null || clinic.demo ? "" : h("p", {}, h("a",
      { href: `geo:${clinic.latitude},${clinic.longitude}` }, t("clinic-map"))),
    clinic.demo ? "" : h("p", { class: "small" }, clinic.verified_by
      ? t("clinic-verified", { name: clinic.verified_by }) : t("clinic-unverified"), " ",
    t("clinic-source", { source: clinic.source, date: dateText(clinic.as_of) })));
}
