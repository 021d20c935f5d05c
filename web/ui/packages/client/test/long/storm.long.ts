/**
 * Many desks of one office lose their server at once. Run by tests/long/test_reconnect.py, which
 * kills the server and starts it again: EARSHOT_URL, EARSHOT_CALL, EARSHOT_TOKEN, EARSHOT_LINES.
 */
import { expect, it, vi } from 'vitest';
import { createClient, type Client } from '../../src/index.ts';
import { texts } from '../harness.ts';

const CLIENTS = 50;
const BUCKET_MS = 250;
/** The window is 500, 1000, 2000 … ms: with less than four buckets no spread can show. */
const FIRST_WIDE_ATTEMPT = 2;
const env = process.env as Record<'EARSHOT_URL' | 'EARSHOT_CALL' | 'EARSHOT_TOKEN' | 'EARSHOT_LINES', string>;
const expected = Array.from({ length: Number(env.EARSHOT_LINES) }, (_, n) => `line ${n + 1}`);

it('all come back, spread out, with every line once', async () => {
  /** For each try, how long each client waited for it. */
  const waits = new Map<number, number[]>();
  const clients = Array.from({ length: CLIENTS }, (): Client => {
    const url = env.EARSHOT_URL;
    const client = createClient({ url, agentId: 'agent-1', getToken: async () => env.EARSHOT_TOKEN });
    client.connection.subscribe(() => {
      const now = client.connection.get();
      if (now.status !== 'reconnecting') return;
      const known = waits.get(now.attempt) ?? [];
      waits.set(now.attempt, [...known, now.retryAt - Date.now()]);
    });
    client.call(env.EARSHOT_CALL).retain();
    client.connect();
    return client;
  });
  await vi.waitFor(
    () => {
      for (const client of clients) expect(texts(client, env.EARSHOT_CALL)).toEqual(expected);
    },
    { timeout: 110_000, interval: 100 },
  );
  for (const client of clients) client.disconnect();
  const tries = [...waits].filter(([attempt, all]) => attempt > FIRST_WIDE_ATTEMPT && all.length >= CLIENTS / 2);
  expect(tries.length).toBeGreaterThan(1);
  for (const [attempt, all] of tries) {
    const buckets = new Map<number, number>();
    for (const ms of all) {
      const bucket = Math.floor(ms / BUCKET_MS);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
    }
    const fullest = Math.max(...buckets.values()) / all.length;
    expect(fullest, `of attempt ${attempt}`).toBeLessThanOrEqual(0.2);
  }
});
