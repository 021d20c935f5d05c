// An agent's day at one desk that is never loaded anew: call after call, each with interim texts,
// cards, verdicts, a document, a search, now and then a lost connection. Prints what the page
// holds on to after each tenth call, one JSON array. Arguments: URL of the server, calls, seconds
// each. Environment: CHROMIUM, JWT_SECRET. Run by test_desk_memory.py.
import { launch } from '../../browser/stage.mjs';
import { createCall, putDocuments, until } from '../../browser/sdk/place.mjs';
import { startProxy } from '../../browser/sdk/proxy.mjs';
import { button, connected, isPressed, line, openDesk } from '../../browser/desk/seat.mjs';
import { watchMemory } from './memory.mjs';

const [server, calls, seconds] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const AGENT = 'agent-of-the-day';
const LINES_PER_S = 2;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

await putDocuments(server);
const proxy = await startProxy(Number(new URL(server).port));
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
const page = await openDesk(context, proxy.url, `?agent=${AGENT}`);
page.setDefaultTimeout(30_000);
await connected(page);
const memory = await watchMemory(page);

async function talk(call, from, count) {
  for (let n = from; n < from + count; n += 1) {
    const began = Date.now();
    for (const part of [1, 2, 3]) await call.interim(`this is line ${n}`.slice(0, part * 5), part);
    await call.say(`this is line ${n} of the call`);
    await pause(Math.max(0, 1000 / LINES_PER_S - (Date.now() - began)));
  }
  await line(page, `this is line ${from + count - 1} of`).waitFor();
}

async function serve(n) {
  const call = await createCall(server, AGENT);
  await page.locator('.call-item').filter({ hasText: call.callId }).click();
  await call.suggest();
  await page.locator('.card').first().waitFor();
  await talk(call, 1, Math.floor((seconds * LINES_PER_S) / 2));
  await button(page, 'Helpful').click();
  await isPressed(page, 'Helpful');
  await page.keyboard.press('n');
  await page.keyboard.press('o');
  await page.getByRole('dialog').getByText('check its plug').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('/');
  await page.keyboard.type('router');
  await page.getByText('1 of 1').waitFor();
  await page.keyboard.press('Escape');
  if (n % 10 === 5) {
    proxy.cut();
    await connected(page);
  }
  await talk(call, 100, Math.floor((seconds * LINES_PER_S) / 2));
  await call.end();
  await page.getByText('Summary of the call').waitFor();
  await until(async () => (await call.verdicts()).length === 1, 'the verdict');
}

const samples = [];
for (let n = 1; n <= calls; n += 1) {
  await serve(n);
  if (n > 1 && n % 10 !== 0 && n !== calls) continue;
  samples.push({ calls: n, ...(await memory()) });
  process.stderr.write(`${JSON.stringify(samples.at(-1))}\n`);
}
samples.at(-1).complaints = page.complaints;
await browser.close();
proxy.close();
process.stdout.write(JSON.stringify(samples));
