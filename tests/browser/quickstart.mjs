// Somebody else's React application: the App.tsx that packages/react/README.md begins with, Vite's
// main.tsx, the two packages as `npm pack` makes them, a strict type check, a production build, a
// page. Prints what is on it: with a server that takes it, with one that refuses its origin, and
// with index.html in place of a token. Arguments: the URLs of the two servers, an empty folder.
// Run by test_quickstart.py.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { fromUi } from './sdk/place.mjs';
import { launch } from './stage.mjs';

const [server, refusing, folder] = process.argv.slice(2);
const ui = resolve('web/ui');
const run = (command, ...all) => execFileSync(command, all, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });

// What npm would install: ours unpacked, the others as they are.
const modules = join(folder, 'node_modules');
mkdirSync(join(modules, '@types'), { recursive: true });
for (const name of ['client', 'react']) {
  const target = join(modules, '@earshot', name);
  mkdirSync(target, { recursive: true });
  const [{ filename }] = JSON.parse(
    run('npm', 'pack', '--json', '--silent', '--ignore-scripts', join(ui, 'packages', name)),
  );
  run('tar', '--extract', '--gzip', '--file', filename, '--directory', target, '--strip-components=1');
}
for (const name of ['react', 'react-dom', 'socket.io-client', '@types/react', '@types/react-dom']) {
  symlinkSync(join(ui, 'node_modules', name), join(modules, name));
}

// The reader's application.
const readme = readFileSync(join(ui, 'packages/react/README.md'), 'utf8');
const [, code] = readme.match(/```tsx\n(.*?)\n```/s);
writeFileSync(join(folder, 'App.tsx'), code);
writeFileSync(
  join(folder, 'main.tsx'),
  `import { StrictMode } from 'react';\nimport { createRoot } from 'react-dom/client';\n` +
    `import App from './App.tsx';\n` +
    `createRoot(document.getElementById('root')!).render(<StrictMode><App /></StrictMode>);\n`,
);
writeFileSync(
  join(folder, 'index.html'),
  '<!doctype html><div id="root"></div><script type="module" src="/main.tsx"></script>',
);
const compilerOptions = {
  ...{ strict: true, noEmit: true, jsx: 'react-jsx', module: 'esnext', target: 'es2022' },
  ...{ moduleResolution: 'bundler', lib: ['ES2022', 'DOM', 'DOM.Iterable'], types: [] },
  // As Vite's template has them.
  ...{ verbatimModuleSyntax: true, allowImportingTsExtensions: true, erasableSyntaxOnly: true },
  ...{ noUnusedLocals: true, noUnusedParameters: true, skipLibCheck: true },
};
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.tsx'] }));
run(process.execPath, join(ui, 'node_modules/typescript/bin/tsc'), '-p', folder);
const { build } = await import(fromUi.resolve('vite'));
await build({ root: folder, configFile: false, logLevel: 'error' });

// Their server: as Vite's, with the page at every path that it does not know.
const site = createServer(({ url }, response) => {
  const isScript = url.endsWith('.js');
  response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
  response.end(readFileSync(join(folder, 'dist', isScript ? url : 'index.html')));
});
await new Promise((done) => site.listen(0, '127.0.0.1', done));
const origin = `http://127.0.0.1:${site.address().port}`;

/** What is on the page when `texts` are, or are not after a while. The README names the server where
 * a reader would have it: there is `url`. */
async function look(url, texts, prepare = () => undefined) {
  const browser = await launch(`--host-resolver-rules=MAP 127.0.0.1:5000 ${new URL(url).host}`);
  const page = await browser.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await prepare(page);
  await page.goto(origin);
  for (const one of texts) await page.getByText(one).waitFor().catch(() => undefined);
  const seen = {
    sentence: await page.locator('p').allTextContents(),
    lines: await page.locator('li').allTextContents(),
    complaints,
  };
  await browser.close();
  return seen;
}

const noToken = (page) =>
  page.route('**/v1/tokens', (route) =>
    route.fulfill({
      ...{ status: 200, contentType: 'text/html', body: '<!doctype html>' },
      headers: { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' },
    }),
  );
const seen = {
  taken: await look(server, ['my bill is wrong', 'is online']),
  refused: await look(refusing, ['is reconnecting']),
  html: await look(server, ['is reconnecting'], noToken),
};
site.close();
process.stdout.write(JSON.stringify({ origin, ...seen }));
