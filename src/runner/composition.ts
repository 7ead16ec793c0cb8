/**
 * How interpreters are started, and wired to the runners that scripts open. Used by the two composition roots, `runner.ts`
 * (an engine that loads scripts) and `program.ts` (a script that opens engines of its own). Engine and store are loaded
 * while Python starts, which is what the start of a program waits for: what is imported here comes before it.
 */

import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { borderDigest } from '../border/build.ts'
import type { LoadTarget, ProcessSettings, ProgramTarget, PythonOptions, RunningProgram } from '../border/protocol.ts'
import { schemaNameProblem } from '../database/names.ts'
import type { DatabasePlace } from '../database/place.ts'
import { shownUrl } from '../database/shown-url.ts'
import { type EngineOpener, ScriptRunners } from '../default-runner/runners.ts'
import { SystemClock } from '../engine/clock.ts'
import type { Engine } from '../engine/engine.ts'
import { EngineEvents } from '../engine/events.ts'
import type { StreamBackends } from '../engine/graphs/streams.ts'
import type { Clock } from '../engine/ports.ts'
import { UsageError } from '../errors.ts'
import { installedPackageFolders } from '../host/environment/machine-packages.ts'
import type { PythonChoice } from '../host/environment/python-choice.ts'
import type { ParentLines } from '../host/parent/parent-peer.ts'
import { SETTINGS_OF_PARENT } from '../host/parent/parent-starter.ts'
import type { HostLimits } from '../host/process/host-limits.ts'
import { PythonHost } from '../host/python-host.ts'
import { type Restrictions, UNRESTRICTED } from '../host/restriction/restriction.ts'
import { PythonRefusal, type ScriptAnswer, type ScriptCall } from '../host/script-call.ts'
import type { LoadedScript } from '../host/scripts/script-generations.ts'
import type { LiveRegistry } from '../registry/live-registry.ts'
import type { RegistryProblem } from '../registry/registry.ts'
import type { SecretProvider } from '../secrets/provider.ts'
import { SETTINGS } from '../settings/table.ts'
import { isPostgresUrl, MEMORY_PATH, parseDatabaseUrl } from '../store/database-url.ts'
import { DatabaseAdmin } from '../store/postgres/admin/database-admin.ts'
import { GenerationRegistries } from './generation-registries.ts'
import { refuseUngranted } from './restriction/asked-databases.ts'
import type { ProgramStart } from './start/program-start.ts'
import { scriptProcess } from './start/script-process.ts'

/** Durability of the database; see `RunnerOptions.durability`. */
export type Durability = 'full' | 'normal'

/**
 * The durability that `CLOACA_DURABILITY` asks for; `full` by default.
 * @internal
 */
export function defaultDurability(): Durability {
  const wanted = process.env.CLOACA_DURABILITY || SETTINGS.durability.default
  if (wanted === 'full' || wanted === 'normal') return wanted
  throw new UsageError('INVALID_ARGUMENT', `CLOACA_DURABILITY must be "full" or "normal", but it is "${wanted}".`)
}

borderDigest() // of the code that is loaded now, whatever is installed later

/** The Python package lies beside `src` and `dist` alike. */
const PACKAGE_FOLDER = fileURLToPath(new URL('../../python', import.meta.url))

/**
 * The clock of one runner's parts: what its timers and listeners throw is reported by the runner's events. What keeps the
 * process alive is decided by `KeepAlive`, not by timers that are pending.
 * @internal
 */
export function clockOf(events: EngineEvents): Clock {
  return new SystemClock({ keepsProcessAlive: false, onTrouble: (trouble) => events.emit('trouble', trouble) })
}

/**
 * The database that is meant when none is named.
 * @internal
 */
export function defaultDatabaseUrl(): string {
  return process.env.CLOACA_DATABASE_URL || SETTINGS.database.default
}

/**
 * Returns the database that the options of a runner name. Throws `INVALID_ARGUMENT` for an impossible schema.
 * @internal
 */
export function databasePlace({ database, schema }: { database?: string; schema?: string | null }): DatabasePlace {
  // A variable that is meant for the database of another one is not heeded.
  const ofEnvironment = database === undefined ? process.env[SETTINGS.schema.variable] || null : null
  const place = { url: database ?? defaultDatabaseUrl(), schema: schema === undefined ? ofEnvironment : schema }
  if (place.schema === null) return Object.freeze(place)
  const problem = isPostgresUrl(place.url)
    ? schemaNameProblem(place.schema)
    : `"${place.schema}" needs PostgreSQL, but the database is "${shownUrl(place.url)}". On SQLite, use a separate file for each tenant`
  if (problem === null) return Object.freeze(place)
  throw new UsageError('INVALID_ARGUMENT', `Cannot use the schema: ${problem}.`, {
    path: 'schema',
    reason: problem,
  })
}

/**
 * Returns the path of the file of a database URL. Returns null for a database in memory or on a server. Throws
 * `INVALID_DATABASE_URL`.
 */
export function databaseFile(databaseUrl = defaultDatabaseUrl()): string | null {
  const location = parseDatabaseUrl(databaseUrl)
  if (location.kind === 'postgres') return null
  return location.path === MEMORY_PATH || location.path.startsWith('file:') ? null : location.path
}

/**
 * Interpreters, and the runners that the scripts in them open.
 * @internal
 */
export interface Scripting {
  readonly host: PythonHost
  readonly runners: ScriptRunners
}

/** @internal */
export interface ScriptingOptions {
  readonly argv: readonly string[]
  readonly interpreters: number
  /** As of `RunnerOptions`. */
  readonly pythonChoice?: PythonChoice | undefined
  readonly pythonFor?: Readonly<Record<string, PythonChoice>> | undefined
  readonly restrictions?: Restrictions | undefined
  /** Aborted by who does not wait for the start any more. */
  readonly stopping?: AbortSignal
  readonly isProgram: boolean
  /** The program, where it is for one. */
  readonly program?: ProgramTarget | RunningProgram | null
  /** Returns the scripts that this process loads now, unless it runs a program. */
  readonly scripts?: () => readonly LoadTarget[]
  /** Where the program runs already that has started this process; else Python is started. */
  readonly parent?: ParentLines | null
  /** What was done for a program already; null, the default: nothing. */
  readonly start?: ProgramStart | null
  readonly stdoutTo?: 'stdout' | 'stderr'
  readonly prefixesOutput?: boolean
  readonly limits: HostLimits
  readonly durability: Durability
  /** Null where tasks have none. */
  readonly secrets: SecretProvider | null
  /** What the engines that scripts open read streams with. */
  readonly streams: StreamBackends
  /** What is in use, of all scripts. */
  readonly registry: LiveRegistry
  /** The engine that serves the scripts: a runner that one of them opens on the same database is this one. Null for a program. */
  readonly served: { readonly database: DatabasePlace; readonly engine: Engine } | null
  /** Whether the runners that scripts open poll and fire by themselves, or only run what they are asked for. */
  readonly startsRunners: boolean
  /** Scripts are only looked at: what they open has a database in memory, and what they want to execute is refused. Default false. */
  readonly isDryRun?: boolean
  readonly clock: Clock
  /** Watches the engines that scripts open. */
  readonly watch: (events: EngineEvents) => void
  /** A script is there again in a new interpreter. */
  readonly reloaded: (script: LoadedScript) => void
  /** A script could not be loaded into a new interpreter. */
  readonly notServed: (script: string) => void
  readonly quarantined: (script: string, label: string, reason: string) => void
  /** What python was told on its command line. */
  readonly python?: PythonOptions | undefined
  readonly notice: (message: string) => void
  /** Hears why the start takes longer than usual. */
  readonly preparing: (message: string, isDone: boolean) => void
}

/** What is wrong with what a script declares while it runs; what is wrong at its loading is in the report of that. */
function sayProblems(problems: readonly RegistryProblem[], notice: (message: string) => void): void {
  for (const { message, script } of problems) notice(`Script "${script}": ${message}`)
}

/**
 * Starts Python. Declarations that scripts make while they run reach the registry by themselves; what a script declares while
 * it is loaded is known to its own runners at once, and in use when all of it is good.
 * @internal
 */
export async function openScripting(options: ScriptingOptions): Promise<Scripting> {
  const { registry, notice, served } = options
  const registries = new GenerationRegistries(options.isProgram ? registry : null)
  const settings = processSettingsOf(options)
  const open: EngineOpener = async (database, engineSettings, generation) => {
    if (served !== null && isSameDatabase(database, served.database)) {
      await served.engine.enter()
      registries.share(generation, registry)
      host.useAhead(generation)
      return { engine: served.engine, close: () => Promise.resolve() }
    }
    const { openEngine } = await engineAssembly
    const events = new EngineEvents()
    options.watch(events)
    return await openEngine(options.isDryRun ? inMemoryInstead(database) : database, {
      host: host.ofGeneration(generation),
      registry: registries.of(generation),
      ...{ settings: engineSettings, streams: options.streams },
      durability: options.durability,
      events,
      clock: clockOf(events),
      notice,
      isStarted: options.startsRunners,
    })
  }
  const packageFolders = () => installedPackageFolders(settings.environ)
  const adminOf = (url: string) => new DatabaseAdmin(url)
  const runners = new ScriptRunners(open, options.clock, { packageFolders, adminOf, secrets: options.secrets })
  const opening = PythonHost.open({
    clock: options.clock,
    process: settings,
    ...{ packageFolder: PACKAGE_FOLDER, restrictions: options.restrictions ?? UNRESTRICTED },
    ...{ python: options.pythonChoice, pythonFor: options.pythonFor, interpreters: options.interpreters },
    ...(options.stopping && { stopping: options.stopping }),
    ...{ isProgram: options.isProgram, program: options.program ?? null, scripts: () => scriptsOf(options) },
    ...{ parent: options.parent ?? null, headStart: options.start?.headStart ?? null },
    ...(options.stdoutTo && { stdoutTo: options.stdoutTo }),
    prefixesOutput: options.prefixesOutput ?? false,
    limits: options.limits,
    events: {
      call: (call) => answerOf(call, options, runners),
      declared(generation, declarations, isInUse) {
        const problems = registries.declare(generation, declarations)
        if (options.isProgram) for (const { message } of problems) notice(message)
        else if (isInUse) sayProblems(registry.declare(declarations), notice)
      },
      gone(generation) {
        registries.forget(generation)
        void runners.closeOf(generation, notice)
      },
      ...{ reloaded: options.reloaded, notServed: options.notServed, quarantined: options.quarantined },
      notice,
      preparing: options.preparing,
    },
  })
  const engineAssembly = loadEngine()
  engineAssembly.catch(() => undefined) // whoever opens a runner gets the error
  const host: PythonHost = await opening
  return { host, runners }
}

function scriptsOf({ scripts, program }: ScriptingOptions): readonly LoadTarget[] {
  const ofProgram = program?.kind === 'file' ? [{ kind: 'file' as const, path: resolve(program.path) }] : []
  return [...(scripts?.() ?? []), ...ofProgram]
}

/** In a turn of its own, once the interpreter's process has been started: loading it keeps this one busy for 75 ms. */
async function loadEngine() {
  await setImmediate()
  return await import('./engine-composition.ts')
}

function processSettingsOf(options: ScriptingOptions): ProcessSettings {
  const { argv, notice, python, limits, start = null, parent = null } = options
  if (parent !== null) return SETTINGS_OF_PARENT
  return start?.process ?? scriptProcess(argv, notice, { python, memoryMebibytes: limits.memoryMebibytes })
}

/** A URL that is not understood is a mistake of the script. */
function inMemoryInstead({ url }: DatabasePlace): DatabasePlace {
  parseDatabaseUrl(url)
  return { url: MEMORY_PATH, schema: null }
}

/** What a script that is only checked may not do, with the exception and the beginning of the message that Python documents. */
const REFUSED_WHEN_DRY: Readonly<Record<string, readonly [exception: string, failure: string]>> = {
  'runner.execute': ['ValueError', 'Workflow execution failed: '],
  'tenants.create': ['RuntimeError', 'Failed to create tenant: '],
  'tenants.remove': ['RuntimeError', 'Failed to remove tenant: '],
}

async function answerOf(
  call: ScriptCall,
  { served, isDryRun = false }: ScriptingOptions,
  runners: ScriptRunners,
): Promise<ScriptAnswer> {
  refuseUngranted(call, (asked) => served !== null && isSameDatabase(asked, served.database))
  return await (isDryRun && call.method in REFUSED_WHEN_DRY ? refuseToDo(call) : runners.answer(call))
}

function refuseToDo({ method }: ScriptCall): Promise<never> {
  const [exception, failure] = REFUSED_WHEN_DRY[method] ?? ['RuntimeError', '']
  const message =
    `${failure}the script is only being checked, so nothing is started. ` +
    'Move the code of a program under: if __name__ == "__main__":'
  return Promise.reject(new PythonRefusal(exception, message))
}

function isSameDatabase(one: DatabasePlace, other: DatabasePlace): boolean {
  const [first, second] = [one, other].map(identityOfDatabase)
  return typeof first === 'string' && first === second
}

/** The same for every name of one file; null for one in memory, and for a URL that whoever opens it will refuse. */
function identityOfDatabase({ url, schema }: DatabasePlace): string | null {
  if (isPostgresUrl(url)) {
    const [place = '', query = ''] = url.split('?', 2)
    const parameters = new URLSearchParams(query)
    const named = schema ?? parameters.get('schema')
    parameters.delete('schema')
    parameters.sort()
    return JSON.stringify([place.replace(/^postgres:/i, 'postgresql:'), String(parameters), named])
  }
  try {
    const file = databaseFile(url)
    return file && realpathSync(file)
  } catch {
    return null
  }
}
