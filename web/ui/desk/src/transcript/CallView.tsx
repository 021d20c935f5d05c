/** The chosen call: who, how long, in what state, and what is said. */
import { useCall, useCalls, useClient, useConnection, useWatchers } from '@earshot/react';
import type { CallHealth, CallView as Call } from '@earshot/client';
import type { ReactNode } from 'react';
import { Duration } from '../Duration.tsx';
import { Empty } from '../Empty.tsx';
import { Download, Eye, Magnifier, Voice } from '../icons.tsx';
import { useShortcuts } from '../settings/useShortcuts.ts';
import { useFormats } from '../time.ts';
import { useToast } from '../toasts.tsx';
import { useWords } from '../words/index.ts';
import { download, wholeText } from './exportText.ts';
import { Transcript, type Target } from './Transcript.tsx';
import { useSearch } from './useSearch.ts';

export function CallView(props: {
  callId: string;
  target: Target | null;
  /** A part of a supervisor's page, rather than the page's main matter. */
  isReadOnly?: boolean;
}): ReactNode {
  const { callId, target, isReadOnly = false } = props;
  const Place = isReadOnly ? 'div' : 'main';
  const search = useSearch(callId);
  useShortcuts({ search: search.open });
  return (
    <Place className="pane call">
      <CallHeader callId={callId} openSearch={search.open} />
      <Transcript callId={callId} target={target} search={search} />
    </Place>
  );
}

export function NoCall(): ReactNode {
  const isOnline = useConnection().status === 'online';
  const words = useWords();
  return (
    <main className="pane call">
      <Empty
        icon={<Voice />}
        title={isOnline ? words.waitingForCall : words.notConnected}
      >
        <p>{isOnline ? words.waitingForCallText : words.notConnectedText}</p>
      </Empty>
    </main>
  );
}

function CallHeader(props: { callId: string; openSearch(): void }): ReactNode {
  const { callId, openSearch } = props;
  const words = useWords();
  const { info } = useCall(callId);
  const listed = useCalls().find((row) => row.call_id === callId);
  const call = info ?? listed;
  return (
    <div className="call-header">
      <div className="call-header-who">
        <h2>{call?.customer ?? callId}</h2>
        {call?.customer !== undefined && <span className="call-header-id">{callId}</span>}
      </div>
      <Notes callId={callId} call={call ?? null} />
      {call && (
        <>
          <span className="pill" data-status={call.status}>
            <span className="dot" aria-hidden="true" />
            {words.status[call.status]}
          </span>
          <Duration call={call} />
        </>
      )}
      <div className="tools">
        <button
          type="button"
          className="icon-button"
          aria-label={words.search}
          title={words.search}
          onClick={openSearch}
        >
          <Magnifier />
        </button>
        <Export callId={callId} name={call?.customer ?? callId} />
      </div>
    </div>
  );
}

/** What is worth knowing beside the state; nothing when all is well. */
function Notes({ callId, call }: { callId: string; call: Call | null }): ReactNode {
  const words = useWords();
  const { sync, health } = useCall(callId);
  const { agentId } = useClient();
  const others = useWatchers(callId).filter(
    ({ agent_id, role }) => agent_id !== agentId && role !== 'agent',
  );
  const notes = [
    call?.reason === 'privacy' && call.status === 'on_hold' ? words.privacy : null,
    words.sync[sync],
    hears(call, health) && health ? words.transcription[health.transcription] : null,
  ].filter((note) => note !== null);
  const watchers = [...new Set(others.map(({ agent_id }) => agent_id))].join(', ');
  return (
    <>
      {notes.map((note) => (
        <span key={note} className="note" role="status">
          {note}
        </span>
      ))}
      {watchers !== '' && (
        <span className="watchers" title={words.watchedBy(watchers)}>
          <Eye /> <span className="sr-only">{words.watchedBy('')}</span>
          {watchers}
        </span>
      )}
    </>
  );
}

/** Silence is expected of a call on hold, and of one that is over. */
function hears(call: Call | null, health: CallHealth | null): boolean {
  return call?.status === 'active' || (call?.status === 'on_hold' && health?.transcription === 'down');
}

function Export({ callId, name }: { callId: string; name: string }): ReactNode {
  const client = useClient();
  const words = useWords();
  const { clock } = useFormats();
  const toast = useToast();
  const run = async (): Promise<void> => {
    const labels = { speaker: words.speaker, clock };
    try {
      const lines = await wholeText(client.call(callId), labels);
      download(`${name}-${callId}`, `${name}, ${callId}\n\n${lines.join('\n')}\n`);
      toast(words.exported(lines.length), 'good');
    } catch {
      toast(words.olderFailed);
    }
  };
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={words.exportText}
      title={words.exportText}
      onClick={() => void run()}
    >
      <Download />
    </button>
  );
}
