/**
 * A document as the server read it: headings, paragraphs, lists, tables and code. All of it
 * stays text: nothing in a document can become a link, a picture or a script of our page.
 */
import type { DocumentBlock } from '@earshot/client';
import type { ReactNode } from 'react';

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
  switch (first?.kind) {
    case 'heading':
      return (first.level ?? 1) > 2 ? <h4>{first.text}</h4> : <h3>{first.text}</h3>;
    case 'item':
      return first.number === undefined ? <ul>{run.map(item)}</ul> : <ol>{run.map(item)}</ol>;
    case 'row':
      return <Table rows={run} />;
    case 'code':
      return <pre>{first.text}</pre>;
    default:
      return <p>{first?.text}</p>;
  }
}

function item({ text, number }: DocumentBlock, place: number): ReactNode {
  return (
    <li key={place} value={number}>
      {text}
    </li>
  );
}

function Table({ rows }: { rows: DocumentBlock[] }): ReactNode {
  return (
    <div className="document-table">
      <table>
        <tbody>
          {rows.map(({ cells, text }, place) => (
            <tr key={place}>
              {(cells ?? [text]).map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
