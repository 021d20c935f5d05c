/** The desk's small rules: durations, marked words, who a token is for. */
import type { CallView } from '@earshot/client';
import { describe, expect, it } from 'vitest';
import { subjectOf } from '../src/claims.ts';
import { agentFromAddress } from '../src/session.ts';
import { piecesOf, shortened } from '../src/suggestions/marks.ts';
import { durationOf, formatDuration } from '../src/time.ts';
import { DEFAULTS, settingsFrom } from '../src/settings/settings.ts';
import { matches, EVERYTHING, needsAttention } from '../src/wall/filter.ts';
import { de } from '../src/words/de.ts';
import { en } from '../src/words/en.ts';
import { connectionWords, languageOf } from '../src/words/index.ts';

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
    ['如果延迟我们会退款给您', ['退款', '延迟'], '如果[延迟]我们会[退款]给您'],
    ['ลืมรหัสผ่านแล้ว', ['รหัสผ่าน'], 'ลืม[รหัสผ่าน]แล้ว'],
    ['비밀번호를 late fee', ['비밀번호', 'late'], '[비밀번호]를 [late] fee'],
    ['वापस, वापसी', ['वापस'], '[वापस], वापसी'],
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

describe('a line on a card', () => {
  it.each([
    ['short', 'short'],
    ['word '.repeat(4_000), /^(word )+word…$/],
    ['x'.repeat(20_000), /^x{199}…$/],
    [`${'x'.repeat(198)}😀 and more`, /^x{198}…$/],
  ])('is never longer than a glance', (text, expected) => {
    expect(shortened(text, 200)).toMatch(expected);
    expect(shortened(text, 200).length).toBeLessThanOrEqual(200);
  });
});

describe('words', () => {
  it('say a loss aloud only when it lasts', () => {
    const away = { status: 'reconnecting', since: 0, attempt: 1, retryAt: 0, cause: 'x' } as const;
    expect(connectionWords(en, away, false).text).toBe('Reconnecting…');
    expect(connectionWords(en, away, true).text).toBe('Connection lost');
    expect(connectionWords(de, away, true).text).toBe('Verbindung verloren');
  });

  it('count and end sentences once', () => {
    expect(en.waiting(1)).toBe('1 verdict will be sent');
    expect(en.refusal('A', 'The call has ended.')).toMatch(/[^.]ended\.$/);
    expect(de.refusal('A', 'Too busy')).toMatch(/busy\.$/);
  });

  it.each([
    ['auto', ['de-AT', 'en'], 'de'],
    ['auto', ['fr', 'en-GB', 'de'], 'en'],
    ['auto', ['fr'], 'en'],
    ['de', ['en'], 'de'],
  ] as const)('chosen %s, offered %s: %s', (chosen, offered, language) => {
    expect(languageOf(chosen, offered)).toBe(language);
  });
});

describe('settings that were kept', () => {
  it.each([null, '', '[', 'null', '7', '{"theme":"pink","keys":{"helpful":3,"copy":""}}'])(
    'as %s are the defaults',
    (text) => {
      expect(settingsFrom(text)).toEqual(DEFAULTS);
    },
  );

  it('come back, one by one', () => {
    const found = settingsFrom('{"theme":"dark","keysOn":false,"keys":{"helpful":"y"}}');
    const keys = { ...DEFAULTS.keys, helpful: 'y' };
    expect(found).toEqual({ ...DEFAULTS, theme: 'dark', keysOn: false, keys });
  });
});

describe('the filter of the wall', () => {
  const row: CallView = { ...CALL, customer: 'Ada King', agent_ids: ['agent-1'] };

  it('finds every word, wherever it stands', () => {
    const text = 'No light on my router';
    const said = { ...row, last_line: { speaker: 'customer', text, timestamp: '' } as const };
    expect(matches(said, { ...EVERYTHING, words: 'ROUTER  ada' })).toBe(true);
    expect(matches(said, { ...EVERYTHING, words: 'router bill' })).toBe(false);
    expect(matches(said, { ...EVERYTHING, agent: 'agent-2' })).toBe(false);
  });

  it('calls for attention when words, suggestions or their worth are missing', () => {
    const health = { call_id: 'c1', transcription: 'ok', suggestions: 'ok' } as const;
    expect(needsAttention({ ...row, health, verdicts: { helpful: 1, unhelpful: 1 } })).toBe(false);
    expect(needsAttention({ ...row, health: { ...health, transcription: 'silent' } })).toBe(true);
    expect(needsAttention({ ...row, verdicts: { helpful: 0, unhelpful: 1 } })).toBe(true);
  });
});
