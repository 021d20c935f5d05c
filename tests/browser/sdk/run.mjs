// Runs the scenarios in Debian's Chromium, a few at a time, and prints {name: problem or null}.
// Arguments: URL of the server. Environment: CHROMIUM, JWT_SECRET. Run by test_sdk.py.
import { randomUUID } from 'node:crypto';
import { createCall, fromUi, mint, putDocuments, servePage, until } from './place.mjs';
import { startProxy } from './proxy.mjs';
import { scenarios } from './scenarios.mjs';

const AT_ONCE = 4;
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

const { chromium } = fromUi('playwright-core');
const server = process.argv[2];
const only = process.argv.slice(3);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });
const site = await servePage();
await putDocuments(server);
const found = {};

async function run(name) {
  const context = await browser.newContext();
  const proxy = await startProxy(Number(new URL(server).port));
  const agentId = `agent-${randomUUID()}`;
  const call = await createCall(server, agentId);
  const place = { context, proxy, agentId, call, tokens: null, withoutLocks, newPage };
  await context.exposeFunction('tokenFor', (who, reason) =>
    place.tokens ? place.tokens(reason) : mint(who),
  );

  /** As on a page without a secure context. */
  function withoutLocks() {
    return context.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined });
    });
  }

  async function newPage() {
    const page = await context.newPage();
    await page.goto(site.url);
    const ask = (method) => (...values) =>
      page.evaluate(([name, all]) => window.earshot[name](...all), [method, values]);
    return {
      page,
      open: (who = agentId) => ask('open')(proxy.url, who, call.callId),
      give: (doc, helpful) => ask('give')(call.callId, doc, helpful),
      texts: () => ask('texts')(call.callId),
      ...Object.fromEntries(
        ['status', 'statuses', 'shown', 'fills', 'pending', 'kept', 'retryNow'].map((method) => [method, ask(method)]),
      ),
      until,
      reload: () => page.reload(),
      /** As a crash: nothing of the page runs any more. */
      kill: () => page.close({ runBeforeUnload: false }),
    };
  }

  const began = Date.now();
  try {
    await scenarios[name](place);
    found[name] = null;
  } catch (problem) {
    found[name] = String(problem.stack ?? problem);
  }
  process.stderr.write(`${name}: ${Date.now() - began} ms${found[name] ? ' FAILED' : ''}\n`);
  await context.close();
  proxy.close();
}

const waiting = Object.keys(scenarios).filter((name) => only.length === 0 || only.includes(name));
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let name = waiting.shift(); name; name = waiting.shift()) await run(name);
  }),
);
await browser.close();
site.close();
process.stdout.write(JSON.stringify(found));
