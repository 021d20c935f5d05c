/** How the fake server answers, and what may stand in the way of it. */
import type { Socket } from 'socket.io';
import { CODES, type Ack, type CommandName, type ErrorCode } from '../src/wire.gen.ts';

export type Answer = Ack<unknown> | undefined;
export type Acknowledge = (answer: Ack<unknown>) => void;
/** Undefined: answer as usual. 'silence': never answer. A promise: answer then. */
export type Override = (body: Body, socket: Socket) => Answer | 'silence' | Promise<Ack<unknown>>;
export type Body = Record<string, unknown>;

/** Stands before the server's own answer; `next` is whoever comes after it. */
export type Behaviour = (
  name: CommandName,
  body: Body,
  socket: Socket,
  next: () => Answer | 'silence' | Promise<Ack<unknown>>,
) => ReturnType<typeof next>;
/** What becomes of an event on its way: none, itself, several. */
export type Route = (event: { name: string; body: object }) => { name: string; body: object }[];

export function refuse(code: ErrorCode, more: object = {}): Ack<never> {
  return { ok: false, error: { code, message: code, retryable: CODES[code].retryable, ...more } };
}
