import { defaultClientConditions, defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

/** The packages from their sources, as the desk's build takes them. */
const SOURCE = 'earshot-source';
const resolution = {
  resolve: { conditions: [SOURCE, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [SOURCE, ...defaultServerConditions] } },
};

/** They bound a failure: a machine that does other things too is no fault of what is tested. */
const patience = { testTimeout: 60_000, hookTimeout: 60_000, teardownTimeout: 60_000 };

export default defineConfig({
  test: {
    projects: [
      {
        ...resolution,
        test: { ...patience, name: 'client', root: 'packages/client', include: ['test/**/*.test.ts'] },
      },
      {
        ...resolution,
        test: {
          ...patience,
          name: 'react',
          root: 'packages/react',
          environment: 'happy-dom',
          include: ['test/**/*.test.tsx'],
        },
      },
      {
        ...resolution,
        test: {
          ...patience,
          name: 'desk',
          root: 'desk',
          environment: 'happy-dom',
          include: ['test/**/*.test.{ts,tsx}'],
        },
      },
    ],
  },
});
