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
  Segment,
  ServerEvents,
  SessionView,
  Suggestion,
  Summary,
  Sync,
  Watcher,
} from '@earshot/client';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { useClient } from './provider.tsx';
import { useLogged } from './replay.ts';
import { constant, useReadable } from './useReadable.ts';

export interface CallState {
  info: CallView | null;
  sync: Sync;
  /** The code of a refusal that keeps the call from being followed, `unknown_call` for one. */
  refused: string | null;
  health: CallHealth | null;
  afterCall: CallSummary | null;
  /** A suggested document was put away, by anybody. */
  hasDismissed: boolean;
  hasOlder: boolean;
  /** Fetch older lines of the transcript; how many came. */
  loadOlder(limit?: number): Promise<number>;
}

const NULL = constant(null);
const NONE = constant<readonly never[]>([]);
const NO_SUMMARY = constant<Summary>({ summary: '', summary_kind: 'none' });
const STALE = constant<Sync>('stale');
const NO = constant(false);

/** The call, kept subscribed while the component is mounted; null for no call. */
export function useCallHandle(callId: string | null): CallHandle | null {
  const client = useClient();
  const handle = useMemo(() => (callId === null ? null : client.call(callId)), [client, callId]);
  useEffect(() => handle?.retain(), [handle]);
  return handle;
}

/** Who this client is to the server: role and the token's end. Null before the first session. */
export function useSession(): SessionView | null {
  return useReadable(useClient().session);
}

/** This agent's calls, live ones first. */
export function useCalls(): readonly CallRow[] {
  return useReadable(useClient().calls);
}

export function useCall(callId: string | null): CallState {
  const handle = useCallHandle(callId);
  const loadOlder = useCallback(
    (limit?: number) => handle?.loadOlder(limit) ?? Promise.resolve(0),
    [handle],
  );
  return {
    info: useLogged<CallView | null>(handle, handle?.info ?? NULL),
    sync: useReadable(handle?.sync ?? STALE),
    refused: useReadable<string | null>(handle?.refused ?? NULL),
    health: useReadable<CallHealth | null>(handle?.health ?? NULL),
    afterCall: useLogged<CallSummary | null>(handle, handle?.afterCall ?? NULL),
    hasDismissed: useLogged(handle, handle?.hasDismissed ?? NO),
    hasOlder: useReadable(handle?.hasOlder ?? NO),
    loadOlder,
  };
}

/** The order of the transcript; changes only when a line comes, goes or moves. */
export function useTranscriptIds(callId: string | null): readonly string[] {
  const handle = useCallHandle(callId);
  return useLogged<readonly string[]>(handle, handle?.segmentIds ?? NONE);
}

/** One line: an interim text renders this row and no other. */
export function useSegment(callId: string, id: string): Segment | undefined {
  const client = useClient();
  const segment = useMemo(() => client.call(callId).segment(id), [client, callId, id]);
  return useReadable(segment);
}

export function useSuggestions(callId: string | null): readonly Suggestion[] {
  const handle = useCallHandle(callId);
  return useLogged<readonly Suggestion[]>(handle, handle?.suggestions ?? NONE);
}

/** What the call seems to be about. */
export function useSummary(callId: string | null): Summary {
  const handle = useCallHandle(callId);
  return useLogged(handle, handle?.summary ?? NO_SUMMARY);
}

/** The summary made after the call has ended; null until then. */
export function useAfterCall(callId: string | null): CallSummary | null {
  const handle = useCallHandle(callId);
  return useLogged<CallSummary | null>(handle, handle?.afterCall ?? NULL);
}

/** How transcription and suggestions of the call fare; null while nothing was said of it. */
export function useHealth(callId: string | null): CallHealth | null {
  return useReadable<CallHealth | null>(useCallHandle(callId)?.health ?? NULL);
}

/** Who follows the call now. */
export function useWatchers(callId: string | null): readonly Watcher[] {
  return useReadable<readonly Watcher[]>(useCallHandle(callId)?.watchers ?? NONE);
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

