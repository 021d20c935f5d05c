/**
 * A small Earshot over real Socket.IO, in this process: calls as logs, sessions, verdicts.
 *
 * How to extend, most to least common:
 *  1. let a call live:       server.call('c1').say({...}); server.publish('c1')
 *  2. answer one command in another way: server.answers.set('doc:feedback', () => refuse('final'))
 *  3. stand in every command's way:  server.behave(refusing('doc:feedback', 'busy', 2), slow(5))
 *     or in every event's:            server.routes.push(twice); see behaviours.ts, they compose
 *  4. refuse or end sessions: server.accepts = (token) => 'expired'; server.close('draining')
 */
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { CODES } from '../src/wire.gen.ts';
import type { Ack, CallView, CommandName, ErrorCode, Req } from '../src/wire.gen.ts';
import { refuse, type Acknowledge, type Behaviour, type Body } from './fakeAnswers.ts';
import type { Override, Route } from './fakeAnswers.ts';
import { FakeCall, type Stored } from './fakeCall.ts';
import { Echoes } from './fakeEchoes.ts';
import { httpOf } from './fakeHttp.ts';

export { refuse } from './fakeAnswers.ts';

function as<K extends CommandName>(body: Body): Req<K> {
  return body as unknown as Req<K>;
}

export class FakeServer {
  readonly io: Server;
  readonly calls = new Map<string, FakeCall>();
  readonly answers = new Map<CommandName, Override>();
  readonly #behaviours: Behaviour[] = [];
  readonly routes: Route[] = [];
  /** What `['polling']` leaves out is refused, as by a proxy that knows no WebSocket. */
  set transports(names: ('polling' | 'websocket')[]) {
    this.io.engine.opts.transports = names;
  }

  /** Every command that arrived, in order. */
  readonly heard: { name: CommandName; body: Body }[] = [];
  /** The tokens of the handshakes that arrived. */
  readonly handshakes: unknown[] = [];
  /** An error code refuses the token, in the handshake and in `agent:connect`. */
  accepts: (token: string) => ErrorCode | undefined = () => undefined;
  /** The paths of the HTTP requests that were answered. */
  readonly requests: string[] = [];
  /** Whether `POST /v1/tokens` gives some, as in development. */
  tokens = true;
  /** What `/sign-in/way` says; null: 503. */
  ways: object | null | undefined;
  readonly echoes = new Echoes();
  /** Added to the clock of `server_time`, in milliseconds. */
  skewMs = 0;
  role = 'agent';
  /** undefined: as servers that did not say it. */
  tenant: string | undefined = 'default';
  /** From `agent:connect` to the token's end, in milliseconds. */
  lifetimeMs = 3_600_000;
  /** The rows of `calls:watch`; undefined: those of `calls`. */
  wall: CallView[] | undefined;

  constructor(http: HttpServer) {
    this.io = new Server(http, { serveClient: false, destroyUpgrade: false });
    this.io.use((socket, next) => {
      const auth = socket.handshake.auth as { token?: unknown };
      this.handshakes.push(auth.token);
      const code = typeof auth.token === 'string' ? this.accepts(auth.token) : undefined;
      if (!code) return next();
      const error = refuse(code);
      next(Object.assign(new Error(code), { data: error.ok ? {} : error.error }));
    });
    this.io.on('connection', (socket) => {
      socket.onAny((name: CommandName, body: Body, acknowledge?: Acknowledge) => {
        this.heard.push({ name, body });
        const answer = this.#behave(0, name, body, socket);
        if (answer === 'silence') return;
        if (answer instanceof Promise) return void answer.then(acknowledge);
        if (answer) acknowledge?.(answer);
        if (name === 'call:subscribe' && answer?.ok) {
          this.#replay(as<'call:subscribe'>(body), socket);
        }
      });
    });
  }

  /** The first named is the first asked. */
  behave(...behaviours: Behaviour[]): void {
    this.#behaviours.push(...behaviours);
  }

  #behave(at: number, name: CommandName, body: Body, socket: Socket): ReturnType<Override> {
    const behaviour = this.#behaviours[at];
    if (behaviour) {
      return behaviour(name, body, socket, () => this.#behave(at + 1, name, body, socket));
    }
    return this.answers.get(name)?.(body, socket) ?? this.#answer(name, body, socket);
  }

  call(callId: string): FakeCall {
    const call = this.calls.get(callId) ?? new FakeCall(callId);
    this.calls.set(callId, call);
    return call;
  }

  /** Send the last `count` events of the call's log to who subscribed. */
  publish(callId: string, count = 1): void {
    for (const event of this.call(callId).events.slice(-count)) this.send(callId, event);
  }

  send(callId: string, event: { name: string; body: object }): void {
    const arriving = this.routes.reduce((events, route) => events.flatMap(route), [event]);
    for (const one of arriving) this.io.to(callId).emit(one.name, one.body);
  }

  interim(callId: string, body: object): void {
    const timestamp = '2023-11-14T22:13:20.000Z';
    const defaults = { call_id: callId, speaker: 'customer', final: false, timestamp };
    this.send(callId, { name: 'transcription:update', body: { ...defaults, ...body } });
  }

  /** Say why, then end every connection. */
  close(code: ErrorCode, afterMs = 0): void {
    const { reconnect } = CODES[code];
    for (const socket of this.io.sockets.sockets.values()) {
      socket.emit('session:closing', { code, reconnect, after_ms: afterMs });
      setTimeout(() => (reconnect ? socket.conn.close() : socket.disconnect()), 5);
    }
  }

  /** The network fails under every connection. */
  cut(): void {
    for (const socket of this.io.sockets.sockets.values()) socket.conn.close();
  }

  commands(name: CommandName): Body[] {
    return this.heard.filter((one) => one.name === name).map((one) => one.body);
  }

  #answer(name: CommandName, body: Body, socket: Socket): Ack<unknown> {
    switch (name) {
      case 'agent:connect':
        return this.#connect(as<'agent:connect'>(body), socket);
      case 'call:subscribe':
        return this.#subscribe(as<'call:subscribe'>(body), socket);
      case 'call:unsubscribe':
        void socket.leave(String(body['call_id']));
        return { ok: true, data: {} };
      case 'doc:feedback':
        return this.#feedback(as<'doc:feedback'>(body), agentOf(socket));
      case 'call:history':
        return this.#history(as<'call:history'>(body));
      case 'doc:seen':
        return this.#seen(as<'doc:seen'>(body), agentOf(socket));
      case 'client:report':
        return { ok: true, data: {} };
      case 'calls:watch': {
        if (body['watch'] === false) return { ok: true, data: { calls: [] } };
        const calls = this.wall ?? [...this.calls.values()].map((call) => call.view);
        return { ok: true, data: { calls } };
      }
      default:
        return refuse('bad_request');
    }
  }

  #connect(body: Req<'agent:connect'>, socket: Socket): Ack<unknown> {
    socket.data = { agent_id: body.agent_id };
    const code = this.accepts(body.auth_token);
    if (code) return refuse(code);
    const calls = [...this.calls.values()].map((call) => call.view);
    const server_time = new Date(Date.now() + this.skewMs).toISOString();
    const expires_at = new Date(Date.now() + this.skewMs + this.lifetimeMs).toISOString();
    const { role, tenant } = this;
    const data = { agent_id: body.agent_id, role, tenant, expires_at, server_time };
    return { ok: true, data: { ...data, calls: calls.filter((call) => call.status !== 'ended') } };
  }

  #subscribe(body: Req<'call:subscribe'>, socket: Socket): Ack<unknown> {
    const call = this.calls.get(body.call_id);
    if (!call) return refuse('unknown_call');
    void socket.join(body.call_id);
    const missed = body.since ? call.after(body.since) : null;
    if (!missed || !body.since) {
      const snapshot = call.snapshot();
      return { ok: true, data: { cursor: call.cursor, mode: 'snapshot', snapshot } };
    }
    if (missed.length === 0) return { ok: true, data: { cursor: body.since, mode: 'live' } };
    return { ok: true, data: { cursor: body.since, mode: 'replay', top: call.cursor.seq } };
  }

  #replay(body: Req<'call:subscribe'>, socket: Socket): void {
    const missed: Stored[] = (body.since && this.calls.get(body.call_id)?.after(body.since)) || [];
    for (const event of missed) socket.emit(event.name, event.body);
  }

  #feedback(body: Req<'doc:feedback'>, agent_id: string): Ack<unknown> {
    const call = this.calls.get(body.call_id);
    if (!call) return refuse('unknown_call');
    const feedback_id = body.feedback_id ?? 'none';
    const known = call.ledger.get(feedback_id);
    if (known !== undefined) return { ok: true, data: { feedback_id, seq: known } };
    const { doc_id, helpful } = body;
    const stored = call.verdict({ doc_id, helpful, feedback_id, agent_id });
    call.ledger.set(feedback_id, stored.body.seq);
    this.echoes.add(() => this.send(body.call_id, stored));
    return { ok: true, data: { feedback_id, seq: stored.body.seq } };
  }

  #seen(body: Req<'doc:seen'>, agent_id: string): Ack<unknown> {
    const call = this.calls.get(body.call_id);
    if (!call) return refuse('unknown_call');
    for (const { doc_id, action } of body.items) {
      if (action !== 'dismissed' || call.ledger.has(`dismissed ${doc_id}`)) continue;
      const dismissal = { doc_id, helpful: null, dismissed: true, agent_id };
      const stored = call.verdict(dismissal);
      call.ledger.set(`dismissed ${doc_id}`, stored.body.seq);
      this.echoes.add(() => this.send(body.call_id, stored));
    }
    return { ok: true, data: {} };
  }

  #history(body: Req<'call:history'>): Ack<unknown> {
    const finals = this.call(body.call_id).events.filter(
      (event) => event.name === 'transcription:update' && event.body.seq < body.before,
    );
    const page = finals.slice(-(body.limit ?? 100));
    const segments = page.map((event) => event.body);
    return { ok: true, data: { segments, more: page.length < finals.length } };
  }
}

function agentOf(socket: Socket): string {
  return (socket.data as { agent_id: string }).agent_id;
}

const STOP_MS = 200;

/** Listen on a free port of 127.0.0.1; `port` to come back on the same one. */
export async function startFakeServer(
  port = 0,
): Promise<{ server: FakeServer; url: string; port: number; stop(): Promise<void> }> {
  const http = createServer(httpOf(() => server));
  const server: FakeServer = new FakeServer(http);
  await new Promise<void>((done) => http.listen(port, '127.0.0.1', done));
  const bound = (http.address() as AddressInfo).port;
  const stop = (): Promise<void> =>
    new Promise((done) => {
      void server.io.close(() => done());
      // What is being answered is answered, but nobody is waited for.
      setTimeout(() => http.closeAllConnections(), STOP_MS).unref();
    });
  return { server, url: `http://127.0.0.1:${bound}`, port: bound, stop };
}
