// Measures the desk in Chromium; run by bench/desk.py. Arguments: URL LINES SECONDS.
import { createCall, fromUi, putDocuments, until } from '../tests/browser/sdk/place.mjs';

const [url, lines, seconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const PER_S = 8;
const CLICKS = 30;
const MISSED = 2_000;
const WORDS = 'my router has no light at all and I have tried the plug twice'.split(' ');

await putDocuments(url);
const call = await createCall(url, 'agent-bench');
for (let n = 0; n < lines; n += 200) {
  await call.say(...Array.from({ length: Math.min(200, lines - n) }, (_, k) => `line ${n + k} of a long call`));
}
await call.suggest();

const { chromium } = fromUi('playwright-core');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
});
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
const page = await context.newPage();
await page.addInitScript(() => {
  window.longTasks = [];
  window.paints = [];
  window.firstPaints = [];
  window.painted = (found, began, into) => {
    const look = () => (found() ? setTimeout(() => into.push(performance.now() - began), 0) : requestAnimationFrame(look));
    requestAnimationFrame(look);
  };
  // Every message of the server passes here before the desk sees it.
  const { WebSocket: Real } = window;
  window.WebSocket = class extends Real {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        if (String(data).includes('"mode":"snapshot"')) {
          window.painted(() => document.querySelector('.line-text'), performance.now(), window.firstPaints);
        }
        const text = /"text":"(paint [^"]*)"/.exec(String(data))?.[1];
        if (!text) return;
        const isShown = () => [...document.querySelectorAll('.line-text')].some((one) => one.firstChild?.nodeValue === text);
        window.painted(isShown, performance.now(), window.paints);
      });
    }
  };
});
await page.goto(`${url}/?agent=agent-bench`);
await page.locator('.card').first().waitFor();
await page.keyboard.press('/'); // the search fetches every line
await page.keyboard.type('long call');
await page.getByText(`of ${lines}`).waitFor({ timeout: 60_000 });
await page.keyboard.press('Escape');
await page.keyboard.press('e');
await page.waitForTimeout(1_000);
await page.evaluate(() => {
  new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => window.longTasks.push(duration))).observe({ type: 'longtask' });
});

for (let n = 0; n < seconds * PER_S; n += 1) {
  const began = Date.now();
  const text = `paint ${n} ${WORDS.slice(0, 2 + (n % 10)).join(' ')}`;
  await (n % 16 === 15 ? call.say(text) : call.interim(text, n));
  await new Promise((done) => setTimeout(done, Math.max(0, 1000 / PER_S - (Date.now() - began))));
}
await until(() => page.evaluate(() => window.paints.length > 0), 'paints');

const clicks = await page.evaluate(async (count) => {
  const taken = [];
  for (let n = 0; n < count; n += 1) {
    const helpful = document.querySelector('[data-do=helpful]');
    const before = helpful.getAttribute('aria-pressed');
    const began = performance.now();
    helpful.click();
    window.painted(() => document.querySelector('[data-do=helpful]').getAttribute('aria-pressed') !== before, began, taken);
    await new Promise((done) => setTimeout(done, 200));
  }
  return taken;
}, CLICKS);
const { longTasks, paints, rows } = await page.evaluate(() => ({
  longTasks: window.longTasks,
  paints: window.paints,
  rows: document.querySelectorAll('.row').length,
}));

// What is missed while the network is away is replayed: how long does it hold the page up?
await context.setOffline(true);
await page.getByText('No network').first().waitFor({ timeout: 10_000 }).catch(() => undefined);
for (let n = 0; n < MISSED; n += 200) {
  await call.say(...Array.from({ length: 200 }, (_, k) => `missed ${n + k + 1}`));
}
await page.evaluate(() => (window.longTasks = []));
await context.setOffline(false);
await page.locator('.line-text', { hasText: `missed ${MISSED}` }).waitFor({ timeout: 60_000 });
await page.waitForTimeout(500);
const { replayTasks, firstPaint } = await page.evaluate(() => ({
  replayTasks: window.longTasks,
  firstPaint: window.firstPaints[0],
}));
await browser.close();

const part = (all, share) => Number([...all].sort((a, b) => a - b)[Math.floor((all.length - 1) * share)].toFixed(1));
const spread = (all) => ({ count: all.length, p50_ms: part(all, 0.5), p95_ms: part(all, 0.95), max_ms: part(all, 1) });
process.stdout.write(
  `${JSON.stringify({
    lines,
    rows,
    data_to_first_paint_ms: Number(firstPaint.toFixed(1)),
    replay: { events: MISSED, long_tasks: replayTasks.length, max_ms: Math.max(0, ...replayTasks) },
    long_tasks: { count: longTasks.length, max_ms: Math.max(0, ...longTasks) },
    click_to_paint: spread(clicks),
    event_to_paint: spread(paints),
  })}\n`,
);
