/** Text that runs the other way, or that pretends to. */
import { describe, expect, it } from 'vitest';
import { isolated, readable } from '../src/foreign.ts';
import { LANGUAGES } from '../src/words/index.ts';

const SHALOM = '\u05e9\u05dc\u05d5\u05dd';

describe('what somebody else wrote', () => {
  it('is read in the order in which it was written', () => {
    expect(readable('pay \u202e001\u202c EUR')).toBe('pay 001 EUR');
    expect(readable('\u2067\u2066a\u2069 \u2066b\u2069\u2069')).toBe('a b');
    for (const order of '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069') {
      expect(readable(`a${order}b`)).toBe('ab');
    }
  });

  it('keeps the marks that its script needs, and only where there is such a script', () => {
    expect(readable(`${SHALOM}!\u200f`)).toBe(`${SHALOM}!\u200f`);
    expect(readable('\u200f100 200\u200f')).toBe('100 200');
    expect(readable('\u061c1-2')).toBe('1-2');
    expect(readable('a\u200eb')).toBe('a\u200eb');
  });

  it('is kept as it is in every other script', () => {
    for (const text of ['', 'Größe', '你好', 'नमस्ते', '👩‍👩‍👧', 'e\u0301', 'tab\there']) {
      expect([readable(text), isolated(text)]).toEqual([text, text]);
    }
  });

  it('is closed off in a sentence of ours only where it runs the other way', () => {
    expect(isolated(SHALOM)).toBe(`\u2068${SHALOM}\u2069`);
    expect(isolated(`${SHALOM}\u2069\u202e`)).toBe(`\u2068${SHALOM}\u2069`);
    expect(isolated('\u0645\u0631\u062d\u0628\u0627')).toMatch(/^\u2068.*\u2069$/);
    expect(isolated('\u202e001')).toBe('001');
  });

  it.each(Object.entries(LANGUAGES))('turns no sentence of %s', (_, words) => {
    const title = `${SHALOM}\u202e`;
    const closed = `\u2068${SHALOM}\u2069`;
    const sentences = [
      words.openLong(title),
      words.refusal(title, 'x'),
      words.dismissalRefusal(title, 'x'),
      words.reasonOf({ code: 'no code of ours', message: title }),
    ];
    for (const sentence of sentences) {
      expect(sentence).toContain(closed);
      expect(sentence).not.toContain('\u202e');
    }
  });
});
