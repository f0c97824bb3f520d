// The first screen: take a photo. Everything else comes after it.

import { add, h } from "./dom.js";
import { choosePhoto } from "./photo.js";
import * as session from "./session.js";
import { t } from "./words.js";

export async function home(body) {
  const now = session.current();
  if (now && now.staff) {
    window.location.replace("#/staff");
    return undefined;
  }
  add(body, [
    h("h1", {}, t("home-title")),
    h("p", { class: "lead" }, t("home-lead")),
    choosePhoto(),
    h("ul", { class: "cards" },
      card("#/test", "home-test", "home-test-text"),
      card("#/clinics", "home-clinics", "home-clinics-text")),
    h("p", { class: "small" }, t("not-a-diagnosis")),
  ]);
  return t("home-title");
}

function card(href, title, text) {
  return h("li", {},
    h("a", { href, class: "card" }, h("strong", {}, t(title)), h("span", {}, t(text))));
}
