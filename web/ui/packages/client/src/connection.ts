/**
 * The connection's state machine: token, socket, session, calls resubscribed, online; and
 * from everywhere back. Owns when to try again and when to stop. It knows no call and no
 * event but the two about the session itself.
 *
 *   idle -> connecting -> online -> reconnecting/offline -> online ...
 *   a refused token -> one getToken -> auth-required; the server says stay away -> closed
 */
import { delayMs } from './backoff.ts';
import { comesBack, tokenFault } from './codes.ts';
import { RequestError, notConnected, UnauthorizedError } from './errors.ts';
import type { Connection, ConnectionPorts } from './connectionState.ts';
import type { Link, Request } from './link.ts';
import { Renewal } from './renewal.ts';

const WAKE_SPREAD_MS = 1_000;
/** A server that says goodbye and stays is left after this. */
const GOODBYE_MS = 3_000;

export class ConnectionMachine {
  readonly #ports: ConnectionPorts;
  readonly #renewal: Renewal;
  #link: Link | null = null;
  #running = false;
  #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #goodbye: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #lostAt: number | null = null;
  #onlineAt = 0;
  #refusedTokens = 0;
  /** What `session:closing` said; the disconnect that follows asks for it. */
  #closing: { code: string; reconnect: boolean; afterMs: number } | null = null;

  constructor(ports: ConnectionPorts) {
    this.#ports = ports;
    this.#renewal = new Renewal({ renew: () => this.#renew(), gapMs: ports.backoff.tokenGapMs });
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
    this.#ports.tokens.now();
    this.#ports.state.set({ status: 'connecting' });
    void this.#try();
  }

  stop(state: Connection): void {
    this.#running = false;
    this.#abort.abort();
    this.#hangUp();
    this.#ports.state.set(state);
  }

  /**
   * Waiting for the next try: try now, or within `spreadMs` so that not all come at once.
   * Connected to something that has been silent for too long: it is taken for dead.
   */
  wake(spreadMs = WAKE_SPREAD_MS): void {
    if (this.#timer !== undefined) {
      this.#wait(this.#ports.backoff.random() * spreadMs, null);
    } else if (this.#link?.isStale()) this.#lost('silent');
  }

  /** The browser has no network: the socket is dead, though it may not know for a while. */
  offline(): void {
    if (this.#link) this.#lost('offline');
    else if (this.#timer !== undefined) this.wake();
  }

  readonly request: Request = (name, request, timeoutMs, apply) =>
    this.#link
      ? this.#link.request(name, request, timeoutMs, apply)
      : Promise.reject(notConnected());

  /** `session:expiring`: a new token on the live connection. */
  expiring(): void {
    void this.#renewal.now();
  }

  closing(code: string, reconnect: boolean, afterMs: number): void {
    this.#closing = { code, reconnect, afterMs };
    this.#goodbye = setTimeout(() => this.#lost(code), GOODBYE_MS);
  }

  async #renew(): Promise<void> {
    const { tokens } = this.#ports;
    const token = await tokens.renew(this.#abort.signal);
    if (this.#link) await this.#greet(this.#link, token);
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
      undefined,
      (session) => {
        this.#ports.onSession(session, askedAt);
        this.#renewal.begin(Date.parse(session.expires_at) - Date.parse(session.server_time));
      },
    );
  }

  /** An attempt did not get to online. */
  #failed(problem: unknown): void {
    if (!this.#running || this.#timer !== undefined) return;
    if (problem instanceof UnauthorizedError) {
      this.stop({ status: 'auth-required', code: 'unauthenticated' });
      return;
    }
    const { code, retryAfterMs } = problem instanceof RequestError ? problem : notConnected();
    this.#hangUp();
    this.#after(code, retryAfterMs);
  }

  /** An established connection ended, or is given up by us. */
  #lost(cause: string): void {
    const said = this.#closing;
    this.#hangUp();
    const { state, now, backoff } = this.#ports;
    if (state.get().status === 'online' && now() - this.#onlineAt >= backoff.stableAfterMs) {
      this.#attempt = 0;
      this.#refusedTokens = 0;
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
      const refused = this.#refusedTokens > 1 || this.#renewal.refused;
      this.#ports.tokens.drop(refused ? 'rejected' : fault);
      if (refused) this.stop({ status: 'auth-required', code });
      else this.#wait(0, code);
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
    const { state, hasNetwork } = this.#ports;
    const before = state.get();
    const now = this.#ports.now();
    const since = (this.#lostAt ??= now);
    cause ??= 'cause' in before ? before.cause : 'not_connected';
    const waiting = { since, attempt: this.#attempt, retryAt: now + ms, cause };
    state.set(
      hasNetwork() ? { status: 'reconnecting', ...waiting } : { status: 'offline', since },
    );
  }

  #hangUp(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#goodbye);
    this.#timer = undefined;
    this.#closing = null;
    this.#renewal.end();
    if (!this.#link) return;
    this.#link.close();
    this.#link = null;
    this.#ports.onLost();
  }
}
