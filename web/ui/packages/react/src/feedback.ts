/** What an agent makes of a suggested document, and what of that is still on its way. */
import type { Client, FailedItem, Mutation, OutboxItem, VerdictReceipt } from '@earshot/client';
import { noteSeen, type SeenAction } from '@earshot/client/seen';
import { useCallback } from 'react';
import { useClient } from './provider.tsx';
import { holdOf } from './replay.ts';
import { useReadable } from './useReadable.ts';

/** A verdict on a document: `(doc_id, helpful)`, null takes it back. Shown at once. */
export function useFeedback(callId: string): (doc_id: string, helpful: boolean | null) => Mutation<VerdictReceipt> {
  const client = useClient();
  return useCallback(
    (doc_id, helpful) => shown(client, callId, client.feedback(callId, doc_id, helpful)),
    [client, callId],
  );
}

/** Put a suggested document away, for every screen on the call. Gone at once. */
export function useDismiss(callId: string): (doc_id: string) => Mutation<VerdictReceipt> {
  const client = useClient();
  return useCallback(
    (doc_id) => shown(client, callId, client.dismiss(callId, doc_id)),
    [client, callId],
  );
}

/** What was done with a card without judging it: shown, opened, copied. */
export function useSeen(callId: string): (doc_id: string, action: SeenAction) => void {
  const client = useClient();
  return useCallback((doc_id, action) => noteSeen(client, callId, doc_id, action), [client, callId]);
}

export interface OutboxView {
  /** Verdicts and dismissals that the server has not acknowledged. */
  items: readonly OutboxItem[];
  pending: number;
  /** How long the oldest has waited, in milliseconds, as of this render. */
  oldestMs: number;
  /** The last ones that will not be sent any more, and why. */
  failed: readonly FailedItem[];
}

export function useOutbox(): OutboxView {
  const client = useClient();
  const items = useReadable(client.outbox);
  const failed = useReadable(client.failed);
  const [oldest] = items;
  const oldestMs = oldest ? Math.max(0, Date.now() - oldest.created_at) : 0;
  return { items, pending: items.length, oldestMs, failed };
}

/** At once, also while the call is being replayed. */
function shown<T>(client: Client, callId: string, deed: T): T {
  holdOf(client.call(callId)).show();
  return deed;
}
