import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { TEST_LIMIT_MS } from './test/support/limits.ts'

// Real interpreters are started in tests: two files at a time is what two cores carry.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: TEST_LIMIT_MS,
    hookTimeout: TEST_LIMIT_MS,
    // Most of what a command costs that a test starts is the reading of its modules.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'cloaca-test-modules') },
  },
})
