// The calls of /v1. An error has a `code`; what is shown is the page's own text for it.

import * as session from "./session.js";
import { errorText, language } from "./words.js";

export class Problem extends Error {
  constructor(code, status = 0, detail = "") {
    super(code);
    this.code = code;
    this.status = status;
    this.detail = detail;
  }
}

/** Return what to tell a person about an error. */
export function explain(error) {
  if (!(error instanceof Problem)) {
    console.error(error);
    return errorText("general");
  }
  return errorText(error.code);
}

async function send(path, { method = "GET", body, headers = {}, token } = {}) {
  const sent = { "Accept-Language": language(), ...headers };
  if (token) sent.Authorization = `Bearer ${token}`;
  let data = body;
  if (body !== undefined && !(body instanceof FormData)) {
    sent["Content-Type"] = "application/json";
    data = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, { method, headers: sent, body: data, cache: "no-store" });
  } catch {
    throw new Problem("offline");
  }
  if (answer.ok) return answer;
  let told = {};
  try {
    told = await answer.json();
  } catch { /* a proxy may answer with a page */ }
  throw new Problem(told.code || "general", answer.status, told.detail || "");
}

async function signed(path, options = {}) {
  const now = session.current();
  if (!now) return send(path, options);
  try {
    return await send(path, { ...options, token: now.access });
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
  }
  const renewed = await session.under(() => renew(now));
  return send(path, { ...options, token: renewed.access });
}

/** Get a new pair of tokens, unless another window just did. */
async function renew(old) {
  const now = session.current();
  if (now && now.access !== old.access) return now;
  try {
    const body = { refresh_token: old.refresh };
    const pair = await (await send("/v1/session/refresh", { method: "POST", body })).json();
    const renewed = { ...old, access: pair.access_token, refresh: pair.refresh_token };
    session.keep(renewed);
    return renewed;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) {
      session.forget();
      window.dispatchEvent(new Event("session-ended"));
    }
    throw error;
  }
}

export async function get(path) {
  return (await signed(path)).json();
}

export async function getBlob(path) {
  return (await signed(path)).blob();
}

/** Send JSON; returns the answer's document, or null where there is none. */
export async function call(method, path, body, headers = {}) {
  const answer = await signed(path, { method, body, headers });
  return answer.status === 204 ? null : answer.json();
}

/** Open a session: `way` is guest, password, or code/confirm. */
export async function open(way, body, { stay = false, guest = false } = {}) {
  const answer = await send(`/v1/session/${way}`, { method: "POST", body });
  const pair = await answer.json();
  session.keep({ access: pair.access_token, refresh: pair.refresh_token, stay, guest });
}

export async function plain(method, path, body) {
  return (await send(path, { method, body })).json();
}

export async function sendFile(file, patient, symptoms) {
  const form = new FormData();
  form.append("file", file, "ecg");
  for (const code of symptoms) form.append("symptoms", code);
  const query = patient ? `?patient=${encodeURIComponent(patient)}` : "";
  return (await signed(`/v1/ecg${query}`, { method: "POST", body: form })).json();
}
