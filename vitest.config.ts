import { defineConfig } from 'vitest/config'
import { LIMIT_MS, TEST_LIMIT_MS } from './test/support/limits.ts'
import { LongestFirst } from './test/support/longest-first.ts'
import { TEST_CACHE } from './test/support/test-cache.ts'
import { CPYTHON_PROJECTS, POSTGRES_PROJECTS, SHARED_PROJECTS } from './test/support/test-projects.ts'

/** Campaigns, with `CLOACA_CAMPAIGNS=1`. */
const campaigns = process.env.CLOACA_CAMPAIGNS === '1' ? ['test/**/*.campaign.ts'] : []
/** Pictures of the page for a review, with `CLOACA_PICTURES=1`. */
const pictures = process.env.CLOACA_PICTURES ? ['tools/pictures/*.test.ts'] : []

/** Options of single projects. */
const OPTIONS: Readonly<Record<string, object>> = {
  // With `isolate: false`, these tests took 73 s instead of 80 s, and two failed because of the state of others.
  core: { setupFiles: ['test/support/core-setup.ts'] },
  // Only tests of the page build the page and start a browser.
  page: { globalSetup: ['test/support/page-setup.ts'] },
  cpython: { env: { CLOACA_TEST_PYTHON: 'cpython' } },
  plain: { env: { CLOACA_TEST_PYTHON: 'plain' } },
}

function project([name, files]: readonly [string, ReadonlySet<string>]) {
  const include = [...files, ...(name === 'page' ? pictures : [])]
  return { extends: true as const, test: { name, include, ...OPTIONS[name.replace('-night', '')] } }
}

// Three files run at a time on two cores, because tests start real interpreters and mostly wait for them.
export default defineConfig({
  test: {
    projects: [
      ...Object.entries(SHARED_PROJECTS).map(project),
      ...(process.env.CLOACA_TEST_DATABASE === 'postgres' ? Object.entries(POSTGRES_PROJECTS).map(project) : []),
      ...(process.env.CLOACA_TEST_PYTHON === undefined ? [] : Object.entries(CPYTHON_PROJECTS).map(project)),
      // Campaigns take a minute, and run only if they are named.
      { extends: true, test: { name: 'campaign', include: campaigns } },
    ],
    sequence: { sequencer: LongestFirst },
    globalSetup: 'test/support/global-setup.ts',
    setupFiles: ['test/support/test-meta.ts'],
    // Scripts are loaded as native modules of Node, with its module cache and its hooks.
    server: { deps: { external: [/\/functions\/loading\/native-import\.ts$/] } },
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: TEST_LIMIT_MS,
    hookTimeout: TEST_LIMIT_MS,
    // Polled values may be late on a busy machine. A test without an assertion fails.
    expect: { poll: { timeout: LIMIT_MS, interval: 50 }, requireAssertions: true },
    tags: [
      // A busy machine does not excuse a wrong value in a proof; see `tools/again/second-run.ts`.
      { name: 'proof', description: 'Proves that nothing is lost, doubled or disclosed.' },
      {
        name: 'night',
        description: 'Takes long, or needs a quiet machine. Runs in `.ci/run night`, or if it is named.',
      },
    ],
    // A compile cache, because loading its modules is most of the time of a command that a test starts.
    env: { NODE_COMPILE_CACHE: `${TEST_CACHE}-modules` },
  },
})
