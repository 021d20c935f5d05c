/** The events of verdicts, which follow the fake server's answers: soon, or when a test says. */
export class Echoes {
  /** From the answer to the event, in milliseconds; null: until `release` is called. */
  afterMs: number | null = 1;
  readonly #held: (() => void)[] = [];

  add(send: () => void): void {
    if (this.afterMs === null) this.#held.push(send);
    else setTimeout(send, this.afterMs);
  }

  release(): void {
    for (const send of this.#held.splice(0)) send();
  }
}
