// Whose ECG it is, by name, for those who work at a clinic: nobody tells two numbers apart. Names are
// kept as long as the window is open, in its memory only.

import { get } from "./api.js";

const known = new Map();

/** Return the name and the date of birth; the beginning of the number where they are not known. */
export async function nameOf(patient) {
  if (!known.has(patient)) known.set(patient, await asked(patient));
  return known.get(patient);
}

async function asked(patient) {
  try {
    const person = await get(`/v1/patients/${encodeURIComponent(patient)}`);
    const born = person.birth_date.split("-").reverse().join(".");
    return [person.name || patient.slice(0, 8), born].filter(Boolean).join(", ");
  } catch {
    return patient.slice(0, 8); // without the right to read it, or without a connection
  }
}
