/** What the world sees of the connection, and what the machine is given. */
import type { Backoff } from './backoff.ts';
import type { ServerEvent } from './link.ts';
import type { Value } from './readable.ts';
import type { Tokens } from './tokens.ts';
import type { Session } from './wire.gen.ts';

/**
 * online: the session is open and every wanted call was asked for. reconnecting: `cause` is a
 * code, or Socket.IO's word for a lost network; `no_token`: `getToken` fails. offline: the browser
 * says that it has no network. auth-required: nobody gives a token that the server takes;
 * connect() starts again. closed: the server or the application said so; `forbidden`: the server
 * takes no pages of this origin. `message` says more where something is known, in English.
 */
export type Connection =
  | { status: 'idle' | 'connecting' | 'online' }
  | { status: 'reconnecting'; since: number; attempt: number; retryAt: number; cause: string }
  | { status: 'offline'; since: number }
  | { status: 'auth-required'; code: string; message?: string | undefined }
  | { status: 'closed'; reason: string; message?: string | undefined };

export interface ConnectionPorts {
  url: string;
  agentId: string;
  clientId: string;
  tokens: Tokens;
  backoff: Backoff;
  state: Value<Connection>;
  now(): number;
  /** False when the browser knows that it has no network. */
  hasNetwork(): boolean;
  onEvent(event: ServerEvent): void;
  /** A session began or was renewed; `askedAt` is when it was asked for. */
  onSession(session: Session, askedAt: number): void;
  /** Subscribe what is wanted; the connection is online when this settles. */
  resume(): Promise<void>;
  onOnline(): void;
  /** What was asked for on the connection that just ended will not be answered. */
  onLost(): void;
}
