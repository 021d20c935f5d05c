/** The chosen call: who, how long, in what state, and what is said. */
import { useCall, useCalls, useClient, useConnection } from '@earshot/react';
import type { ReactNode } from 'react';
import { Duration } from '../Duration.tsx';
import { Empty } from '../Empty.tsx';
import { isolated, readable } from '../foreign.ts';
import { IconButton } from '../IconButton.tsx';
import { Download, Magnifier, Voice } from '../icons.tsx';
import { useShortcuts } from '../settings/useShortcuts.ts';
import { useFormats } from '../time.ts';
import { useToast } from '../toasts.tsx';
import { useWords } from '../words/index.ts';
import { CallState } from './CallState.tsx';
import { download, wholeText } from './exportText.ts';
import { Transcript, type Target } from './Transcript.tsx';
import { useSearch, type Search } from './useSearch.ts';

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
      <CallHeader callId={callId} search={search} />
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

function CallHeader({ callId, search }: { callId: string; search: Search }): ReactNode {
  const words = useWords();
  const { info, refused } = useCall(callId);
  const listed = useCalls().find((row) => row.call_id === callId);
  const call = info ?? listed;
  const name = call?.customer ?? callId;
  return (
    <div className="call-header">
      <div className="call-header-who">
        <h2 title={isolated(name)} dir="auto">
          {readable(name)}
        </h2>
        {call?.customer !== undefined && <span className="call-header-id">{callId}</span>}
      </div>
      <CallState callId={callId} call={call ?? null} />
      {call && refused === null && <Duration call={call} />}
      <div className="tools">
        <IconButton
          label={words.search}
          does="search"
          isPressed={search.isOpen}
          onClick={search.isOpen ? search.close : search.open}
        >
          <Magnifier />
        </IconButton>
        <Export callId={callId} name={name} />
      </div>
    </div>
  );
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
      download(`${name}-${callId}`, `${isolated(name)}, ${callId}\n\n${lines.join('\n')}\n`);
      toast(words.exported(lines.length), 'good');
    } catch {
      toast(words.olderFailed);
    }
  };
  return (
    <IconButton label={words.exportText} onClick={() => void run()}>
      <Download />
    </IconButton>
  );
}
