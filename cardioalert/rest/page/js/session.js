// Who is signed in. Tokens stay in this window unless the person says that the phone is their own.
// Another window may use the same refresh token only once, so changing it is done under a lock.

const NAME = "cardioalert-session";

export function current() {
  const kept = sessionStorage.getItem(NAME) || localStorage.getItem(NAME);
  return kept ? JSON.parse(kept) : null;
}

export function keep(session) {
  const stays = session.stay ? localStorage : sessionStorage;
  forget();
  stays.setItem(NAME, JSON.stringify(session));
}

export function forget() {
  sessionStorage.removeItem(NAME);
  localStorage.removeItem(NAME);
}

/** Remember something about the person that is asked for often. */
export function note(values) {
  const session = current();
  if (session) keep({ ...session, ...values });
}

export function under(work) {
  return navigator.locks ? navigator.locks.request(NAME, work) : work();
}
