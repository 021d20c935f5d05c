/** The desk's small rules: durations, marked words, who a token is for. */
import type { CallView } from '@earshot/client';
import { describe, expect, it } from 'vitest';
import { agentFromAddress, subjectOf } from '../src/session.ts';
import { piecesOf } from '../src/suggestions/marks.ts';
import { durationOf, formatDuration } from '../src/time.ts';
import { connectionWords, countWords, refusalWords } from '../src/words.ts';

const CALL: CallView = {
  call_id: 'c1',
  status: 'active',
  duration: 7,
  started_at: '2026-01-01T00:00:00.000Z',
  agent_ids: [],
};
const START = Date.parse(CALL.started_at);

describe('a duration', () => {
  it.each([
    [0, '0:00'],
    [59.9, '0:59'],
    [61, '1:01'],
    [3_600, '1:00:00'],
    [36_065, '10:01:05'],
    [-5, '0:00'],
  ])('of %d s reads %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it("runs to the server's now, on hold too, and stands still after the end", () => {
    expect(durationOf(CALL, START + 65_900)).toBe(65);
    expect(durationOf({ ...CALL, status: 'on_hold' }, START + 65_900)).toBe(65);
    expect(durationOf({ ...CALL, status: 'ended' }, START + 65_900)).toBe(7);
    expect(durationOf(CALL, START - 900)).toBe(0);
  });
});

describe('marked words', () => {
  const marked = (text: string, matches?: string[]): string =>
    piecesOf(text, matches)
      .map((piece) => (piece.isMatch ? `[${piece.text}]` : piece.text))
      .join('');

  it.each<[string, string[] | undefined, string]>([
    ['A red light.', ['red', 'light'], 'A [red] [light].'],
    ['Red, RED and reddish', ['red'], '[Red], [RED] and reddish'],
    ['Das Gerät ist geräteabhängig', ['Gerät'], 'Das [Gerät] ist geräteabhängig'],
    [
      'loyalty discount of a discount',
      ['discount', 'loyalty discount'],
      '[loyalty discount] of a [discount]',
    ],
    ['costs (5.00) or 5x00', ['5.00'], 'costs ([5.00]) or 5x00'],
    ['nothing here', [], 'nothing here'],
    ['nothing here', ['', 'else'], 'nothing here'],
    ['no matches given', undefined, 'no matches given'],
  ])('in “%s” for %j', (text, matches, expected) => {
    expect(marked(text, matches)).toBe(expected);
  });

  it('never lose a character', () => {
    const text = 'a.b*c a.b a a';
    expect(
      piecesOf(text, ['a.b', 'a', '*'])
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  });
});

describe('the agent', () => {
  it('is agent-1 unless the address says otherwise', () => {
    expect(agentFromAddress('')).toBe('agent-1');
    expect(agentFromAddress('?agent=agent-2')).toBe('agent-2');
  });

  it('of a pasted token is its subject', () => {
    const claims = btoa(JSON.stringify({ sub: 'agent-7', role: 'agent' })).replaceAll('=', '');
    expect(subjectOf(`header.${claims}.signature`)).toBe('agent-7');
  });

  it.each(['', 'hello', 'a.b', 'a.b.c', `a.${btoa('{}')}.c`, `a.${btoa('{"sub":1}')}.c`])(
    'of “%s” is nobody',
    (token) => {
      expect(subjectOf(token)).toBeNull();
    },
  );
});

describe('words', () => {
  it('say a loss aloud only when it lasts', () => {
    const away = { status: 'reconnecting', since: 0, attempt: 1, retryAt: 0, cause: 'x' } as const;
    expect(connectionWords(away, false).text).toBe('Reconnecting…');
    expect(connectionWords(away, true).text).toBe('Connection lost');
  });

  it('count and end sentences once', () => {
    expect(countWords(1, 'verdict', 'verdicts')).toBe('1 verdict');
    expect(refusalWords('A', 'The call has ended.')).toMatch(/ended\.$/);
    expect(refusalWords('A', 'Too busy')).toMatch(/Too busy\.$/);
  });
});
