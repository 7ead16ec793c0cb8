import { defineConfig } from 'vitest/config'
import { LIMIT_MS, TEST_LIMIT_MS } from './test/support/limits.ts'
import { TEST_CACHE } from './test/support/test-cache.ts'

/** Campaigns, with `CLOACA_CAMPAIGNS=1`. */
const campaigns = process.env.CLOACA_CAMPAIGNS === '1' ? ['test/**/*.campaign.ts'] : []

/** Tests that need only a store and a PostgreSQL server. They take two minutes on two cores. */
const POSTGRES_STORE = 'test/store/postgres-{contract,faults,graphs,incidents,migration,parts,snapshot,tenants}.test.ts'

/**
 * Tests with `CLOACA_TEST_DATABASE=postgres`: tests of the PostgreSQL store, and scenarios that use a store, which then
 * is PostgreSQL; see `scenario-database.ts`.
 */
const onPostgres =
  process.env.CLOACA_TEST_DATABASE === 'postgres'
    ? [
        'test/scenarios/{bad_input,blocking_execute,cancelling,classic,contexts,crashes,deduplication}.test.ts',
        'test/scenarios/{logging-of-tasks,mixed-graph,output-of-tasks,overlapping-requests,polling,tenants,trigger_page,waiting-triggers}.test.ts',
        'test/http/{activity,api,events,history,numbers,waits}.test.ts',
        'test/runner/execute.test.ts',
        'test/postgres/*.test.ts',
        POSTGRES_STORE,
      ]
    : []

/**
 * Tests with `CLOACA_TEST_PYTHON=cpython`: scenarios and examples under the system's CPython, once with `--python` and
 * once as plain python programs; see `test-python.ts`. Tests of Pyodide's packages and of the engine's own standard
 * library are left out.
 */
const UNDER_CPYTHON =
  process.env.CLOACA_TEST_PYTHON === undefined
    ? []
    : ['test/scenarios/*.test.ts', 'test/examples.test.ts', 'test/runner/execute.test.ts']
const OF_CPYTHON = 'test/cpython/**/*.test.ts'
/** Tests of CPython that need compiled packages, or that take long. */
const NATIVE_WORK = 'test/cpython/{large,native}-work.test.ts'
/** Tests that run compilers for half a minute. */
const COMPILED = ['test/types/*.test.ts', 'test/tools/package.test.ts', 'test/example-projects.test.ts']
/** Tests of texts for readers: samples of the manual, and examples. */
const DOCUMENTS = [
  'test/alerts/recipes.test.ts',
  'test/manual-samples.test.ts',
  'test/examples.test.ts',
  'test/graphs/examples-live.test.ts',
]
/** Tests that download, install and load packages. */
const PACKAGES = 'test/scenarios/{no-wheel,packages,pyodide-builds}.test.ts'
/** Tests that always run in Pyodide. */
const ONLY_PYODIDE = [PACKAGES, 'test/scenarios/terminal.test.ts']

/** Tests of programs, which plain python can run. All other tests need a serving engine. */
const PROGRAMS =
  process.env.CLOACA_TEST_PYTHON === undefined
    ? []
    : [
        'test/scenarios/{bad_input,blocking_execute,classic,contexts,ends,event-loops,files-of-others,https}.test.ts',
        'test/scenarios/{network,output-of-tasks,overlapping-requests,process,signals,sqlite-files}.test.ts',
        'test/scenarios/{tenants,threads,tracing,trigger_page,user_suite}.test.ts',
        'test/examples.test.ts',
      ]

/** Pictures of the page for a review, with `CLOACA_PICTURES=1`. */
const PICTURES = process.env.CLOACA_PICTURES ? ['tools/pictures/*.test.ts'] : []

// Three files run at a time on two cores, because tests start real interpreters and mostly wait for them.
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'engine',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/page/**',
            'test/postgres/**',
            POSTGRES_STORE,
            OF_CPYTHON,
            ...COMPILED,
            ...DOCUMENTS,
            PACKAGES,
          ],
        },
      },
      // Campaigns take a minute, and run only if they are named.
      { extends: true, test: { name: 'campaign', include: campaigns } },
      { extends: true, test: { name: 'postgres', include: onPostgres } },
      { extends: true, test: { name: 'compiled', include: COMPILED } },
      { extends: true, test: { name: 'packages', include: [PACKAGES] } },
      { extends: true, test: { name: 'documents', include: DOCUMENTS } },
      { extends: true, test: { name: 'machine', include: [OF_CPYTHON], exclude: [NATIVE_WORK] } },
      {
        extends: true,
        test: {
          name: 'cpython',
          include: UNDER_CPYTHON.length > 0 ? [...UNDER_CPYTHON, NATIVE_WORK] : [],
          exclude: ONLY_PYODIDE,
          env: { CLOACA_TEST_PYTHON: 'cpython' },
        },
      },
      {
        extends: true,
        test: { name: 'plain', include: PROGRAMS, env: { CLOACA_TEST_PYTHON: 'plain' } },
      },
      // Only tests of the page build the page and start a browser.
      {
        extends: true,
        test: {
          name: 'page',
          include: ['test/page/**/*.test.ts', ...PICTURES],
          globalSetup: ['test/support/page-setup.ts'],
        },
      },
    ],
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
    // A busy machine does not excuse a wrong value in a proof; see `tools/again/second-run.ts`.
    tags: [{ name: 'proof', description: 'Proves that nothing is lost, doubled or disclosed.' }],
    // A compile cache, because loading its modules is most of the time of a command that a test starts.
    env: { NODE_COMPILE_CACHE: `${TEST_CACHE}-modules` },
  },
})
