// For those who work at a clinic: its visits, and for each patient the ECGs and a new photo.

import { get } from "./api.js";
import { add, h } from "./dom.js";
import { localText, t } from "./words.js";
import * as session from "./session.js";

export async function staff(body) {
  session.note({ patient: undefined });
  add(body, [h("h1", {}, t("staff-title"))]);
  const { bookings } = await get("/v1/bookings?limit=100");
  if (!bookings.length) add(body, [h("p", {}, t("staff-empty"))]);
  add(body, [h("ul", { class: "rows" }, bookings.map((one) => h("li", { class: "card" },
    h("strong", {}, localText(one.local_start)),
    h("span", {}, `${one.service_name} · ${t(`status-${one.status}`)}`),
    h("span", {}, t("visit-patient", { patient: one.patient.slice(0, 8) })),
    h("div", { class: "row" }, links(one)))))]);
  return t("staff-title");
}

function links(one) {
  const patient = encodeURIComponent(one.patient);
  return [
    h("a", { class: "button", href: `#/ecgs?patient=${patient}` }, t("staff-ecgs")),
    h("a", { class: "button", href: `#/photo?patient=${patient}` }, t("staff-add")),
  ];
}
