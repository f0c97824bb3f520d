// What is felt, asked before an ECG is sent: it can make the same curves urgent. Emergencies first.

import { choices, fill, h, say } from "./dom.js";
import { t, table } from "./words.js";

const NONE = "none";

/**
 * A group of checkboxes; a symptom that is an emergency shows the way to 103 at once, before
 * anything is sent. `read` returns the codes, or null while nothing was chosen.
 */
export function symptomChoice({ staff, known }) {
  const rows = table("symptoms");
  const group = choices(t(staff ? "symptoms-patient" : "symptoms-own"), "symptoms", [
    ...rows.map((one) => [one.value, one.text, known && known.includes(one.value)]),
    [NONE, t("symptoms-none"), known && !known.length]], { kind: "checkbox" });
  const boxes = [...group.querySelectorAll("input")];
  const alarm = h("div", { role: "alert" });
  const chosen = () => boxes.filter((one) => one.checked).map((one) => one.value);
  const warn = () => {
    const urgent = rows.some((one) => one.emergency && chosen().includes(one.value));
    if (urgent === Boolean(alarm.firstChild)) return;
    fill(alarm, urgent ? h("div", { class: "urgency red" },
      h("p", {}, h("strong", {}, t("emergency-now"))),
      h("a", { href: "tel:103", class: "call big" }, t("emergency-call"))) : "");
    if (urgent) say(t("emergency-now"));
  };
  group.addEventListener("change", ({ target }) => {
    if (target.checked) {
      for (const box of boxes) {
        if ((target.value === NONE) !== (box.value === NONE)) box.checked = false;
      }
    }
    warn();
  });
  warn();
  const read = () => {
    const codes = chosen();
    return codes.length ? codes.filter((code) => code !== NONE) : null;
  };
  return { element: h("section", { class: "symptoms" }, group, alarm), read,
    focus: () => boxes[0].focus() };
}
