/**
 * Starts interpreters, and wires them to the runners that scripts open. Used by the composition roots, `runner.ts` and
 * `python-program.ts`. Engine and store are loaded while Python starts; imports of this file delay the start of a
 * program.
 */

import { resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { borderDigest } from '../border/build.ts'
import type { LoadTarget, ProcessSettings, ProgramTarget, PythonOptions, RunningProgram } from '../border/protocol.ts'
import type { DatabasePlace } from '../database/database-place.ts'
import { MEMORY_PATH, parseDatabaseUrl } from '../database/url.ts'
import { type EngineOpener, ScriptRunners } from '../default-runner/runners.ts'
import { refuseUngranted } from '../default-runner/ungranted-databases.ts'
import type { Clock } from '../engine/clock-port.ts'
import type { Engine } from '../engine/engine.ts'
import { EngineEvents } from '../engine/engine-events.ts'
import type { StreamBackends } from '../engine/graphs/stream-port.ts'
import { SystemClock } from '../engine/system-clock.ts'
import { installedPackageFolders } from '../host/environment/machine-packages.ts'
import type { PythonChoice } from '../host/environment/python-choice.ts'
import type { ParentLines } from '../host/parent/parent-peer.ts'
import { SETTINGS_OF_PARENT } from '../host/parent/parent-starter.ts'
import type { HostLimits } from '../host/process/host-limits.ts'
import { PythonHost } from '../host/python-host.ts'
import { type Restrictions, UNRESTRICTED } from '../host/restriction/restriction.ts'
import { PythonRefusal, type ScriptAnswer, type ScriptCall } from '../host/script-call.ts'
import type { LoadedScript } from '../host/scripts/script-generations.ts'
import type { LimitOverrides } from '../model/limits/limits.ts'
import type { ScriptLineSink } from '../output/script-line.ts'
import type { LiveRegistry } from '../registry/live-registry.ts'
import type { RegistryProblem } from '../registry/registry.ts'
import type { SecretProvider } from '../secrets/provider.ts'
import { DatabaseAdmin } from '../tenants/database-admin.ts'
import type { AlertsFor } from './engine-composition.ts'
import { GenerationRegistries } from './generation-registries.ts'
import { type Durability, isSameDatabase } from './start/database-choice.ts'
import type { ProgramStart } from './start/program-start.ts'
import { scriptProcess } from './start/script-process.ts'

borderDigest() // caches the digest of the loaded code, since another version may be installed later

/** The Python package lies beside `src` and `dist` alike. */
const PACKAGE_FOLDER = fileURLToPath(new URL('../../python', import.meta.url))

/**
 * Returns the clock of one runner's parts, which reports errors of timers and listeners as events of the runner. Its
 * timers do not keep the process alive: `KeepAlive` does.
 * @internal
 */
export function makeRunnerClock(events: EngineEvents): Clock {
  return new SystemClock({ keepsProcessAlive: false, onTrouble: (trouble) => events.emit('trouble', trouble) })
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
  readonly pythonChoice?: PythonChoice | undefined
  readonly pythonFor?: Readonly<Record<string, PythonChoice>> | undefined
  readonly restrictions?: Restrictions | undefined
  /** Aborted when nobody waits for the start any more. */
  readonly stopping?: AbortSignal
  readonly isProgram: boolean
  readonly program?: ProgramTarget | RunningProgram | null
  /** Returns the scripts that this process loads now, unless it runs a program. */
  readonly scripts?: () => readonly LoadTarget[]
  /** Connection to the program that started this process. Null starts Python. */
  readonly parent?: ParentLines | null
  /** Start that was already begun for a program. Default: null, none. */
  readonly start?: ProgramStart | null
  readonly stdoutTo?: 'stdout' | 'stderr'
  readonly prefixesOutput?: boolean
  readonly output?: ScriptLineSink | undefined
  readonly limits: HostLimits
  /** Values that replace those of limits by key in the code, for engines that scripts open. Default: none. */
  readonly limitOverrides?: Readonly<Record<string, LimitOverrides>>
  readonly durability: Durability
  /** Null if tasks have no secrets. */
  readonly secrets: SecretProvider | null
  readonly streams: StreamBackends
  /** Declarations of all scripts that are in use. */
  readonly registry: LiveRegistry
  /** Engine that serves the scripts, and that they get if they open a runner on its database. Null for a program. */
  readonly served: { readonly database: DatabasePlace; readonly engine: Engine } | null
  /** Whether runners that scripts open poll and fire by themselves, or run only requested workflows. */
  readonly startsRunners: boolean
  /** Checks scripts only: runners use a database in memory, and executions are refused. Default: false. */
  readonly isDryRun?: boolean
  readonly clock: Clock
  /** Watches the events of an engine that a script opens. */
  readonly watch: (events: EngineEvents) => void
  /** Creates the alerts of an engine that a script opens. Default: none. */
  readonly alertsFor?: AlertsFor
  /** Called when a script is loaded again in a new interpreter. */
  readonly reloaded: (script: LoadedScript) => void
  /** Called when a script could not be loaded into a new interpreter. */
  readonly notServed: (script: string) => void
  readonly quarantined: (script: string, label: string, reason: string) => void
  /** Options of Python's command line. */
  readonly python?: PythonOptions | undefined
  readonly notice: (message: string) => void
  /** Receives the reason why the start takes longer than usual. */
  readonly preparing: (message: string, isDone: boolean) => void
}

/** Reports problems of declarations that a script makes while it runs. Loading reports the others. */
function sayProblems(problems: readonly RegistryProblem[], notice: (message: string) => void): void {
  for (const { message, script } of problems) notice(`Script "${script}": ${message}`)
}

/**
 * Starts Python. Declarations that scripts make while they run reach the registry automatically. Declarations made
 * while a script is loaded are known to its own runners immediately, and in use when the whole script is good.
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
      host: host.calls.ofGeneration(generation),
      registry: registries.of(generation),
      ...{ settings: engineSettings, streams: options.streams, limits: options.limitOverrides ?? {} },
      durability: options.durability,
      events,
      clock: makeRunnerClock(events),
      ...{ notice, alertsFor: options.alertsFor },
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
    ...{ prefixesOutput: options.prefixesOutput ?? false, output: options.output },
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
  engineAssembly.catch(() => undefined) // Ignored: the caller who opens a runner receives the error
  const host: PythonHost = await opening
  return { host, runners }
}

function scriptsOf({ scripts, program }: ScriptingOptions): readonly LoadTarget[] {
  const ofProgram = program?.kind === 'file' ? [{ kind: 'file' as const, path: resolve(program.path) }] : []
  return [...(scripts?.() ?? []), ...ofProgram]
}

/** Waits until the process of the interpreter has been started, because loading the engine blocks for 75 ms. */
async function loadEngine() {
  await setImmediate()
  return await import('./engine-composition.ts')
}

function processSettingsOf(options: ScriptingOptions): ProcessSettings {
  const { argv, notice, python, limits, start = null, parent = null } = options
  if (parent !== null) return SETTINGS_OF_PARENT
  return start?.process ?? scriptProcess(argv, notice, { python, memoryMebibytes: limits.memoryMebibytes })
}

/** Throws for an invalid URL, which is an error of the script. */
function inMemoryInstead({ url }: DatabasePlace): DatabasePlace {
  parseDatabaseUrl(url)
  return { url: MEMORY_PATH, schema: null }
}

/** Methods that a checked script may not call, with the documented Python exception and beginning of its message. */
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
