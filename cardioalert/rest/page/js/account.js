// Sign in, agree, and everything about oneself.

import { call, explain, get, open, plain, Problem } from "./api.js";
import { add, ask, busy, button, choices, download, errorBox, field, fill, h, say } from "./dom.js";
import * as session from "./session.js";
import { instantText, language, put, t, table, word } from "./words.js";

const AGREED = "records";
const CHANNELS = ["sms", "email", "push", "telegram"];

function go(query) {
  window.location.hash = `#/${query.then || ""}`;
}

/** After signing in: who is it, and did they agree? */
async function settle(query) {
  try {
    const given = await get("/v1/me/consents");
    session.note({ agreed: given[AGREED] === true });
    await call("PATCH", "/v1/me", { language: language() });
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 403) throw error;
    session.note({ staff: true }); // an account of a clinic is nobody's patient
  }
  const now = session.current();
  if (now.staff) window.location.hash = "#/staff";
  else if (now.agreed) go(query);
  else window.location.hash = `#/start?then=${encodeURIComponent(query.then || "")}`;
}

export async function signIn(body, { query }) {
  const { codes } = await plain("GET", "/page.json");
  const box = errorBox();
  const stage = h("div", {});
  add(body, [h("h1", {}, t("sign-title")), box, stage]);
  if (query.ended) box.show(t("sign-ended"));
  const failed = (error) => box.show(explain(error));
  const stay = () => choices(t("sign-stay"), "stay", [["yes", t("sign-stay")]],
    { kind: "checkbox", hidden: true });
  const stays = (form) => form.querySelector("[name=stay]").checked;
  const other = (text, show) => h("button", { type: "button", class: "plain", onclick: () => {
    box.show("");
    show();
    stage.querySelector("input").focus();
  } }, t(text));

  const byPassword = () => {
    const login = loginField();
    const password = h("input", { type: "password", autocomplete: "current-password", required: true });
    const second = h("input", { type: "text", inputmode: "numeric", autocomplete: "one-time-code" });
    form(stage, "sign-in", async (form_) => {
      await open("password", { login: login.value.trim(), password: password.value,
        second_factor: second.value.trim() }, { stay: stays(form_) });
      await settle(query);
    }, failed, [field(t("sign-login"), login, t("sign-login-hint")),
      field(t("sign-password"), password), field(t("optional-field",
        { label: t("sign-second") }), second), stay()]);
    add(stage, [codes.length ? other("sign-by-code", byCode)
      : h("p", { class: "small" }, t("sign-no-codes"))]);
  };
  const byCode = () => {
    const login = loginField();
    form(stage, "sign-send-code", async () => {
      await plain("POST", "/v1/session/code", { login: login.value.trim() });
      confirmCode(login.value.trim());
    }, failed, [field(t("sign-login"), login, t("sign-login-hint"))]);
    add(stage, [other("sign-by-password", byPassword)]);
  };
  const confirmCode = (login) => {
    const code = h("input", { type: "text", inputmode: "numeric", autocomplete: "one-time-code" });
    form(stage, "sign-in", async (form_) => {
      await open("code/confirm", { login, code: code.value.trim(), language: language() },
        { stay: stays(form_) });
      await settle(query);
    }, failed, [h("p", {}, t("sign-code-sent")), field(t("sign-code"), code), stay()]);
    add(stage, [other("sign-send-code", byCode)]);
    code.focus();
  };
  if (codes.length) byCode();
  else byPassword();
  add(body, [h("p", { class: "or" },
    h("a", { href: `#/start?then=${encodeURIComponent(query.then || "")}` }, t("sign-guest")))]);
  return t("sign-title");
}

function loginField() {
  return h("input", { type: "text", autocomplete: "username", autocapitalize: "none",
    spellcheck: "false", required: true });
}

/** Fill a stage with a form; its button works once at a time. */
function form(stage, text, work, failed, parts) {
  const submit = h("button", { type: "submit", class: "primary big" }, t(text));
  const made = h("form", { novalidate: true }, parts, submit);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(submit, () => work(made), failed);
  });
  fill(stage, made);
}

/** Age and sex, which choose the limits for an ECG. */
function aboutPatient(person = {}) {
  const born = h("input", { type: "text", inputmode: "numeric", autocomplete: "bday" });
  if (person.birth_date) born.value = person.birth_date.split("-").reverse().join(".");
  const sexes = choices(t("sex"), "sex", ["male", "female", ""].map((value) => [
    value, t(`sex-${value || "unsaid"}`), value === (person.sex || "")]));
  const read = () => ({
    birth_date: born.value.trim(),
    sex: sexes.querySelector("input:checked").value,
  });
  return { read, parts: [
    field(t("optional-field", { label: t("birth-date") }), born, t("birth-date-hint")), sexes] };
}

/** What must be agreed to before anything is kept. */
export async function consent(body, { query }) {
  const now = session.current();
  if (now && (now.agreed || now.staff)) {
    go(query);
    return undefined;
  }
  const box = errorBox();
  const stage = h("div", {});
  const agree = choices(t("consent-agree"), "agree", [["yes", t("consent-agree")]],
    { kind: "checkbox", hidden: true });
  const about = aboutPatient();
  add(body, [h("h1", {}, t("consent-title")), h("p", {}, t("consent-text")), stage]);
  form(stage, now ? "continue" : "sign-guest", async () => {
    if (!agree.querySelector("input").checked) {
      box.show(t("consent-needed"));
      return;
    }
    if (!session.current()) await open("guest", undefined, { guest: true });
    // Only what was said: an empty field would erase what is known.
    const said = Object.entries(about.read()).filter(([, value]) => value);
    await call("PATCH", "/v1/me", { language: language(), ...Object.fromEntries(said) });
    await call("PUT", "/v1/me/consents", { scope: AGREED, granted: true });
    session.note({ agreed: true });
    go(query);
  }, (error) => box.show(explain(error)), [
    agree, h("h2", {}, t("consent-person")), h("p", { class: "small" }, t("consent-person-why")),
    ...about.parts, box, now ? "" : h("p", { class: "small" }, t("sign-guest-text"))]);
  if (!now) {
    add(body, [h("p", { class: "or" },
      h("a", { href: `#/signin?then=${encodeURIComponent(query.then || "")}` }, t("sign-title")))]);
  }
  return t("consent-title");
}

export async function account(body) {
  add(body, [h("h1", {}, t("me-title"))]);
  const now = session.current();
  if (!now) {
    add(body, [h("p", {}, t("sign-in-none")),
      h("p", {}, h("a", { href: "#/signin", class: "button primary" }, t("sign-title")))]);
    return t("me-title");
  }
  if (!now.staff) await ownThings(body);
  const box = errorBox();
  add(body, [box, h("p", {}, button(t(now.guest ? "sign-out-guest" : "sign-out"), async () => {
    if (now.guest && !(await ask(t("sign-out-guest-sure"), t("sign-out-guest"), t("me-no")))) return;
    await call("DELETE", "/v1/session");
    session.forget();
    window.location.hash = "#/";
  }, { failed: (error) => box.show(explain(error)) }))]);
  return t("me-title");
}

async function ownThings(body) {
  const [person, given, inbox, access] = await Promise.all([
    get("/v1/patients/me"), get("/v1/me/consents"), get("/v1/me/messages"), get("/v1/me/access")]);
  const box = errorBox();
  const failed = (error) => box.show(explain(error));
  add(body, [
    box, messages(inbox.messages), profile(person), consents(given), accesses(access.rows),
    h("div", { class: "row" },
      button(t("me-export"), async () => {
        const all = JSON.stringify(await get("/v1/me/export"), null, 1);
        download(new Blob([all], { type: "application/json" }), "cardioalert.json");
      }, { failed }),
      button(t("me-erase"), async () => {
        if (!(await ask(t("me-erase-sure"), t("me-erase-yes"), t("me-no")))) return;
        await call("DELETE", "/v1/me");
        session.forget();
        say(t("me-erased"));
        window.location.hash = "#/";
      }, { failed, kind: "danger" })),
  ]);
}

function messages(rows) {
  return h("section", {}, h("h2", {}, t("me-messages")), rows.length
    ? h("ul", { class: "rows" }, rows.slice(0, 20).map((row) => {
      const template = word("messages", row.template);
      return template ? h("li", {}, h("strong", {}, template.title), " ",
        h("span", { class: "small" }, instantText(row.at)),
        h("p", {}, put(template.text, row.values))) : "";
    })) : h("p", {}, t("me-messages-empty")));
}

function profile(person) {
  const stage = h("div", {});
  const box = errorBox();
  const name = h("input", { type: "text", autocomplete: "name" });
  name.value = person.name;
  const about = aboutPatient(person);
  form(stage, "save", async () => {
    await call("PATCH", "/v1/me", { name: name.value.trim(), ...about.read() });
    box.show("");
    say(t("saved"));
    fill(done, t("saved"));
  }, (error) => box.show(explain(error)), [
    field(t("optional-field", { label: t("me-name") }), name), ...about.parts, box]);
  stage.querySelector("[type=submit]").className = "";
  const done = h("p", { class: "done" });
  add(stage, [done]);
  return h("section", {}, h("h2", {}, t("me-profile")), stage);
}

function consents(given) {
  const box = errorBox();
  const group = choices(t("me-consents"), "consent", [
    [AGREED, t("me-consent-records"), given[AGREED]],
    ...CHANNELS.map((name) => [
      `channel:${name}`, t(`me-consent-${name}`), given[`channel:${name}`]])],
  { kind: "checkbox", hidden: true });
  group.addEventListener("change", async ({ target }) => {
    try {
      await call("PUT", "/v1/me/consents", { scope: target.value, granted: target.checked });
      if (target.value === AGREED) session.note({ agreed: target.checked });
      say(t("saved"));
    } catch (error) {
      target.checked = !target.checked;
      box.show(explain(error));
    }
  });
  return h("section", {}, h("h2", {}, t("me-consents")), group, box);
}

function accesses(rows) {
  return h("details", {}, h("summary", {}, t("me-access")), rows.length
    ? h("ul", { class: "small" }, rows.slice(0, 50).map((row) => h("li", {},
      `${instantText(row.at)}: ${who(row)}, ${did(row.action)}`))) : h("p", {}, t("me-access-empty")));
}

function who(row) {
  return table("texts")[`role-${row.role}`] || row.role;
}

const DEEDS = [
  [/\.(read|list|find)$/, "read"], [/^export/, "export"], [/^(record|quiz|analysis|device)/, "add"],
  [/^booking/, "booking"], [/^consent/, "consent"], [/^glass/, "glass"],
  [/change|account|session/, "change"], [/message|notif/, "message"],
];

function did(action) {
  const found = DEEDS.find(([pattern]) => pattern.test(action));
  return t(`act-${found ? found[1] : "other"}`);
}
