import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.ts',
            'certs/**/*.test.ts',
            'tools/**/*.test.ts',
            'test/docs/**/*.test.ts',
            'test/hydrate/**/*.test.ts',
            'test/manifests/**/*.test.ts',
            'test/testbed/**/*.test.ts',
            'test/fuzz/**/*.test.ts',
          ],
          // They start processes, and a machine may be busy.
          testTimeout: 300_000,
          hookTimeout: 60_000,
          // The event loop itself goes on by itself.
          fakeTimers: {
            toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
          },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/setup.ts'],
          // One control plane serves all files. Each file uses its own namespaces.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          // Each file stops a control plane of its own, and mostly waits.
          maxWorkers: 2,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'node',
          include: ['test/node/**/*.test.ts'],
          globalSetup: ['test/node/setup.ts'],
          // One cluster serves all files. Some stop the product.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
