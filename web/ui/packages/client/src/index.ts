/** @earshot/client: Earshot in the browser, without React. No side effect on import. */
export { createClient, type Client, type ClientOptions } from './client.ts';
export { DEFAULT_BACKOFF, delayMs, type Backoff } from './backoff.ts';
export type { CallRow } from './callList.ts';
export type { Summary, Sync } from './callStore.ts';
export type { CallHandle } from './calls.ts';
export type { Connection } from './connection.ts';
export { RequestError, UnauthorizedError, type ClientCode } from './errors.ts';
export type { Mutation, MutationState, OutboxItem } from './outbox.ts';
export type { Readable } from './readable.ts';
export type { GetToken, TokenReason } from './tokens.ts';
export type { Segment } from './transcript.ts';
export type { Suggestion } from './verdicts.ts';
export type * as wire from './wire.gen.ts';
export { CODES, LOG_EVENTS } from './wire.gen.ts';
export type {
  CallHealth,
  CallSummary,
  CallView,
  CommandName,
  ErrorCode,
  EventName,
  Req,
  Res,
  ServerEvents,
  WireError,
} from './wire.gen.ts';
