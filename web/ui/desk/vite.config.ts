import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

/** `vite` proxies to a real server here; `vite --mode fake` needs none. */
const SERVER = process.env['EARSHOT_URL'] ?? 'http://127.0.0.1:5000';

export default defineConfig(async ({ mode }) => {
  const fake = mode === 'fake' ? (await import('./dev/fakeEarshot.ts')).fakeEarshot : null;
  return {
    plugins: [react(), fake?.()],
    // The packages from their sources: nothing is built for the desk but the desk.
    resolve: { conditions: ['earshot-source', ...defaultClientConditions] },
    build: {
      assetsDir: 'assets',
      assetsInlineLimit: 0, // a data: address would need an exception in the policy
      target: 'es2022',
      cssTarget: ['chrome123', 'firefox120', 'safari17.5'], // the first with light-dark()
    },
    server: {
      host: '127.0.0.1',
      ...(!fake && { proxy: { '/v1': SERVER, '/socket.io': { target: SERVER, ws: true } } }),
    },
    preview: { host: '127.0.0.1' },
  };
});
