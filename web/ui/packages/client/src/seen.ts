/**
 * @earshot/client/seen: what an agent did with the cards without saying so: shown, opened,
 * copied. Collected for a moment and sent together; lost when there is no connection, because
 * it is only a hint.
 */
import type { Client } from './api.ts';
import type { SeenItem } from './wire.gen.ts';

export type SeenAction = Exclude<SeenItem['action'], 'dismissed'>;

export const COLLECT_MS = 1_000;
/** Of one call and message, as the wire allows. */
const MOST_ITEMS = 50;

const waiting = new WeakMap<Client, Map<string, SeenItem[]>>();

export function noteSeen(
  client: Client,
  call_id: string,
  doc_id: string,
  action: SeenAction,
): void {
  const calls = waiting.get(client) ?? new Map<string, SeenItem[]>();
  waiting.set(client, calls);
  const items = calls.get(call_id) ?? [];
  calls.set(call_id, items);
  if (items.some((item) => item.doc_id === doc_id && item.action === action)) return;
  if (items.length < MOST_ITEMS) items.push({ doc_id, action });
  if (items.length > 1) return;
  setTimeout(() => {
    calls.delete(call_id);
    client.request('doc:seen', { call_id, items }).catch(() => undefined);
  }, COLLECT_MS);
}
