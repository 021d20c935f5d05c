// Somebody else's React application: the first twenty lines of packages/react/README.md, the two
// packages as `npm pack` makes them, a strict type check, a production build, a page. Prints what
// an agent sees. Arguments: URL of the server, agent_id, an empty folder. Run by test_quickstart.py.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { fromUi, mint } from './sdk/place.mjs';
import { launch } from './stage.mjs';

const [server, agentId, folder] = process.argv.slice(2);
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
const lines = readFileSync(join(ui, 'packages/react/README.md'), 'utf8').split('\n').slice(0, 20);
const [, code] = lines.join('\n').match(/```tsx\n(.*?)\n```/s);
writeFileSync(join(folder, 'App.tsx'), code);
writeFileSync(
  join(folder, 'main.tsx'),
  `import { createRoot } from 'react-dom/client';\nimport { App } from './App';\n` +
    `createRoot(document.getElementById('root')!).render(<App />);\n`,
);
writeFileSync(
  join(folder, 'index.html'),
  '<!doctype html><div id="root"></div><script type="module" src="/main.tsx"></script>',
);
const compilerOptions = {
  ...{ strict: true, noEmit: true, jsx: 'react-jsx', module: 'esnext', target: 'es2022' },
  ...{ moduleResolution: 'bundler', lib: ['ES2022', 'DOM', 'DOM.Iterable'], types: [] },
};
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.tsx'] }));
run(process.execPath, join(ui, 'node_modules/typescript/bin/tsc'), '-p', folder);
const { build } = await import(fromUi.resolve('vite'));
await build({ root: folder, configFile: false, logLevel: 'error' });

// Their server: the page, and a token for who is signed in.
const site = createServer(({ url }, response) => {
  if (url === '/earshot-token') return response.end(mint(agentId));
  const isScript = url.endsWith('.js'); // everything else is the page
  response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
  response.end(readFileSync(join(folder, 'dist', isScript ? url : 'index.html')));
});
await new Promise((done) => site.listen(0, '127.0.0.1', done));

// The README names the server where a reader would have it.
const browser = await launch(`--host-resolver-rules=MAP localhost:5000 ${new URL(server).host}`);
const page = await browser.newPage();
const complaints = [];
page.on('console', (message) => {
  if (message.type() === 'error') complaints.push(message.text());
});
page.on('pageerror', (error) => complaints.push(error.message));
await page.goto(`http://127.0.0.1:${site.address().port}/`);
await page.getByText('my bill is wrong').waitFor({ timeout: 15_000 }).catch(() => undefined);
const seen = { lines: await page.locator('li').allTextContents(), complaints };
await browser.close();
site.close();
process.stdout.write(JSON.stringify(seen));
