/**
 * One hook for each thing a screen shows. A hook that names a call keeps it subscribed while
 * the component is mounted; `useSegment` does not, since a row is always under such a hook.
 */
import type {
  CallHandle,
  CallHealth,
  CallRow,
  CallSummary,
  CallView,
  EventName,
  Mutation,
  OutboxItem,
  Segment,
  ServerEvents,
  Suggestion,
  Summary,
  Sync,
  wire,
} from '@earshot/client';
import { useCallback, useEffect, useRef } from 'react';
import { useClient } from './provider.tsx';
import { constant, useReadable } from './useReadable.ts';

export interface CallState {
  info: CallView | null;
  sync: Sync;
  health: CallHealth | null;
  afterCall: CallSummary | null;
  hasOlder: boolean;
  /** Fetch older lines of the transcript; how many came. */
  loadOlder(limit?: number): Promise<number>;
}

const NOTHING = {
  info: constant<CallView | null>(null),
  ids: constant<readonly string[]>([]),
  suggestions: constant<readonly Suggestion[]>([]),
  summary: constant<Summary>({ summary: '', summary_kind: 'none' }),
  afterCall: constant<CallSummary | null>(null),
  health: constant<CallHealth | null>(null),
  sync: constant<Sync>('stale'),
  hasOlder: constant(false),
};

function useHandle(callId: string | null): CallHandle | null {
  const client = useClient();
  const handle = callId === null ? null : client.call(callId);
  useEffect(() => handle?.retain(), [handle]);
  return handle;
}

/** This agent's calls, live ones first. */
export function useCalls(): readonly CallRow[] {
  return useReadable(useClient().calls);
}

export function useCall(callId: string | null): CallState {
  const handle = useHandle(callId);
  const loadOlder = useCallback(
    (limit?: number) => handle?.loadOlder(limit) ?? Promise.resolve(0),
    [handle],
  );
  return {
    info: useReadable(handle?.info ?? NOTHING.info),
    sync: useReadable(handle?.sync ?? NOTHING.sync),
    health: useReadable(handle?.health ?? NOTHING.health),
    afterCall: useReadable(handle?.afterCall ?? NOTHING.afterCall),
    hasOlder: useReadable(handle?.hasOlder ?? NOTHING.hasOlder),
    loadOlder,
  };
}

/** The order of the transcript; changes only when a line comes, goes or moves. */
export function useTranscriptIds(callId: string | null): readonly string[] {
  return useReadable(useHandle(callId)?.segmentIds ?? NOTHING.ids);
}

/** One line: an interim text renders this row and no other. */
export function useSegment(callId: string, id: string): Segment | undefined {
  return useReadable(useClient().call(callId).segment(id));
}

export function useSuggestions(callId: string | null): readonly Suggestion[] {
  return useReadable(useHandle(callId)?.suggestions ?? NOTHING.suggestions);
}

/** What the call seems to be about. */
export function useSummary(callId: string | null): Summary {
  return useReadable(useHandle(callId)?.summary ?? NOTHING.summary);
}

/** A verdict on a document: `(doc_id, helpful)`, null takes it back. Shown at once. */
export function useFeedback(
  callId: string,
): (doc_id: string, helpful: boolean | null) => Mutation<wire.VerdictReceipt> {
  const client = useClient();
  return useCallback(
    (doc_id, helpful) => client.feedback(callId, doc_id, helpful),
    [client, callId],
  );
}

/** Verdicts that the server has not confirmed. */
export function useOutbox(): readonly OutboxItem[] {
  return useReadable(useClient().outbox);
}

/** The newest `listener` hears every such event; a new function subscribes nothing anew. */
export function useServerEvent<K extends EventName>(
  event: K,
  listener: (body: ServerEvents[K]) => void,
): void {
  const client = useClient();
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => client.on(event, (body) => latest.current(body)), [client, event]);
}
