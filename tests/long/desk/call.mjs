// One long call in real time: 5,000 lines in three hours, eight interim texts a second, and an
// agent who now and then reads what was said before. Prints what the page holds on to and how it
// moves, one JSON object. Arguments: URL of the server, seconds. Environment: CHROMIUM,
// JWT_SECRET. Run by test_desk_memory.py.
import { launch } from '../../browser/stage.mjs';
import { createCall } from '../../browser/sdk/place.mjs';
import { connected, line, openDesk } from '../../browser/desk/seat.mjs';
import { drift, watchFrames } from '../../browser/desk/watch.mjs';
import { watchMemory } from './memory.mjs';

const [server, seconds] = [process.argv[2], Number(process.argv[3])];
const SEGMENTS_PER_S = 5_000 / 10_800;
const INTERIMS_PER_S = 8;
const SAMPLE_S = Math.min(600, seconds / 5);
const WORDS = 'and then I tried the plug and the adapter and it still does not show a light'.split(' ');

const call = await createCall(server, 'agent-long');
const opening = Array.from({ length: 60 }, (_, n) => `opening line ${n + 1}`);
await call.say(...opening);
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
const page = await openDesk(context, server, '?agent=agent-long');
await connected(page);
await line(page, 'opening line 60').waitFor();
const memory = await watchMemory(page);
await page.evaluate(() => {
  window.tasks = { count: 0, max_ms: 0 };
  window.frames = new Uint32Array(1_000); // how many took so many ms: no list that grows
  new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => {
    window.tasks.count += 1;
    window.tasks.max_ms = Math.max(window.tasks.max_ms, duration);
  })).observe({ type: 'longtask' });
  let last = performance.now();
  const frame = (now) => {
    window.frames[Math.min(999, Math.round(now - last))] += 1;
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
});

const began = Date.now();
const elapsed = () => (Date.now() - began) / 1000;
let isOver = false;
let said = 0;

/** Speaks in real time: what is late is not made up for in a burst. */
async function speak() {
  for (let n = 0; !isOver; n += 1) {
    const due = began + (n * 1000) / INTERIMS_PER_S;
    await new Promise((done) => setTimeout(done, Math.max(0, due - Date.now())));
    if (said < Math.floor(elapsed() * SEGMENTS_PER_S)) {
      await call.say(`line ${(said += 1)} ${WORDS.slice(0, said % WORDS.length).join(' ')}`);
    } else {
      await call.interim(`line ${said + 1} ${WORDS.slice(0, n % WORDS.length).join(' ')}`, n);
    }
  }
}

/** Goes up a little, reads for a while, and comes back; how far the line that is read moved. */
async function readBack() {
  await page.locator('.transcript-scroll').hover();
  await page.mouse.wheel(0, -900);
  await page.getByRole('button', { name: /new|To the end/ }).waitFor();
  await page.waitForTimeout(1_000);
  const text = await page.evaluate(() => {
    const { top } = document.querySelector('.transcript-scroll').getBoundingClientRect();
    const lines = [...document.querySelectorAll('.line-text')];
    return lines.find((one) => one.getBoundingClientRect().top >= top).textContent.trim();
  });
  const ended = await watchFrames(page, text);
  await page.waitForTimeout(5_000);
  const moved = drift(await ended());
  await page.keyboard.press('e');
  return moved;
}

const speaking = speak();
await page.waitForTimeout(Math.min(60, seconds / 10) * 1000);
const samples = [];
while (elapsed() < seconds) {
  const drift_px = await readBack();
  const rows = await page.locator('.row').count();
  samples.push({ at_s: Math.round(elapsed()), said, rows, drift_px, ...(await memory()) });
  process.stderr.write(`${JSON.stringify(samples.at(-1))}\n`);
  await page.waitForTimeout(Math.min(SAMPLE_S, Math.max(0, seconds - elapsed())) * 1000);
}
isOver = true;
await speaking;
await line(page, `line ${said}`).waitFor();
const { tasks, frames } = await page.evaluate(() => ({ tasks: window.tasks, frames: [...window.frames] }));
await browser.close();
const all = frames.reduce((sum, count) => sum + count, 0);
let p95 = 0;
for (let seen = frames[0]; seen < all * 0.95; seen += frames[p95]) p95 += 1;
const seen = { samples, said, complaints: page.complaints, frame_p95_ms: p95, long_tasks: tasks };
process.stderr.write(`frames: p95 ${p95} ms; tasks over 50 ms: ${JSON.stringify(tasks)}\n`);
process.stdout.write(JSON.stringify(seen));
