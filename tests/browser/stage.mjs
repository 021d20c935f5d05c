// Debian's Chromium, and scenarios played in it a few at a time. Owns how the browser is started
// and what each scenario gets: a browser context, a proxy, a call and an agent of its own. What a
// scenario does and what its pages show is its folder's.
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { createCall, fromUi, judgeRefusals, putDocuments } from './sdk/place.mjs';
import { startProxy } from './sdk/proxy.mjs';

const AT_ONCE = 4;
/** Of a browser that starts while other tests run; it bounds a failure. */
const START_MS = 120_000;
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

export function launch(...more) {
  const { chromium } = fromUi('playwright-core');
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: [...FLAGS, ...more], timeout: START_MS });
}

/**
 * Plays what the command line asks for and prints {name: problem or null}. Arguments: URL of the
 * server, files that export `scenarios`, names (none: all). Environment: CHROMIUM, JWT_SECRET.
 * `furnish` adds to a scenario's place what its folder's pages need.
 */
export async function play({ look = {}, atOnce = AT_ONCE, furnish = (place) => place }) {
  const [server, ...wanted] = process.argv.slice(2);
  const files = wanted.filter((one) => one.endsWith('.mjs'));
  const only = wanted.filter((one) => !one.endsWith('.mjs'));
  const loaded = await Promise.all(files.map((file) => import(resolve(file))));
  const scenarios = Object.assign({}, ...loaded.map((module) => module.scenarios));
  const browser = await launch();
  await putDocuments(server);
  const found = {};

  async function run(name) {
    const context = await browser.newContext(look);
    const proxy = await startProxy(Number(new URL(server).port));
    const agentId = `agent-${randomUUID()}`;
    const began = Date.now();
    try {
      const call = await createCall(server, agentId);
      const another = () => createCall(server, agentId);
      await scenarios[name](await furnish({ browser, context, proxy, server, agentId, call, another }));
      found[name] = null;
    } catch (problem) {
      found[name] = String(problem.stack ?? problem);
    }
    process.stderr.write(`${name}: ${Date.now() - began} ms${found[name] ? ' FAILED' : ''}\n`);
    await context.close();
    proxy.close();
  }

  const waiting = Object.keys(scenarios).filter((name) => only.length === 0 || only.includes(name));
  const worker = async () => {
    for (let name = waiting.shift(); name; name = waiting.shift()) await run(name);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  await browser.close();
  judgeRefusals();
  process.stdout.write(JSON.stringify(found));
}
