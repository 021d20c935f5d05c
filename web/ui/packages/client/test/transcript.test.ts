/** Interim, final, duplicate, out of order: the text shown is the same in the end. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBatch } from '../src/batch.ts';
import { ABANDONED_MS, Transcript, type Segment } from '../src/transcript.ts';

const T0 = Date.parse('2026-01-01T00:00:00.000Z');

function at(ms: number): string {
  return new Date(T0 + ms).toISOString();
}

function segment(id: string, more: Partial<Segment> = {}): Segment {
  const basic = { call_id: 'c', speaker: 'customer' as const, text: id, timestamp: at(0) };
  return { ...basic, segment_id: id, revision: 0, final: more.seq !== undefined, ...more };
}

function shown(updates: readonly Segment[]): string[] {
  const transcript = new Transcript(createBatch((flush) => flush()));
  for (const update of updates) transcript.apply(update);
  return texts(transcript);
}

function texts(transcript: Transcript): string[] {
  return transcript.ids.get().map((id) => transcript.segment(id).get()?.text ?? '?');
}

const r1 = segment('s', { revision: 1, text: 'my' });
const r2 = segment('s', { revision: 2, text: 'my bill' });
const r3 = segment('s', { revision: 3, text: 'my bill is' });
const final = segment('s', { revision: 2, text: 'My bill is wrong.', seq: 4 });

describe('one segment', () => {
  it.each<[string, Segment[], string]>([
    ['a later revision replaces an earlier one', [r1, r2], 'my bill'],
    ['an earlier revision that comes late changes nothing', [r2, r1], 'my bill'],
    ['the same revision twice changes nothing', [r2, { ...r2, text: 'other' }], 'my bill'],
    ['a final replaces interim text', [r1, r2, final], 'My bill is wrong.'],
    ['a final wins over a higher revision', [r3, final], 'My bill is wrong.'],
    ['a late interim never overwrites the final', [final, r3], 'My bill is wrong.'],
    ['a final alone is shown', [final], 'My bill is wrong.'],
    ['a final sent twice is shown once', [final, final], 'My bill is wrong.'],
    ['a second final with other text is not taken', [final, { ...final, text: 'x' }], final.text],
  ])('%s', (_name, updates, expected) => {
    expect(shown(updates)).toEqual([expected]);
  });
});

describe('the order', () => {
  it('is that of the timestamps, then of the seq, whatever came first', () => {
    const a = segment('a', { timestamp: at(2_000), seq: 2 });
    const b = segment('b', { timestamp: at(1_000), seq: 3 });
    const c = segment('c', { timestamp: at(2_000), seq: 5 });
    expect(shown([c, a, b])).toEqual(['b', 'a', 'c']);
  });

  it('puts interim text after the finals of the same instant', () => {
    expect(shown([segment('i'), segment('f', { seq: 9 })])).toEqual(['f', 'i']);
  });

  it('keeps two interim texts in place while both are stamped anew', () => {
    const one = (revision: number, ms: number): Segment =>
      segment('one', { revision, timestamp: at(ms) });
    const two = (revision: number, ms: number): Segment =>
      segment('two', { revision, timestamp: at(ms), speaker: 'agent' });
    expect(shown([one(0, 0), two(0, 5), one(1, 10), two(1, 15)])).toEqual(['one', 'two']);
  });

  it('moves a line to where its final says', () => {
    const early = segment('late', { timestamp: at(0) });
    const other = segment('other', { timestamp: at(50), seq: 2 });
    const settled = segment('late', { timestamp: at(100), seq: 3 });
    expect(shown([early, other, settled])).toEqual(['other', 'late']);
  });

  it('is the same list object when only a text changed', () => {
    const transcript = new Transcript(createBatch((flush) => flush()));
    transcript.apply(r1);
    const before = transcript.ids.get();
    transcript.apply(r2);
    expect(transcript.ids.get()).toBe(before);
  });
});

describe('text that never became final', () => {
  const lost = segment('lost');
  const later = segment('next', { timestamp: at(ABANDONED_MS + 1), seq: 2 });

  it('goes when the same voice is well past it', () => {
    expect(shown([lost, later])).toEqual(['next']);
  });

  it('stays while the other speaker talks, and while its own final may be on its way', () => {
    expect(shown([lost, { ...later, speaker: 'agent' }])).toEqual(['lost', 'next']);
    expect(shown([lost, { ...later, timestamp: at(ABANDONED_MS) }])).toEqual(['lost', 'next']);
  });

  it('goes when the call ends; a late final still counts', () => {
    const transcript = new Transcript(createBatch((flush) => flush()));
    transcript.apply(r1);
    transcript.end();
    expect(texts(transcript)).toEqual([]);
    transcript.apply(final);
    expect(texts(transcript)).toEqual(['My bill is wrong.']);
  });
});

describe('a snapshot', () => {
  it('replaces the finals and keeps what is being said', () => {
    const transcript = new Transcript(createBatch((flush) => flush()));
    transcript.apply(segment('old', { seq: 2 }));
    transcript.apply(segment('open', { timestamp: at(90) }));
    transcript.reset([segment('new', { seq: 3, timestamp: at(50) })]);
    expect(texts(transcript)).toEqual(['new', 'open']);
  });

  it('tells listeners once however many segments it has', () => {
    const transcript = new Transcript(createBatch((flush) => flush()));
    let changes = 0;
    transcript.ids.subscribe(() => (changes += 1));
    transcript.reset(Array.from({ length: 200 }, (_, n) => segment(`s${n}`, { seq: n + 1 })));
    expect([changes, transcript.ids.get().length, transcript.firstSeq()]).toEqual([1, 200, 1]);
  });
});

describe('any order of any updates', () => {
  const ids = ['a', 'b', 'c', 'd'];
  const interims = fc.array(
    fc.record({ id: fc.constantFrom(...ids), revision: fc.integer({ min: 0, max: 6 }) }),
    { maxLength: 24 },
  );
  const finals = fc.uniqueArray(
    fc.record({ id: fc.constantFrom(...ids), ms: fc.integer({ min: 0, max: 3 }) }),
    { selector: (one) => one.id },
  );

  /** Said another way: finals by time and seq; of every other segment the highest revision. */
  function reference(updates: readonly Segment[]): Map<string, string> {
    const best = new Map<string, Segment>();
    for (const update of updates) {
      const rank = (one: Segment): number => (one.final ? 1_000 : one.revision);
      const known = best.get(update.segment_id);
      if (!known || rank(update) > rank(known)) best.set(update.segment_id, update);
    }
    return new Map([...best].map(([id, one]) => [id, one.text]));
  }

  it('ends with the same text for each segment, and finals in order', () => {
    fc.assert(
      fc.property(interims, finals, fc.infiniteStream(fc.nat()), (open, done, dice) => {
        const updates = [
          ...open.map(({ id, revision }) => segment(id, { revision, text: `${id}${revision}` })),
          ...done.map(({ id, ms }, n) =>
            segment(id, { timestamp: at(ms), seq: n + 1, text: `${id}!` }),
          ),
        ]
          .map((update) => ({ update, place: dice.next().value }))
          .sort((a, b) => a.place - b.place)
          .map(({ update }) => update);
        const transcript = new Transcript(createBatch((flush) => flush()));
        for (const update of updates) transcript.apply(update);
        const seen = transcript.ids.get().map((id) => transcript.segment(id).get() as Segment);
        expect(new Map(seen.map((one) => [one.segment_id, one.text]))).toEqual(reference(updates));
        const places = seen
          .filter((one) => one.final)
          .map((one) => Date.parse(one.timestamp) * 100 + (one.seq ?? 0));
        expect(places).toEqual([...places].sort((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a snapshot of a new history', () => {
  const old = (n: number, text = `old ${n}`): Segment =>
    segment(`s${n}`, { seq: n, timestamp: at(n), text, epoch: 'e1' });

  it('replaces what it covers, also a line that has another text now', () => {
    const transcript = new Transcript(createBatch((flush) => flush()));
    transcript.add([1, 2, 3].map((n) => old(n)));
    transcript.apply(segment('open', { timestamp: at(9), text: 'still talking' }));
    transcript.reset([old(2, 'another two')]);
    expect(texts(transcript)).toEqual(['another two', 'still talking']);
  });

  it('leaves older lines where they are when it says that there may be some', () => {
    const transcript = new Transcript(createBatch((flush) => flush()));
    transcript.add([1, 2, 3, 4].map((n) => old(n)));
    transcript.reset([old(3, 'new three')], true);
    expect(texts(transcript)).toEqual(['old 1', 'old 2', 'new three']);
  });
});
