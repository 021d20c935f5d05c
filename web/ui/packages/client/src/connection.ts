/**
 * The connection's state machine: token, socket, session, calls resubscribed, online; and
 * from everywhere back. Owns when to try again and when to stop. It knows no call and no
 * event but the two about the session itself.
 *
 *   idle -> connecting -> online -> reconnecting/offline -> online ...
 *   a refused token -> one getToken -> auth-required; the server says stay away -> closed
 */
import { delayMs, type Backoff } from './backoff.ts';
import { comesBack, tokenFault } from './codes.ts';
import { RequestError, notConnected, UnauthorizedError } from './errors.ts';
import type { Link, OpenLink, Request, ServerEvent } from './link.ts';
import type { Value } from './readable.ts';
import type { Tokens } from './tokens.ts';
import type { Session } from './wire.gen.ts';

export type Connection =
  | { status: 'idle' | 'connecting' | 'online' }
  | { status: 'reconnecting'; since: number; attempt: number; retryAt: number; cause: string }
  | { status: 'offline'; since: number }
  | { status: 'auth-required'; code: string }
  | { status: 'closed'; reason: string };

export interface ConnectionPorts {
  url: string;
  agentId: string;
  clientId: string;
  tokens: Tokens;
  backoff: Backoff;
  openLink: OpenLink;
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

export const REQUEST_TIMEOUT_MS = 10_000;
const WAKE_SPREAD_MS = 1_000;

export class ConnectionMachine {
  readonly #ports: ConnectionPorts;
  #link: Link | null = null;
  #running = false;
  #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #lostAt: number | null = null;
  #onlineAt = 0;
  #refusedTokens = 0;
  /** What `session:closing` said; the disconnect that follows asks for it. */
  #closing: { code: string; reconnect: boolean; afterMs: number } | null = null;

  constructor(ports: ConnectionPorts) {
    this.#ports = ports;
  }

  get ready(): boolean {
    return this.#ports.state.get().status === 'online' && this.#link !== null;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#abort = new AbortController();
    this.#attempt = 0;
    this.#refusedTokens = 0;
    this.#lostAt = null;
    this.#ports.state.set({ status: 'connecting' });
    void this.#try();
  }

  stop(state: Connection): void {
    this.#running = false;
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#hangUp();
    this.#ports.state.set(state);
  }

  /** Waiting for the next try: try now, or within `spreadMs` so that not all come at once. */
  wake(spreadMs = WAKE_SPREAD_MS): void {
    if (this.#timer === undefined) return;
    this.#wait(Math.floor(this.#ports.backoff.random() * spreadMs), null);
  }

  readonly request: Request = (name, request, timeoutMs, apply) =>
    this.#link
      ? this.#link.request(name, request, timeoutMs, apply)
      : Promise.reject(notConnected());

  /** `session:expiring`: a new token on the live connection. A failure waits for the end. */
  async renew(): Promise<void> {
    const link = this.#link;
    if (!link) return;
    this.#ports.tokens.drop('expired');
    try {
      await this.#greet(link, await this.#ports.tokens.get(this.#abort.signal));
    } catch {
      // The server closes the session when its token ends, and then it is said aloud.
    }
  }

  closing(code: string, reconnect: boolean, afterMs: number): void {
    this.#closing = { code, reconnect, afterMs };
  }

  async #try(): Promise<void> {
    const { signal } = this.#abort;
    try {
      const token = await this.#ports.tokens.get(signal);
      if (signal.aborted) return;
      const link = await this.#open(token, signal);
      await this.#greet(link, token);
      if (this.#link !== link) return;
      await this.#ports.resume();
      if (this.#link !== link) return;
      this.#onlineAt = this.#ports.now();
      this.#lostAt = null;
      this.#ports.state.set({ status: 'online' });
      this.#ports.onOnline();
    } catch (problem) {
      if (!signal.aborted) this.#failed(problem);
    }
  }

  async #open(token: string, signal: AbortSignal): Promise<Link> {
    const { url, clientId, openLink, onEvent } = this.#ports;
    let link: Link | null = null;
    const onLost = (cause: string): void => {
      if (link && this.#link === link) this.#lost(cause);
    };
    link = await openLink({ url, token, clientId, onEvent, onLost }, signal);
    this.#link = link;
    return link;
  }

  async #greet(link: Link, token: string): Promise<void> {
    const { agentId: agent_id, clientId: client_id } = this.#ports;
    const askedAt = this.#ports.now();
    await link.request(
      'agent:connect',
      { agent_id, auth_token: token, client_id },
      REQUEST_TIMEOUT_MS,
      (session) => this.#ports.onSession(session, askedAt),
    );
  }

  /** An attempt did not get to online. */
  #failed(problem: unknown): void {
    if (!this.#running || this.#timer !== undefined) return;
    if (problem instanceof UnauthorizedError) {
      this.stop({ status: 'auth-required', code: 'unauthenticated' });
      return;
    }
    const refusal = problem instanceof RequestError ? problem : null;
    this.#hangUp();
    this.#after(refusal?.code ?? 'not_connected', refusal?.retryAfterMs);
  }

  /** An established connection ended. */
  #lost(cause: string): void {
    this.#link = null;
    this.#ports.onLost();
    const said = this.#closing;
    this.#closing = null;
    const now = this.#ports.now();
    if (this.#ports.state.get().status === 'online') {
      const lived = now - this.#onlineAt;
      if (lived >= this.#ports.backoff.stableAfterMs) {
        this.#attempt = 0;
        this.#refusedTokens = 0;
      }
    }
    if (!said) this.#after(cause);
    else if (said.reconnect) this.#wait(said.afterMs, said.code);
    else this.#after(said.code);
  }

  /** What follows from an end: a new token, another try, or none. */
  #after(code: string, retryAfterMs?: number): void {
    const fault = tokenFault(code);
    if (fault) {
      this.#refusedTokens += 1;
      if (this.#refusedTokens > 1) {
        this.#ports.tokens.drop('rejected');
        this.stop({ status: 'auth-required', code });
        return;
      }
      this.#ports.tokens.drop(fault);
      this.#wait(0, code);
      return;
    }
    if (!comesBack(code)) {
      this.stop({ status: 'closed', reason: code });
      return;
    }
    this.#wait(retryAfterMs ?? delayMs(this.#ports.backoff, this.#attempt), code);
    this.#attempt += 1;
  }

  /** Try again after `ms`. `cause` null: as it was. */
  #wait(ms: number, cause: string | null): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#try();
    }, ms);
    const before = this.#ports.state.get();
    const now = this.#ports.now();
    this.#lostAt ??= now;
    const since = this.#lostAt;
    if (!this.#ports.hasNetwork()) {
      this.#ports.state.set({ status: 'offline', since });
      return;
    }
    const known = before.status === 'reconnecting' ? before.cause : 'not_connected';
    this.#ports.state.set({
      status: 'reconnecting',
      since,
      attempt: this.#attempt,
      retryAt: now + ms,
      cause: cause ?? known,
    });
  }

  #hangUp(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#closing = null;
    const link = this.#link;
    this.#link = null;
    if (!link) return;
    link.close();
    this.#ports.onLost();
  }
}
