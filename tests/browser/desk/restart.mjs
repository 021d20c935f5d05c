// A crowd of clients in this process and a desk in Chromium, all through a proxy, on one call whose
// server is killed and started again. Says `ready` when all follow the call, `tried` when each has
// tried again so often, lets nobody through until a line comes in on standard input, then, when all
// have every line, prints what each of them saw. Arguments: URL of the server, call_id, how many
// clients, how many lines, how often (0: once). Environment: CHROMIUM, JWT_SECRET. Run by tests/browser/restart.py.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fromUi, mint, until } from '../sdk/place.mjs';
import { startProxy } from '../sdk/proxy.mjs';
import { launch } from '../stage.mjs';
import { connected, openDesk, pause } from './seat.mjs';

const AGENT = 'agent-1';
const LONGEST_MS = 60_000;
const [server, callId] = process.argv.slice(2, 4);
const [crowd, lines, often] = process.argv.slice(4).map(Number);

/** @earshot/client for Node, from its sources. */
async function loadClient() {
  const { rolldown } = fromUi('rolldown');
  const bundle = await rolldown({
    input: resolve('web/ui/packages/client/src/index.ts'),
    platform: 'node',
    logLevel: 'silent',
    resolve: { conditionNames: ['earshot-source', 'node', 'import'] },
  });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  const folder = mkdtempSync(join(tmpdir(), 'earshot-client-'));
  try {
    writeFileSync(join(folder, 'client.mjs'), output[0].code);
    return await import(pathToFileURL(join(folder, 'client.mjs')).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { createClient } = await loadClient();
const proxy = await startProxy(Number(new URL(server).port));

/** One of the crowd: what it heard, and when it tried again: [attempt, waited_ms, at]. */
function follow() {
  const client = createClient({ url: proxy.url, agentId: AGENT, getToken: async () => mint(AGENT) });
  const call = client.call(callId);
  const one = {
    client,
    tries: [],
    heard: [],
    ids: () => call.segmentIds.get(),
    isLive: () => call.sync.get() === 'live',
  };
  client.connection.subscribe(() => {
    const now = client.connection.get();
    if (now.status !== 'reconnecting') return;
    one.tries.push([now.attempt, now.retryAt - Date.now(), now.retryAt]);
  });
  client.on('transcription:update', ({ segment_id, final }) => final && one.heard.push(segment_id));
  call.retain();
  client.connect();
  return one;
}

const browser = await launch();
const page = await openDesk(await browser.newContext({ locale: 'en-GB' }), proxy.url, `?agent=${AGENT}`);
await connected(page);
const all = Array.from({ length: crowd }, follow);
await until(() => all.every((one) => one.isLive()), 'all follow the call', LONGEST_MS);
process.stdout.write('ready\n');
const hasTried = ({ tries }) => tries.some(([attempt]) => attempt >= often);
await until(() => all.every(hasTried), 'all have tried', LONGEST_MS);
await page.getByText('Connected', { exact: true }).waitFor({ state: 'hidden' });
const shown = await page.locator('.line-text').count(); // the server is still away
// What is said now was said while they were away, all of it.
proxy.refuse();
process.stdout.write('tried\n');
await new Promise((done, refuse) => {
  process.stdin.once('data', done).once('end', () => refuse(new Error('nobody says go on')));
});
proxy.pass();
await until(() => all.every((one) => one.ids().length >= lines), 'all have every line', LONGEST_MS);
await connected(page);
await page.locator('.line-text').nth(lines - 1).waitFor();
await until(() => all.every((one) => one.isLive()), 'all are live');
await pause(500); // for what may come twice
process.stdout.write(
  JSON.stringify({
    shown,
    desk: await page.locator('.line-text').allTextContents(),
    marks: await page.locator('.filled').allTextContents(),
    complaints: page.complaints,
    crowd: all.map(({ ids, heard, tries }) => ({ ids: ids(), heard, tries })),
  }),
);
for (const { client } of all) client.disconnect();
await browser.close();
proxy.close();
