/**
 * The supervisor's wall of the fake server: a row for each made-up call that lives, and as many
 * calls of other agents as FAKE_CALLS says. Those are played only as their last lines; one that
 * is watched becomes a call of the server for as long.
 */
import type { CallView, ServerEvents } from '@earshot/client';
import type { FakeCall } from '../../packages/client/test/fakeCall.ts';
import type { FakeServer } from '../../packages/client/test/fakeServer.ts';
import { DIALOGUES } from './dialogues.ts';

const CHANGES_MS = 500;
const LINE_MS = 6_000;
const AGENTS = ['amara', 'björn', 'chiara', 'dawid', 'esther', 'farid', 'greta'];
const FINE = { transcription: 'ok', suggestions: 'ok' } as const;
const ILL = [
  { transcription: 'silent', suggestions: 'ok' },
  { transcription: 'ok', suggestions: 'slow' },
] as const;

/** `count` calls of other agents. */
export function hangWall(server: FakeServer, count: number): void {
  const others = new Map(Array.from({ length: count }, (_, n) => otherCall(n)));
  const rows = (): Map<string, CallView> => {
    const living = [...server.calls.values()].filter(
      ({ view }) => view.status !== 'ended' && !others.has(view.call_id),
    );
    return new Map([...living.map((call) => [call.view.call_id, rowOf(call)] as const), ...others]);
  };
  setInterval(() => {
    for (const id of others.keys()) {
      if (Math.random() < CHANGES_MS / LINE_MS) others.set(id, goOn(server, others.get(id)!));
    }
  }, CHANGES_MS);
  server.answers.set('calls:watch', ({ watch }, socket) => {
    if (watch === false) void socket.leave('wall');
    else void socket.join('wall');
    return { ok: true, data: { calls: watch === false ? [] : [...rows().values()] } };
  });
  let told = new Map<string, string>();
  setInterval(() => {
    const now = new Map([...rows()].map(([id, row]) => [id, JSON.stringify(row)]));
    const changed = [...now].filter(([id, row]) => told.get(id) !== row);
    const removed = [...told.keys()].filter((id) => !now.has(id));
    told = now;
    if (changed.length + removed.length === 0) return;
    const calls = changed.map(([, row]) => JSON.parse(row) as CallView);
    server.io.to('wall').emit('calls:changed', { calls, removed });
  }, CHANGES_MS);
  server.answers.set('call:subscribe', ({ call_id }) => {
    const other = others.get(String(call_id));
    if (other && !server.calls.has(other.call_id)) server.call(other.call_id).status(other);
    return undefined;
  });
  server.answers.set('call:unsubscribe', ({ call_id }) => {
    if (others.has(String(call_id))) server.calls.delete(String(call_id));
    return undefined;
  });
}

function otherCall(n: number): [string, CallView] {
  const call_id = `other-${n}`;
  const { customer } = DIALOGUES[n % DIALOGUES.length]!;
  const view: CallView = {
    call_id,
    customer: `${customer} ${Math.floor(n / DIALOGUES.length) + 1}`,
    status: n % 9 === 4 ? 'on_hold' : 'active',
    duration: 0,
    started_at: new Date(Date.now() - ((n * 97) % 1_100) * 1_000).toISOString(),
    agent_ids: [AGENTS[n % AGENTS.length]!],
    health: { call_id, ...(ILL[n % 13] ?? FINE) },
    verdicts: { helpful: n % 4, unhelpful: n % 5 === 1 ? 2 : 0 },
  };
  return [call_id, withLine(view, n)];
}

/** The next line of its dialogue. */
function withLine(view: CallView, nth: number): CallView {
  const { lines } = DIALOGUES[nth % DIALOGUES.length]!;
  const { speaker, text } = lines[Math.floor(Math.random() * lines.length)]!;
  return { ...view, last_line: { speaker, text, timestamp: new Date().toISOString() } };
}

function goOn(server: FakeServer, view: CallView): CallView {
  const next = withLine(view, Number(view.call_id.slice('other-'.length)));
  const watched = server.calls.get(view.call_id);
  if (watched && next.last_line) {
    watched.say({ segment_id: `${view.call_id}-${watched.seq}`, ...next.last_line });
    server.publish(view.call_id);
  }
  return next;
}

function rowOf(call: FakeCall): CallView {
  const of = <K extends keyof ServerEvents>(name: K): ServerEvents[K][] =>
    call.events.flatMap((event) => (event.name === name ? [event.body as ServerEvents[K]] : []));
  const line = of('transcription:update').at(-1);
  const verdicts = new Map(of('feedback:update').map((one) => [one.doc_id, one.helpful]));
  const given = [...verdicts.values()];
  return {
    ...call.view,
    ...(line && { last_line: { speaker: line.speaker, text: line.text, timestamp: line.timestamp } }),
    health: { call_id: call.view.call_id, ...FINE },
    verdicts: {
      helpful: given.filter((helpful) => helpful === true).length,
      unhelpful: given.filter((helpful) => helpful === false).length,
    },
  };
}
