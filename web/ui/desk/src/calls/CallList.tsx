/** The agent's calls: live ones first, ended ones below. */
import type { CallRow } from '@earshot/client';
import { useCalls, useClient, useConnection, useSession } from '@earshot/react';
import type { ReactNode } from 'react';
import { Empty } from '../Empty.tsx';
import { Eye, Phone } from '../icons.tsx';
import { useWords } from '../words/index.ts';
import { CallItem } from './CallItem.tsx';

const MOST_ENDED = 20;

export function CallList(props: {
  chosen: string | null;
  choose(callId: string): void;
}): ReactNode {
  const words = useWords();
  const calls = useCalls();
  const { agentId } = useClient();
  const isOnline = useConnection().status === 'online';
  const role = useSession()?.role;
  /** Calls are assigned to agents; a supervisor would wait here for ever. */
  const isForeign = role !== undefined && role !== 'agent';
  const live = calls.filter((call) => call.status !== 'ended');
  const ended = calls.filter((call) => call.status === 'ended').slice(0, MOST_ENDED);
  return (
    <nav className="pane calls" aria-label={words.calls}>
      <Section title={words.live} calls={live} {...props} />
      {live.length === 0 && isOnline && isForeign && (
        <Empty icon={<Eye />} title={words.notAnAgent}>
          <p>{words.notAnAgentText}</p>
          <a href="/supervisor">{words.toWall}</a>
        </Empty>
      )}
      {live.length === 0 && isOnline && !isForeign && (
        <Empty icon={<Phone />} title={ended.length > 0 ? words.noLiveCall : words.noCallYet}>
          <p>
            {words.appearsWhen} <code>{agentId}</code>.
          </p>
        </Empty>
      )}
      {ended.length > 0 && <Section title={words.ended} calls={ended} {...props} />}
    </nav>
  );
}

function Section(props: {
  title: string;
  calls: readonly CallRow[];
  chosen: string | null;
  choose(callId: string): void;
}): ReactNode {
  return (
    <section className="calls-section">
      <h2 className="section-title">
        {props.title}{' '}
        {props.calls.length > 0 && <span className="count">{props.calls.length}</span>}
      </h2>
      <ul className="calls-list">
        {props.calls.map((call) => (
          <li key={call.call_id}>
            <CallItem
              call={call}
              isChosen={call.call_id === props.chosen}
              choose={() => props.choose(call.call_id)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
