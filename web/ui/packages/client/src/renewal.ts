/**
 * When a session's token is renewed: at the server's word, and by our own timer, since that
 * word may be lost. A failure is tried again until the token ends; a refusal is not.
 */
import { UnauthorizedError } from './errors.ts';

export interface RenewalPorts {
  /** Get a token and give it to the server; rejects with what went wrong. */
  renew(): Promise<void>;
  /** Between two tries, in milliseconds. */
  gapMs: number;
}

/** Renew so long before the end, or when a fifth of the token's life is left. */
const LEAD_MS = 60_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Renewal {
  /** Nobody gives another token: the session's end is final. */
  refused = false;
  readonly #ports: RenewalPorts;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewing = false;

  constructor(ports: RenewalPorts) {
    this.#ports = ports;
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
      await this.#ports.renew();
    } catch (problem) {
      this.refused = problem instanceof UnauthorizedError;
      if (!this.refused) this.#in(this.#ports.gapMs);
    } finally {
      this.#renewing = false;
    }
  }

  #in(ms: number): void {
    this.end();
    this.#timer = setTimeout(() => void this.now(), Math.min(ms, LONGEST_TIMER_MS));
  }
}
