/** A client against a fake server of its own; everything is stopped after the test. */
import { afterEach, vi } from 'vitest';
import { createClient, type Client, type ClientOptions } from '../src/index.ts';
import { startFakeServer, type FakeServer } from './fakeServer.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export interface Setup {
  server: FakeServer;
  client: Client;
  getToken: ReturnType<typeof vi.fn<ClientOptions['getToken']>>;
  port: number;
  stopServer(): Promise<void>;
}

/** `begin` prepares the server before the client connects. */
export async function setUp(
  begin: (server: FakeServer) => void = () => undefined,
  options: Partial<ClientOptions> = {},
): Promise<Setup> {
  const { server, url, port, stop } = await startFakeServer();
  begin(server);
  let asked = 0;
  const getToken = vi.fn<ClientOptions['getToken']>(async () => `token-${(asked += 1)}`);
  const client = createClient({
    url,
    agentId: 'agent-1',
    clientId: 'tab-1',
    getToken,
    backoff: { baseMs: 20, maxMs: 40, tokenGapMs: 10, random: () => 0.5 },
    flush: queueMicrotask,
    ...options,
  });
  cleanups.push(stop, () => client.disconnect());
  client.connect();
  return { server, client, getToken, port, stopServer: stop };
}

export function onCleanup(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** It bounds a failure: what is waited for is there at once on a machine that has time. */
export const UNTIL_MS = 20_000;

export function until<T>(check: () => T): Promise<T> {
  return vi.waitFor(check, { timeout: UNTIL_MS, interval: 2 });
}

export async function untilOnline(client: Client): Promise<void> {
  await untilStatus(client, 'online');
}

export function untilStatus(client: Client, status: string): Promise<void> {
  return until(() => {
    const now = client.connection.get().status;
    if (now !== status) throw new Error(`${now}, not ${status}`);
  });
}

/** The texts of a call as they would be shown. */
export function texts(client: Client, callId: string): string[] {
  const call = client.call(callId);
  return call.segmentIds.get().map((id) => call.segment(id).get()?.text ?? '?');
}
