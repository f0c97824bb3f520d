// For those who work at a clinic: its visits, and for each patient the ECGs and a new photo.

import { get } from "./api.js";
import { add, h } from "./dom.js";
import { day, localText, t } from "./words.js";
import * as session from "./session.js";

export async function staff(body) {
  session.note({ patient: undefined });
  add(body, [h("h1", {}, t("staff-title"))]);
  const { bookings } = await get("/v1/bookings?limit=100&names=true");
  if (!bookings.length) add(body, [h("p", {}, t("staff-empty"))]);
  for (const [heading, some] of inOrder(bookings)) {
    if (some.length) add(body, [h("h2", {}, t(heading)), h("ul", { class: "rows" }, some.map(row))]);
  }
  return t("staff-title");
}

/** Today first, then what comes, then what was; in each the nearest first. */
function inOrder(bookings) {
  const today = day();
  const earlier = [...bookings].reverse(); // the server gives the latest first
  const of = (wanted) => earlier.filter((one) => wanted(one.local_start.slice(0, 10)));
  return [
    ["staff-today", of((when) => when === today)],
    ["staff-coming", of((when) => when > today)],
    ["staff-past", of((when) => when < today).reverse()],
  ];
}

function row(one) {
  return h("li", { class: `card visit-${one.status}` },
    h("strong", {}, one.patient_name || t("visit-patient", { patient: one.patient.slice(0, 8) })),
    h("span", {}, localText(one.local_start)),
    h("span", {}, `${one.service_name} · ${t(`status-${one.status}`)}`),
    h("div", { class: "row" }, links(one)));
}

function links(one) {
  const patient = encodeURIComponent(one.patient);
  return [
    h("a", { class: "button", href: `#/ecgs?patient=${patient}` }, t("staff-ecgs")),
    h("a", { class: "button", href: `#/photo?patient=${patient}` }, t("staff-add")),
  ];
}
