/** The server's clock, as far as this browser can tell: durations survive a wrong local one. */
export interface ServerClock {
  /** Milliseconds since 1970 by the server. */
  now(): number;
  /** `serverTime` was read on the server between `askedAt` and now (local milliseconds). */
  learn(serverTime: string, askedAt: number): void;
}

export function createServerClock(local: () => number): ServerClock {
  let offset = 0;
  return {
    now: () => local() + offset,
    learn(serverTime, askedAt) {
      const told = Date.parse(serverTime);
      if (Number.isNaN(told)) return;
      offset = told - (askedAt + local()) / 2;
    },
  };
}
