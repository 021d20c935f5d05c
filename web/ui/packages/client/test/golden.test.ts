/**
 * The reducer shows what the server's does: calls that tests/engine/golden.py folded, in the
 * orders in which a browser may get them.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createBatch } from '../src/batch.ts';
import { CallStore, type LogEvent } from '../src/callStore.ts';
import type { Relation } from '../src/cursor.ts';
import { LOG_EVENTS, type Cursor, type Snapshot } from '../src/wire.gen.ts';

interface Golden {
  name: string;
  agent_id: string;
  cursor: Cursor;
  snapshot: Snapshot | null;
  steps: { event: LogEvent; relation: Relation }[];
  expected: {
    cursor: Cursor;
    lines: [string, string][];
    cards: [string, boolean | null][];
    summary: string;
    status: string;
  };
}

const file = new URL('../../../../../tests/golden/calls.json', import.meta.url);
const calls = JSON.parse(readFileSync(file, 'utf8')) as Golden[];

function begin({ agent_id, cursor, snapshot }: Golden): CallStore {
  const store = new CallStore('call-1', agent_id, createBatch((flush) => flush()));
  const mode = snapshot ? 'snapshot' : 'live';
  store.subscribed({ cursor, mode, ...(snapshot && { snapshot }) });
  return store;
}

function shownBy(store: CallStore): Golden['expected'] {
  const { transcript } = store;
  return {
    cursor: store.cursor ?? { epoch: '', seq: 0 },
    lines: transcript.ids.get().map((id) => [id, transcript.segment(id).get()?.text ?? '?']),
    cards: store.suggestions.get().map((card) => [card.id, card.helpful]),
    summary: store.summary.get().summary,
    status: store.info.get()?.status ?? '?',
  };
}

describe('a call of the golden file', () => {
  it.each(calls.map((call) => [call.name, call] as const))('%s', (_name, call) => {
    const store = begin(call);
    const found = call.steps.map(({ event }) => store.receive(event));
    expect(found).toEqual(call.steps.map((step) => step.relation));
    expect(shownBy(store)).toEqual(call.expected);
  });

  it('holds every kind of event and of trouble', () => {
    const steps = calls.flatMap((call) => call.steps);
    const kinds = new Set(steps.map(({ event }) => event.name));
    expect(kinds).toEqual(new Set(LOG_EVENTS));
    expect(new Set(steps.map((step) => step.relation))).toEqual(new Set(['next', 'stale', 'gap']));
    expect(steps.some(({ event }) => 'final' in event.body && !event.body.final)).toBe(true);
    expect(calls.some((call) => call.snapshot === null)).toBe(true);
  });
});
