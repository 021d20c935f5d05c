import type { CallView } from '@earshot/client';
import { useRef, type ReactNode } from 'react';
import { useShortcuts } from '../settings/useShortcuts.ts';
import { useWords } from '../words/index.ts';
import { needsAttention, type WallFilter } from './filter.ts';

export function FilterBar(props: {
  calls: readonly CallView[];
  shown: number;
  filter: WallFilter;
  change(filter: WallFilter): void;
}): ReactNode {
  const { calls, shown, filter, change } = props;
  const words = useWords();
  const field = useRef<HTMLInputElement>(null);
  useShortcuts({ search: () => field.current?.focus() });
  const agents = [...new Set(calls.flatMap((call) => call.agent_ids))].sort();
  const states = [
    { state: 'all', name: words.allStates, count: calls.length },
    { state: 'active', name: words.status.active, count: countOf(calls, 'active') },
    { state: 'on_hold', name: words.status.on_hold, count: countOf(calls, 'on_hold') },
    { state: 'attention', name: words.attention, count: calls.filter(needsAttention).length },
  ] as const;
  return (
    <form className="filter-bar" role="search" onSubmit={(event) => event.preventDefault()}>
      <input
        ref={field}
        type="search"
        dir="auto"
        value={filter.words}
        placeholder={words.filterSearch}
        aria-label={words.filterSearch}
        onChange={(event) => change({ ...filter, words: event.target.value })}
      />
      <div className="segments" role="group" aria-label={words.state}>
        {states.map(({ state, name, count }) => (
          <button
            key={state}
            type="button"
            aria-pressed={filter.state === state}
            data-state={state}
            onClick={() => change({ ...filter, state })}
          >
            {name} <span className="count">{words.figure(count)}</span>
          </button>
        ))}
      </div>
      <select
        value={filter.agent}
        aria-label={words.agent}
        onChange={(event) => change({ ...filter, agent: event.target.value })}
      >
        <option value="">{words.everyAgent}</option>
        {agents.map((agent) => (
          <option key={agent}>{agent}</option>
        ))}
      </select>
      <span className="filter-count" role="status">
        {words.shown(shown, calls.length)}
      </span>
    </form>
  );
}

function countOf(calls: readonly CallView[], status: CallView['status']): number {
  return calls.filter((call) => call.status === status).length;
}
