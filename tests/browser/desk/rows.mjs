// The row budget: 5,000 lines, interim texts, the desk's transcript beside an unvirtualised list
// in the same page and run; then a reader who is moved about. Prints one JSON object. Argument: the
// share of the other list's time to reach. Environment: CHROMIUM. Run by test_desk_rows.py.
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import { fromUi } from '../sdk/place.mjs';
import { launch } from '../stage.mjs';

const UPDATES = 24;
/**
 * Each update counts with its best of so many rounds: what else the machine does, and when it
 * collects garbage, is nobody's fault here, and what an update costs by itself it costs in all.
 */
const [LEAST_ROUNDS, MOST_ROUNDS] = [3, 12];
/** Of the other list's time; once it is reached, more rounds can only be quicker. */
const SHARE = Number(process.argv[2]);
const ui = resolve('web/ui');
const { rolldown } = fromUi('rolldown');
const bundle = await rolldown({
  input: process.env.ROWS ?? resolve('tests/browser/desk/rows.tsx'),
  logLevel: 'silent',
  transform: { define: { 'process.env.NODE_ENV': '"production"' } },
  resolve: {
    conditionNames: ['earshot-source', 'browser', 'import'],
    modules: [resolve(ui, 'node_modules')],
  },
});
const { output } = await bundle.generate({ format: 'esm', minify: true });
const assets = resolve(ui, 'desk/dist/assets');
const css = readdirSync(assets).filter((name) => name.endsWith('.css'));
const style = css.map((name) => readFileSync(`${assets}/${name}`, 'utf8')).join('\n');
const page = `<!doctype html><title>rows</title><style>${style}
  #place { display: flex; height: 700px; width: 660px; overflow: auto; }
  #place > * { flex: 1; min-width: 0; }</style>
  <div id="place"></div><script type="module" src="/${output[0].fileName}"></script>`;
const files = new Map(output.map((chunk) => [`/${chunk.fileName}`, chunk.code]));
const site = createServer(({ url }, response) => {
  const code = files.get(url);
  response.setHeader('content-type', code ? 'text/javascript' : 'text/html');
  response.end(code ?? page);
});
await new Promise((done) => site.listen(0, '127.0.0.1', done));

const browser = await launch('--js-flags=--expose-gc');
const tab = await browser.newPage({ viewport: { width: 1280, height: 800 } });
tab.on('pageerror', (error) => process.stderr.write(`${error.stack}\n`));
await tab.goto(`http://127.0.0.1:${site.address().port}/`);
await tab.waitForFunction(() => 'rows' in window);
const rounds = { ours: [], unvirtualised: [] };
const of = (taken, part) => [...taken].sort((a, b) => a - b)[Math.floor((taken.length - 1) * part)];
const figures = (all) => {
  const best = all[0].taken.map((_, n) => Math.min(...all.map(({ taken }) => taken[n])));
  const { rows, last } = all.at(-1);
  return { rows, last, p50_ms: of(best, 0.5), p95_ms: of(best, 0.95), max_ms: of(best, 1) };
};
const isReached = () => {
  const [ours, plain] = [figures(rounds.ours), figures(rounds.unvirtualised)];
  return ours.max_ms <= plain.p50_ms / SHARE;
};
for (let round = 0; round < MOST_ROUNDS; round += 1) {
  if (round >= LEAST_ROUNDS && isReached()) break;
  for (const list of Object.keys(rounds)) {
    rounds[list].push(
      await tab.evaluate(
        ([name, updates, from]) => window.rows[name](updates, from),
        [list, UPDATES, 5_000 + round * 10],
      ),
    );
  }
}
const reading = await tab.evaluate(() => window.rows.reading());
await browser.close();
site.close();

process.stdout.write(
  JSON.stringify({
    said: rounds.ours.at(-1).said,
    ours: figures(rounds.ours),
    plain: figures(rounds.unvirtualised),
    reading,
  }),
);
