/** The whole of a document, as elements made of its text. */
import type { DocumentBlock } from '@earshot/client';
import { cleanup, render } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { Prose } from '../src/suggestions/Prose.tsx';

afterEach(cleanup);

function shown(blocks: DocumentBlock[], title = 'Gizmo'): string {
  return render(<Prose blocks={blocks} title={title} />).container.innerHTML;
}

describe('a document', () => {
  it('has headings, paragraphs and code, and its title once', () => {
    const html = shown([
      { kind: 'heading', text: 'Gizmo', level: 1 },
      { kind: 'text', text: 'Wait for purple & let go' },
      { kind: 'heading', text: 'Reset', level: 2 },
      { kind: 'heading', text: 'By hand', level: 3 },
      { kind: 'code', text: 'if on:\n  reset' },
    ]);
    expect(html).toBe(
      '<p>Wait for purple &amp; let go</p><h3>Reset</h3><h4>By hand</h4><pre>if on:\n  reset</pre>',
    );
  });

  it('has lists, whose steps keep their numbers after what stood between them', () => {
    const html = shown([
      { kind: 'item', text: 'the pin' },
      { kind: 'item', text: 'Hold', number: 1 },
      { kind: 'item', text: 'Wait', number: 2 },
      { kind: 'text', text: 'A minute.' },
      { kind: 'item', text: 'Let go', number: 3 },
    ]);
    expect(html).toBe(
      '<ul><li>the pin</li></ul><ol><li value="1">Hold</li><li value="2">Wait</li></ol>' +
        '<p>A minute.</p><ol><li value="3">Let go</li></ol>',
    );
  });

  it('has tables, a row of another width beginning a new one', () => {
    const row = (...cells: string[]): DocumentBlock => ({ kind: 'row', text: cells.join(', '), cells });
    const { container } = render(
      <Prose blocks={[row('Plan', 'Price'), row('Small', ''), row('a', 'b', 'c')]} title="" />,
    );
    const tables = [...container.querySelectorAll('table')].map((table) =>
      [...table.rows].map((line) => [...line.cells].map((cell) => cell.textContent)),
    );
    expect(tables).toEqual([[['Plan', 'Price'], ['Small', '']], [['a', 'b', 'c']]]);
  });

  it('stays text, whatever is in it', () => {
    const hostile = '<img src=x onerror="alert(1)"><a href="javascript:alert(1)">x</a>';
    const { container } = render(
      <Prose
        blocks={(['text', 'item', 'code', 'heading'] as const).map((kind) => ({ kind, text: hostile }))}
        title=""
      />,
    );
    expect(container.querySelector('img, a')).toBeNull();
    expect(container.textContent).toBe(hostile.repeat(4));
  });
});
