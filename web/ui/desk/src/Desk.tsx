/** The three places of the desk and which call they show. */
import { useCalls, useConnection, useClient, useServerEvent, useSession } from '@earshot/react';
import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { Announcer } from './Announcer.tsx';
import { CallList } from './calls/CallList.tsx';
import { ConnectionBanner } from './ConnectionBanner.tsx';
import { PaneTabs, type Pane } from './PaneTabs.tsx';
import { useShortcuts } from './settings/useShortcuts.ts';
import { Suggestions } from './suggestions/Suggestions.tsx';
import { useToast } from './toasts.tsx';
import { TopBar } from './TopBar.tsx';
import { CallView, NoCall } from './transcript/CallView.tsx';
import type { Target } from './transcript/Transcript.tsx';
import { useRefusals } from './useRefusals.ts';
import { useWords } from './words/index.ts';

export function Desk(): ReactNode {
  const session = useSession();
  const [callId, choose] = useChosenCall();
  const [pane, setPane] = useState<Pane>('transcript');
  const [target, setTarget] = useState<Target | null>(null);
  const toast = useToast();
  const words = useWords();
  useEndedCalls();
  useRefusals();
  useCallsTakenAway();
  useServerEvent('error', (error) => toast(words.reasonOf(error)));
  const show = useCallback(
    (id: string) => {
      choose(id);
      setTarget(null);
      setPane('transcript');
    },
    [choose],
  );
  useCallKeys(callId, show);
  return (
    <div className="desk" data-pane={pane}>
      <TopBar />
      <ConnectionBanner />
      <PaneTabs pane={pane} setPane={setPane} callId={callId} />
      <CallList chosen={callId} choose={show} />
      {callId === null ? (
        <NoCall />
      ) : (
        <CallView key={`call ${callId}`} callId={callId} target={target} />
      )}
      <Suggestions
        key={`documents ${callId}`}
        callId={callId}
        isReadOnly={session !== null && session.role !== 'agent'}
        showLine={(segment_id) => {
          setTarget({ segment_id });
          setPane('transcript');
        }}
      />
      <Announcer callId={callId} />
    </div>
  );
}

/** The chosen call; the first live one until somebody chooses, or when the chosen one left. */
function useChosenCall(): [string | null, (callId: string) => void] {
  const calls = useCalls();
  const [wanted, setWanted] = useState<string | null>(null);
  const known = calls.some((call) => call.call_id === wanted);
  const first = calls.find((call) => call.status !== 'ended')?.call_id ?? null;
  const chosen = known ? wanted : first;
  useEffect(() => {
    // From now on this one stays chosen, also when a newer call comes to the top.
    if (chosen !== wanted) setWanted(chosen);
  }, [chosen, wanted]);
  return [chosen, setWanted];
}

function useCallKeys(callId: string | null, show: (callId: string) => void): void {
  const calls = useCalls();
  const step = (by: number): void => {
    const at = calls.findIndex((call) => call.call_id === callId);
    const next = calls[at < 0 ? 0 : Math.min(calls.length - 1, Math.max(0, at + by))];
    if (next) show(next.call_id);
  };
  useShortcuts({ nextCall: () => step(1), previousCall: () => step(-1) });
}

/** What was on the screen is gone in the middle of a sentence: why is said. */
function useCallsTakenAway(): void {
  const calls = useCalls();
  const toast = useToast();
  const words = useWords();
  useServerEvent('call:unassigned', ({ call_id }) => {
    const call = calls.find((one) => one.call_id === call_id);
    if (call) toast(words.takenAway(call.customer ?? call_id));
  });
}

/** Calls that ended before this page was opened; without them the list is only shorter. */
function useEndedCalls(): void {
  const client = useClient();
  const isOnline = useConnection().status === 'online';
  useEffect(() => {
    if (isOnline) client.loadEnded().catch(() => undefined);
  }, [client, isOnline]);
}
