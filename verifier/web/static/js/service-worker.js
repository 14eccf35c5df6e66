// The service worker: one page, for when the counter's server does not answer. Whatever the server answers is shown as it came.
// Spec: W3C Service Workers. The server puts PAGE, FILES and VERSION in front (verifier/web/offline.py).
// Nothing but FILES is ever kept: no verdict, no form, nothing of a person.

const CACHE = `away ${VERSION}`;
const GATEWAY = [502, 503, 504]; // a proxy answers in the counter's place

addEventListener("install", (event) => {
  const fresh = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  })());
});

const kept = async (path) => (await caches.open(CACHE)).match(path, { ignoreVary: true });

/** What the counter answers, or null: its own failures have its policy with them, a proxy's have none. @param {Request} request */
async function asked(request) {
  const answer = await fetch(request).catch(() => null);
  return answer && GATEWAY.includes(answer.status) && !answer.headers.has("Content-Security-Policy") ? null : answer;
}

/** @param {Request} request */
async function page(request) {
  const answer = await asked(request);
  if (answer) return answer;
  const away = await kept(PAGE);
  return away ? new Response(away.body, { status: 503, statusText: "Counter away", headers: away.headers }) : Response.error();
}

/** A file of that page. @param {Request} request @param {string} path */
async function file(request, path) {
  return (await asked(request)) ?? (await kept(path)) ?? Response.error();
}

addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(page(event.request));
  else if (pathname !== PAGE && FILES.includes(pathname)) event.respondWith(file(event.request, pathname));
});
