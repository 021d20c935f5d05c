/**
 * @earshot/client/devtools: the last things a client did, for a panel or the console. A page
 * that does not import it does not load it. What it keeps are names, ids and codes, never a
 * word of what was said in a call.
 *
 *   const ring = recordEvents(client);
 *   console.table(ring.get());
 */
import type { Client } from './api.ts';
import { createBatch, nextFrame } from './batch.ts';
import { createValue, type Readable } from './readable.ts';

export interface DevtoolsEvent {
  /** Milliseconds since 1970, local clock. */
  at: number;
  kind: 'connection' | 'event' | 'request' | 'outbox';
  /** A status, an event's or a command's name. */
  name: string;
  call_id?: string;
  seq?: number;
  /** A code, or why. */
  note?: string;
  /** How long the answer took. */
  ms?: number;
}

export interface EventRing extends Readable<readonly DevtoolsEvent[]> {
  clear(): void;
  /** Record no more. */
  stop(): void;
}

/** Keeps the last `size` events; the oldest falls out. */
export function recordEvents(client: Client, size = 500): EventRing {
  const value = createValue<readonly DevtoolsEvent[]>([], createBatch(nextFrame));
  const record = (event: Omit<DevtoolsEvent, 'at'>): void =>
    value.set([...value.get(), { at: Date.now(), ...event }].slice(-size));

  const { connection, outbox, failed } = client;
  const undo = [
    client.onAny((name, body) => record({ kind: 'event', name, ...placeOf(body) })),
    recordRequests(client, record),
    connection.subscribe(() => {
      const now = connection.get();
      const note = 'cause' in now ? now.cause : undefined;
      record({ kind: 'connection', name: now.status, ...(note && { note }) });
    }),
    outbox.subscribe(() => record({ kind: 'outbox', name: `${outbox.get().length} waiting` })),
    failed.subscribe(() => {
      const last = failed.get().at(-1);
      if (last) record({ kind: 'outbox', name: 'failed', call_id: last.call_id, note: last.error.code });
    }),
  ];
  return { ...value, clear: () => value.set([]), stop: () => undo.forEach((one) => void one()) };
}

/** Stands between a client and its requests until the returned undo is called. */
function recordRequests(
  client: { request: Client['request'] },
  record: (event: Omit<DevtoolsEvent, 'at'>) => void,
): () => void {
  const { request } = client;
  client.request = (name, body, timeoutMs, apply) => {
    const askedAt = Date.now();
    const asked = request(name, body, timeoutMs, apply);
    const done = (note: string): void =>
      record({ kind: 'request', name, ...placeOf(body), note, ms: Date.now() - askedAt });
    asked.then(
      () => done('ok'),
      (problem: { code?: string }) => done(problem.code ?? 'failed'),
    );
    return asked;
  };
  return () => (client.request = request);
}

function placeOf(body: object): { call_id?: string; seq?: number } {
  const { call_id, seq } = body as { call_id?: string; seq?: number };
  return { ...(call_id !== undefined && { call_id }), ...(seq !== undefined && { seq }) };
}
