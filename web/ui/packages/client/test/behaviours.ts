/** Ways in which a server or the network misbehaves. They compose: server.behave(a, b, c). */
import type { CommandName, ErrorCode } from '../src/wire.gen.ts';
import { refuse, type Behaviour, type Route } from './fakeAnswers.ts';
import type { FakeServer } from './fakeServer.ts';

/** Refuses the first `times` of one command. */
export function refusing(command: CommandName, code: ErrorCode, times = 1): Behaviour {
  let left = times;
  return (name, _body, _socket, next) =>
    name === command && left-- > 0 ? refuse(code, { retry_after_ms: 2 }) : next();
}

/** Does what is asked, but the answer of the first `times` never arrives: the line is cut. */
export function losingAnswers(command: CommandName, times = 1): Behaviour {
  let left = times;
  return (name, _body, socket, next) => {
    const answer = next();
    if (name !== command || left-- <= 0) return answer;
    setTimeout(() => socket.conn.close(), 2);
    return 'silence';
  };
}

/** Answers every command late. */
export function slow(ms: number): Behaviour {
  return (name, _body, _socket, next) => {
    if (name !== 'doc:feedback') return next(); // only what has no replay behind its answer
    const answer = next();
    if (answer === undefined || answer === 'silence' || answer instanceof Promise) return answer;
    return new Promise((resolve) => setTimeout(() => resolve(answer), ms));
  };
}

/** Every event arrives twice. */
export const twice: Route = (event) => [event, event];

/** Of every `n` events the last is lost. */
export function losingEvery(n: number): Route {
  let seen = 0;
  return (event) => ((seen += 1) % n === 0 ? [] : [event]);
}

/** The verdicts in the call's log, in order. */
export function verdictsOf(server: FakeServer, callId: string): [string, boolean | null][] {
  return server.call(callId).events.flatMap(({ name, body }) => {
    if (name !== 'feedback:update') return [];
    const { doc_id, helpful } = body as unknown as { doc_id: string; helpful: boolean | null };
    return [[doc_id, helpful] as [string, boolean | null]];
  });
}
