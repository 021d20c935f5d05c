/**
 * createClient: puts connection, calls and verdicts together. Nothing happens before
 * `connect()`; everything ends with `disconnect()`, and either may be called again.
 */
import { DEFAULT_BACKOFF, delayMs, type Backoff } from './backoff.ts';
import { createBatch, nextFrame } from './batch.ts';
import { CallList, type CallRow } from './callList.ts';
import { CallStore, type LogEvent } from './callStore.ts';
import { CallRegistry, type CallHandle } from './calls.ts';
import { createServerClock } from './clock.ts';
import { ConnectionMachine, REQUEST_TIMEOUT_MS, type Connection } from './connection.ts';
import { fetchEndedCalls } from './http.ts';
import { newId } from './ids.ts';
import { openLink, type ServerEvent } from './link.ts';
import { Outbox, type Mutation, type OutboxItem } from './outbox.ts';
import { createValue, type Readable } from './readable.ts';
import { Subscriber } from './subscriber.ts';
import { createTokens, type GetToken } from './tokens.ts';
import { onWake } from './wake.ts';
import type { CommandName, EventName, Req, Res, ServerEvents, VerdictReceipt } from './wire.gen.ts';

export interface ClientOptions {
  /** The server's origin. Default: the page's own. */
  url?: string;
  agentId: string;
  getToken: GetToken;
  /** This tab. Default: a fresh id; a newer connection with the same one replaces the older. */
  clientId?: string;
  backoff?: Partial<Backoff>;
  /** When listeners hear of changes. Default: once a frame. */
  flush?: (flush: () => void) => void;
  /** Milliseconds since 1970 by the local clock. */
  now?: () => number;
}

export interface Client {
  connect(): void;
  disconnect(reason?: string): void;
  /** Do not wait for the next try; after `auth-required` or `closed`, start again. */
  retryNow(): void;
  readonly agentId: string;
  readonly connection: Readable<Connection>;
  readonly calls: Readable<readonly CallRow[]>;
  readonly outbox: Readable<readonly OutboxItem[]>;
  call(callId: string): CallHandle;
  /** A verdict: shown at once, sent when connected, taken back if the server refuses it. */
  feedback(callId: string, docId: string, helpful: boolean | null): Mutation<VerdictReceipt>;
  /** Fetch this agent's ended calls into `calls`. */
  loadEnded(signal?: AbortSignal): Promise<void>;
  /** Fails at once with `not_connected` while there is no session; never queued. */
  request<K extends CommandName>(name: K, request: Req<K>, timeoutMs?: number): Promise<Res<K>>;
  on<K extends EventName>(event: K, listener: (body: ServerEvents[K]) => void): () => void;
  /** The server's clock, in milliseconds since 1970. */
  serverNow(): number;
}

type Listener = (body: ServerEvent['body']) => void;

export function createClient(options: ClientOptions): Client {
  const { agentId, url = '' } = options;
  const backoff = { ...DEFAULT_BACKOFF, ...options.backoff };
  const now = options.now ?? Date.now;
  const batch = createBatch(options.flush ?? nextFrame);
  const clock = createServerClock(now);
  const tokens = createTokens(options.getToken);
  const list = new CallList(batch);
  const listeners = new Map<EventName, Set<Listener>>();
  const state = createValue<Connection>({ status: 'idle' }, batch);
  const ports = { later, delayMs: (attempt: number) => delayMs(backoff, attempt) };
  let stopWaking: (() => void) | null = null;

  const machine = new ConnectionMachine({
    url,
    agentId,
    clientId: options.clientId ?? newId(),
    tokens,
    backoff,
    openLink,
    state,
    now,
    hasNetwork: () => typeof navigator === 'undefined' || navigator.onLine !== false,
    onEvent,
    onSession(session, askedAt) {
      clock.learn(session.server_time, askedAt);
      list.replace(session.calls, (callId) => subscriber.wants(callId));
    },
    resume: () => subscriber.resume(),
    onLost: () => subscriber.lost(),
    onOnline: () => outbox.drain(),
  });

  const request: Client['request'] = (name, body, timeoutMs = REQUEST_TIMEOUT_MS) =>
    machine.request(name, body, timeoutMs);

  const subscriber: Subscriber = new Subscriber({
    ...ports,
    subscribe: (body, apply) => machine.request('call:subscribe', body, REQUEST_TIMEOUT_MS, apply),
    unsubscribe: (body) => request('call:unsubscribe', body),
    subscribed: applied,
    unknown: (callId) => list.remove(callId),
  });

  const registry = new CallRegistry({
    later,
    create: (callId) => new CallStore(callId, agentId, batch),
    wanted: (store) => {
      store.setLayers(outbox.layers(store.callId));
      subscriber.want(store);
    },
    left: (store) => {
      subscriber.leave(store.callId);
      outbox.observe(store.callId);
    },
    history: (body) => request('call:history', body),
  });

  const outbox: Outbox = new Outbox({
    ...ports,
    batch,
    ready: () => machine.ready,
    send: (body) => request('doc:feedback', body),
    changed: (callId) => registry.peek(callId)?.setLayers(outbox.layers(callId)),
    seen: (callId) => {
      const store = subscriber.wants(callId) ? registry.peek(callId) : undefined;
      return store ? (store.cursor?.seq ?? 0) : Number.POSITIVE_INFINITY;
    },
  });

  /** The call's store changed by a snapshot or an event of its log. */
  function applied(store: CallStore): void {
    outbox.observe(store.callId);
    const info = store.info.get();
    if (info) list.update(info);
  }

  function onEvent(event: ServerEvent): void {
    switch (event.name) {
      case 'session:closing':
        machine.closing(event.body.code, event.body.reconnect, event.body.after_ms);
        break;
      case 'session:expiring':
        void machine.renew();
        break;
      case 'call:assigned':
        if (event.body.call) list.merge([event.body.call]);
        subscriber.assigned(event.body.call_id);
        break;
      case 'call:unassigned':
        list.remove(event.body.call_id);
        subscriber.unassigned(event.body.call_id);
        break;
      case 'call:health':
        registry.peek(event.body.call_id)?.health.set(event.body);
        break;
      case 'transcription:update':
      case 'ai:suggestion':
      case 'call:status':
      case 'feedback:update':
      case 'call:summary':
        onLogEvent(event);
        break;
      default:
        break;
    }
    for (const listener of listeners.get(event.name) ?? []) listener(event.body);
  }

  function onLogEvent(event: LogEvent): void {
    const store = registry.peek(event.body.call_id);
    if (!store || !subscriber.wants(store.callId)) return;
    const found = store.receive(event);
    if (found === 'next') applied(store);
    else subscriber.heard(store.callId, found);
  }

  const client: Client = {
    agentId,
    connection: state,
    calls: list.rows,
    outbox: outbox.items,
    connect() {
      stopWaking ??= onWake(() => machine.wake());
      machine.start();
    },
    disconnect(reason = 'disconnected') {
      stopWaking?.();
      stopWaking = null;
      machine.stop({ status: 'closed', reason });
    },
    retryNow() {
      const { status } = state.get();
      if (status === 'auth-required' || status === 'closed') client.connect();
      else machine.wake(0);
    },
    call: (callId) => registry.handle(callId),
    feedback: (callId, docId, helpful) => outbox.add(callId, docId, helpful),
    async loadEnded(signal = new AbortController().signal) {
      const found = await fetchEndedCalls(url, await tokens.get(signal), agentId, signal);
      list.merge(found.calls);
    },
    request,
    on(event, listener) {
      const known = listeners.get(event) ?? new Set<Listener>();
      listeners.set(event, known);
      known.add(listener as Listener);
      return () => known.delete(listener as Listener);
    },
    serverNow: () => clock.now(),
  };
  return client;
}

function later(task: () => void, ms: number): void {
  setTimeout(task, ms);
}
