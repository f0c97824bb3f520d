// Free times, and visits: hold, confirm, ticket, calendar, move, cancel.

import { call, explain, get, getBlob } from "./api.js";
import { demo, facts } from "./clinics.js";
import { add, ask, button, choices, download, errorBox, fill, h, newest, say } from "./dom.js";
import * as session from "./session.js";
import { dateText, day, localText, number, t } from "./words.js";

const DAYS = 14;

export async function slots(body, { id, query, alive }) {
  const clinic = await get(`/v1/clinics/${encodeURIComponent(id)}`);
  const box = errorBox();
  const free = h("div", { class: "slots", "aria-live": "polite" });
  const chosen = {
    service: clinic.services.some(({ code }) => code === "ecg") ? "ecg" : clinic.services[0]?.code,
    day: clinic.next_slot ? clinic.next_slot.local_start.slice(0, 10) : day(),
  };
  const show = newest(free, async (wanted) => {
    // The times of another day must not stay in reach: whoever taps one believes it is of this day.
    fill(free, h("p", { class: "waiting" }, t("loading")));
    const path = `/v1/clinics/${encodeURIComponent(id)}/slots`;
    const { day: asked, service } = chosen;
    let found;
    try {
      found = await get(`${path}?day=${asked}&service=${service}`);
    } catch (error) {
      if (wanted()) fill(free, button(t("send-again"), show, { failed }));
      throw error;
    }
    if (!alive() || !wanted()) return;
    free.dataset.shows = `${service} ${asked}`;
    fill(free, found.slots.length ? times(found.slots) : none(), found.note
      ? h("p", { class: "small" }, found.note) : "");
  });
  const times = (found) => h("ul", { class: "times" }, found.map((slot) => h("li", {},
    button([h("span", { class: "unseen" }, `${dateText(slot.local_start, { short: true })} `),
      slot.local_start.slice(11, 16)], () => take(slot, query), { failed }))));
  const none = () => [h("p", {}, t("book-none")),
    button(t("book-wait"), async () => {
      if (!ready(`clinic/${id}`)) return;
      await call("POST", "/v1/waitlist", { clinic: id, day: chosen.day, service: chosen.service });
      fill(free, h("p", {}, t("book-waiting")));
    }, { failed })];
  const failed = (error) => {
    const late = query.move && error.code === "not-allowed";
    box.show(late ? t("visit-too-late") : explain(error));
    // The list is asked for again; what was wrong stays to be read.
    if (["slot-taken", "slot-not-offered"].includes(error.code)) show().catch(() => {});
  };
  const again = () => {
    box.show("");
    show().catch(failed);
  };
  const services = choices(t("book-service"), "service", clinic.services.map(
    ({ code, name, price_uzs: price }) => [code,
      price === null ? name : `${name}, ${t("clinic-price", { price: number(price) })}`,
      code === chosen.service]));
  services.addEventListener("change", ({ target }) => {
    chosen.service = target.value;
    again();
  });
  const days = h("select", { id: "day" }, Array.from({ length: DAYS }, (_, later) => day(later))
    .map((one) => h("option", { value: one }, dateText(one, { short: true }))));
  days.value = chosen.day;
  days.addEventListener("change", () => { chosen.day = days.value; again(); });
  add(body, [
    h("h1", {}, clinic.name), demo(clinic),
    query.move ? h("p", { class: "notice" }, t("book-moving", { code: query.move })) : "",
    facts(clinic),
    clinic.bookable ? [
      h("h2", {}, t("book-title")), services,
      h("div", { class: "field" }, h("label", { for: "day" }, t("book-day")), days), box, free,
    ] : h("p", {}, t("clinic-not-bookable")),
  ]);
  if (clinic.bookable) await show();
  return clinic.name;
}

/** Hold a time, or move a visit to it. */
async function take(slot, query) {
  if (query.move) {
    await call("POST", `/v1/bookings/${query.move}/move`, { slot: slot.id },
      { "If-Match": `"${query.version}"` });
    window.location.hash = `#/visit/${query.move}?done=moved`;
    return;
  }
  if (!ready(`clinic/${slot.clinic}`)) return;
  const held = await call("POST", "/v1/bookings", { slot: slot.id, hold: true },
    { "Idempotency-Key": key() });
  window.location.hash = `#/visit/${held.code}`;
}

function key() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("");
}

/** Whether somebody is there who agreed; else they are asked first and come back. */
function ready(then) {
  const now = session.current();
  if (now && (now.agreed || now.staff)) return true;
  window.location.hash = `#/start?then=${encodeURIComponent(then)}`;
  return false;
}

export async function visits(body) {
  const now = session.current();
  if (now && now.staff) {
    window.location.replace("#/staff");
    return undefined;
  }
  add(body, [h("h1", {}, t("visits-title"))]);
  const list = h("ul", { class: "rows" });
  const more = h("div", {});
  const next = async (after) => {
    const page = await get(`/v1/bookings?limit=50&after=${after}`);
    add(list, page.bookings.map(row));
    fill(more, page.after ? button(t("more"), () => next(page.after)) : "");
    return page.bookings.length;
  };
  if (!now || !(await next(""))) add(body, [h("p", {}, t("visits-empty"))]);
  add(body, [list, more,
    now ? "" : h("p", {}, h("a", { href: "#/signin", class: "button" }, t("sign-in"))),
    h("p", {}, h("a", { href: "#/clinics", class: "button primary" }, t("home-clinics")))]);
  return t("visits-title");
}

function row(one) {
  return h("li", {}, h("a", { href: `#/visit/${one.code}`, class: `card visit-${one.status}` },
    h("strong", {}, localText(one.local_start)),
    h("span", {}, `${one.clinic.name} · ${t(`status-${one.status}`)}`)));
}

export async function visit(body, { id, query, onLeave }) {
  const path = `/v1/bookings/${encodeURIComponent(id)}`;
  let timer = 0;
  const urls = [];
  onLeave(() => { clearInterval(timer); urls.forEach((url) => URL.revokeObjectURL(url)); });

  const show = (one, told = "") => {
    clearInterval(timer);
    const box = errorBox();
    const failed = async (error) => {
      const late = error.code === "not-allowed"; // one's own visit, but past the cut-off
      const text = late ? t("visit-too-late") : explain(error);
      if (error.status === 409) show(await get(path));
      body.querySelector(".error").show(text);
    };
    const go = (text, work, kind) => button(text, work, { failed, kind });
    fill(body,
      h("h1", {}, t("visit-title")),
      told ? h("p", { class: "done" }, told) : "",
      h("p", { class: `status-line ${one.status}` }, t(`status-${one.status}`)),
      h("dl", { class: "ticket" },
        h("dt", { class: "unseen" }, t("book-day")),
        h("dd", { class: "when" }, `${dateText(one.local_start, { short: true })}, ${one.local_start.slice(11, 16)}`),
        h("dt", { class: "unseen" }, t("nav-clinics")),
        h("dd", {}, h("a", { href: `#/clinic/${one.clinic.id}` }, one.clinic.name)),
        h("dt", { class: "unseen" }, t("book-service")),
        h("dd", {}, `${one.service_name}. ${one.clinic.address}`)),
      demo({ ...one.clinic }),
      box, parts(one, go));
    if (told) say(told);
  };

  const parts = (one, go) => {
    if (one.status === "held") return held(one, go);
    if (!["booked", "pending"].includes(one.status)) {
      return h("p", {}, h("a", { href: "#/clinics", class: "button" }, t("home-clinics")));
    }
    const match = { "If-Match": `"${one.version}"` };
    return [
      ticket(one),
      h("h2", {}, t("visit-preparation")), h("p", {}, one.preparation),
      h("div", { class: "row" },
        go(t("visit-calendar"), async () => download(await getBlob(`${path}/ticket.ics`), "visit.ics")),
        h("a", { class: "button", href: `#/clinic/${one.clinic.id}?move=${one.code}&version=${one.version}` },
          t("visit-move")),
        go(t("visit-cancel"), async () => {
          if (!(await ask(t("visit-cancel-sure"), t("visit-cancel-yes"), t("visit-cancel-no")))) return;
          show(await call("POST", `${path}/cancel`, undefined, match), t("visit-cancelled"));
        }, "danger")),
    ];
  };

  const held = (one, go) => {
    const left = h("p", { class: "notice" });
    const tick = () => {
      const minutes = Math.ceil((new Date(one.held_until) - Date.now()) / 60000);
      const text = minutes > 0 ? t("visit-held", { minutes }) : t("visit-held-over");
      if (left.textContent !== text) fill(left, text);
    };
    tick();
    timer = setInterval(tick, 5000);
    return [
      left,
      h("div", { class: "take" },
        go(t("visit-confirm"), async () => {
          show(await call("POST", `${path}/confirm`), t("visit-confirmed"));
        }, "primary big"),
        go(t("visit-give-up"), async () => {
          await call("POST", `${path}/cancel`);
          window.location.hash = `#/clinic/${one.clinic.id}`;
        })),
      h("h2", {}, t("visit-preparation")), h("p", {}, one.preparation),
    ];
  };

  const ticket = (one) => {
    const image = h("div", { class: "qr" });
    getBlob(`${path}/ticket.png`).then((blob) => {
      const url = URL.createObjectURL(blob);
      urls.push(url);
      fill(image, h("img", { src: url, alt: t("visit-qr", { code: one.code }) }));
    }).catch(() => {}); // the code below says the same
    return h("section", { class: "ticket-code" }, image,
      h("p", {}, `${t("visit-code")}: `, h("strong", { class: "code" }, one.code)),
      h("p", { class: "small" }, t("visit-show")));
  };

  const told = { moved: "visit-moved" }[query.done];
  show(await get(path), told ? t(told) : "");
  return t("visit-title");
}
