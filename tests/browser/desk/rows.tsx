// The page of the row budget: the desk's transcript and an unvirtualised list of the same lines,
// fed with the same interim texts; each update is timed from the event to the layout that shows it.
import { useSyncExternalStore, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { createRoot, type Root } from 'react-dom/client';
import type { Client, Segment } from '@earshot/client';
import { EarshotProvider } from '@earshot/react';
import { CallStore } from '../../../web/ui/packages/client/src/callStore.ts';
import { createValue } from '../../../web/ui/packages/client/src/readable.ts';
import { Transcript } from '../../../web/ui/desk/src/transcript/Transcript.tsx';
import { useSearch } from '../../../web/ui/desk/src/transcript/useSearch.ts';

const LINES = 5_000;
const START = Date.parse('2026-01-01T09:00:00Z');
const SAID = 'my router has no light at all and I have tried the plug and the adapter twice now';

/** Marks what changed; told by hand, so that each update is one task to time. */
const dirty = new Set<ReadonlySet<() => void>>();
const batch = { mark: (listeners: ReadonlySet<() => void>) => void dirty.add(listeners) };
function tell(): void {
  const round = new Set([...dirty].flatMap((listeners) => [...listeners]));
  dirty.clear();
  for (const listener of round) listener();
}

function lineOf(n: number, change: Partial<Segment> = {}): Segment {
  return {
    call_id: 'c1',
    segment_id: `s${n}`,
    speaker: n % 2 ? 'agent' : 'customer',
    text: SAID.slice(0, 12 + ((n * 37) % (SAID.length - 12))),
    timestamp: new Date(START + n * 2_000).toISOString(),
    revision: 0,
    final: true,
    epoch: 'e1',
    seq: n + 1,
    ...change,
  };
}

const store = new CallStore('c1', 'agent-1', batch);
store.transcript.reset(Array.from({ length: LINES }, (_, n) => lineOf(n)));
store.sync.set('live');
const nothing = createValue<readonly never[]>([], batch);
const handle = {
  ...store,
  segmentIds: store.transcript.ids,
  segment: (id: string) => store.transcript.segment(id),
  loadOlder: () => Promise.resolve(0),
  retain: () => () => undefined,
};
const client = {
  agentId: 'agent-1',
  connection: createValue({ status: 'online' }, batch),
  calls: nothing,
  call: () => handle,
  on: () => () => undefined,
  connect: () => undefined,
  disconnect: () => undefined,
  serverNow: Date.now,
} as unknown as Client;

function Ours(): ReactNode {
  return <Transcript callId="c1" target={null} search={useSearch('c1')} />;
}

/** As it is done without any of it: the lines in order, each a row of the page. */
let plain: readonly Segment[] = [];
const plainListeners = new Set<() => void>();
function Plain(): ReactNode {
  const lines = useSyncExternalStore(
    (listener) => {
      plainListeners.add(listener);
      return () => plainListeners.delete(listener);
    },
    () => plain,
  );
  return (
    <ol className="plain">
      {lines.map(({ segment_id, speaker, text, timestamp, final }) => (
        <li key={segment_id} className="line" data-speaker={speaker} data-named data-final={final}>
          <div className="line-head">
            <span className="line-speaker">{speaker}</span>
            <time className="line-time">{timestamp.slice(11, 19)}</time>
          </div>
          <p className="line-text">{text}</p>
        </li>
      ))}
    </ol>
  );
}

const place = document.getElementById('place') as HTMLElement;
const frame = (): Promise<void> =>
  new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));

/** The desk's transcript, at its end. */
async function open(): Promise<Root> {
  const root = createRoot(place);
  root.render(
    <EarshotProvider client={client} reportsPaint={false}>
      <Ours />
    </EarshotProvider>,
  );
  for (let n = 0; n < 10; n += 1) await frame();
  return root;
}

/** Times `updates` interim texts; milliseconds of each. */
async function run(show: (line: Segment) => void, updates: number, from = LINES): Promise<number[]> {
  const taken: number[] = [];
  for (let n = 0; n < updates; n += 1) {
    const id = from + Math.floor(n / 8); // eight words, then the next line
    const text = SAID.split(' ').slice(0, 3 + (n % 8)).join(' ');
    const line = lineOf(id, { text, revision: n, final: false });
    delete line.epoch;
    delete line.seq;
    const began = performance.now();
    show(line);
    void place.offsetHeight;
    void place.firstElementChild?.scrollHeight;
    taken.push(performance.now() - began);
    await frame();
  }
  return taken;
}

async function ours(updates: number, from: number): Promise<object> {
  const root = await open();
  const show = (line: Segment): void => {
    store.transcript.apply(line);
    flushSync(tell);
  };
  await run(show, 8, from); // what is compiled first
  const taken = await run(show, updates, from + 1);
  const rows = document.querySelectorAll('.row').length;
  const last = document.querySelector('.row:last-child .line-text')?.firstChild?.textContent ?? '';
  const said = store.transcript.segment(store.transcript.ids.get().at(-1) ?? '').get()?.text;
  root.unmount();
  return { taken, rows, last, said };
}

async function unvirtualised(updates: number, from: number): Promise<object> {
  plain = Array.from({ length: LINES }, (_, n) => lineOf(n));
  const root = createRoot(place);
  root.render(<Plain />);
  for (let n = 0; n < 10; n += 1) await frame();
  const show = (line: Segment): void => {
    const others = plain.filter(({ segment_id }) => segment_id !== line.segment_id);
    plain = [...others, line].sort((a, b) => a.timestamp.localeCompare(b.timestamp));
    flushSync(() => plainListeners.forEach((listener) => listener()));
  };
  await run(show, 8, from);
  const taken = await run(show, updates, from + 1);
  const rows = document.querySelectorAll('.line').length;
  root.unmount();
  return { taken, rows };
}

/** Texts of one to four rows of letters: none is as high as it was thought to be. */
const unequal = (n: number): string => `${n} ${SAID.repeat((n * 7) % 4)}`;

/** Moves a reader about; pixels by which a line stood elsewhere than the move says. */
async function reading(): Promise<object> {
  store.transcript.clear();
  store.transcript.reset(Array.from({ length: LINES }, (_, n) => lineOf(n, { text: unequal(n) })));
  const root = await open();
  const box = place.querySelector('.transcript-scroll') as HTMLElement;
  const { top: edge, height } = box.getBoundingClientRect();
  const lines = (): HTMLElement[] => [...box.querySelectorAll<HTMLElement>('.line-text')];
  const topOf = (line: HTMLElement): number => line.getBoundingClientRect().top;
  const first = (): HTMLElement => lines().find((line) => topOf(line) > edge) ?? lines()[0]!;
  const drifts: Record<string, number> = {};
  const during = async (name: string, byPx: number, change: () => void): Promise<void> => {
    const line = first();
    const before = topOf(line);
    change();
    for (let n = 0; n < 3; n += 1) {
      await frame();
      const drift = line.isConnected ? Math.abs(topOf(line) - before - byPx) : Infinity;
      drifts[name] = Math.max(drifts[name] ?? 0, drift);
    }
  };
  const told = (change: () => void) => () => {
    change();
    flushSync(tell);
  };
  const fromEnd = (): number => box.scrollHeight - box.scrollTop - box.clientHeight;
  const begins = fromEnd();

  for (let n = 0; n < 30; n += 1) {
    await during('scrolling up', 120, () => (box.scrollTop -= 120));
  }
  for (let n = 0; n < 8; n += 1) {
    const text = SAID.repeat(n + 1);
    const line = lineOf(LINES, { text, revision: n, final: false });
    await during('words at the end', 0, told(() => store.transcript.apply(line)));
  }
  box.scrollTop = box.scrollHeight * 0.6; // as one drags the bar: none of these was shown yet
  for (let n = 0; n < 3; n += 1) await frame();
  const shown = [...box.querySelectorAll('.row')].map((row) => row.getBoundingClientRect());
  const isCovered = shown[0]!.top <= edge && shown.at(-1)!.bottom >= edge + height;
  const older = Array.from({ length: 400 }, (_, n) => lineOf(-400 + n, { text: unequal(n) }));
  await during('older lines above', 0, told(() => store.transcript.add(older)));
  await during('a narrower box', 0, () => (box.style.paddingRight = '30px'));
  for (let n = 0; n < 30; n += 1) {
    await during('scrolling up there', 120, () => (box.scrollTop -= 120));
    await during('and down', -60, () => (box.scrollTop += 60));
  }
  box.scrollTop = box.scrollHeight;
  for (let n = 0; n < 6; n += 1) await frame();
  const ends = fromEnd();
  root.unmount();
  return { drifts, isCovered, begins, ends };
}

Object.assign(window, { rows: { ours, unvirtualised, reading } });
