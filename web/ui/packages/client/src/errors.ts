/** A refusal as an exception: the wire's Error, and a few codes of the client's own. */
import type { Ack, ErrorCode, WireError } from './wire.gen.ts';

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

/** One that the client itself finds. */
export function refusal(
  code: ClientCode | 'timeout',
  message: string,
  retryable = false,
): RequestError {
  return new RequestError({ code, message, retryable });
}

export function notConnected(why = ''): RequestError {
  return refusal('not_connected', `Not connected${why && ': '}${why}`, true);
}

/** The answer, or its refusal thrown. */
export function unwrap<T>(answer: Ack<T>): T {
  if (answer.ok) return answer.data;
  throw new RequestError(answer.error);
}
