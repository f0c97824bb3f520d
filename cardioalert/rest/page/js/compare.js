// Two ECGs of one person: what changed beyond what two measurements of one heart differ by.

import { explain, get } from "./api.js";
import { add, button, errorBox, field, fill, h, newId } from "./dom.js";
import { instantText, t, word } from "./words.js";

const NOTHING = "–"; // what reports write where there is no value

/** Offer the earlier ECGs; `chose` is called with the one that is compared with. */
export function comparison({ id, at, patient, chose }) {
  const stage = h("div", {});
  const box = errorBox();
  const failed = (error) => box.show(explain(error));
  const start = button(t("compare-begin"), async () => {
    const earlier = await earlierOnes(id, at, patient);
    if (earlier.length) choose(stage, id, earlier, { chose, failed });
    else fill(stage, h("p", { role: "status" }, t("compare-none")));
  }, { failed });
  add(stage, [start]);
  return h("section", { class: "compare" }, h("h2", {}, t("compare-title")), stage, box);
}

async function earlierOnes(id, at, patient) {
  const whose = patient ? `&patient=${encodeURIComponent(patient)}` : "";
  const { analyses } = await get(`/v1/analyses?limit=100${whose}`);
  const place = analyses.findIndex((one) => one.id === id);
  return analyses.filter((one, index) => (place < 0 ? one.at < at : index > place));
}

function choose(stage, id, earlier, { chose, failed }) {
  const select = h("select", {}, earlier.map((one) => h("option", { value: one.id },
    `${instantText(one.at)}, ${word("urgency", one.urgency).word}`)));
  const shown = h("div", { "aria-live": "polite" });
  const show = button(t("compare-show"), async () => {
    const path = `/v1/analyses/${encodeURIComponent(id)}/comparison`;
    const found = await get(`${path}?previous=${encodeURIComponent(select.value)}`);
    fill(shown, found.notes.map((note) => h("p", { class: "notice" }, note)),
      found.findings ? changes(found.findings) : "", changes(found.values));
    chose(select.value);
  }, { failed });
  fill(stage, field(t("compare-with"), select), h("p", {}, show), shown);
  select.focus();
}

/**
 * A table of what was and what is; what changed stands below what is, because five columns do not
 * fit on a phone. The region scrolls by itself if words are long, by keyboard, too.
 */
function changes({ title, head, rows, marks, note }) {
  const heading = h("h3", { id: newId() }, title);
  const some = rows.map((cells, index) => ({ cells, mark: marks[index] }))
    .filter(({ cells }) => cells.slice(1, 3).some((cell) => cell !== NOTHING));
  return h("section", {}, heading,
    h("div", { class: "wide", role: "region", tabindex: "0", "aria-labelledby": heading.id },
      h("table", {},
        h("thead", {}, h("tr", {}, head.slice(0, 3).map(
          (cell) => h("th", { scope: "col" }, cell)))),
        h("tbody", {}, some.map((one) => row(head, one))))),
    note ? h("p", { class: "small" }, note) : "");
}

function row(head, { cells, mark }) {
  const [name, before, now, change, beyond] = cells;
  const told = change === NOTHING ? [] : [`${head[3]}: ${change}`];
  if (mark && beyond) told.push(`${head[4]}: ${beyond}`);
  return h("tr", { class: mark || null },
    h("th", { scope: "row" }, name), h("td", {}, before),
    h("td", {}, now, told.map((line) => h("span", { class: "change" }, line))));
}
