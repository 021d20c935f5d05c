/**
 * The outbox in IndexedDB. Each method is one transaction; two tabs that race see each other's
 * result whole. Opened on first use, and again when the browser closed it.
 */
import { replaces, type OutboxStore, type StoredItem } from './outboxStore.ts';

const ITEMS = 'items';
const TABS = 'tabs';

export function indexedDbOutbox(name = 'earshot'): OutboxStore {
  let opened: Promise<IDBDatabase> | null = null;

  function open(): Promise<IDBDatabase> {
    opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(ITEMS, { keyPath: 'id' }).createIndex('owner', 'owner');
        request.result.createObjectStore(TABS);
      };
      request.onsuccess = () => {
        const base = request.result;
        // Another version, or the browser's own clearing: the next use opens it anew.
        base.onclose = () => (opened = null);
        base.onversionchange = () => {
          base.close();
          opened = null;
        };
        resolve(base);
      };
      request.onerror = () => {
        opened = null;
        reject(request.error);
      };
    });
    return opened;
  }

  /** Runs `work` in one transaction; resolves with what it left in `found` when all is written. */
  async function within<T>(
    store: string,
    mode: IDBTransactionMode,
    work: (objects: IDBObjectStore, found: (value: T) => void) => void,
  ): Promise<T> {
    const base = await open();
    return new Promise((resolve, reject) => {
      const transaction = base.transaction(store, mode, { durability: 'relaxed' });
      let result: T;
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(transaction.error);
      work(transaction.objectStore(store), (value) => (result = value));
    });
  }

  function ofOwner(objects: IDBObjectStore, owner: string, then: (items: StoredItem[]) => void) {
    const request: IDBRequest<StoredItem[]> = objects.index('owner').getAll(owner);
    request.onsuccess = () => then(request.result);
  }

  return {
    load: (owner) =>
      within<StoredItem[]>(ITEMS, 'readonly', (objects, found) =>
        ofOwner(objects, owner, (items) =>
          found(items.sort((a, b) => a.created_at - b.created_at)),
        ),
      ),
    put: (item) =>
      within<void>(ITEMS, 'readwrite', (objects) => {
        ofOwner(objects, item.owner, (items) => {
          for (const known of items) if (replaces(item, known)) objects.delete(known.id);
          objects.put(item);
        });
      }),
    take: (id, tab) =>
      within<boolean>(ITEMS, 'readwrite', (objects, found) => {
        const request: IDBRequest<StoredItem | undefined> = objects.get(id);
        request.onsuccess = () => {
          found(request.result !== undefined);
          if (request.result) objects.put({ ...request.result, tab });
        };
      }),
    delete: (id) => within<void>(ITEMS, 'readwrite', (objects) => void objects.delete(id)),
    clear: (owner) =>
      within<void>(ITEMS, 'readwrite', (objects) => {
        ofOwner(objects, owner, (items) => items.forEach((item) => objects.delete(item.id)));
      }),
    lease: (tab, until) =>
      within<void>(TABS, 'readwrite', (objects) => {
        if (until > 0) objects.put(until, tab);
        else objects.delete(tab);
      }),
    leasedUntil: (tab) =>
      within<number>(TABS, 'readonly', (objects, found) => {
        const request: IDBRequest<number | undefined> = objects.get(tab);
        request.onsuccess = () => found(request.result ?? 0);
      }),
  };
}
