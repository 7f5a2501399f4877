import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    maxWorkers: 2,
    // Each store's thread strips types with WebAssembly. Where such threads come and go by the hundred, V8 now and then crashes
    // when it compiles calls out of it anew (Runtime_TierUpWasmToJSWrapper, NativeModule::FreeCode): after so many it never does.
    execArgv: ['--wasm-wrapper-tiering-budget=2000000000'],
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
