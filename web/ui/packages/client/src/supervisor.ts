/**
 * @earshot/client/supervisor: the tenant's calls as a supervisor watches them. One
 * `calls:watch` serves every wall of a client: with their filter when they agree on it, else
 * without; each shows what its own lets through. Agents' pages do not load it.
 */
import type { Client } from './api.ts';
import { createBatch, nextFrame } from './batch.ts';
import { byLifeThenStart } from './callList.ts';
import type { Sync } from './callStore.ts';
import { RequestError } from './errors.ts';
import { createValue, type Readable, type Value } from './readable.ts';
import type { CallsChanged, CallsFilter, CallView } from './wire.gen.ts';

export interface WallHandle {
  /** Live calls first; within each the one that began last first. */
  readonly calls: Readable<readonly CallView[]>;
  readonly sync: Readable<Sync>;
  /** The code of a refusal that asking again does not change. */
  readonly refused: Readable<string | null>;
  /** Keep watching until the returned undo is called. */
  retain(): () => void;
}

const RETRY_MS = 2_000;
const TIMEOUT_MS = 10_000;

const walls = new WeakMap<Client, Wall>();

/** The calls that `filter` lets through; all of the tenant without one. */
export function watchCalls(client: Client, filter: CallsFilter = {}): WallHandle {
  let wall = walls.get(client);
  if (!wall) walls.set(client, (wall = new Wall(client)));
  return wall.handle(filter);
}

interface View {
  filter: CallsFilter;
  shown: Value<readonly CallView[]>;
  handle: WallHandle;
  retained: number;
}

class Wall {
  readonly #client: Client;
  readonly #batch = createBatch(nextFrame);
  readonly #views = new Map<string, View>();
  readonly #sync = createValue<Sync>('stale', this.#batch);
  readonly #refused = createValue<string | null>(null, this.#batch);
  #rows = new Map<string, CallView>();
  #stop: (() => void) | null = null;
  /** The filter that was asked for last; null: none in this session. */
  #asked: string | null = null;
  /** Counts questions and sessions: an older answer or timer means nothing. */
  #generation = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  handle(filter: CallsFilter): WallHandle {
    const key = keyOf(filter);
    let view = this.#views.get(key);
    if (!view) {
      const shown = createValue<readonly CallView[]>([], this.#batch);
      const retain = (): (() => void) => this.#retain(made);
      const handle = { calls: shown, sync: this.#sync, refused: this.#refused, retain };
      const made: View = { filter, shown, handle, retained: 0 };
      this.#views.set(key, (view = made));
      this.#show(view);
    }
    return view.handle;
  }

  #retain(view: View): () => void {
    view.retained += 1;
    this.#stop ??= this.#listen();
    void this.#ask();
    let undone = false;
    return () => {
      if (undone) return;
      undone = true;
      view.retained -= 1;
      if (this.#wanted().length > 0) return;
      this.#end();
    };
  }

  #end(): void {
    this.#stop?.();
    this.#stop = null;
    const wasAsked = this.#asked !== null;
    this.#lost();
    // Refused or not sent: then it ends with the connection.
    if (wasAsked) this.#client.request('calls:watch', { watch: false }).catch(() => undefined);
  }

  #listen(): () => void {
    const { connection, on } = this.#client;
    const undo = [
      on('calls:changed', (body) => this.#changed(body)),
      connection.subscribe(() => {
        if (connection.get().status === 'online') void this.#ask();
        else this.#lost();
      }),
    ];
    return () => undo.forEach((one) => one());
  }

  #lost(): void {
    this.#generation += 1;
    this.#asked = null;
    this.#sync.set('stale');
  }

  #wanted(): View[] {
    return [...this.#views.values()].filter((view) => view.retained > 0);
  }

  async #ask(): Promise<void> {
    const [first, ...others] = this.#wanted();
    const filter = first && others.length === 0 ? first.filter : {};
    const key = keyOf(filter);
    const { connection, request } = this.#client;
    if (!first || key === this.#asked || connection.get().status !== 'online') return;
    this.#asked = key;
    const generation = (this.#generation += 1);
    this.#sync.set('syncing');
    try {
      await request('calls:watch', { filter }, TIMEOUT_MS, ({ calls }) => {
        if (generation !== this.#generation) return;
        this.#rows = new Map(calls.map((call) => [call.call_id, call]));
        this.#refused.set(null);
        this.#sync.set('live');
        this.#publish();
      });
    } catch (problem) {
      if (generation === this.#generation) this.#failed(problem);
    }
  }

  #failed(problem: unknown): void {
    this.#lost();
    if (!(problem instanceof RequestError) || problem.code === 'not_connected') return;
    if (!problem.retryable) return this.#refused.set(problem.code);
    const generation = this.#generation;
    setTimeout(() => {
      if (generation === this.#generation) void this.#ask();
    }, problem.retryAfterMs ?? RETRY_MS);
  }

  #changed(body: CallsChanged): void {
    if (body.complete) this.#rows.clear();
    for (const call of body.calls) this.#rows.set(call.call_id, call);
    for (const id of body.removed ?? []) this.#rows.delete(id);
    this.#publish();
  }

  #publish(): void {
    for (const view of this.#views.values()) this.#show(view);
  }

  #show({ filter: { status, agent_id }, shown }: View): void {
    const calls = [...this.#rows.values()].filter(
      (call) =>
        (!status || call.status === status) && (!agent_id || call.agent_ids.includes(agent_id)),
    );
    shown.set(calls.sort(byLifeThenStart));
  }
}

function keyOf({ status, agent_id }: CallsFilter): string {
  return `${status ?? ''}|${agent_id ?? ''}`;
}
