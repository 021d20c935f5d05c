import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { fakeEarshot } from './dev/fakeEarshot.ts';

/** `vite` proxies to a real server here; `vite --mode fake` needs none. */
const SERVER = process.env['EARSHOT_URL'] ?? 'http://127.0.0.1:5000';

export default defineConfig(({ mode }) => {
  const fake = mode === 'fake';
  return {
    plugins: [react(), ...(fake ? [fakeEarshot()] : [])],
    build: {
      assetsDir: 'assets',
      assetsInlineLimit: 0, // a data: address would need an exception in the policy
      target: 'es2022',
    },
    server: {
      host: '127.0.0.1',
      ...(!fake && { proxy: { '/v1': SERVER, '/socket.io': { target: SERVER, ws: true } } }),
    },
    preview: { host: '127.0.0.1' },
  };
});
