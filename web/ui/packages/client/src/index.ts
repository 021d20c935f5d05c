/** @earshot/client: Earshot in the browser, without React. No side effect on import. */
export { createClient } from './client.ts';
export type { Client, ClientOptions, OutboxOptions, SessionView } from './api.ts';
export { DEFAULT_BACKOFF, delayMs, type Backoff } from './backoff.ts';
export type { CallRow } from './callList.ts';
export type { Summary, Sync } from './callStore.ts';
export type { CallHandle } from './calls.ts';
export type { Connection } from './connectionState.ts';
export { RequestError, UnauthorizedError, type ClientCode } from './errors.ts';
export type { AnyListener } from './listeners.ts';
export type { Mutation, MutationState } from './mutation.ts';
export type { FailedItem, OutboxItem } from './outboxPorts.ts';
export type { OutboxStore, StoredItem } from './outboxStore.ts';
export type { Readable } from './readable.ts';
export type { GetToken, TokenReason } from './tokens.ts';
export type { Segment } from './transcript.ts';
export type { Suggestion } from './verdicts.ts';
export type * as wire from './wire.gen.ts';
export { CODES, LOG_EVENTS } from './wire.gen.ts';
export type {
  CallHealth,
  CallsFilter,
  CallSummary,
  CallView,
  CommandName,
  Cursor,
  DocumentBlock,
  DocumentView,
  ErrorCode,
  EventName,
  Req,
  Res,
  ServerEvents,
  VerdictReceipt,
  Watcher,
  WireError,
} from './wire.gen.ts';
