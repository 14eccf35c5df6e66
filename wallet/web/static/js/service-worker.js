// The service worker: the shell and its modules come from the cache, always; everything else from the network alone.
// Spec: W3C Service Workers. The server puts FILES, VERSION and SCANNER in front (wallet/web/offline.py).

const CACHE = `app ${VERSION}`;
const SCANNING = `scanner ${SCANNER.version}`; // the reader of codes: large, and seldom another
const SHELL = FILES[0];

addEventListener("install", (event) => {
  // Whole or not at all, past the browser's own cache: files of one version never meet those of another.
  const fresh = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)));
});

addEventListener("activate", (event) => {
  // Only when the last page of the old version is closed; then its files are of no use.
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== CACHE && name !== SCANNING) await caches.delete(name);
    await clients.claim();
  })());
});

/** The shell asks for it once it has nothing else to do, where the browser cannot read codes by itself. */
addEventListener("message", (event) => {
  if (event.data !== "scanner") return;
  event.waitUntil((async () => {
    const cache = await caches.open(SCANNING);
    if ((await cache.keys()).length < SCANNER.files.length) await cache.addAll(SCANNER.files).catch(() => {}); // another time
  })());
});

/** @param {string} path @param {string} name of the cache */
async function kept(path, name = CACHE) {
  return (await (await caches.open(name)).match(path)) ?? fetch(path);
}

/** Pages of the server bring scripts of their own version; the shell has those that were kept with it. @param {FetchEvent} event @param {string} path */
async function file(event, path) {
  const page = await clients.get(event.clientId);
  return page && new URL(page.url).pathname !== SHELL ? fetch(event.request) : kept(path);
}

/** A page that needs the network, without one: home, where it is said. @param {Request} request */
async function page(request) {
  try {
    return await fetch(request);
  } catch {
    return Response.redirect(`${SHELL}#/no-network`);
  }
}

addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  if (pathname === SHELL) event.respondWith(kept(SHELL));
  else if (FILES.includes(pathname)) event.respondWith(file(event, pathname));
  else if (SCANNER.files.includes(pathname)) event.respondWith(kept(pathname, SCANNING));
  else if (event.request.mode === "navigate") event.respondWith(page(event.request));
});
