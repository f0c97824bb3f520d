// A photo: taken or chosen, looked at on the phone, sent, and waited for.

import { explain, get, sendFile } from "./api.js";
import { add, busy, button, errorBox, fill, h, say } from "./dom.js";
import { nameOf } from "./people.js";
import { look } from "./quality.js";
import * as session from "./session.js";
import { symptomChoice } from "./symptoms.js";
import { errorText, t } from "./words.js";

const MOST_MB = 20;
const PAUSES = [1000, 1000, 1000, 1000, 1500]; // ms between looks at a job, then 2 s
const LONG = 60; // s, after which waiting is called long

let chosen = null; // the file, until it was sent
let felt = null; // the symptoms said with it; null: not asked yet

/** Two buttons: the camera, or a file. */
export function choosePhoto() {
  const take = (file) => {
    if (!file) return;
    chosen = file;
    felt = null;
    if (window.location.hash === "#/photo") window.dispatchEvent(new Event("hashchange"));
    else window.location.hash = "#/photo";
  };
  const camera = input({ accept: "image/*", capture: "environment", class: "camera" }, take);
  const file = input({ accept: "image/*,.pdf,.dcm,.xml,.scp,.edf,.csv,.json", class: "file" }, take);
  return h("div", { class: "take" },
    camera, file,
    h("button", { type: "button", class: "primary big", onclick: () => camera.click() },
      t("take-photo")),
    h("button", { type: "button", class: "big", onclick: () => file.click() }, t("choose-file")));
}

function input(attributes, take) {
  const made = h("input", { type: "file", hidden: true, ...attributes });
  made.addEventListener("change", () => take(made.files[0]));
  return made;
}

export async function photo(body, { query, alive, onLeave }) {
  add(body, [h("h1", {}, t("photo-title"))]);
  if (query.patient) session.note({ patient: query.patient });
  const patient = (session.current() || {}).patient;
  if (patient) add(body, [h("p", {}, t("photo-for", { patient: await nameOf(patient) }))]);
  if (!chosen) {
    add(body, [tips(true), choosePhoto()]);
    return t("photo-title");
  }
  const file = chosen;
  const advice = h("div", { class: "advice", role: "status" }, h("p", {}, t("photo-checking")));
  const picture = h("div", { class: "preview" });
  const work = h("div", {});
  add(body, [picture, advice, work]);
  const url = URL.createObjectURL(file);
  onLeave(() => URL.revokeObjectURL(url));
  judge(file, url, picture, advice, work, alive);
  return t("photo-title");
}

async function judge(file, url, picture, advice, work, alive) {
  const seen = await look(file);
  if (!alive()) return;
  const lines = [];
  const tooLarge = file.size > MOST_MB * 1e6 && seen;
  if (seen) {
    fill(picture, h("img", { src: url, alt: t("photo-preview") }));
    const size = { width: seen.width, height: seen.height };
    lines.push(...seen.doubts.map((doubt) => t(`photo-${doubt}`, size)));
  } else {
    fill(picture, h("p", { class: "file-name" }, t("photo-file", { name: file.name })));
    lines.push(t("photo-unseen"));
  }
  if (tooLarge) lines.push(t("photo-too-large", { limit: MOST_MB }));
  const doubtful = Boolean(seen && lines.length);
  advice.classList.toggle("doubtful", doubtful);
  advice.classList.toggle("fine", Boolean(seen) && !doubtful);
  fill(advice, doubtful || !seen ? lines.map((line) => h("p", {}, line))
    : h("p", {}, t("photo-good")));
  const staff = Boolean((session.current() || {}).staff);
  const symptoms = symptomChoice({ staff, known: felt });
  const box = errorBox();
  const send = h("button", { type: "button", class: doubtful ? "send" : "primary big send" },
    t(doubtful ? "photo-send-anyway" : "photo-send"));
  send.addEventListener("click", () => {
    felt = symptoms.read();
    if (felt) busy(send, () => begin(file, work));
    else {
      box.show(t("symptoms-needed"));
      symptoms.focus();
    }
  });
  const again = choosePhoto();
  if (!doubtful) for (const one of again.querySelectorAll("button")) one.className = "";
  again.querySelectorAll("button")[0].textContent = t("photo-again");
  if (tooLarge) fill(work, again, tips());
  else if (doubtful) fill(work, again, symptoms.element, box, send, tips());
  else fill(work, symptoms.element, box, send, again);
}

function tips(open = false) {
  return h("details", { class: "tips", open },
    h("summary", {}, t("photo-tips")),
    h("ul", {}, ["flat", "frame", "sharp"].map((name) => h("li", {}, t(`photo-tip-${name}`)))));
}

/** Send the photo; who did not agree yet is asked first. */
async function begin(file, work) {
  const now = session.current();
  if (!now || !(now.agreed || now.staff)) {
    window.location.hash = "#/start?then=photo";
    return;
  }
  const state = h("p", { role: "status", class: "state" }, t("job-sending"));
  const clock = h("p", { class: "clock", "aria-hidden": "true" });
  const box = errorBox();
  fill(work, h("h2", {}, t("job-title")),
    h("div", { class: "bar", "aria-hidden": "true" }, h("span", {})), state, clock, box);
  const began = Date.now();
  const ticking = setInterval(() => {
    fill(clock, t("job-seconds", { count: Math.round((Date.now() - began) / 1000) }));
  }, 1000);
  try {
    const job = await sendFile(file, now.patient, felt);
    await follow(job, state, began, () => work.isConnected);
  } catch (error) {
    failed(work, error.text || explain(error), file);
  } finally {
    clearInterval(ticking);
  }
}

async function follow(job, state, began, alive) {
  const told = new Set();
  for (let look = 0; alive(); look += 1) {
    if (job.status === "done") {
      chosen = null;
      window.location.hash = placeOf(job.analysis);
      return;
    }
    if (job.status === "failed") {
      throw new Failed(job.error_code);
    }
    const late = Date.now() - began > LONG * 1000;
    const text = t(late ? "job-long" : `job-${job.status}`);
    if (!told.has(text)) {
      told.add(text);
      fill(state, text);
    }
    await new Promise((resolve) => { setTimeout(resolve, PAUSES[look] || 2000); });
    job = await get(`/v1/jobs/${job.id}`);
  }
}

/** Staff keep in mind whose ECG it is: it may be compared with that person's others. */
function placeOf(analysis) {
  const { patient } = session.current() || {};
  return `#/ecg/${analysis}${patient ? `?patient=${encodeURIComponent(patient)}` : ""}`;
}

class Failed extends Error {
  constructor(code) {
    super(code);
    this.text = errorText(code);
  }
}

function failed(work, text, file) {
  const again = choosePhoto();
  const box = errorBox();
  fill(work, h("h2", {}, t("job-failed")), box, h("p", {}, t("job-failed-text")), again,
    button(t("send-again"), () => begin(file, work)), tips(true));
  box.show(text);
  say(t("job-failed"));
}
