// The risk test: the server asks, symptoms first; going back means sending one reply less.

import { call, explain, plain } from "./api.js";
import { add, busy, button, choices, errorBox, field, fill, h, newId, say } from "./dom.js";
import * as session from "./session.js";
import { number, t, word } from "./words.js";

let replies = [];

export async function riskTest(body) {
  const stage = h("div", { class: "stage" });
  add(body, [h("h1", {}, t("test-title")), stage]);
  if (replies.length) await step(stage, replies, false);
  else {
    add(stage, [
      h("p", {}, t("test-intro")),
      button(t("test-begin"), () => step(stage, []), { kind: "primary big" }),
    ]);
  }
  return t("test-title");
}

async function step(stage, wanted, move = true) {
  const answer = await plain("POST", "/v1/quiz/next", { replies: wanted });
  if (answer.error) throw new Answered(answer.error);
  replies = wanted.slice(0, answer.kept);
  if (answer.question) ask(stage, answer, move);
  else await finish(stage, answer.answers);
}

class Answered extends Error {}

function ask(stage, { question, left }, move) {
  const box = errorBox();
  const heading = h("h2", { id: newId(), tabindex: "-1" }, question.text);
  const { input, read } = control(question, heading.id);
  const next = h("button", { type: "submit", class: "primary big" }, t("test-next"));
  const reply = (text) => step(stage, [...replies, { key: question.key, text }]);
  const failed = (error) => box.show(error instanceof Answered ? error.message : explain(error));
  const form = h("form", { novalidate: true, class: "question" },
    heading, input, box, next,
    h("div", { class: "row" },
      replies.length ? button(t("back"), () => step(stage, replies.slice(0, -1)), { failed }) : "",
      question.required ? "" : button(t("test-skip"), () => reply(""), { failed })));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = read();
    if (!text) box.show(t("test-choose"));
    else busy(next, () => reply(text), failed);
  });
  fill(stage, h("p", { class: "small" }, t("test-left", { count: left })), form);
  if (move) heading.focus();
}

/** Return the field of a question, and how to read it. */
function control(question, labelId) {
  if (question.kind === "number") return numberField(question, labelId);
  const several = question.kind === "choices";
  const options = question.kind === "yes-no"
    ? [["yes", t("yes")], ["no", t("no")]]
    : question.options.map((one) => [one.value, one.text]);
  const group = choices(question.text, "answer", options,
    { kind: several ? "checkbox" : "radio", hidden: true });
  const boxes = [...group.querySelectorAll("input")];
  if (several) {
    // "None of these" and a symptom exclude each other.
    group.addEventListener("change", ({ target }) => {
      if (!target.checked) return;
      for (const box of boxes) {
        if ((target.value === "none") !== (box.value === "none")) box.checked = false;
      }
    });
  }
  const read = () => boxes.filter((one) => one.checked).map((one) => one.value).join(",");
  return { input: group, read };
}

function numberField(question, labelId) {
  const input = h("input", { type: "text", inputmode: "decimal", autocomplete: "off",
    "aria-labelledby": labelId });
  const units = question.units.filter((one) => one.text);
  if (units.length < 2) {
    const unit = units[0] || { unit: "", text: "" };
    return {
      input: h("div", { class: "with-unit" }, input, h("span", {}, unit.text)),
      read: () => input.value.trim() && `${input.value.trim()} ${unit.unit}`,
    };
  }
  const select = h("select", { "aria-label": t("test-unit") },
    units.map((one) => h("option", { value: one.unit }, one.text)));
  return {
    input: h("div", { class: "with-unit" }, input, select),
    read: () => input.value.trim() && `${input.value.trim()} ${select.value}`,
  };
}

async function finish(stage, answers) {
  const now = session.current();
  const kept = Boolean(now && now.agreed);
  const { result } = kept
    ? await call("POST", "/v1/quiz", answers)
    : await plain("POST", "/v1/quiz/result", answers);
  const heading = h("h2", { tabindex: "-1" }, t("test-result"));
  const back = () => step(stage, replies.slice(0, -1));
  const box = errorBox();
  const failed = (error) => box.show(explain(error));
  fill(stage, heading, headline(result), nextStep(result), changes(result),
    list("result-advice", result.advice), notes(result),
    kept ? "" : h("p", { class: "small" }, t("test-not-kept")),
    h("p", { class: "small" }, result.disclaimer), box,
    h("div", { class: "row" },
      button(t("back"), back, { failed }),
      button(t("test-again"), () => { replies = []; return step(stage, []); }, { failed })));
  heading.focus();
  say(t("test-result"));
}

function headline(result) {
  if (!result.score) {
    return h("div", { class: "urgency grey" },
      h("p", {}, result.error ? result.error.message : t("test-none")));
  }
  const level = { high: "red", "very-high": "red", low: "green", "low-moderate": "green" };
  return h("div", { class: `urgency soft ${level[result.category] || "yellow"}` },
    h("p", { class: "level" }, figure(result)),
    h("p", { class: "meaning" }, word("categories", result.category)),
    result.mode === "points" ? ""
      : h("p", {}, t("test-percent-text", { percent: number(result.percent, decimals(result)) })),
    result.mode === "chart" ? h("p", {}, t("test-exact", {
      percent: number(result.percent_exact, 1),
      category: word("categories", result.category_exact),
    })) : "",
    age(result),
    h("p", { class: "small" }, word("scores", result.score)));
}

function decimals(result) {
  return Number.isInteger(result.percent) ? 0 : 1;
}

function figure(result) {
  if (result.mode !== "points") {
    return t("test-percent-years", {
      percent: number(result.percent, decimals(result)), years: result.horizon_years,
    });
  }
  const high = result.points_at_most;
  return high !== undefined && high > result.points
    ? t("test-points-range", { low: result.points, high })
    : t("test-points", { points: result.points });
}

function age(result) {
  if (!result.risk_age) return "";
  const bound = { "at-least": "test-age-more", "at-most": "test-age-less" };
  return h("p", {}, t(bound[result.risk_age_bound] || "test-age", { years: result.risk_age }));
}

function nextStep(result) {
  const { code, text } = result.next_step;
  const emergency = code.includes("103") || code.includes("emergency");
  return h("section", { class: emergency ? "urgency red" : "next" },
    h("h3", {}, t("test-next-step")), h("p", {}, text),
    emergency ? h("a", { href: "tel:103", class: "call big" }, t("emergency-call"))
      : h("a", { href: "#/clinics", class: "button primary" }, t("home-clinics")));
}

function changes(result) {
  if (!result.what_if.length) return "";
  return h("section", {}, h("h3", {}, t("test-changes")),
    h("table", {}, h("tbody", {}, result.what_if.map((one) => h("tr", {},
      h("th", { scope: "row" }, one.text),
      h("td", {}, one.points === undefined
        ? `${number(one.percent, decimals(one))}\u00a0%` : t("test-points", { points: one.points })))))));
}

function list(title, lines) {
  if (!lines.length) return "";
  return h("section", {}, h("h3", {}, t(title)),
    h("ul", {}, lines.map((line) => h("li", {}, line.text))));
}

function notes(result) {
  return result.notes.length
    ? h("ul", { class: "small" }, result.notes.map((note) => h("li", {}, note.text))) : "";
}
