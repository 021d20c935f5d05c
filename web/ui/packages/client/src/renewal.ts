/**
 * When a session's token is renewed: at the server's word, and by our own timer, since that
 * word may be lost. A failure is tried again until the token ends; a refusal is not.
 */
import { UnauthorizedError } from './errors.ts';

/** Renew so long before the end, or when a fifth of the token's life is left. */
const LEAD_MS = 60_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Renewal {
  /** Nobody gives another token: the session's end is final. */
  refused = false;
  readonly #renew: () => Promise<void>;
  readonly #gapMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewing = false;

  /**
   * `renew` gets a token and gives it to the server; it rejects with what went wrong. Between
   * two tries there are `gapMs`.
   */
  constructor(renew: () => Promise<void>, gapMs: number) {
    this.#renew = renew;
    this.#gapMs = gapMs;
  }

  /** The session has a token that lives `leftMs`. */
  begin(leftMs: number): void {
    this.refused = false;
    if (Number.isFinite(leftMs)) this.#in(leftMs - Math.min(LEAD_MS, leftMs / 5));
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  async now(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    this.end();
    try {
      await this.#renew();
    } catch (problem) {
      this.refused = problem instanceof UnauthorizedError;
      if (!this.refused) this.#in(this.#gapMs);
    } finally {
      this.#renewing = false;
    }
  }

  #in(ms: number): void {
    this.end();
    this.#timer = setTimeout(() => void this.now(), Math.min(ms, LONGEST_TIMER_MS));
  }
}
