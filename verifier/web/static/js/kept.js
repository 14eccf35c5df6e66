// Has the browser keep the page that says that the counter's server is away. Without it everything works, while the server is there.

navigator.serviceWorker?.register("/service-worker.js").catch(() => {});
