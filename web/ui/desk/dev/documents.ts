/** The whole of the made-up documents, with each kind of block and link that the server tells. */
import type { DocumentBlock, DocumentView, wire } from '@earshot/client';
import { DOCUMENTS } from './dialogues.ts';

const WEEK_MS = 7 * 24 * 3_600_000;

/** As `GET /v1/documents/{doc_id}` answers; undefined: there is none. */
export function documentOf(id: string): DocumentView | undefined {
  const document = DOCUMENTS[id];
  if (!document) return undefined;
  const { title, excerpt, url } = document;
  const place = Object.keys(DOCUMENTS).indexOf(id) + 1;
  return {
    id,
    title,
    text: excerpt,
    updated_at: new Date(Date.now() - place * WEEK_MS).toISOString(),
    blocks: [{ kind: 'heading', text: title, level: 1 }, { kind: 'text', text: excerpt }, ...REST],
    ...(url !== undefined && { url }),
  };
}

const REST: DocumentBlock[] = [
  { kind: 'heading', text: 'Step by step', level: 2 },
  { kind: 'item', text: 'Ask for the customer number and open the contract.', number: 1 },
  linked('item', 'Look into ', { text: 'the network map', url: 'https://map.example.com/status' }, '.', 2),
  { kind: 'text', text: 'It takes a minute to load.' },
  { kind: 'item', text: 'Tell the customer what happens next.', number: 3 },
  { kind: 'heading', text: 'What it costs', level: 2 },
  { kind: 'row', text: 'Visit, Price', cells: ['Visit', 'Price'] },
  { kind: 'row', text: 'While the contract runs, free', cells: ['While the contract runs', 'free'] },
  {
    kind: 'row',
    text: 'Afterwards, as in the price list',
    cells: ['Afterwards', 'as in the price list'],
    cell_pieces: [
      [{ text: 'Afterwards' }],
      [{ text: 'as in ' }, { text: 'the price list', url: 'https://help.example.com/prices' }],
    ],
  },
  { kind: 'heading', text: 'Whom to ask', level: 2 },
  linked('text', 'Write to ', { text: 'the line team', url: 'mailto:lines@example.com' }, ' before noon.'),
  linked('text', 'Out of hours: ', { text: '+49 30 123456', url: 'tel:+49-30-123456' }, '.'),
  { kind: 'item', text: 'الدعم متاح من التاسعة حتى الخامسة.' },
  { kind: 'item', text: 'התמיכה זמינה בימי חול.' },
  { kind: 'code', text: 'line status --customer 4711\nline reset --now' },
];

function linked(
  kind: DocumentBlock['kind'],
  before: string,
  link: Required<wire.TextPiece>,
  after: string,
  number?: number,
): DocumentBlock {
  const text = `${before}${link.text}${after}`;
  const pieces = [{ text: before }, link, { text: after }];
  return { kind, text, pieces, ...(number !== undefined && { number }) };
}
