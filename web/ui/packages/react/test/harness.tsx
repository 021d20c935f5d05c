/** A client and a server of its own for each test; everything is stopped after it. */
import { createClient, type Client } from '@earshot/client';
import { cleanup, renderHook, waitFor } from '@testing-library/react';
import { StrictMode, type ReactNode } from 'react';
import { afterEach, beforeEach, vi } from 'vitest';
import { UNTIL_MS } from '../../client/test/harness.ts';
import { startFakeServer, type FakeServer } from '../../client/test/fakeServer.ts';
import { EarshotProvider } from '../src/index.ts';

export let server: FakeServer;
export let client: Client;
export let origin: string;
let stop: () => Promise<void>;

/** In every file: a server and a client before each test, nothing left after it. */
export function serveEachTest(): void {
  beforeEach(async () => {
    const started = await startFakeServer();
    ({ server, stop, url: origin } = started);
    const backoff = { baseMs: 20, maxMs: 40, random: () => 0.5 };
    const getToken = async (): Promise<string> => 'token';
    client = createClient({ url: origin, agentId: 'agent-1', getToken, backoff });
  });
  afterEach(async () => {
    vi.useRealTimers();
    cleanup();
    client.disconnect();
    await stop();
  });
}

export function Around({ children }: { children: ReactNode }): ReactNode {
  return (
    <StrictMode>
      <EarshotProvider client={client}>{children}</EarshotProvider>
    </StrictMode>
  );
}

export function until(check: () => void): Promise<void> {
  return waitFor(check, { timeout: UNTIL_MS, interval: 5 });
}

export function hook<T>(use: () => T): { result: { current: T }; unmount: () => void } {
  return renderHook(use, { wrapper: Around });
}
