/**
 * A document as the server read it: headings, paragraphs, lists, tables and code. All of it
 * stays text, each part in its own direction: nothing in a document can become a picture or a
 * script of our page, and what becomes a link is for Pieces.tsx to say.
 */
import type { DocumentBlock } from '@earshot/client';
import type { ReactNode } from 'react';
import { readable } from '../foreign.ts';
import { Pieces } from './Pieces.tsx';

export function Prose({ blocks, title }: { blocks: DocumentBlock[]; title: string }): ReactNode {
  const [first, ...rest] = blocks;
  // The title stands above the document already.
  const isTitle = first?.kind === 'heading' && first.text === title;
  return runsOf(isTitle ? rest : blocks).map((run, place) => <Run key={place} run={run} />);
}

/** Items of one list and rows of one table belong together; anything else stands alone. */
export function runsOf(blocks: readonly DocumentBlock[]): DocumentBlock[][] {
  const runs: DocumentBlock[][] = [];
  for (const block of blocks) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (run && before && goesOn(before, block)) run.push(block);
    else runs.push([block]);
  }
  return runs;
}

function goesOn(before: DocumentBlock, block: DocumentBlock): boolean {
  if (before.kind !== block.kind) return false;
  if (block.kind === 'row') return before.cells?.length === block.cells?.length;
  return block.kind === 'item' && (before.number === undefined) === (block.number === undefined);
}

function Run({ run }: { run: DocumentBlock[] }): ReactNode {
  const [first] = run;
  if (!first) return null;
  switch (first.kind) {
    case 'heading':
      return (first.level ?? 1) > 2 ? (
        <h4 dir="auto">
          <Words of={first} />
        </h4>
      ) : (
        <h3 dir="auto">
          <Words of={first} />
        </h3>
      );
    case 'item':
      return first.number === undefined ? (
        <ul dir="auto">{run.map(item)}</ul>
      ) : (
        <ol dir="auto">{run.map(item)}</ol>
      );
    case 'row':
      return <Table rows={run} />;
    case 'code':
      return <pre dir="ltr">{readable(first.text)}</pre>;
    default:
      return (
        <p dir="auto">
          <Words of={first} />
        </p>
      );
  }
}

function Words({ of }: { of: DocumentBlock }): ReactNode {
  return <Pieces text={of.text} pieces={of.pieces} />;
}

function item(block: DocumentBlock, place: number): ReactNode {
  return (
    <li key={place} value={block.number}>
      <Words of={block} />
    </li>
  );
}

function Table({ rows }: { rows: DocumentBlock[] }): ReactNode {
  return (
    <div className="document-table">
      <table dir="auto">
        <tbody>
          {rows.map(({ cells, text, cell_pieces }, place) => (
            <tr key={place}>
              {(cells ?? [text]).map((cell, column) => (
                <td key={column} dir="auto">
                  <Pieces text={cell} pieces={cell_pieces?.[column]} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
