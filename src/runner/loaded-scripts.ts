/**
 * Scripts that a runner serves: loads them, reloads changed files, and removes deleted ones. Used by `runner.ts`. Loads
 * one script at a time, except that a slow one lets the next begin. Each script is replaced as a whole, or not at all.
 */

import { resolve, sep } from 'node:path'
import type { LoadTarget } from '../border/protocol.ts'
import type { Clock } from '../engine/clock-port.ts'
import { scheduleProblem } from '../engine/cron/expressions.ts'
import { ScriptError } from '../errors.ts'
import type { TriggerDefinition } from '../model/trigger.ts'
import type { SourcePlace } from '../model/workflow.ts'
import type { LiveRegistry } from '../registry/live-registry.ts'
import type { Registry, RegistryProblem } from '../registry/registry.ts'
import type { LoadedCode, ScriptHosts } from './hosts/script-hosts.ts'
import {
  findRemainingScripts,
  findScripts,
  type ScriptSource,
  sourceOfFile,
  targetIdentity,
  type UnreadablePath,
  unreadablePathText,
} from './script-sources.ts'

/** Result of loading one script. */
export interface ScriptReport {
  readonly script: string
  /** Names of its triggers. */
  readonly triggers: readonly string[]
  readonly workflows: readonly string[]
  /** Names of its sources. */
  readonly sources: readonly string[]
  readonly reactors: readonly string[]
  readonly graphs: readonly string[]
  /** Paths of the script and its imported user files. After a failure, includes paths where a module was searched. */
  readonly files: readonly string[]
  /** Error with the traceback in `facts.traceback`. Null if the script was loaded. */
  readonly error: ScriptError | null
  /** Whether loading failed and the previous version of the script is still in use. */
  readonly isKept: boolean
  /** Problems of single declarations. The other declarations are in use. */
  readonly problems: readonly string[]
}

/** Result of reloading scripts. */
export interface ReloadReport {
  /** Reports of reloaded and new scripts. If a script has an error, its old version stays in use. */
  readonly loaded: readonly ScriptReport[]
  /** Scripts that were removed because their files no longer exist. */
  readonly removed: readonly string[]
}

/**
 * Names of the declarations that a runner serves. Differs from the reports if two scripts declare a name, or if the
 * runner serves only some workflows. @internal
 */
export interface ServedNames {
  readonly triggers: readonly string[]
  /** Names of triggers that never fire because their cron expression or time zone is invalid. */
  readonly brokenTriggers: readonly string[]
  readonly workflows: readonly string[]
  readonly sources: readonly string[]
  readonly reactors: readonly string[]
  readonly graphs: readonly string[]
}

/** Options for loading scripts. */
export interface LoadOptions {
  /** Called when a script takes longer than 5 s to load. Then the next one loads, and `start` can be called. */
  readonly lagging?: () => void
  /** Called with the report of each script as soon as it is known. */
  readonly loaded?: (report: ScriptReport) => void
  /** Whether to skip scripts that are loaded only because a task runs one of their functions. Default: false. */
  readonly onlyPlaces?: boolean
}

/** @internal */
export interface LoadedScriptsOptions {
  readonly registry: LiveRegistry
  readonly clock: Clock
  /** Time limit for running work of an old generation. */
  readonly graceMs: number
  readonly hosts: Pick<ScriptHosts, 'expect' | 'load' | 'unload'>
  /** Returns the paths of files whose functions tasks in use run. */
  readonly namedFiles: () => readonly string[]
  /** Receives messages about files and folders that cannot be read. */
  readonly notice: (message: string) => void
}

interface Made {
  readonly target: LoadTarget
  readonly files: ReadonlySet<string>
  readonly isGood: boolean
  /** Whether it is in use, perhaps in an old version. */
  readonly isServed: boolean
  /** Whether it was not used because another script declares one of its limits with other values. */
  readonly isRefused: boolean
}

/** Time after which a slow script lets the next one begin. */
const LOAD_ALONE_MS = 5_000

/** @internal */
export class LoadedScripts {
  readonly #options: LoadedScriptsOptions
  readonly #made = new Map<string, Made>()
  /** Scripts that no place names, but a task of another script. */
  readonly #named = new Set<string>()
  /** Messages that were already reported, so that each is reported once. */
  #leftOut: ReadonlySet<string> = new Set()
  #last: Promise<unknown> = Promise.resolve()
  #loading: Promise<void> | null = null

  constructor(options: LoadedScriptsOptions) {
    this.#options = options
  }

  /** Targets by script, including scripts that failed to load. */
  get targets(): ReadonlyMap<string, LoadTarget> {
    return new Map([...this.#made].map(([script, { target }]) => [script, target]))
  }

  load(places: readonly string[], options: LoadOptions): Promise<readonly ScriptReport[]> {
    const all = this.#inTurn(async () => [
      ...(await this.#loadAll(this.#sourcesAt(places), options)),
      ...(options.onlyPlaces ? [] : await this.#loadNamed(options)),
    ])
    const loading = all.then(
      () => undefined,
      () => undefined,
    )
    this.#loading = loading
    void loading.then(() => {
      if (this.#loading === loading) this.#loading = null
    })
    return all
  }

  /** Settles when all loading has ended, successful or not. Null if nothing is being loaded. */
  get loading(): Promise<void> | null {
    return this.#loading
  }

  /** Loads scripts whose functions tasks run, and that no place names. */
  loadNamed(): Promise<readonly ScriptReport[]> {
    return this.#inTurn(() => this.#loadNamed())
  }

  /** Loads new scripts and those with a changed file. Removes scripts that are gone, or that no task runs any more. */
  reload(places: readonly string[], changedFiles: readonly string[]): Promise<ReloadReport> {
    return this.#inTurn(async () => {
      const leftOut: UnreadablePath[] = []
      const sources = this.#asCalled(findRemainingScripts(places, this.#made, (each) => leftOut.push(each)))
      const present = new Set(sources.map(({ script }) => script))
      const gone = [...this.#made.keys()].filter(
        (script) => !present.has(script) && !this.#named.has(script) && !this.#isHidden(script, leftOut),
      )
      this.#leftOut = this.#tell(leftOut)
      for (const script of gone) await this.#remove(script)
      const changed = new Set(changedFiles.map((file) => resolve(file)))
      const isNew = [...changed].some((file) => ![...this.#made.values()].some(({ files }) => files.has(file)))
      const isDue = (source: ScriptSource) => this.#isDue(source, changed, isNew)
      const loaded = await this.#loadChanged(sources.filter(isDue))
      const named = this.#namedSources()
      const unnamed = [...this.#named].filter((script) => !named.some((source) => source.script === script))
      for (const script of unnamed) await this.#remove(script)
      const reloaded = await this.#loadAll(named.filter((source) => this.#named.has(source.script) && isDue(source)))
      return { loaded: [...loaded, ...reloaded, ...(await this.#loadNamed())], removed: [...gone, ...unnamed] }
    })
  }

  /** Loads a refused script again, because scripts after it may have other values now. */
  async #loadChanged(sources: readonly ScriptSource[]): Promise<readonly ScriptReport[]> {
    const reports = await this.#loadAll(sources)
    const refused = sources.filter(({ script }) => this.#made.get(script)?.isRefused)
    if (refused.length === sources.length) return reports
    const again = await this.#loadAll(refused)
    return reports.map((report) => again.find(({ script }) => script === report.script) ?? report)
  }

  /** Repeats, since a loaded script may name others. */
  async #loadNamed(options: LoadOptions = {}): Promise<readonly ScriptReport[]> {
    const reports: ScriptReport[] = []
    for (;;) {
      const sources = this.#namedSources().filter(({ script }) => !this.#made.has(script))
      if (sources.length === 0) return reports
      for (const { script } of sources) this.#named.add(script)
      reports.push(...(await this.#loadAll(sources, options)))
    }
  }

  /** Marks these scripts as requested by the user. */
  #sourcesAt(places: readonly string[]): readonly ScriptSource[] {
    const leftOut: UnreadablePath[] = []
    const sources = this.#asCalled(findScripts(places, (each) => leftOut.push(each)))
    for (const { script } of sources) this.#named.delete(script)
    this.#leftOut = new Set([...this.#leftOut, ...this.#tell(leftOut)])
    return sources
  }

  #tell(leftOut: readonly UnreadablePath[]): ReadonlySet<string> {
    const texts = new Set(leftOut.map(unreadablePathText))
    for (const text of texts) if (!this.#leftOut.has(text)) this.#options.notice(text)
    return texts
  }

  /** Returns whether a script may still exist in a place that cannot be read. It then stays in use. */
  #isHidden(script: string, leftOut: readonly UnreadablePath[]): boolean {
    const target = this.#made.get(script)?.target
    if (target?.kind !== 'file') return false
    return leftOut.some(({ path }) => `${target.path}${sep}`.startsWith(`${resolve(path)}${sep}`))
  }

  #namedSources(): readonly ScriptSource[] {
    return this.#asCalled(this.#options.namedFiles().map(sourceOfFile))
  }

  /** Uses the names under which the scripts were first loaded: a place may name a file differently than a task does. */
  #asCalled(sources: readonly ScriptSource[]): readonly ScriptSource[] {
    const made = new Map<string, ScriptSource>()
    for (const [script, { target }] of [...this.#made].reverse()) made.set(targetIdentity(target), { script, target })
    return sources.map((source) => made.get(targetIdentity(source.target)) ?? source)
  }

  /** `isNew`: a changed file belongs to no script yet. It may be one that a script lacked. */
  #isDue({ script, target }: ScriptSource, changed: ReadonlySet<string>, isNew: boolean): boolean {
    const made = this.#made.get(script)
    // The other script may have other values now.
    if (made === undefined || made.isRefused || (isNew && !made.isGood)) return true
    if (target.kind === 'file' && changed.has(target.path)) return true
    return [...changed].some((file) => made.files.has(file))
  }

  async #loadAll(
    sources: readonly ScriptSource[],
    { lagging, loaded }: LoadOptions = {},
  ): Promise<readonly ScriptReport[]> {
    if (sources.length === 0) return []
    const reports: Promise<ScriptReport>[] = []
    await this.#options.hosts.expect(sources)
    for (const source of sources) {
      const report = this.#load(source)
      reports.push(loaded === undefined ? report : told(report, loaded))
      if (!(await this.#within(report, LOAD_ALONE_MS)) && sources.length > 1) lagging?.()
    }
    return await Promise.all(reports)
  }

  async #load(source: ScriptSource): Promise<ScriptReport> {
    const { script, target } = source
    const { registry, hosts, graceMs } = this.#options
    const result = await hosts.load(source, graceMs)
    const conflict = this.#conflictOf(result.loaded)
    const { loaded, isServed } = conflict === null ? result : await this.#refused(source, result.loaded, conflict)
    const isGood = loaded.fault === null
    // The files of the old version also apply while it is in use.
    const before = isGood || !isServed ? [] : (this.#made.get(script)?.files ?? [])
    const isRefused = conflict !== null
    this.#made.set(script, { target, files: new Set([...before, ...loaded.files]), isGood, isServed, isRefused })
    if (!isServed) registry.removeScript(script)
    const problems = isGood ? registry.replaceScript(script, loaded) : []
    return reportOf(loaded, isServed && !isGood, problems)
  }

  /** Returns the limit of a script that is not in use yet which another script has declared with other values. */
  #conflictOf(loaded: LoadedCode): RegistryProblem | null {
    const isNew = loaded.fault === null && this.#made.get(loaded.script)?.isServed !== true
    return isNew ? this.#options.registry.conflictOfNew(loaded) : null
  }

  /** Unloads a script, as if it could not be loaded. */
  async #refused(source: ScriptSource, loaded: LoadedCode, { message, place }: RegistryProblem) {
    const { hosts, graceMs } = this.#options
    await hosts.unload(source, graceMs)
    const { script, files } = loaded
    const fault = { type: 'LIMIT_CONFLICT', message, place, traceback: '' }
    return { loaded: { script, files, fault, triggers: [], workflows: [] }, isServed: false }
  }

  async #remove(script: string): Promise<void> {
    const { graceMs, hosts, registry } = this.#options
    const target = this.#made.get(script)?.target
    this.#made.delete(script)
    this.#named.delete(script)
    registry.removeScript(script)
    if (target !== undefined) await hosts.unload({ script, target }, graceMs)
  }

  /** Settles when the work does, however it ends, or with false after the time limit. */
  async #within(work: Promise<unknown>, limitMs: number): Promise<boolean> {
    const limit = Promise.withResolvers<boolean>()
    const timer = this.#options.clock.wakeAfter(limitMs, () => limit.resolve(false))
    const ended = work.then(
      () => true,
      () => true,
    )
    const isInTime = await Promise.race([ended, limit.promise])
    timer.cancel()
    return isInTime
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined) // Ignored: the caller of the load receives the error
    return done
  }
}

async function told(report: Promise<ScriptReport>, loaded: (report: ScriptReport) => void): Promise<ScriptReport> {
  loaded(await report)
  return await report
}

/** Returns the reports, or throws the first error in them. */
export function requireAllLoaded(reports: readonly ScriptReport[]): readonly ScriptReport[] {
  const failed = reports.find((report) => report.error !== null)
  if (failed?.error) throw failed.error
  return reports
}

function reportOf(loaded: LoadedCode, isKept: boolean, problems: readonly RegistryProblem[]): ScriptReport {
  const { script, fault, files } = loaded
  const where = fault?.place ? ` (${shownPlace(fault.place)})` : ''
  const error = `${fault?.type}: ${fault?.message}`
  const facts = { script, reason: `${error}${where}`, traceback: fault?.traceback ?? '' }
  return {
    script,
    triggers: loaded.triggers.map((trigger) => trigger.name),
    workflows: loaded.workflows.map((workflow) => workflow.key),
    sources: loaded.graphs?.sources.map(({ name }) => name) ?? [],
    reactors: loaded.graphs?.reactors.map(({ name }) => name) ?? [],
    graphs: loaded.graphs?.graphs.map(({ name }) => name) ?? [],
    files,
    error:
      fault && new ScriptError('SCRIPT_LOAD_FAILED', `Script "${script}" could not be loaded${where}: ${error}`, facts),
    isKept,
    problems: problems.map(({ message }) => message),
  }
}

/** Returns the names that a registry serves. @internal */
export function servedNames({ triggers, workflows, graphs }: Registry): ServedNames {
  return {
    triggers: [...triggers.keys()],
    brokenTriggers: [...triggers.values()].filter(isBroken).map(({ name }) => name),
    workflows: [...workflows.keys()],
    sources: [...graphs.sources.keys()],
    reactors: [...graphs.reactors.keys()],
    graphs: [...graphs.graphs.keys()],
  }
}

function isBroken({ timing }: TriggerDefinition): boolean {
  return timing.kind === 'cron' && scheduleProblem(timing) !== null
}

/** Omits an unknown line (0), as of a file that another one does not find. */
function shownPlace({ file, line }: SourcePlace): string {
  return line === 0 ? file : `${file}, line ${line}`
}
