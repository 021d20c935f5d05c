// Measures the wall in Chromium; run by bench/wall_screen.py. Arguments: URL CALLS SECONDS.
import { fromUi, mint } from '../tests/browser/sdk/place.mjs';

const [url, calls, seconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const POSTS_A_SECOND = 5;
const AGENTS = 200;

const authorization = `Bearer ${mint('producer-1', 'producer')}`;
async function post(path, body) {
  const response = await fetch(`${url}/v1${path}`, { method: 'POST', headers: { authorization }, body });
  if (!response.ok) throw new Error(`${response.status} from ${path}: ${await response.text()}`);
  return response.text();
}

for (let n = 0; n < calls; n += 1) {
  const body = { call_id: `wall-${n}`, agent_ids: [`agent-${n % AGENTS}`], customer: `Customer ${n}` };
  await post('/calls', JSON.stringify(body));
}
const { chromium } = fromUi('playwright-core');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
await page.addInitScript(() => {
  Object.assign(window, { longTasks: [], changes: 0, rowsTold: 0, commits: 0 });
  window.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
    supportsFiber: true,
    inject: () => 1,
    onCommitFiberRoot: () => (window.commits += 1),
    onCommitFiberUnmount() {},
    onPostCommitFiberRoot() {},
  };
  new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => window.longTasks.push(duration))).observe({ type: 'longtask' });
  const { WebSocket: Real } = window;
  window.WebSocket = class extends Real {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        if (!String(data).includes('"calls:changed"')) return;
        window.changes += 1;
        window.rowsTold += String(data).split('"call_id"').length - 1;
      });
    }
  };
});
await page.goto(`${url}/supervisor?agent=boss-bench`);
await page.getByText(`${calls} calls`).waitFor({ timeout: 60_000 });

let line = 0;
async function talk(forSeconds) {
  for (let n = 0; n < forSeconds * POSTS_A_SECOND; n += 1) {
    const began = Date.now();
    const lines = [];
    for (let k = n % POSTS_A_SECOND; k < calls; k += POSTS_A_SECOND) {
      const text = `line ${(line += 1)} of this call, said by its agent`;
      const segments = [{ segment_id: `s-${line}`, speaker: 'agent', text }];
      lines.push(JSON.stringify({ call_id: `wall-${k}`, segments }));
    }
    const told = await post('/segments', `${lines.join('\n')}\n`);
    if (told.includes('"error"')) throw new Error(told);
    await new Promise((done) => setTimeout(done, Math.max(0, 1000 / POSTS_A_SECOND - (Date.now() - began))));
  }
}
await talk(3);
const cdp = await page.context().newCDPSession(page);
await cdp.send('Performance.enable');
const counts = async () => {
  const { metrics } = await cdp.send('Performance.getMetrics');
  const of = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  const seen = await page.evaluate(() => ({ changes, rowsTold, commits, rows: document.querySelectorAll('.wall-row').length }));
  return { ...of, ...seen };
};
await page.evaluate(() => void (window.longTasks.length = 0));
const [before, began] = [await counts(), Date.now()];
await talk(seconds);
const [after, took_s] = [await counts(), (Date.now() - began) / 1000];
const longTasks = await page.evaluate(() => window.longTasks);
await browser.close();

const a = (name, digits = 1) => Number((after[name] - before[name]).toFixed(digits));
const perSecond = (name, times = 1) => Number(((times * (after[name] - before[name])) / took_s).toFixed(1));
process.stdout.write(
  `${JSON.stringify({
    calls,
    rows: after.rows,
    rows_told_a_s: perSecond('rowsTold'),
    changes_a_s: perSecond('changes'),
    commits_a_s: perSecond('commits'),
    busy_ms_a_s: perSecond('TaskDuration', 1000),
    script_ms_a_s: perSecond('ScriptDuration', 1000),
    style_and_layout_ms_a_s: Number((perSecond('LayoutDuration', 1000) + perSecond('RecalcStyleDuration', 1000)).toFixed(1)),
    busy_ms_a_change: Number(((1000 * a('TaskDuration', 4)) / a('changes')).toFixed(1)),
    long_tasks: { count: longTasks.length, max_ms: Math.max(0, ...longTasks) },
  })}\n`,
);
