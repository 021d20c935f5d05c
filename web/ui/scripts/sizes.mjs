/**
 * What the browser loads, in bytes after gzip, against its budgets (frontend.md): node scripts/sizes.mjs
 * Needs a built desk. Exits 1 when one is over.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const KIB = 1024;

/** A package alone, minified as its consumer would. */
async function packageSize(entry, external) {
  const output = await build({
    configFile: false,
    logLevel: 'silent',
    root,
    build: {
      write: false,
      minify: true,
      rollupOptions: { input: `${root}${entry}`, external, preserveEntrySignatures: 'strict' },
    },
  });
  const chunks = (Array.isArray(output) ? output : [output]).flatMap((one) => one.output);
  return chunks.slice(0,1).reduce((sum, chunk) => sum + gzipSync(chunk.code ?? '').length, 0);
}

function deskSize(ending) {
  const folder = `${root}desk/dist/assets/`;
  const files = readdirSync(folder).filter((name) => name.endsWith(ending));
  return files.reduce((sum, name) => sum + gzipSync(readFileSync(folder + name)).length, 0);
}

const outside = ['socket.io-client', 'react', 'react/jsx-runtime', '@earshot/client'];
const rows = [
  [
    '@earshot/client, without socket.io-client',
    await packageSize('packages/client/src/index.ts', outside),
    8 * KIB,
  ],
  ['@earshot/react', await packageSize('packages/react/src/index.ts', outside), 2 * KIB],
  ['desk, JavaScript', deskSize('.js'), 160 * KIB],
  ['desk, CSS', deskSize('.css'), 16 * KIB],
];
for (const [name, bytes, budget] of rows) {
  const verdict = bytes <= budget ? 'ok' : 'OVER';
  console.log(`${name}: ${(bytes / KIB).toFixed(1)} of ${budget / KIB} KiB gz ${verdict}`);
}
process.exitCode = rows.some(([, bytes, budget]) => bytes > budget) ? 1 : 0;
