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
import { notConnected, RequestError, UnauthorizedError } from './errors.ts';
import type { Connection, ConnectionPorts } from './connectionState.ts';
import { openLink, type Link, type Request } from './link.ts';
import { Renewal } from './renewal.ts';
import type { SessionClosing } from './wire.gen.ts';

const WAKE_SPREAD_MS = 1_000;
/** A server that says goodbye and stays is left after this. */
const GOODBYE_MS = 3_000;

export class ConnectionMachine {
  readonly #ports: ConnectionPorts;
  readonly #renewal: Renewal;
  #link: Link | null = null;
  /** Aborts with `stop`; null: not started. */
  #run: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #onlineAt = 0;
  #refusedTokens = 0;
  /** What the server said before the disconnect that follows. */
  #goodbye: SessionClosing | null = null;

  constructor(ports: ConnectionPorts) {
    this.#ports = ports;
    this.#renewal = new Renewal(() => this.#renew(), ports.backoff.tokenGapMs);
  }

  start(): void {
    if (this.#run) return;
    this.#run = new AbortController();
    this.#attempt = 0;
    this.#refusedTokens = 0;
    this.#ports.tokens.now();
    this.#ports.state.set({ status: 'connecting' });
    void this.#try();
  }

  stop(state: Connection): void {
    this.#run?.abort();
    this.#run = null;
    this.#hangUp();
    this.#ports.state.set(state);
  }

  /**
   * Waiting for the next try: try now, or within `spreadMs` so that not all come at once.
   * Connected to something that has been silent for too long: it is taken for dead.
   */
  wake(spreadMs = WAKE_SPREAD_MS): void {
    if (this.#timer !== undefined) {
      this.#wait(this.#ports.backoff.random() * spreadMs);
    } else if (this.#link?.isStale()) this.#lost('silent');
  }

  /** The browser has no network: the socket is dead, though it may not know for a while. */
  offline(): void {
    if (this.#link) this.#lost('offline');
    else this.wake();
  }

  readonly request: Request = (name, request, timeoutMs, apply) =>
    this.#link
      ? this.#link.request(name, request, timeoutMs, apply)
      : Promise.reject(notConnected());

  /** `session:expiring`: a new token on the live connection. */
  expiring(): void {
    void this.#renewal.now();
  }

  closing(said: SessionClosing): void {
    this.#goodbye = said;
    setTimeout(() => {
      if (this.#goodbye === said) this.#lost(said.code);
    }, GOODBYE_MS);
  }

  async #renew(): Promise<void> {
    const signal = this.#run?.signal;
    if (!signal) return;
    const token = await this.#ports.tokens.renew(signal);
    if (this.#link) await this.#greet(this.#link, token);
  }

  async #try(): Promise<void> {
    const signal = this.#run?.signal;
    if (!signal) return;
    const { url, clientId, onEvent, tokens, resume, state, now } = this.#ports;
    const onLost = (cause: string): void => {
      if (this.#link) this.#lost(cause);
    };
    try {
      const token = await tokens.get(signal);
      const link = await openLink({ url, token, clientId, onEvent, onLost }, signal);
      if (signal.aborted) return link.close();
      this.#link = link;
      await this.#greet(link, token);
      if (this.#link === link) await resume();
      if (this.#link !== link) return;
      this.#onlineAt = now();
      state.set({ status: 'online' });
      this.#ports.onOnline();
    } catch (problem) {
      if (!signal.aborted) this.#failed(problem);
    }
  }

  async #greet(link: Link, token: string): Promise<void> {
    const { agentId: agent_id, clientId: client_id, now, onSession } = this.#ports;
    const askedAt = now();
    const who = { agent_id, auth_token: token, client_id };
    await link.request('agent:connect', who, undefined, (session) => {
      onSession(session, askedAt);
      this.#renewal.begin(Date.parse(session.expires_at) - Date.parse(session.server_time));
    });
  }

  /** An attempt did not get to online. What is no refusal was thrown by `getToken`. */
  #failed(problem: unknown): void {
    if (this.#timer !== undefined) return; // lost meanwhile: that is seen to
    if (problem instanceof UnauthorizedError) {
      const { message } = problem;
      return this.stop({ status: 'auth-required', code: 'unauthenticated', message });
    }
    this.#hangUp();
    this.#after(problem instanceof RequestError ? problem : { code: 'no_token', retryable: true });
  }

  /** An established connection ended, or is given up by us. */
  #lost(cause: string): void {
    const said = this.#goodbye;
    this.#hangUp();
    const { state, now, backoff } = this.#ports;
    if (state.get().status === 'online' && now() - this.#onlineAt >= backoff.stableAfterMs) {
      this.#attempt = 0;
      this.#refusedTokens = 0;
    }
    if (said?.reconnect) this.#wait(said.after_ms, said.code);
    else this.#after({ code: said?.code ?? cause, retryable: !said });
  }

  /** What follows from an end: a new token, another try, or none. */
  #after(end: Pick<RequestError, 'code' | 'retryable'> & Partial<RequestError>): void {
    const { code, message, retryAfterMs = 0 } = end;
    const why = tokenFault(code);
    if (why) {
      this.#refusedTokens += 1;
      const refused = this.#refusedTokens > 1 || this.#renewal.refused;
      this.#ports.tokens.drop(refused ? 'rejected' : why);
      if (refused) this.stop({ status: 'auth-required', code, message });
      else this.#wait(0, code);
    } else if (comesBack(end)) {
      this.#wait(retryAfterMs + delayMs(this.#ports.backoff, this.#attempt), code);
      this.#attempt += 1;
    } else this.stop({ status: 'closed', reason: code, message });
  }

  /** Try again after `ms`. Without a `cause` it is what it was. */
  #wait(ms: number, cause?: string): void {
    const { state, now, hasNetwork } = this.#ports;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#try();
    }, ms);
    const before = state.get();
    const since = 'since' in before ? before.since : now();
    cause ??= 'cause' in before ? before.cause : 'not_connected';
    const waiting = { since, attempt: this.#attempt, retryAt: now() + ms, cause };
    state.set(
      hasNetwork() ? { status: 'reconnecting', ...waiting } : { status: 'offline', since },
    );
  }

  #hangUp(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#goodbye = null;
    this.#renewal.end();
    if (!this.#link) return;
    this.#link.close();
    this.#link = null;
    this.#ports.onLost();
  }
}
