// Keeps the page itself, so that it opens without a connection and says so. Data of people is never
// kept: only the files named here are, and every other request passes by untouched.

const KEPT = "cardioalert-page";
const FILES = [
  "/",
  "/app.css",
  "/manifest.webmanifest",
  "/icons/clinics.svg",
  "/icons/ecgs.svg",
  "/icons/home.svg",
  "/icons/icon.svg",
  "/icons/icon-192.png",
  "/icons/icon-512.png",
  "/icons/maskable-512.png",
  "/icons/me.svg",
  "/icons/visits.svg",
  "/js/account.js",
  "/js/api.js",
  "/js/app.js",
  "/js/booking.js",
  "/js/clinics.js",
  "/js/compare.js",
  "/js/dom.js",
  "/js/home.js",
  "/js/people.js",
  "/js/photo.js",
  "/js/quality.js",
  "/js/result.js",
  "/js/session.js",
  "/js/staff.js",
  "/js/symptoms.js",
  "/js/test.js",
  "/js/words.js",
  "/words/en.json",
  "/words/ru.json",
  "/words/uz.json",
];

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(KEPT).then((kept) => kept.addAll(FILES)).then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.search || !FILES.includes(url.pathname)) return;
  event.respondWith(fresh(event.request, url.pathname));
});

// The network goes first, so that a new version is seen at once.
async function fresh(request, path) {
  const kept = await caches.open(KEPT);
  try {
    const answer = await fetch(request);
    if (answer.ok) await kept.put(path, answer.clone());
    return answer;
  } catch (error) {
    const known = await kept.match(path);
    if (known) return known;
    throw error;
  }
}
