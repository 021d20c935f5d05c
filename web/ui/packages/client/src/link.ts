/**
 * One Socket.IO connection, from its handshake to its end; never a second life. Each attempt
 * opens a new one, so nothing that an old socket buffered or still says can reach a new
 * session. Owns the translation of Socket.IO's ways to fail into one exception.
 */
import { io, type Socket } from 'socket.io-client';
import { bounded } from './bounded.ts';
import { notConnected, refusal, RequestError } from './errors.ts';
import type { Ack, CommandName, EventName, Req, Res, ServerEvents, WireError } from './wire.gen.ts';

export type ServerEvent = { [K in EventName]: { name: K; body: ServerEvents[K] } }[EventName];

export interface LinkOptions {
  /** '' is the page's own origin. */
  url: string;
  token: string;
  clientId: string;
  onEvent(event: ServerEvent): void;
  /** An established connection ended; `cause` is Socket.IO's word for it. Close the link. */
  onLost(cause: string): void;
}

export interface Link {
  request: Request;
  /** Silent for longer than a live server is: it pings at an interval that it announces. */
  isStale(): boolean;
  close(): void;
}

/**
 * Rejects with a RequestError. `apply` is called with the answer before any event that came
 * after it: a promise is too late for that when one polling response holds both.
 */
export type Request = <K extends CommandName>(
  name: K,
  request: Req<K>,
  timeoutMs?: number,
  apply?: (answer: Res<K>) => void,
) => Promise<Res<K>>;

export const REQUEST_TIMEOUT_MS = 10_000;

const OPEN_TIMEOUT_MS = 10_000;
/** Of the ping interval; over 1, since a ping may be on its way. */
const STALE_INTERVALS = 1.5;
const DEFAULT_PING_MS = 25_000;

/** Rejects with a RequestError: the server's refusal, or `not_connected`. */
export function openLink(options: LinkOptions, wanted: AbortSignal): Promise<Link> {
  const socket = io(options.url || undefined, {
    auth: { token: options.token, client_id: options.clientId },
    autoConnect: false,
    forceNew: true,
    reconnection: false, // ours: socket.io's jitter vanishes at its cap
    timeout: OPEN_TIMEOUT_MS,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
  });
  socket.onAny((name: EventName, body: ServerEvent['body']) => {
    options.onEvent({ name, body } as ServerEvent);
  });
  socket.on('disconnect', options.onLost);
  // The engine's own time-out covers its opening only, not the namespace's answer.
  return bounded(OPEN_TIMEOUT_MS * 1.5, wanted, (signal) => {
    socket.connect();
    const link = linkOf(socket, options.onLost);
    signal.addEventListener('abort', link.close);
    return new Promise((resolve, reject) => {
      socket.on('connect', () => resolve(link));
      socket.on('connect_error', (problem) => {
        link.close();
        reject(refusalOf(problem));
      });
    });
  });
}

function linkOf(socket: Socket, lost: (cause: string) => void): Link {
  let pingMs = DEFAULT_PING_MS;
  let heardAt = Date.now();
  const { engine } = socket.io;
  engine.on('handshake', ({ pingInterval }) => (pingMs = pingInterval));
  engine.on('packet', () => (heardAt = Date.now()));
  return {
    async request<K extends CommandName>(
      name: K,
      request: Req<K>,
      timeoutMs = REQUEST_TIMEOUT_MS,
      apply?: (answer: Res<K>) => void,
    ): Promise<Res<K>> {
      if (!socket.connected) throw notConnected(); // Socket.IO would keep it
      const askedAt = Date.now();
      return new Promise((resolve, reject) => {
        const settle = (problem: Error | null, answer: Ack<Res<K>>): void => {
          if (!problem) {
            if (!answer.ok) return reject(new RequestError(answer.error));
            apply?.(answer.data);
            resolve(answer.data);
          } else if (!socket.connected) reject(notConnected());
          else {
            reject(refusal('timeout', `No answer to ${name} in ${timeoutMs} ms`, true));
            // And nothing else either: nobody is there any more.
            if (heardAt < askedAt) lost('silent');
          }
        };
        socket.timeout(timeoutMs).emit(name, request, settle);
      });
    },
    isStale: () => Date.now() - heardAt > pingMs * STALE_INTERVALS,
    close() {
      socket.removeAllListeners();
      socket.disconnect();
    },
  };
}

/** Of a session it is in `data`, of a handshake in HTTP's answer; anything else is the network. */
function refusalOf(problem: Error & Refused): RequestError {
  let { data } = problem;
  try {
    data ??= (JSON.parse(problem.context?.responseText ?? '') as { error: WireError }).error;
  } catch {
    // no answer of our server's
  }
  // A gateway's error may have a code, too.
  if (typeof data?.retryable === 'boolean') return new RequestError(data);
  return notConnected(problem.message);
}

interface Refused {
  data?: WireError;
  /** Of the last transport that was tried, which is polling. */
  context?: { responseText?: string };
}
