/**
 * Test files of each project of vitest. `core` and `live` are `npm test`; CONTRIBUTING.md has the command of each other
 * project. Tests with the tag `night` run only if they are named, and in `.ci/run night`.
 */

import { globSync } from 'node:fs'
import { ROOT } from './source-tree.ts'

/**
 * Tests that start no process and do not depend on real time: a failure is never excused by a busy machine.
 * `core-setup.ts` fails tests that start a process.
 */
const CORE = [
  'test/{attack,authoring,border,cluster,database,default-runner,engine,forms,interpreter}/**/*.test.ts',
  'test/{model,options,patterns,registry,secrets,settings}/**/*.test.ts',
  'test/{architecture,docs,manual-facts,manual,python-architecture}.test.ts',
  'test/alerts/{alert-routes,delivery-loop,direct-alerts,stored-alerts}.test.ts',
  'test/cli/{graph,grep,progress,python-options}.test.ts',
  'test/cpython/differences.test.ts',
  'test/host/{ends-itself,left-behind,open-requests,output-pipes,process-signals}.test.ts',
  'test/host/{project-packages,replacement,snapshot-cache,suspects,watchdog}.test.ts',
  'test/http/{alerts,attacks,openapi,proxy,safety,shared-answers,start-keys,trigger-states,wrong-tokens}.test.ts',
  'test/native/{codec.property,codec,corpus,json-test-suite}.test.ts',
  'test/restricted/grants.test.ts',
  'test/runner/{contexts,log-lines,script-dispatcher,script-sources,unbound-limits,wait-words}.test.ts',
  'test/store/{incident-state,limits-restart,moved,parts,postgres-address,replaced-logs}.test.ts',
  'test/store/{skip-writer,step-queue,store-contract,surroundings,upkeep}.test.ts',
  'test/streams/event-text.test.ts',
  'test/tools/{changelog,ci,dependencies,packages,zone-names}.test.ts',
]
/** Tests in the folders of `core` that start processes or wait for real time. */
const NOT_CORE = [
  'test/authoring/place.test.ts',
  'test/border/{build,machine-clock}.test.ts',
  'test/engine/{clock,stalled-process}.test.ts',
  'test/engine/services/killed-requests.test.ts',
  'test/settings/owners.test.ts',
]
/** Tests that kill processes, fill memory, or attack the isolation of scripts. */
const DEEP = [
  'test/host/{ceilings,death,isolation,killed,loaded-again,quarantine,recursion,snapshot,stack-pointer}.test.ts',
  'test/restricted/!(grants).test.ts',
  'test/runner/generations.test.ts',
]
/** Tests of texts for readers: language, samples of the manual, and examples. */
const DOCUMENTS = [
  'test/{examples,language,manual-samples}.test.ts',
  'test/alerts/recipes.test.ts',
  'test/graphs/examples-live.test.ts',
]
/** Tests that run compilers or npm for half a minute. */
const COMPILED = ['test/types/*.test.ts', 'test/tools/{package,test-command}.test.ts', 'test/example-projects.test.ts']
/** Tests of CPython that need compiled packages, or that take long. */
const NATIVE_WORK = ['test/cpython/{large,native}-work.test.ts']
/** Tests that download, install and load packages. */
const PACKAGES = ['test/scenarios/{no-wheel,packages,pyodide-builds}.test.ts']

/** Tests of PostgreSQL alone, and of the store on it. */
const POSTGRES_STORE = [
  'test/postgres/*.test.ts',
  'test/store/postgres-{contract,faults,graphs,incidents,migration,parts,snapshot,tenants}.test.ts',
]
/** Tests that use a store, which is PostgreSQL with `CLOACA_TEST_DATABASE=postgres`; see `scenario-database.ts`. */
const ON_POSTGRES = [
  'test/scenarios/{bad_input,blocking_execute,cancelling,classic,contexts,crashes,deduplication}.test.ts',
  'test/scenarios/{logging-of-tasks,mixed-graph,output-of-tasks,overlapping-requests,polling,tenants}.test.ts',
  'test/scenarios/{trigger_page,waiting-triggers}.test.ts',
  'test/http/{activity,api,events,history,numbers,waits}.test.ts',
  'test/runner/execute.test.ts',
]
const POSTGRES_IN_GATE = [
  'test/store/postgres-{contract,faults,parts,tenants}.test.ts',
  'test/postgres/{administrators,hostile-tenant,locks,tenant-connections,tenant-removal}.test.ts',
  'test/scenarios/{deduplication,mixed-graph,tenants}.test.ts',
  'test/http/history.test.ts',
]

/** Scenarios and examples under the system's CPython; see `test-python.ts`. */
const UNDER_CPYTHON = ['test/scenarios/*.test.ts', 'test/examples.test.ts', 'test/runner/execute.test.ts']
/** Tests that always run in Pyodide. */
const ONLY_PYODIDE = [...PACKAGES, 'test/scenarios/terminal.test.ts']
/** Scenarios in which CPython differs from Pyodide, and those that start programs. */
const CPYTHON_IN_GATE = [
  'test/scenarios/{output-of-tasks,process,signals,sqlite-files,waiting-triggers}.test.ts',
  'test/scenarios/{cancelling,classic,contexts,ends,event-loops}.test.ts',
  'test/scenarios/{files-of-others,network,once-and-children,threads,tracing}.test.ts',
  'test/cpython/native-work.test.ts',
]
/** Tests of programs, which plain python can run. All other tests need a serving engine. */
const PROGRAMS = [
  'test/scenarios/{bad_input,blocking_execute,classic,contexts,ends,event-loops,files-of-others,https}.test.ts',
  'test/scenarios/{network,output-of-tasks,overlapping-requests,process,signals,sqlite-files}.test.ts',
  'test/scenarios/{tenants,threads,tracing,trigger_page,user_suite}.test.ts',
  'test/examples.test.ts',
]
const PROGRAMS_IN_GATE = ['test/scenarios/{classic,ends,event-loops,output-of-tasks,process,signals,threads}.test.ts']

function filesOf(patterns: readonly string[]): ReadonlySet<string> {
  return new Set(globSync([...patterns], { cwd: ROOT }).map((path) => path.replaceAll('\\', '/')))
}

function without(files: ReadonlySet<string>, others: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...files].filter((file) => !others.has(file)))
}

const NAMED = {
  core: without(filesOf(CORE), filesOf(NOT_CORE)),
  deep: filesOf(DEEP),
  page: filesOf(['test/page/**/*.test.ts']),
  documents: filesOf(DOCUMENTS),
  compiled: filesOf(COMPILED),
  machine: without(filesOf(['test/cpython/**/*.test.ts']), filesOf([...CORE, ...NATIVE_WORK])),
  packages: filesOf(PACKAGES),
}
const ELSEWHERE = [...Object.values(NAMED), filesOf([...POSTGRES_STORE, ...NATIVE_WORK])]

/** Files of each project that uses Pyodide and SQLite. Each file is in one of them. One call of vitest can run all. */
export const SHARED_PROJECTS: Readonly<Record<string, ReadonlySet<string>>> = {
  ...NAMED,
  live: ELSEWHERE.reduce(without, filesOf(['test/**/*.test.ts'])),
}

/** Files of each project that uses PostgreSQL. Those of `postgres` are in the gate, the others run at night. */
export const POSTGRES_PROJECTS: Readonly<Record<string, ReadonlySet<string>>> = divided(
  'postgres',
  filesOf([...POSTGRES_STORE, ...ON_POSTGRES]),
  filesOf(POSTGRES_IN_GATE),
)

/** Files of each project that uses the system's CPython, with `--python` and as programs of plain python. */
export const CPYTHON_PROJECTS: Readonly<Record<string, ReadonlySet<string>>> = {
  ...divided(
    'cpython',
    without(filesOf([...UNDER_CPYTHON, ...NATIVE_WORK]), filesOf(ONLY_PYODIDE)),
    filesOf(CPYTHON_IN_GATE),
  ),
  ...divided('plain', filesOf(PROGRAMS), filesOf(PROGRAMS_IN_GATE)),
}

function divided(name: string, all: ReadonlySet<string>, gate: ReadonlySet<string>) {
  const night = without(all, gate)
  return { [name]: without(all, night), [`${name}-night`]: night }
}
