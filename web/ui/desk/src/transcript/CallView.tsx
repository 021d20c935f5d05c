/** The chosen call: who, how long, in what state, and what is said. */
import { useCall, useCalls, useConnection } from '@earshot/react';
import type { ReactNode } from 'react';
import { Duration } from '../Duration.tsx';
import { Empty } from '../Empty.tsx';
import { Voice } from '../icons.tsx';
import { healthWords, STATUS_WORDS, syncWords } from '../words.ts';
import { Transcript } from './Transcript.tsx';

export function CallView({ callId }: { callId: string | null }): ReactNode {
  return (
    <main className="pane call">
      {callId === null ? (
        <NoCall />
      ) : (
        <>
          <CallHeader callId={callId} />
          <Transcript callId={callId} />
        </>
      )}
    </main>
  );
}

function NoCall(): ReactNode {
  const isOnline = useConnection().status === 'online';
  return isOnline ? (
    <Empty icon={<Voice />} title="Waiting for a call">
      <p>When one begins, what is said appears here as it is spoken.</p>
    </Empty>
  ) : (
    <Empty icon={<Voice />} title="Not connected yet">
      <p>Your calls appear here as soon as the server answers.</p>
    </Empty>
  );
}

function CallHeader({ callId }: { callId: string }): ReactNode {
  const { info, sync, health } = useCall(callId);
  const listed = useCalls().find((row) => row.call_id === callId);
  const call = info ?? listed;
  if (!call) return null;
  const notes = [syncWords(sync), ...healthWords(health)].filter((note) => note !== null);
  return (
    <div className="call-header">
      <div className="call-header-who">
        <h2>{call.customer ?? call.call_id}</h2>
        {call.customer !== undefined && <span className="call-header-id">{call.call_id}</span>}
      </div>
      {notes.map((note) => (
        <span key={note} className="note" role="status">
          {note}
        </span>
      ))}
      <span className="pill" data-status={call.status}>
        <span className="dot" aria-hidden="true" />
        {STATUS_WORDS[call.status]}
      </span>
      <Duration call={call} />
    </div>
  );
}
