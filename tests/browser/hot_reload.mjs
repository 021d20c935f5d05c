// An application under development: StrictMode, a real Vite server, and twenty edits of the file
// that holds the provider. Prints what is left of them, one JSON object. Arguments: URL of the
// server, an empty folder, `apart` or `together` (where the client is made). Environment:
// CHROMIUM, JWT_SECRET. Run by test_hot_reload.py.
import { symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { launch } from './stage.mjs';
import { createCall, fromUi, mint, until } from './sdk/place.mjs';

const EDITS = 20;
const [server, folder, where] = process.argv.slice(2);
const ui = resolve('web/ui');
const agentId = `agent-hot-${where}`;
const call = await createCall(server, agentId);
await call.say('good morning');

const made = `counted(createClient({
  url: ${JSON.stringify(server)},
  agentId: '${agentId}',
  getToken: async () => ${JSON.stringify(mint(agentId))},
}))`;
const files = {
  'index.html': '<!doctype html><div id="root"></div><script type="module" src="/main.tsx"></script>',
  'main.tsx': `
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Lines } from './Lines.tsx';
import { Provider } from './Provider.tsx';
window.loads = (Number(sessionStorage.loads) || 0) + 1;
sessionStorage.loads = window.loads;
createRoot(document.getElementById('root')).render(
  <StrictMode><Provider><Lines callId="${call.callId}" /></Provider></StrictMode>,
);`,
  'Lines.tsx': `
import { useConnection, useSegment, useServerEvent, useTranscriptIds } from '@earshot/react';
export function Lines({ callId }) {
  const { status } = useConnection();
  useServerEvent('call:assigned', () => undefined);
  return <><b>{status}</b><ul>{useTranscriptIds(callId).map((id) => <Line key={id} callId={callId} id={id} />)}</ul></>;
}
function Line({ callId, id }) {
  return <li>{useSegment(callId, id)?.text}</li>;
}`,
  // How many listen to clients now, in window.listening.
  'counted.ts': `
window.listening = 0;
const count = (subscribe) => (...what) => {
  const undo = subscribe(...what);
  let isUndone = false;
  window.listening += 1;
  return () => {
    if (!isUndone) window.listening -= 1;
    isUndone = true;
    undo();
  };
};
export function counted(client) {
  for (const one of [client.connection, client.calls]) one.subscribe = count(one.subscribe);
  client.on = count(client.on);
  return client;
}`,
  'client.ts': `
import { createClient } from '@earshot/client';
import { counted } from './counted.ts';
export const client = ${made};`,
};

/** Every second edit has other hooks, so that React mounts all of it anew. */
function provider(edit) {
  const client = {
    apart: "import { client } from './client.ts';",
    together: `
import { createClient } from '@earshot/client';
import { counted } from './counted.ts';
const client = ${made};`,
  }[where];
  return `
import { EarshotProvider } from '@earshot/react';
import { useState } from 'react';
${client}
export function Provider({ children }) {
  ${edit % 2 ? 'useState(0);' : ''}
  return <EarshotProvider client={client}><i>edit {${edit}}</i>{children}</EarshotProvider>;
}`;
}

symlinkSync(join(ui, 'node_modules'), join(folder, 'node_modules'));
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
writeFileSync(join(folder, 'Provider.tsx'), provider(0));

const { createServer, defaultClientConditions } = await import(fromUi.resolve('vite'));
const { default: react } = await import(fromUi.resolve('@vitejs/plugin-react'));
const vite = await createServer({
  root: folder,
  configFile: false,
  cacheDir: join(folder, '.vite'),
  logLevel: 'error',
  plugins: [react()],
  resolve: { conditions: ['earshot-source', ...defaultClientConditions] },
  optimizeDeps: { include: ['react', 'react/jsx-dev-runtime', 'react-dom/client', '@earshot/client > socket.io-client'] },
  server: { host: '127.0.0.1', port: 0, fs: { allow: [folder, ui] } },
});
await vite.listen();
const browser = await launch();
const page = await browser.newPage();
const complaints = [];
page.on('pageerror', (error) => complaints.push(error.message));
const devtools = await page.context().newCDPSession(page);

/** What Playwright listens to on a page that it drives, sooner or later. */
const PLAYWRIGHT = /^(mouse|pointer|touch|click|auxclick|dblclick|contextmenu|__playwright)/;

/** How many listeners window and document have, by their event, and clients. */
async function listeners() {
  const counts = { clients: await page.evaluate(() => window.listening) };
  for (const expression of ['window', 'document']) {
    const { result } = await devtools.send('Runtime.evaluate', { expression });
    const found = await devtools.send('DOMDebugger.getEventListeners', { objectId: result.objectId });
    for (const { type } of found.listeners.filter((one) => !PLAYWRIGHT.test(one.type))) {
      const name = `${expression} ${type}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  return counts;
}

async function connections() {
  const text = await (await fetch(`${server}/metrics`)).text();
  return Number(/^earshot_connections (\d+)/m.exec(text)?.[1] ?? 0);
}

/** Saves the file; a watcher that missed it on a busy machine is told again. */
async function edit(n) {
  const shown = page.locator('i', { hasText: `edit ${n}` });
  for (let tries = 0; (await shown.count()) === 0; tries += 1) {
    if (tries === 10) throw new Error(`edit ${n} never came to the page`);
    writeFileSync(join(folder, 'Provider.tsx'), provider(n));
    await shown.waitFor({ timeout: 3_000 }).catch(() => undefined);
  }
}

const isOnline = page.locator('b', { hasText: 'online' });
await page.goto(`http://127.0.0.1:${vite.httpServer.address().port}/`);
await isOnline.waitFor();
const before = await listeners();
for (let n = 1; n <= EDITS; n += 1) await edit(n);
await isOnline.waitFor();
await until(async () => (await connections()) === 1, 'one connection').catch(() => undefined);
await call.say('still here');
await page.locator('li', { hasText: 'still here' }).waitFor();
const seen = {
  loads: await page.evaluate(() => window.loads),
  connections: await connections(),
  lines: await page.locator('li').allTextContents(),
  before,
  after: await listeners(),
  complaints,
};
await browser.close();
await vite.close();
process.stdout.write(JSON.stringify(seen));
