/**
 * createClient: puts connection, calls and verdicts together. Nothing happens before
 * `connect()`; everything ends with `disconnect()`, and either may be called again.
 */
import type { Client, ClientOptions, SessionView } from './api.ts';
import { DEFAULT_BACKOFF, delayMs } from './backoff.ts';
import { createBatch, nextFrame } from './batch.ts';
import { CallList } from './callList.ts';
import { CallStore } from './callStore.ts';
import { CallRegistry } from './calls.ts';
import { createServerClock } from './clock.ts';
import { ConnectionMachine } from './connection.ts';
import type { Connection } from './connectionState.ts';
import { dispatch, type Destinations } from './dispatch.ts';
import { unwrap } from './errors.ts';
import { newId } from './ids.ts';
import type { Keeper } from './keeper.ts';
import type { Request } from './link.ts';
import { createListeners } from './listeners.ts';
import { Outbox } from './outbox.ts';
import type { StoredItem } from './outboxStore.ts';
import { createValue } from './readable.ts';
import { createTokens } from './tokens.ts';
import { onWake } from './wake.ts';
import type { VerdictReceipt } from './wire.gen.ts';

/** A session waits so long for what is kept; then it does without. */
const KEPT_MS = 3_000;
const OUTBOX = { maxItems: 200, maxAttempts: 8, ttlMs: 86_400_000 };

export function createClient(options: ClientOptions): Client {
  const { agentId, url = '' } = options;
  const backoff = { ...DEFAULT_BACKOFF, ...options.backoff };
  const now = options.now ?? Date.now;
  const clock = createServerClock(now);
  const batch = createBatch(options.flush ?? nextFrame);
  const tokens = createTokens(options.getToken, backoff.tokenGapMs, now);
  const list = new CallList(batch);
  const listeners = createListeners();
  const state = createValue<Connection>({ status: 'idle' }, batch);
  const session = createValue<SessionView | null>(null, batch);
  const timing = { delayMs: (attempt: number) => delayMs(backoff, attempt) };
  let stopWaking: (() => void) | null = null;
  let keeper: Promise<Keeper> | null = null;
  let kept: Promise<void> = Promise.resolve();

  const machine = new ConnectionMachine({
    url,
    agentId,
    clientId: options.clientId ?? newId(),
    tokens,
    backoff,
    state,
    now,
    hasNetwork: () => globalThis.navigator?.onLine !== false,
    onEvent(event) {
      dispatch(destinations, event);
      listeners.tell(event);
    },
    onSession(begun, askedAt) {
      clock.learn(begun.server_time, askedAt);
      session.set(begun);
      if (begun.tenant) outbox.belongTo(begun.tenant);
      list.replace(begun.calls, (callId) => !!registry.wanted(callId));
    },
    async resume() {
      // Layers stand over the first snapshot, or a card would flash its old state.
      await Promise.race([kept, new Promise((done) => setTimeout(done, KEPT_MS))]);
      await registry.resume();
    },
    onLost: () => registry.lost(),
    onOnline: () => outbox.drain(),
  });

  /** By way of the object, so that devtools may stand in between. */
  const request: Request = (...what) => client.request(...what);

  const registry: CallRegistry = new CallRegistry({
    ...timing,
    create: (callId) => new CallStore(callId, agentId, batch),
    request,
    wants(store, isWanted) {
      if (isWanted) store.setLayers(outbox.layers(store.callId));
      else outbox.observe(store.callId);
    },
    applied,
    unknown: (callId) => list.remove(callId),
  });

  const owner = `${url || globalThis.location?.origin}|${agentId}`;
  const mine = { ...OUTBOX, ...options.outbox, owner, tab: newId(), now };
  const outbox: Outbox = new Outbox({
    ...timing,
    ...mine,
    batch,
    ready: () => state.get().status === 'online',
    send,
    changed: (callId) => registry.wanted(callId)?.setLayers(outbox.layers(callId)),
    seen(callId) {
      const store = registry.wanted(callId);
      return store ? (store.cursor?.seq ?? 0) : Infinity;
    },
  });

  const destinations: Destinations = { agentId, machine, list, registry, outbox };

  function applied(store: CallStore): void {
    outbox.observe(store.callId);
    const info = store.info.get();
    if (info) list.update(info);
  }

  async function loadKeeper(): Promise<Keeper> {
    const { Keeper } = await import('./keeper.ts');
    const made = new Keeper({ ...mine, store: mine.store, outbox });
    outbox.keepIn(made);
    return made;
  }

  /** Settles when it was tried. Whatever goes wrong: this page's life must do. */
  async function withKeeper(work: (opened: Keeper) => Promise<void> | void): Promise<void> {
    if (mine.store === null) return;
    try {
      if (!(mine.store ?? globalThis.indexedDB)) return; // some browsers throw, where it is off
      await work(await (keeper ??= loadKeeper()));
    } catch {
      keeper = null; // no chunk to be had: another time
    }
  }

  async function send(item: StoredItem): Promise<VerdictReceipt | null> {
    const { id, call_id, doc_id, helpful } = item;
    if (!item.dismissed) {
      return request('doc:feedback', { call_id, doc_id, helpful, feedback_id: id });
    }
    await request('doc:seen', { call_id, items: [{ doc_id, action: 'dismissed' }] });
    return null;
  }

  const http = () => import('./http.ts');

  const client: Client = {
    agentId,
    connection: state,
    session,
    calls: list.rows,
    outbox: outbox.items,
    failed: outbox.failed,
    connect() {
      if (!stopWaking) {
        stopWaking = onWake({ wake: () => machine.wake(), offline: () => machine.offline() });
        kept = withKeeper(async (opened) => {
          await opened.open();
          if (!stopWaking) opened.close(); // disconnected meanwhile
        });
      }
      machine.start();
    },
    disconnect(reason = 'disconnected') {
      stopWaking?.();
      stopWaking = null;
      if (keeper) void withKeeper((opened) => opened.close());
      machine.stop({ status: 'closed', reason });
    },
    async signOut() {
      client.disconnect('signed out');
      tokens.drop('initial');
      outbox.clear();
      await withKeeper((opened) => opened.clear());
    },
    retryNow() {
      if (state.get().status !== 'idle') client.connect();
      machine.wake(0);
    },
    call: (callId) => registry.handle(callId),
    feedback: (call_id, doc_id, helpful) =>
      outbox.add({ call_id, doc_id, helpful, dismissed: false }),
    dismiss: (call_id, doc_id) =>
      outbox.add({ call_id, doc_id, helpful: null, dismissed: true }),
    async document(docId, signal) {
      return unwrap(await (await http()).fetchDocument(url, tokens, docId, signal));
    },
    async loadEnded(signal) {
      list.merge(unwrap(await (await http()).fetchEnded(url, tokens, agentId, signal)).calls);
    },
    request: machine.request,
    on: listeners.on,
    onAny: listeners.onAny,
    serverNow: () => clock.now(),
  };
  return client;
}
