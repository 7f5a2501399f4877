import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    maxWorkers: 2,
    // Of tests that say they may run side by side.
    maxConcurrency: 3,
    // On a busy machine patience can run out: that, and only that, is tried once more, and the report says so ("retry x1").
    // A wrong verdict is not: what is lost, doubled or out of order once is a fault.
    retry: { count: 1, condition: /^never (came|quiet)|timed out in|aborted due to timeout/ },
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts', 'test/*.test.ts'], testTimeout: 15_000 } },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['test/contract/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/global.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
