// Runs the desk's scenarios in Debian's Chromium, a few at a time, and prints {name: problem or
// null}. Arguments: URL of the server. Environment: CHROMIUM, JWT_SECRET. Run by
// test_desk_scenarios.py; with names after the URL only those.
import { randomUUID } from 'node:crypto';
import { createCall, fromUi, putDocuments } from '../sdk/place.mjs';
import { startProxy } from '../sdk/proxy.mjs';
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
await putDocuments(server);
const found = {};

async function run(name) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  const proxy = await startProxy(Number(new URL(server).port));
  const agentId = `agent-${randomUUID()}`;
  const call = await createCall(server, agentId);
  const another = () => createCall(server, agentId);
  const began = Date.now();
  try {
    await scenarios[name]({ browser, context, proxy, agentId, call, another });
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
process.stdout.write(JSON.stringify(found));
