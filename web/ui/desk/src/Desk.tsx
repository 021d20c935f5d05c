/** The three places of the desk and which call they show. */
import { useCalls, useConnection, useClient, useServerEvent } from '@earshot/react';
import { useEffect, useState, type ReactNode } from 'react';
import { CallList } from './calls/CallList.tsx';
import { ConnectionBanner } from './ConnectionBanner.tsx';
import { PaneTabs, type Pane } from './PaneTabs.tsx';
import { Suggestions } from './suggestions/Suggestions.tsx';
import { useToast } from './toasts.tsx';
import { TopBar } from './TopBar.tsx';
import { CallView } from './transcript/CallView.tsx';

export function Desk(): ReactNode {
  const [callId, choose] = useChosenCall();
  const [pane, setPane] = useState<Pane>('transcript');
  const toast = useToast();
  useEndedCalls();
  useServerEvent('error', (error) => toast(error.message));
  return (
    <div className="desk" data-pane={pane}>
      <TopBar />
      <ConnectionBanner />
      <PaneTabs pane={pane} setPane={setPane} callId={callId} />
      <CallList
        chosen={callId}
        choose={(id) => {
          choose(id);
          setPane('transcript');
        }}
      />
      <CallView key={`call ${callId}`} callId={callId} />
      <Suggestions key={`documents ${callId}`} callId={callId} />
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

/** Calls that ended before this page was opened; without them the list is only shorter. */
function useEndedCalls(): void {
  const client = useClient();
  const isOnline = useConnection().status === 'online';
  useEffect(() => {
    if (isOnline) client.loadEnded().catch(() => undefined);
  }, [client, isOnline]);
}
