// The frame of the page: which screen is shown, the language, the way to 103 that is always there.

import { account, consent, signIn } from "./account.js";
import { explain } from "./api.js";
import { slots, visit, visits } from "./booking.js";
import { clinics } from "./clinics.js";
import { add, errorBox, fill, h, say } from "./dom.js";
import { home } from "./home.js";
import { photo } from "./photo.js";
import { history, result } from "./result.js";
import * as session from "./session.js";
import { staff } from "./staff.js";
import { riskTest } from "./test.js";
import { choose, language, LANGUAGES, load, t } from "./words.js";

const SCREENS = {
  "": home,
  photo,
  ecg: result,
  ecgs: history,
  test: riskTest,
  clinics,
  clinic: slots,
  visits,
  visit,
  me: account,
  signin: signIn,
  start: consent,
  staff,
};
const TABS = [
  ["", "nav-home"],
  ["ecgs", "nav-ecgs"],
  ["clinics", "nav-clinics"],
  ["visits", "nav-visits"],
  ["me", "nav-me"],
];
const UNDER = { photo: "", ecg: "ecgs", test: "", clinic: "clinics", visit: "visits",
  signin: "me", start: "", staff: "visits" };

let shown = 0;
let leave = null;

/** Return the screen and what is said about it: `#/visit/7K3M?x=1` is visit, 7K3M, {x: 1}. */
function place() {
  const [path, query = ""] = window.location.hash.replace(/^#\/?/, "").split("?");
  const [screen, ...rest] = path.split("/");
  return {
    screen: screen in SCREENS ? screen : "",
    id: rest.map(decodeURIComponent).join("/"),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

async function show() {
  const mine = (shown += 1);
  if (leave) leave();
  leave = null;
  const { screen, id, query } = place();
  frame(UNDER[screen] ?? screen);
  const main = document.getElementById("content");
  const body = h("div", { class: `screen on-${screen || "home"}` });
  const wait = h("p", { class: "waiting" }, t("loading"));
  fill(main, wait);
  const context = {
    id, query,
    alive: () => mine === shown,
    onLeave: (work) => { leave = work; },
  };
  try {
    const title = await SCREENS[screen](body, context);
    if (mine !== shown || title === undefined) return;
    fill(main, body);
    document.title = `${title} · CardioAlert`;
    focusTitle(body);
  } catch (error) {
    if (mine !== shown) return;
    const box = errorBox();
    box.show(explain(error));
    fill(main, box, h("button", { type: "button", onclick: show }, t("send-again")));
  }
}

/** Move the focus to the heading, as a new page would, but not when the page has just been opened. */
function focusTitle(body) {
  const heading = body.querySelector("h1");
  if (!heading) return;
  heading.tabIndex = -1;
  if (shown > 1) {
    heading.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
}

function frame(tab) {
  const picker = h(
    "select", { "aria-label": t("language"), id: "language" },
    Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, lang: code }, name)),
  );
  picker.value = language();
  picker.addEventListener("change", async () => {
    await choose(picker.value);
    tellLanguage();
    await show();
    document.getElementById("language").focus();
    say(LANGUAGES[language()]);
  });
  fill(
    document.getElementById("page"),
    h("a", { href: "#content", class: "skip", onclick: skip }, t("skip")),
    h("header", { class: "top" },
      h("a", { href: "#/", class: "brand" },
        h("img", { src: "/icons/icon.svg", alt: "", width: "28", height: "28" }), "CardioAlert"),
      picker),
    h("aside", { class: "emergency", "aria-label": t("emergency-call") },
      h("p", {}, t("emergency-when")),
      h("a", { href: "tel:103", class: "call" }, t("emergency-call"))),
    h("main", { id: "content", tabindex: "-1" }),
    h("nav", { class: "tabs", "aria-label": t("menu") },
      TABS.map(([name, text]) => h(
        "a", { href: `#/${name}`, "aria-current": name === tab ? "page" : null },
        h("span", { class: `icon icon-${name || "home"}`, "aria-hidden": "true" }), t(text)))),
  );
}

function skip(event) {
  event.preventDefault();
  document.getElementById("content").focus();
}

/** Let results be written in the language somebody chose. */
async function tellLanguage() {
  const now = session.current();
  if (!now || now.staff) return;
  const { call } = await import("./api.js");
  call("PATCH", "/v1/me", { language: language() }).catch(() => {});
}

window.addEventListener("hashchange", show);
window.addEventListener("session-ended", () => { window.location.hash = "#/signin?ended=1"; });

async function begin() {
  try {
    await load();
  } catch {
    add(document.getElementById("page"), [
      h("p", { class: "error" }, "Internet yoʻq. Нет связи. No connection. 103"),
    ]);
    return;
  }
  await show();
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js").catch(() => {});
}

begin();
