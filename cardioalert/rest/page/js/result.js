// What was found in one ECG, the urgent first; and the list of all ECGs.

import { explain, get, getBlob } from "./api.js";
import { comparison } from "./compare.js";
import { add, button, download, errorBox, fill, h } from "./dom.js";
import { nameOf } from "./people.js";
import * as session from "./session.js";
import { instantText, number, t, table, word } from "./words.js";

const MEASURES = [
  ["heart_rate_bpm", "heart-rate", "/min", 0],
  ["pr_ms", "pr", "ms", 0],
  ["qrs_ms", "qrs", "ms", 0],
  ["qtc_fridericia_ms", "qtc", "ms", 0],
  ["qrs_axis_deg", "qrs-axis", "°", 0],
];

export async function result(body, { id, query, onLeave }) {
  const { at, analysis } = await get(`/v1/analyses/${encodeURIComponent(id)}`);
  const whose = query.patient ? await nameOf(query.patient) : "";
  const urls = [];
  onLeave(() => urls.forEach((url) => URL.revokeObjectURL(url)));
  let previous = "";
  const compared = comparison({ id, at, patient: query.patient,
    chose: (earlier) => { previous = earlier; } });
  add(body, [
    h("h1", {}, t("result-title")),
    whose ? h("p", {}, t("visit-patient", { patient: whose })) : "",
    h("p", { class: "small" }, t("result-at", { date: instantText(at) })),
    urgency(analysis),
    h("h2", {}, t("result-advice")),
    h("ul", { class: "advices" }, analysis.advice.map((line) => h("li", {}, line.text))),
    h("h2", {}, t("result-findings")),
    findings(analysis),
    picture(id, analysis, urls),
    quality(analysis),
    measures(analysis),
    notAssessed(analysis),
    compared,
    report(id, () => previous),
    h("p", {}, h("a", { href: "#/clinics", class: "button" }, t("result-book"))),
    h("p", { class: "small" }, analysis.disclaimer),
    h("p", { class: "small" }, t("result-models", { version: analysis.software.version })),
  ]);
  return t("result-title");
}

function urgency(analysis) {
  const level = analysis.urgency;
  const { word: name, meaning } = word("urgency", level);
  const urgent = level === "red";
  return h("div", { class: `urgency ${level}` },
    h("p", { class: "level" }, name),
    h("p", { class: "meaning" }, meaning),
    felt(analysis.patient.symptoms),
    h("p", {}, word("overall", analysis.overall)),
    urgent ? h("p", {}, h("strong", {}, t("emergency-now"))) : "",
    urgent ? h("a", { href: "tel:103", class: "call big" }, t("emergency-call")) : "");
}

function felt(symptoms) {
  if (!symptoms.length) return "";
  const known = Object.fromEntries(table("symptoms").map((one) => [one.value, one.text]));
  return h("p", {}, t("result-symptoms", { list: symptoms.map((one) => known[one]).join(", ") }));
}

function findings(analysis) {
  if (!analysis.findings.length) return h("p", {}, t("result-no-findings"));
  return h("ul", { class: "findings" }, analysis.findings.map((one) => h(
    "li", { class: `finding ${one.urgency}` },
    h("p", {}, h("strong", {}, one.title), " ",
      h("span", { class: "status" }, `(${word("status", one.status)})`)),
    reasons(one))));
}

function reasons(one) {
  const against = one.against || [];
  if (!one.evidence.length && !against.length) return "";
  return h("details", {},
    h("summary", {}, t("result-why"), h("span", { class: "unseen" }, `: ${one.title}`)),
    h("ul", {}, one.evidence.map((line) => h("li", {}, line.text))),
    against.length ? h("p", {}, t("result-against")) : "",
    against.length ? h("ul", {}, against.map((line) => h("li", {}, line.text || line))) : "");
}

function picture(id, analysis, urls) {
  if (!analysis.digitization) return "";
  const place = h("div", { class: "overlay" }, h("p", { class: "waiting" }, t("loading")));
  const box = errorBox();
  getBlob(`/v1/analyses/${encodeURIComponent(id)}/overlay.jpg`).then((blob) => {
    const url = URL.createObjectURL(blob);
    urls.push(url);
    fill(place, h("img", { src: url, alt: t("result-picture-alt") }));
    add(place, [h("p", {}, h("a", { href: url, target: "_blank" }, t("result-picture-large")))]);
  }).catch((error) => { fill(place); box.show(explain(error)); });
  return h("section", {},
    h("h2", {}, t("result-picture")), place, box, h("p", {}, t("result-picture-check")));
}

function quality(analysis) {
  const page = analysis.digitization;
  if (!page) return "";
  const notices = [...page.quality.reasons, ...page.warnings];
  const lines = notices.map((one) => word("notices", one.code) || one.message);
  return h("section", {},
    h("p", {}, t("result-quality", { grade: word("grade", page.quality.grade) })),
    lines.length ? h("ul", {}, [...new Set(lines)].map((line) => h("li", {}, line))) : "");
}

function measures(analysis) {
  return h("section", {},
    h("h2", {}, t("result-measures")),
    h("table", {},
      h("thead", {}, h("tr", {},
        h("th", { scope: "col" }, t("result-measure")), h("th", { scope: "col" }, t("result-value")))),
      h("tbody", {}, MEASURES.map(([key, name, unit, decimals]) => h("tr", {},
        h("th", { scope: "row" }, t(name)),
        h("td", {}, value(analysis.measurements[key], unit, decimals)))))));
}

function value(measured, unit, decimals) {
  if (!measured || measured.value === null || measured.status === "not-measurable") {
    return t("result-not-measurable");
  }
  const about = number(measured.uncertainty || 0, decimals);
  const spread = Number(about) ? ` ± ${about}` : "";
  return `${number(measured.value, decimals)}${spread} ${table("units")[unit] || unit}`;
}

function notAssessed(analysis) {
  const lines = [...new Set(analysis.not_assessed.map((one) => one.reason))];
  if (!lines.length) return "";
  return h("details", {},
    h("summary", {}, t("result-not-assessed", { count: lines.length })),
    h("ul", {}, lines.map((line) => h("li", {}, line))));
}

/** Reports; after a comparison they hold it, too. */
function report(id, previous) {
  const box = errorBox();
  const save = (ending) => button(t(ending === "pdf" ? "result-pdf" : "result-html"), async () => {
    const path = `/v1/analyses/${encodeURIComponent(id)}/report.${ending}`;
    const earlier = previous() ? `?previous=${encodeURIComponent(previous())}` : "";
    download(await getBlob(path + earlier), `ecg.${ending}`);
  }, { failed: (error) => box.show(explain(error)) });
  return h("section", { class: "report" },
    h("h2", {}, t("result-report")), h("div", { class: "row" }, save("pdf"), save("html")), box);
}

export async function history(body, { query }) {
  const title = query.patient
    ? t("history-of", { patient: await nameOf(query.patient) }) : t("history-title");
  add(body, [h("h1", {}, title)]);
  const now = session.current();
  if (!now || (now.staff && !query.patient)) {
    add(body, [h("p", {}, t("history-empty")), signInLink(now)]);
    return title;
  }
  const list = h("ul", { class: "rows" });
  const more = h("div", {});
  const box = errorBox();
  add(body, [list, more, box]);
  const next = async (after) => {
    const whose = query.patient ? `&patient=${encodeURIComponent(query.patient)}` : "";
    const page = await get(`/v1/analyses?limit=20&after=${after}${whose}`);
    add(list, page.analyses.map((one) => row(one, query.patient)));
    fill(more, page.after ? button(t("more"), () => next(page.after),
      { failed: (error) => box.show(explain(error)) }) : "");
    return page.analyses.length;
  };
  if (!(await next(""))) add(body, [h("p", {}, t("history-empty"))]);
  return title;
}

function signInLink(now) {
  return now ? "" : h("p", {}, h("a", { href: "#/signin", class: "button" }, t("sign-in")));
}

function row(one, patient) {
  const whose = patient ? `?patient=${encodeURIComponent(patient)}` : "";
  return h("li", {},
    h("a", { href: `#/ecg/${one.id}${whose}`, class: `card ${one.urgency}` },
      h("strong", {}, instantText(one.at)),
      h("span", {}, `${word("urgency", one.urgency).word} · ${word("overall", one.overall)}`)));
}
