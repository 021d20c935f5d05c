import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'client', root: 'packages/client', include: ['test/**/*.test.ts'] } },
      {
        test: {
          name: 'react',
          root: 'packages/react',
          environment: 'happy-dom',
          include: ['test/**/*.test.tsx'],
        },
      },
      {
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
