/**
 * What an agent did with the cards without saying so: shown, opened, copied. Collected for a
 * moment and sent together; lost when there is no connection, because it is only a hint.
 */
import type { Req, SeenItem } from './wire.gen.ts';

export type SeenAction = Exclude<SeenItem['action'], 'dismissed'>;

export interface SeenPorts {
  later(task: () => void, ms: number): void;
  send(request: Req<'doc:seen'>): Promise<unknown>;
}

const COLLECT_MS = 1_000;
/** Of one call and message, as the wire allows. */
const MOST_ITEMS = 50;

export class Seen {
  readonly #ports: SeenPorts;
  readonly #waiting = new Map<string, SeenItem[]>();

  constructor(ports: SeenPorts) {
    this.#ports = ports;
  }

  note(call_id: string, doc_id: string, action: SeenAction): void {
    const items = this.#waiting.get(call_id) ?? [];
    if (items.some((item) => item.doc_id === doc_id && item.action === action)) return;
    if (items.length < MOST_ITEMS) items.push({ doc_id, action });
    this.#waiting.set(call_id, items);
    if (items.length > 1) return;
    this.#ports.later(() => {
      this.#waiting.delete(call_id);
      this.#ports.send({ call_id, items }).catch(() => undefined);
    }, COLLECT_MS);
  }
}
