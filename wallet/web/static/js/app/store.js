// Where the phone vault lies: IndexedDB, each change one transaction, so that two tabs cannot come between.
// Spec: W3C Indexed Database API 3.0 §2.7 (transactions).

const DATABASE = "vneid-phone", VERSION = 1;
/** `vault`: one line; `sealed`: documents and what belongs to them; `shown`: not yet told to the server; `uses`: when a copy was used. */
const STORES = { vault: "name", sealed: "name", shown: "name", uses: "thumbprint" };
export const ALL = Object.keys(STORES);

/** Another tab removed everything, or made the vault anew: what this tab has open counts no more. */
export class Gone extends Error {}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) request.result.createObjectStore(name, { keyPath });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

const answered = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** Runs `work` in one transaction; what it throws undoes all of it. Inside, only requests of this transaction may be awaited.
 * @template T @param {string[]} names @param {IDBTransactionMode} mode
 * @param {(at: Record<string, { get: (key: string) => Promise<any>, all: () => Promise<any[]>, put: (value: object) => Promise<any>, remove: (key: string) => Promise<any>, clear: () => Promise<any> }>) => Promise<T>} work
 * @returns {Promise<T>} when it is on the disk */
export async function within(names, mode, work) {
  const database = await open();
  try {
    const transaction = database.transaction(names, mode, { durability: "strict" });
    const ended = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error ?? new Gone());
    });
    ended.catch(() => {}); // told below, by what `work` threw
    const at = Object.fromEntries(names.map((name) => {
      const store = transaction.objectStore(name);
      return [name, {
        get: (key) => answered(store.get(key)),
        all: () => answered(store.getAll()),
        put: (value) => answered(store.put(value)),
        remove: (key) => answered(store.delete(key)),
        clear: () => answered(store.clear()),
      }];
    }));
    let result;
    try {
      result = await work(at);
    } catch (error) {
      try {
        transaction.abort();
      } catch { /* it has ended by itself, as it does when the storage is full */ }
      await ended.catch(() => {});
      throw transaction.error ?? error;
    }
    await ended;
    return result;
  } finally {
    database.close();
  }
}
