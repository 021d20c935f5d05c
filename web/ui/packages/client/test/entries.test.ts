// @vitest-environment happy-dom
/** The small entry points beside the client: fills, paint, seen, devtools. */
import { describe, expect, it, vi } from 'vitest';
import { recordEvents } from '../src/devtools.ts';
import { watchFills } from '../src/fills.ts';
import { REPORT_MS, reportPaint } from '../src/paint.ts';
import { COLLECT_MS, noteSeen } from '../src/seen.ts';
import { setUp, texts, until, untilOnline, untilStatus } from './harness.ts';

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

describe('lines said while away', () => {
  it('are marked where they begin, once, and lines said afterwards are not', async () => {
    const { client, server } = await setUp((fake) => {
      fake.call('c1').say({ segment_id: 's1', timestamp: ago(5_000) });
    });
    client.call('c1').retain();
    const fills = watchFills(client, 'c1');
    await until(() => expect(texts(client, 'c1')).toEqual(['s1']));
    server.close('draining', 60_000);
    await untilStatus(client, 'reconnecting');
    await until(() => expect(client.call('c1').sync.get()).toBe('stale'));
    server.call('c1').say({ segment_id: 's2', timestamp: ago(0) });
    server.call('c1').say({ segment_id: 's3', timestamp: ago(0) });
    client.retryNow();
    await until(() => expect(fills.get()).toMatchObject([{ segment_id: 's2', count: 2 }]));
    const [fill] = fills.get();
    expect((fill?.from ?? 0) <= (fill?.to ?? 0)).toBe(true);
    server.call('c1').say({ segment_id: 's4', timestamp: new Date(Date.now() + 50).toISOString() });
    server.publish('c1');
    await until(() => expect(texts(client, 'c1')).toHaveLength(4));
    expect(fills.get()).toEqual([fill]);
    fills.stop();
  });

  it('are those of the whole sleep, though the loss was noticed at its end', async () => {
    const { client, server } = await setUp((fake) => {
      fake.call('c1').say({ segment_id: 's1', timestamp: ago(600_000) });
    });
    client.call('c1').retain();
    const fills = watchFills(client, 'c1');
    await until(() => expect(texts(client, 'c1')).toEqual(['s1']));
    server.close('draining', 60_000);
    await until(() => expect(client.call('c1').sync.get()).toBe('stale'));
    server.call('c1').say({ segment_id: 's2', timestamp: ago(300_000) });
    server.call('c1').say({ segment_id: 's3', timestamp: ago(0) });
    client.retryNow();
    await until(() => expect(fills.get()).toMatchObject([{ segment_id: 's2', count: 2 }]));
    fills.stop();
  });

  it('are none when the connection was only short of one event', async () => {
    const { client, server } = await setUp((fake) => fake.call('c1'));
    client.call('c1').retain();
    const fills = watchFills(client, 'c1');
    await until(() => expect(client.call('c1').sync.get()).toBe('live'));
    server.call('c1').say({ segment_id: 's1', timestamp: ago(0) });
    server.call('c1').say({ segment_id: 's2', timestamp: ago(0) });
    server.publish('c1');
    await until(() => expect(texts(client, 'c1')).toEqual(['s1', 's2']));
    expect(fills.get()).toEqual([]);
  });
});

describe('the time to the paint', () => {
  it('is reported now and then, for live lines on a visible page', async () => {
    const { client, server } = await setUp((fake) => fake.call('c1'));
    client.call('c1').retain();
    await untilOnline(client);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    const stop = reportPaint(client);
    server.interim('c1', { segment_id: 's1', revision: 1, text: 'my', timestamp: ago(30) });
    server.interim('c1', { segment_id: 's9', revision: 1, text: 'old', timestamp: ago(90_000) });
    await vi.waitFor(() => expect(texts(client, 'c1')).toHaveLength(2));
    await vi.advanceTimersByTimeAsync(100);
    await vi.advanceTimersByTimeAsync(REPORT_MS);
    vi.useRealTimers();
    await until(() => expect(server.commands('client:report')).toHaveLength(1));
    const { paint_ms } = server.commands('client:report')[0] as { paint_ms: number[] };
    expect(paint_ms).toHaveLength(1);
    expect(paint_ms[0]).toBeGreaterThanOrEqual(30);
    stop();
  });
});

describe('what was done with a card', () => {
  it('is collected, each once, and sent together', async () => {
    const { client, server } = await setUp((fake) => fake.call('c1'));
    await untilOnline(client);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    for (const action of ['shown', 'opened', 'shown'] as const) noteSeen(client, 'c1', 'd1', action);
    await vi.advanceTimersByTimeAsync(COLLECT_MS);
    vi.useRealTimers();
    await until(() => expect(server.commands('doc:seen')).toHaveLength(1));
    const items = ['shown', 'opened'].map((action) => ({ doc_id: 'd1', action }));
    expect(server.commands('doc:seen')[0]).toEqual({ call_id: 'c1', items });
  });
});

describe('the ring of devtools', () => {
  it('holds the last things that happened, and never what was said', async () => {
    const { client, server } = await setUp((fake) => fake.call('c1'));
    const ring = recordEvents(client, 40);
    client.call('c1').retain();
    await untilOnline(client);
    server.call('c1').say({ segment_id: 's1', text: 'my card number is 4242' });
    server.publish('c1');
    await until(() => expect(texts(client, 'c1')).toHaveLength(1));
    await client.feedback('c1', 'd1', true).settled;
    await expect(client.request('segment:append', { call_id: 'c1', segments: [] })).rejects.toThrow();
    const found = ring.get().map((event) => [event.kind, event.name, event.note].join(' ').trim());
    expect(found).toEqual(
      expect.arrayContaining([
        'connection online',
        'event transcription:update',
        'request call:subscribe ok',
        'request doc:feedback ok',
        'request segment:append bad_request',
      ]),
    );
    expect(JSON.stringify(ring.get())).not.toContain('4242');
    for (let n = 0; n < 60; n += 1) server.interim('c1', { segment_id: 'i', revision: n, text: 'x' });
    await until(() => expect(ring.get()).toHaveLength(40));
    ring.stop();
    ring.clear();
    server.interim('c1', { segment_id: 'j', revision: 1, text: 'x' });
    await client.feedback('c1', 'd1', false).settled;
    expect(ring.get()).toEqual([]);
  });
});
