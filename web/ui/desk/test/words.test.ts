/** Every sentence of the desk exists in every language, and none stands in the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { CODES } from '../../packages/client/src/wire.gen.ts';
import { LANGUAGES } from '../src/words/index.ts';
import { refusedDe } from '../src/words/refusedDe.ts';

type Word = string | null | ((...parts: (string | number)[]) => string) | { [name: string]: Word };

/** Alike in English and German, and meant to be. */
const ALIKE = new Set(['speaker.agent', 'agent', 'agentOfDesk', 'figure', 'refused']);
/** What sentences are given: the number or name has to come out again. */
const GIVEN = ['7', '9'];

const READ_ALOUD = /^(title|aria-label|placeholder|label|text|alt)$/;

/** Each sentence by its path; those that count, said of 7 and 9. */
function sentencesOf(words: Word, path = ''): [string, string | null][] {
  if (typeof words === 'function') {
    if (path === 'reasonOf') return [];
    return [[path, words(...GIVEN.slice(0, words.length))]];
  }
  if (words === null || typeof words === 'string') return [[path, words]];
  return Object.entries(words).flatMap(([name, word]) =>
    sentencesOf(word, path === '' ? name : `${path}.${name}`),
  );
}

const english = sentencesOf(LANGUAGES.en as unknown as Word);

describe.each(Object.keys(LANGUAGES) as (keyof typeof LANGUAGES)[])('in %s', (language) => {
  const words = LANGUAGES[language] as unknown as Word;
  const said = sentencesOf(words);

  it('nothing is missing, empty or left over', () => {
    expect(said.map(([path]) => path).sort()).toEqual(english.map(([path]) => path).sort());
    const silent = new Map(english.filter(([, text]) => text === null));
    for (const [path, text] of said) {
      if (silent.has(path)) expect(text, path).toBeNull();
      else expect(text, path).toMatch(/\S/);
    }
  });

  it('what is counted or named is in the sentence', () => {
    const functions = (at: Word, path = ''): [string, Word][] =>
      typeof at === 'function'
        ? [[path, at]]
        : at === null || typeof at === 'string'
          ? []
          : Object.entries(at).flatMap(([name, word]) => functions(word, name));
    for (const [path, word] of functions(words)) {
      if (typeof word !== 'function' || path === 'reasonOf') continue;
      const text = word(...GIVEN.slice(0, word.length));
      for (const part of GIVEN.slice(0, word.length)) expect(text, path).toContain(part);
    }
  });
});

it('no German sentence was left in English', () => {
  const german = new Map(sentencesOf(LANGUAGES.de as unknown as Word));
  const left = english.filter(
    ([path, text]) => text !== null && !ALIKE.has(path) && german.get(path) === text,
  );
  expect(left).toEqual([]);
});

it('every code of the wire has a German sentence', () => {
  for (const code of Object.keys(CODES)) expect(Object.keys(refusedDe)).toContain(code);
});

it('no component has words of its own', () => {
  const source = join(import.meta.dirname, '../src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' });
  const found = files
    .filter((name) => name.endsWith('.tsx'))
    .flatMap((name) => ownWords(readFileSync(join(source, name), 'utf8')).map((text) => `${name}: ${text}`));
  // Our name, and a line for the shell, are the same in every language.
  expect(found).toEqual([
    'Card.tsx: Earshot',
    'TopBar.tsx: Earshot',
    'WrongRole.tsx: ./earshot token',
    'WrongRole.tsx: --role agent',
  ]);
});

/** Text between tags, and in the attributes that are read to people. */
function ownWords(code: string): string[] {
  const file = ts.createSourceFile('a.tsx', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node)) found.push(node.text);
    if (ts.isJsxAttribute(node) && READ_ALOUD.test(node.name.getText()) && node.initializer) {
      found.push(ts.isStringLiteral(node.initializer) ? node.initializer.text : '');
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found.map((text) => text.trim()).filter((text) => /\p{L}{2,}/u.test(text));
}
