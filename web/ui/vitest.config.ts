import { defaultClientConditions, defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

/** The packages from their sources, as the desk's build takes them. */
const SOURCE = 'earshot-source';
const resolution = {
  resolve: { conditions: [SOURCE, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [SOURCE, ...defaultServerConditions] } },
};

export default defineConfig({
  test: {
    projects: [
      {
        ...resolution,
        test: { name: 'client', root: 'packages/client', include: ['test/**/*.test.ts'] },
      },
      {
        ...resolution,
        test: {
          name: 'react',
          root: 'packages/react',
          environment: 'happy-dom',
          include: ['test/**/*.test.tsx'],
        },
      },
      {
        ...resolution,
        test: {
          name: 'desk',
          root: 'desk',
          environment: 'happy-dom',
          include: ['test/**/*.test.{ts,tsx}'],
        },
      },
    ],
  },
});
