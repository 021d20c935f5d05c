/** What a client is made from and what it can do: the package's public face. */
import type { Backoff } from './backoff.ts';
import type { CallRow } from './callList.ts';
import type { CallHandle } from './calls.ts';
import type { Connection } from './connectionState.ts';
import type { AnyListener } from './listeners.ts';
import type { Mutation } from './mutation.ts';
import type { FailedItem, OutboxItem } from './outboxPorts.ts';
import type { OutboxStore } from './outboxStore.ts';
import type { Readable } from './readable.ts';
import type { GetToken } from './tokens.ts';
import type {
  CommandName,
  DocumentView,
  EventName,
  Req,
  Res,
  ServerEvents,
  Session,
  VerdictReceipt,
} from './wire.gen.ts';

/** Who this client is to the server; `calls` go into `Client.calls`. */
export type SessionView = Pick<Session, 'agent_id' | 'role' | 'expires_at'>;

export interface OutboxOptions {
  /** Where it outlives a reload. Default: IndexedDB; null, or where there is none: nowhere. */
  store: OutboxStore | null;
  /** Waiting at once; one more is refused with `outbox_full`. Default 200. */
  maxItems: number;
  /** Kept for so long without being sent; then `too_old`. Default: one day. */
  ttlMs: number;
  /** Refusals that may pass, until one is final. Default 8. */
  maxAttempts: number;
}

export interface ClientOptions {
  /** The server's origin. Default: the page's own. */
  url?: string;
  agentId: string;
  getToken: GetToken;
  /** This tab. Default: a fresh id; a newer connection with the same one replaces the older. */
  clientId?: string;
  backoff?: Partial<Backoff>;
  outbox?: Partial<OutboxOptions>;
  /** When listeners hear of changes. Default: once a frame. */
  flush?: (flush: () => void) => void;
  /** Milliseconds since 1970 by the local clock. */
  now?: () => number;
}

export interface Client {
  readonly agentId: string;
  readonly connection: Readable<Connection>;
  /** Null until the first session; the last one while the connection is away. */
  readonly session: Readable<SessionView | null>;
  /** This agent's calls, live ones first. */
  readonly calls: Readable<readonly CallRow[]>;
  /** Verdicts and dismissals that the server has not acknowledged. */
  readonly outbox: Readable<readonly OutboxItem[]>;
  /** The last ones that failed, and why. */
  readonly failed: Readable<readonly FailedItem[]>;

  /** Nothing happens before it. May be called again after `disconnect`. */
  connect(): void;
  disconnect(reason?: string): void;
  /** Disconnect and delete what this browser keeps of this user. */
  signOut(): Promise<void>;
  /** Do not wait for the next try; after `auth-required` or `closed`, start again. */
  retryNow(): void;

  call(callId: string): CallHandle;
  /** A verdict: shown at once, sent when connected, taken back if the server refuses it. */
  feedback(callId: string, docId: string, helpful: boolean | null): Mutation<VerdictReceipt>;
  /** Put a suggested document away, for every screen on the call; as durable as a verdict. */
  dismiss(callId: string, docId: string): Mutation<VerdictReceipt>;
  /** The whole of a document. */
  document(docId: string, signal?: AbortSignal): Promise<DocumentView>;
  /** Fetch this agent's ended calls into `calls`. */
  loadEnded(signal?: AbortSignal): Promise<void>;

  /**
   * Fails at once with `not_connected` while there is no session; never queued. `apply` gets
   * the answer before any event that came after it; the promise may be too late for that.
   */
  request<K extends CommandName>(
    name: K,
    request: Req<K>,
    timeoutMs?: number,
    apply?: (answer: Res<K>) => void,
  ): Promise<Res<K>>;
  /** Hears every such event until the returned undo is called. */
  on<K extends EventName>(event: K, listener: (body: ServerEvents[K]) => void): () => void;
  /** Hears every event, whatever its name. */
  onAny(listener: AnyListener): () => void;
  /** The server's clock, in milliseconds since 1970. */
  serverNow(): number;
}
