/**
 * What the browser loads, in bytes after minification and gzip, against its budgets. What is
 * over fails: node scripts/sizes.mjs. The desk's rows need a built desk and are left out
 * without one, unless --all is said.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const KIB = 1024;
const ENTRY = 'entry.js';
/** What an application imports of the client whatever it does. */
const CLIENT = `export { createClient, RequestError, UnauthorizedError } from '@earshot/client';`;

/** Bytes of what `source` loads at once, and of what it loads later by itself. */
async function sizeOf(source, external) {
  const bundle = await rolldown({
    input: ENTRY,
    external,
    cwd: root,
    logLevel: 'silent',
    resolve: { conditionNames: ['earshot-source', 'import'] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === ENTRY ? `${root}${ENTRY}` : null),
        load: (id) => (id === `${root}${ENTRY}` ? source : null),
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'esm', minify: true, comments: false });
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]));
  const atOnce = new Set();
  const visit = (name) => {
    if (!chunks.has(name) || atOnce.has(name)) return;
    atOnce.add(name);
    chunks.get(name).imports.forEach(visit);
  };
  output.filter((chunk) => chunk.isEntry).forEach((chunk) => visit(chunk.fileName));
  const sum = (wanted) =>
    output
      .filter((chunk) => atOnce.has(chunk.fileName) === wanted)
      .reduce((bytes, chunk) => bytes + gzipSync(chunk.code).length, 0);
  return { atOnce: sum(true), later: sum(false) };
}

function deskSize(ending) {
  const folder = `${root}desk/dist/assets/`;
  const files = readdirSync(folder).filter((name) => name.endsWith(ending));
  return files.reduce((sum, name) => sum + gzipSync(readFileSync(folder + name)).length, 0);
}

const client = await sizeOf(CLIENT, ['socket.io-client']);
const packages = /^(react|socket\.io-client|@earshot\/client)/;
const react = await sizeOf(`export * from '@earshot/react';`, packages);
const rows = [
  ['@earshot/client, without socket.io-client', client.atOnce, 8 * KIB],
  ['@earshot/client, loaded when it connects or asks by HTTP', client.later, 2.5 * KIB],
  ['@earshot/react, all of it', react.atOnce, 2 * KIB],
];
for (const entry of ['devtools', 'fills', 'paint', 'seen', 'supervisor']) {
  const { atOnce } = await sizeOf(`export * from '@earshot/client/${entry}';`, []);
  rows.push([`@earshot/client/${entry}, alone`, atOnce, 1.5 * KIB]);
}
if (existsSync(`${root}desk/dist`) || process.argv.includes('--all')) {
  rows.push(['desk, JavaScript', deskSize('.js'), 160 * KIB]);
  rows.push(['desk, CSS', deskSize('.css'), 16 * KIB]);
}
for (const [name, bytes, budget] of rows) {
  const verdict = bytes <= budget ? 'ok' : 'OVER';
  console.log(`${name}: ${(bytes / KIB).toFixed(1)} of ${budget / KIB} KiB gz ${verdict}`);
}
process.exitCode = rows.some(([, bytes, budget]) => bytes > budget) ? 1 : 0;
