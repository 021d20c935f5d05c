/** A refusal as an exception: the wire's Error, and a few codes of the client's own. */
import type { ErrorCode, WireError } from './wire.gen.ts';

/** Never on the wire. */
export type ClientCode = 'not_connected' | 'outbox_full' | 'too_old' | 'cancelled';

export class RequestError extends Error {
  /** An ErrorCode or ClientCode; a newer server may know more. */
  readonly code: ErrorCode | ClientCode | (string & {});
  readonly retryable: boolean;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(error: WireError) {
    super(error.message);
    this.name = 'RequestError';
    this.code = error.code;
    this.retryable = error.retryable;
    this.field = error.field;
    this.retryAfterMs = error.retry_after_ms;
  }
}

/** `getToken` throws it when asking again is useless: somebody has to sign in. */
export class UnauthorizedError extends Error {
  constructor(message = 'A sign-in is needed') {
    super(message);
    this.name = 'UnauthorizedError';
  }
}

export function notConnected(): RequestError {
  return new RequestError({ code: 'not_connected', message: 'Not connected', retryable: true });
}

export function isWireError(value: unknown): value is WireError {
  if (typeof value !== 'object' || value === null) return false;
  return 'code' in value && typeof value.code === 'string' && 'message' in value;
}
