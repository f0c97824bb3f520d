// Elements, and what a screen reader is told. No text ever becomes markup here.

/** Make an element: h("a", {href: "#/", class: "card"}, "text", child). */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  add(element, children);
  return element;
}

export function add(element, children) {
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** Replace what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  return add(element, children);
}

/** Say something to a screen reader without moving its focus. */
export function say(text) {
  const spoken = document.getElementById("spoken");
  spoken.textContent = "";
  setTimeout(() => { spoken.textContent = text; }, 50);
}

let numbers = 0;
/** Return an identifier nobody has. */
export function newId() {
  numbers += 1;
  return `e${numbers}`;
}

/** A field with its label, hint and place for an error. */
export function field(label, input, hint = "") {
  input.id = input.id || newId();
  const parts = [h("label", { for: input.id }, label), input];
  if (hint) {
    const note = h("p", { class: "hint", id: `${input.id}-hint` }, hint);
    input.setAttribute("aria-describedby", note.id);
    parts.splice(1, 0, note);
  }
  return h("div", { class: "field" }, parts);
}

/** A group of radio buttons or checkboxes: options are [value, text, chosen]. */
export function choices(legend, name, options, { kind = "radio", hidden = false } = {}) {
  return h(
    "fieldset", { class: "choices" },
    h("legend", { class: hidden ? "unseen" : null }, legend),
    options.map(([value, text, chosen]) => {
      const input = h("input", { type: kind, name, value, id: newId() });
      input.checked = Boolean(chosen);
      return h("div", { class: "choice" }, input, h("label", { for: input.id }, text));
    }),
  );
}

/** A button that cannot be pressed twice while it works; errors go to `failed`. */
export function button(text, work, { kind = "", failed } = {}) {
  const made = h("button", { type: "button", class: kind }, text);
  made.addEventListener("click", () => busy(made, work, failed));
  return made;
}

/** Run work while a button is busy. */
export async function busy(made, work, failed) {
  if (made.getAttribute("aria-disabled") === "true") return;
  made.setAttribute("aria-disabled", "true");
  try {
    await work();
  } catch (error) {
    if (!failed) throw error;
    failed(error);
  } finally {
    made.removeAttribute("aria-disabled");
  }
}

/**
 * Let only the newest of several loads be shown, however late the others answer. `load` gets a
 * function that tells whether it is still the newest; `place` says so while it waits.
 */
export function newest(place, load) {
  let last = 0;
  return async (...wish) => {
    const mine = (last += 1);
    const wanted = () => mine === last;
    place.setAttribute("aria-busy", "true");
    try {
      await load(wanted, ...wish);
    } catch (error) {
      if (wanted()) throw error; // of a list nobody waits for, its failing does not matter either
    } finally {
      if (wanted()) place.removeAttribute("aria-busy");
    }
  };
}

/** A box that holds an error and is read aloud when it gets one. */
export function errorBox() {
  const box = h("div", { class: "error", role: "alert", hidden: true });
  box.show = (text) => {
    box.hidden = !text;
    fill(box, text ? h("p", {}, text) : "");
    if (text) box.scrollIntoView({ block: "nearest" });
  };
  return box;
}

/** Ask before something that cannot be undone; resolves to true or false. */
export function ask(question, yes, no) {
  return new Promise((resolve) => {
    const title = h("p", { id: newId() }, question);
    const dialog = h("dialog", { "aria-labelledby": title.id });
    const end = (answer) => { dialog.close(); dialog.remove(); resolve(answer); };
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); end(false); });
    add(dialog, [
      title,
      h("div", { class: "row" },
        h("button", { type: "button", onclick: () => end(false) }, no),
        h("button", { type: "button", class: "danger", onclick: () => end(true) }, yes)),
    ]);
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Hand a file to the person. */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
