// The service worker: keeps all files of the page, so that it works without a network after its first load.
// `condcolor export --page` writes VERSION, a hash of their contents, and FILES above this line.

const PREFIX = `condcolor ${registration.scope} `, CACHE = PREFIX + VERSION;

addEventListener("install", (event) => {
  const fresh = FILES.map((name) => new Request(name, { cache: "no-cache" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const outdated = (name) => name.startsWith(PREFIX) && name !== CACHE;
  const remove = async () => Promise.all((await caches.keys()).filter(outdated).map((name) => caches.delete(name)));
  event.waitUntil(remove().then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  const kept = caches.match(event.request, { cacheName: CACHE, ignoreSearch: true });
  event.respondWith(kept.then((answer) => answer ?? fetch(event.request)));
});
