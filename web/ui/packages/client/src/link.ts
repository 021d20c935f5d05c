/**
 * One Socket.IO connection, from its handshake to its end; never a second life. Each attempt
 * opens a new one, so nothing that an old socket buffered or still says can reach a new
 * session. Owns the translation of Socket.IO's ways to fail into one exception.
 */
import { io, type Socket } from 'socket.io-client';
import { isWireError, notConnected, RequestError } from './errors.ts';
import type { Ack, CommandName, EventName, Req, Res, ServerEvents } from './wire.gen.ts';

export type ServerEvent = { [K in EventName]: { name: K; body: ServerEvents[K] } }[EventName];

export interface LinkOptions {
  /** '' is the page's own origin. */
  url: string;
  token: string;
  clientId: string;
  onEvent(event: ServerEvent): void;
  /** Once, when an established connection ended; `cause` is Socket.IO's word for it. */
  onLost(cause: string): void;
}

export interface Link {
  request: Request;
  close(): void;
}

/**
 * Rejects with a RequestError. `apply` is called with the answer before any event that came
 * after it: a promise is too late for that when one polling response holds both.
 */
export type Request = <K extends CommandName>(
  name: K,
  request: Req<K>,
  timeoutMs: number,
  apply?: (answer: Res<K>) => void,
) => Promise<Res<K>>;

export type OpenLink = (options: LinkOptions, signal: AbortSignal) => Promise<Link>;

const OPEN_TIMEOUT_MS = 10_000;

/** Rejects with a RequestError: the server's refusal, or `not_connected`. */
export function openLink(options: LinkOptions, signal: AbortSignal): Promise<Link> {
  const socket = io(options.url || undefined, {
    auth: { token: options.token, client_id: options.clientId },
    autoConnect: false,
    forceNew: true,
    reconnection: false, // ours: socket.io's jitter vanishes at its cap
    timeout: OPEN_TIMEOUT_MS,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
  });
  return new Promise((resolve, reject) => {
    const fail = (problem: RequestError): void => {
      signal.removeEventListener('abort', abort);
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.disconnect();
      reject(problem);
    };
    const abort = (): void => fail(notConnected());
    // The engine's own time-out covers its opening only, not the namespace's answer.
    const timer = setTimeout(() => fail(notConnected()), OPEN_TIMEOUT_MS * 1.5);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort);
    socket.on('connect_error', (problem) => fail(refusalOf(problem)));
    socket.on('connect', () => {
      signal.removeEventListener('abort', abort);
      clearTimeout(timer);
      resolve(linkOf(socket));
    });
    socket.onAny((name: EventName, body: ServerEvent['body']) => {
      options.onEvent({ name, body } as ServerEvent);
    });
    socket.on('disconnect', (cause) => {
      socket.removeAllListeners();
      socket.disconnect();
      options.onLost(cause);
    });
    socket.connect();
  });
}

function linkOf(socket: Socket): Link {
  return {
    request: (name, request, timeoutMs, apply) => ask(socket, name, request, timeoutMs, apply),
    close() {
      socket.removeAllListeners();
      socket.disconnect();
    },
  };
}

function ask<K extends CommandName>(
  socket: Socket,
  name: K,
  request: Req<K>,
  timeoutMs: number,
  apply?: (answer: Res<K>) => void,
): Promise<Res<K>> {
  if (!socket.connected) return Promise.reject(notConnected()); // Socket.IO would keep it
  return new Promise((resolve, reject) => {
    const settle = (problem: Error | null, answer: Ack<Res<K>>): void => {
      if (problem) reject(socket.connected ? timedOut(name, timeoutMs) : notConnected());
      else if (!answer.ok) reject(new RequestError(answer.error));
      else {
        apply?.(answer.data);
        resolve(answer.data);
      }
    };
    socket.timeout(timeoutMs).emit(name, request, settle);
  });
}

function timedOut(name: string, timeoutMs: number): RequestError {
  const message = `No answer to ${name} in ${timeoutMs} ms`;
  return new RequestError({ code: 'timeout', message, retryable: true });
}

/** The server's refusal is in `data`; anything else is the network. */
function refusalOf(problem: Error & { data?: unknown }): RequestError {
  if (isWireError(problem.data)) return new RequestError(problem.data);
  const message = `Not connected: ${problem.message}`;
  return new RequestError({ code: 'not_connected', message, retryable: true });
}
