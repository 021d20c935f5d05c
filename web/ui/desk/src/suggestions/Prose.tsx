/**
 * A document as it reads, without its marks: headings, lists, bold and code of Markdown become
 * elements, and tags of HTML go. Everything else stays text: nothing in a document can become a
 * link, a picture or a script of our page.
 */
import type { ReactNode } from 'react';

export function Prose({ text, title }: { text: string; title: string }): ReactNode {
  const plain = text.replaceAll(/<\/?[a-z][^<>]*>/gi, '');
  const [first, ...rest] = blocksOf(plain);
  // The title stands above the document already.
  const isTitle = first?.kind === 'heading' && first.lines[0]?.replace(HEADING, '').trim() === title;
  const blocks = first && !isTitle ? [first, ...rest] : rest;
  return blocks.map((block, place) => <Block key={place} block={block} />);
}

interface Block {
  kind: 'heading' | 'bullets' | 'numbers' | 'text';
  lines: string[];
}

const HEADING = /^#{1,6}\s+/;
const BULLET = /^\s*[-*+]\s+/;
const NUMBER = /^\s*\d+[.)]\s+/;

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let isOpen = false;
  for (const line of text.split('\n')) {
    if (line.trim() === '') {
      isOpen = false;
      continue;
    }
    const kind = kindOf(line);
    const last = blocks.at(-1);
    const isList = kind === 'bullets' || kind === 'numbers';
    if (isOpen && last && kind === 'text' && last.kind !== 'heading') {
      // A line that goes on belongs to what stands above it.
      last.lines.push(isListBlock(last) ? `${last.lines.pop() ?? ''} ${line.trim()}` : line);
    } else if (last && isList && last.kind === kind) {
      last.lines.push(line);
    } else {
      blocks.push({ kind, lines: [line] });
    }
    isOpen = true;
  }
  return blocks;
}

function kindOf(line: string): Block['kind'] {
  if (HEADING.test(line)) return 'heading';
  if (BULLET.test(line)) return 'bullets';
  return NUMBER.test(line) ? 'numbers' : 'text';
}

function isListBlock({ kind }: Block): boolean {
  return kind === 'bullets' || kind === 'numbers';
}

function Block({ block: { kind, lines } }: { block: Block }): ReactNode {
  if (kind === 'heading') return <h3>{inline((lines[0] ?? '').replace(HEADING, ''))}</h3>;
  if (kind === 'text') return <p>{inline(lines.join('\n'))}</p>;
  const List = kind === 'numbers' ? 'ol' : 'ul';
  return (
    <List>
      {lines.map((line, place) => (
        <li key={place}>{inline(line.replace(kind === 'numbers' ? NUMBER : BULLET, ''))}</li>
      ))}
    </List>
  );
}

/** **bold**, *stressed*, `code`, and the words of a [link](…), which leads nowhere here. */
function inline(text: string): ReactNode {
  return text
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .split(/(\*\*[^*]+\*\*|\*[^*\s][^*]*\*|`[^`]+`)/)
    .map((piece, place) => {
      if (/^\*\*.+\*\*$/.test(piece)) return <strong key={place}>{piece.slice(2, -2)}</strong>;
      if (/^\*.+\*$/.test(piece)) return <em key={place}>{piece.slice(1, -1)}</em>;
      if (/^`.+`$/.test(piece)) return <code key={place}>{piece.slice(1, -1)}</code>;
      return piece;
    });
}
