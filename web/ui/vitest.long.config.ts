/** What takes minutes and needs a real server: run by tests/long, see test_reconnect.py there. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { root: 'packages/client', include: ['test/long/*.long.ts'], testTimeout: 120_000 },
});
