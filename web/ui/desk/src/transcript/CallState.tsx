/**
 * The state of the chosen call, one truth at a time: how it stands while that is known, and that
 * what is shown is old while it is not. Beside it what is worth knowing; nothing when all is well.
 */
import type { CallHealth, CallView as Call } from '@earshot/client';
import { useCall, useClient, useWatchers } from '@earshot/react';
import type { ReactNode } from 'react';
import { Eye } from '../icons.tsx';
import { useIsGone } from '../useIsGone.ts';
import { useLasting } from '../useNow.ts';
import { useWords } from '../words/index.ts';

/** Catching up takes a moment, and is worth a word only when it takes longer. */
const SAID_AFTER_MS = 700;

/** The call may be anything by now. */
export function useIsOld(callId: string | null): boolean {
  const { sync } = useCall(callId);
  const isGone = useIsGone();
  return isGone && sync !== 'live';
}

export function CallState({ callId, call }: { callId: string; call: Call | null }): ReactNode {
  const words = useWords();
  const { sync, health, refused } = useCall(callId);
  const isOld = useIsOld(callId);
  const isSyncing = useLasting(sync === 'syncing', SAID_AFTER_MS);
  if (refused !== null) return null;
  const told = isOld ? words.sync.stale : isSyncing ? words.sync.syncing : null;
  const ills = told !== null || !call ? [] : illsOf(call, health, words);
  return (
    <>
      <Watchers callId={callId} />
      {ills.map((ill) => (
        <span key={ill} className="note" role="status">
          {ill}
        </span>
      ))}
      {(told !== null || call) && (
        <span className="pill" data-status={told === null ? call?.status : 'unknown'} role="status">
          <span className="dot" aria-hidden="true" />
          {told ?? (call && words.status[call.status])}
        </span>
      )}
    </>
  );
}

function Watchers({ callId }: { callId: string }): ReactNode {
  const words = useWords();
  const { agentId } = useClient();
  const others = useWatchers(callId).filter(
    ({ agent_id, role }) => agent_id !== agentId && role !== 'agent',
  );
  const names = [...new Set(others.map(({ agent_id }) => agent_id))].join(', ');
  if (names === '') return null;
  return (
    <span className="watchers" title={words.watchedBy(names)}>
      <Eye /> <span className="sr-only">{words.watchedBy('')}</span>
      <span className="watchers-names">{names}</span>
    </span>
  );
}

function illsOf(call: Call, health: CallHealth | null, words: ReturnType<typeof useWords>): string[] {
  const isPrivate = call.reason === 'privacy' && call.status === 'on_hold';
  const heard = hears(call, health) && health ? words.transcription[health.transcription] : null;
  return [isPrivate ? words.privacy : null, heard].filter((ill) => ill !== null);
}

/** Silence is expected of a call on hold, and of one that is over. */
function hears(call: Call, health: CallHealth | null): boolean {
  return call.status === 'active' || (call.status === 'on_hold' && health?.transcription === 'down');
}
