/** The whole of a document, as elements made of its text. */
import type { DocumentBlock } from '@earshot/client';
import { cleanup, render, screen } from '@testing-library/react';
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
      '<p dir="auto">Wait for purple &amp; let go</p><h3 dir="auto">Reset</h3>' +
        '<h4 dir="auto">By hand</h4><pre dir="ltr">if on:\n  reset</pre>',
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
      '<ul dir="auto"><li>the pin</li></ul>' +
        '<ol dir="auto"><li value="1">Hold</li><li value="2">Wait</li></ol>' +
        '<p dir="auto">A minute.</p><ol dir="auto"><li value="3">Let go</li></ol>',
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

describe('its links', () => {
  const linked = (url: string, text = 'our terms'): HTMLElement => {
    const pieces = [{ text: 'See ' }, { text, url }, { text: '.' }];
    return render(<Prose blocks={[{ kind: 'text', text: `See ${text}.`, pieces }]} title="" />).container;
  };

  it('lead to a tab of their own that knows nothing of ours, and say where', () => {
    const box = linked('https://shop.example:8443/terms?of=2026');
    const link = screen.getByRole('link', { name: 'our terms (opens in a new tab)' });
    expect(link.getAttribute('href')).toBe('https://shop.example:8443/terms?of=2026');
    expect([link.getAttribute('target'), link.getAttribute('rel')]).toEqual([
      '_blank',
      'noopener noreferrer',
    ]);
    expect(box.textContent).toBe('See our terms (opens in a new tab) (shop.example:8443).');
  });

  it('do not repeat what they say themselves', () => {
    const box = linked('https://shop.example/terms', 'https://shop.example/terms');
    expect(box.textContent).toBe('See https://shop.example/terms (opens in a new tab).');
  });

  it.each([
    ['nk.example', 'https://bank.example/'],
    ['evil.example', 'https://bank.example/evil.example'],
    ['bank.example', 'bank.example.evil.example'],
    ['bank.example', 'bank.example@evil.example'],
  ])('say that they lead to %s where their words only hold its name: %s', (host, text) => {
    expect(linked(`https://${host}/`, text).textContent).toContain(`(${host})`);
  });

  it('say a host as it is, whatever it looks like', () => {
    const box = linked('https://xn--pypal-4ve.example/', 'paypal.example');
    expect(box.textContent).toContain('(xn--pypal-4ve.example)');
    cleanup();
    expect(linked('https://pаypal.example/', 'paypal.example').textContent).toContain('(xn--');
  });

  it('write to people and call them', () => {
    expect(linked('mailto:help%40desk@shop.example?subject=a', 'us').textContent).toBe(
      'See us (help@desk@shop.example).',
    );
    cleanup();
    expect(linked('tel:+49-30-12').querySelector('a')?.getAttribute('href')).toBe('tel:+49-30-12');
  });

  it.each([
    'javascript:alert(1)',
    ' JAVASCRIPT:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'blob:https://shop.example/1',
    'file:///etc/passwd',
    'https://bank.example@evil.example/',
    'https://',
    'mailto:%E0%A4%A',
    '/terms',
    '',
  ])('stay text when they are not safe: %j', (url) => {
    const box = linked(url);
    expect(box.querySelector('a')).toBeNull();
    expect(box.textContent).toBe('See our terms.');
  });

  it('stand in headings, lists and the cells of a table', () => {
    const go = { text: 'go', url: 'https://x.example/' };
    const { container } = render(
      <Prose
        blocks={[
          { kind: 'heading', text: 'go', level: 2, pieces: [go] },
          { kind: 'item', text: 'go', pieces: [go] },
          { kind: 'row', text: 'a, go', cells: ['a', 'go'], cell_pieces: [[{ text: 'a' }], [go]] },
        ]}
        title=""
      />,
    );
    const at = [...container.querySelectorAll('a')].map((link) => link.parentElement?.tagName);
    expect(at).toEqual(['H3', 'LI', 'TD']);
  });
});
