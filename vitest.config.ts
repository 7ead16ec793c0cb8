import { defineConfig } from 'vitest/config'
import { LIMIT_MS, TEST_LIMIT_MS } from './test/support/limits.ts'
import { TEST_CACHE } from './test/support/test-cache.ts'

/** `CLOACA_CAMPAIGNS=1`: the campaigns, too. */
const campaigns = process.env.CLOACA_CAMPAIGNS === '1' ? ['test/**/*.campaign.ts'] : []

/** What needs nothing but a store and a server, and takes two minutes on two cores. */
const POSTGRES_STORE = 'test/store/postgres-{contract,faults,graphs,migration,parts,snapshot,tenants}.test.ts'

/**
 * `CLOACA_TEST_DATABASE=postgres`: the tests of the store on PostgreSQL, and the scenarios that go through a store, which then
 * is PostgreSQL's; see `scenario-database.ts`.
 */
const onPostgres =
  process.env.CLOACA_TEST_DATABASE === 'postgres'
    ? [
        'test/scenarios/{bad_input,blocking_execute,cancelling,classic,contexts,crashes,deduplication}.test.ts',
        'test/scenarios/{logging-of-tasks,mixed-graph,output-of-tasks,overlapping-requests,polling,tenants,trigger_page,waiting-triggers}.test.ts',
        'test/http/{activity,api,events,history,numbers}.test.ts',
        'test/runner/execute.test.ts',
        'test/postgres/*.test.ts',
        POSTGRES_STORE,
      ]
    : []

/**
 * `CLOACA_TEST_PYTHON=cpython`: scenarios and examples under a CPython of the machine, by `--python` and by python itself; see `test-python.ts`.
 * What is about Pyodide alone is left out: its packages, and the standard library where that is the engine's own.
 */
const UNDER_CPYTHON =
  process.env.CLOACA_TEST_PYTHON === undefined
    ? []
    : ['test/scenarios/*.test.ts', 'test/examples.test.ts', 'test/runner/execute.test.ts']
const OF_CPYTHON = 'test/cpython/**/*.test.ts'
/** Of these: what needs packages that are compiled for the machine, or takes long. */
const NATIVE_WORK = 'test/cpython/{large,native}-work.test.ts'
/** What takes compilers half a minute. */
const COMPILED = ['test/types/*.test.ts', 'test/example-projects.test.ts']
/** What readers see: samples of the manual, and examples. */
const DOCUMENTS = ['test/manual-samples.test.ts', 'test/examples.test.ts', 'test/graphs/examples-live.test.ts']
/** What fetches packages, installs and loads them. */
const PACKAGES = 'test/scenarios/{no-wheel,packages,pyodide-builds}.test.ts'
const ABOUT_PYODIDE = [PACKAGES]

/** What runs programs: all else is served, where python itself has no part. */
const PROGRAMS =
  process.env.CLOACA_TEST_PYTHON === undefined
    ? []
    : [
        'test/scenarios/{bad_input,blocking_execute,classic,contexts,ends,event-loops,files-of-others,https}.test.ts',
        'test/scenarios/{network,output-of-tasks,overlapping-requests,process,signals,sqlite-files}.test.ts',
        'test/scenarios/{tenants,terminal,threads,tracing,trigger_page,user_suite}.test.ts',
        'test/examples.test.ts',
      ]

// Real interpreters are started in tests, which wait more than they compute: three files at a time are what two cores carry.
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
      // What takes a minute: it runs when it is asked for by its name.
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
          exclude: ABOUT_PYODIDE,
          env: { CLOACA_TEST_PYTHON: 'cpython' },
        },
      },
      {
        extends: true,
        test: { name: 'plain', include: PROGRAMS, env: { CLOACA_TEST_PYTHON: 'plain' } },
      },
      // The page is built, and one browser is started, only where tests of the page are run.
      {
        extends: true,
        test: { name: 'page', include: ['test/page/**/*.test.ts'], globalSetup: ['test/support/page-setup.ts'] },
      },
    ],
    globalSetup: 'test/support/global-setup.ts',
    // Scripts are modules of Node, with its cache and its hooks.
    server: { deps: { external: [/\/functions\/loading\/native-import\.ts$/] } },
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: TEST_LIMIT_MS,
    hookTimeout: TEST_LIMIT_MS,
    // What is looked at again and again comes when it comes: the machine may be busy.
    expect: { poll: { timeout: LIMIT_MS, interval: 50 } },
    // Most of what a command costs that a test starts is the reading of its modules.
    env: { NODE_COMPILE_CACHE: `${TEST_CACHE}-modules` },
  },
})
