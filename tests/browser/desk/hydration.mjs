// The desk rendered on a server and taken over by the browser, in React's development build,
// which says what differs. The page is of the real server's origin, so it comes alive.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fromUi, same } from '../sdk/place.mjs';
import { line, NEAR, none } from './seat.mjs';

/** One file of it all, for Node or for the browser. */
async function bundled(platform) {
  const { rolldown } = fromUi('rolldown');
  const bundle = await rolldown({
    input: resolve('tests/browser/desk/hydrate.tsx'),
    platform,
    logLevel: 'silent',
    transform: { define: { 'process.env.NODE_ENV': '"development"' } },
    resolve: {
      conditionNames: ['earshot-source', platform, 'import'],
      modules: [resolve('web/ui/node_modules')],
    },
  });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  return output[0].code;
}

async function renderInNode(search) {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-desk-'));
  try {
    const file = join(folder, 'desk.mjs');
    writeFileSync(file, await bundled('node'));
    return (await import(pathToFileURL(file).href)).rendered(search);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const scenarios = {
  async what_a_server_rendered_is_taken_over_without_a_mismatch(place) {
    const { agentId, call, browser, proxy } = place;
    await call.say('what was said before');
    const search = `?agent=${agentId}`;
    const html = `<!doctype html><html lang="en"><title>desk</title>
      <div id="desk">${await renderInNode(search)}</div>
      <script type="module" src="/hydrate.js"></script>`;
    const script = await bundled('browser');
    // A browser whose words are others than those of the server that rendered the page.
    const context = await browser.newContext({ locale: 'de-DE', permissions: [NEAR] });
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    const serve = (path, contentType, body) =>
      page.route((url) => url.pathname === path, (route) => route.fulfill({ contentType, body }));
    await serve('/', 'text/html; charset=utf-8', html);
    await serve('/hydrate.js', 'text/javascript', script);
    const sockets = [];
    page.on('websocket', (socket) => sockets.push(socket.url()));
    await page.goto(`${proxy.url}/${search}`);
    await page.getByText('Verbunden', { exact: true }).waitFor();
    await line(page, 'what was said before').waitFor();
    same(await page.evaluate(() => window.mismatches), [], 'mismatches');
    same(await page.evaluate(() => window.brand !== null && window.brand.isConnected), true, 'kept');
    same(sockets.length, 1, 'sockets');
    none(complaints, 'the console');
    await context.close();
  },
};
