/**
 * The scripts that a runner serves: loaded, loaded anew when their files change, removed when these are gone. Held by
 * `runner.ts`. One loading or reloading at a time, in which a script that takes long lets the next one begin; each script is
 * replaced as a whole or stays what it was.
 */

import { resolve, sep } from 'node:path'
import type { LoadTarget } from '../border/protocol.ts'
import { scheduleProblem } from '../engine/cron/expressions.ts'
import type { Clock } from '../engine/ports.ts'
import { ScriptError } from '../errors.ts'
import type { SourcePlace } from '../model/workflow.ts'
import type { LiveRegistry } from '../registry/live-registry.ts'
import type { RegistryProblem } from '../registry/registry.ts'
import type { Loaded, ScriptHosts } from './hosts/script-hosts.ts'
import {
  identityOf,
  type LeftOut,
  leftOutText,
  type ScriptSource,
  scriptsAt,
  scriptsStillAt,
  sourceOfFile,
} from './script-sources.ts'

/** Result of loading one script. */
export interface ScriptReport {
  readonly script: string
  /** Names of its triggers. */
  readonly triggers: readonly string[]
  readonly workflows: readonly string[]
  /** Names of its triggers that never fire because their cron expression or time zone is invalid. */
  readonly brokenTriggers: readonly string[]
  /** Names of its sources. */
  readonly sources: readonly string[]
  readonly reactors: readonly string[]
  readonly graphs: readonly string[]
  /**
   * Paths of the script and of the user's files that it imports. For a script that failed to load: the files up to
   * the failure, and the paths at which a missing module was searched.
   */
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
  /**
   * Reports of scripts that were reloaded, or loaded for the first time. If a script has an error, its old version
   * stays in use.
   */
  readonly loaded: readonly ScriptReport[]
  /** Scripts that were removed because their files no longer exist. */
  readonly removed: readonly string[]
}

/** Options for loading scripts. */
export interface LoadOptions {
  /**
   * Called when a script takes longer than 5 s to load. The next script then starts to load, and `start` can already
   * be called.
   */
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
  /** How long what runs of an old generation may take to end. */
  readonly graceMs: number
  readonly hosts: Pick<ScriptHosts, 'expect' | 'load' | 'unload'>
  /** Files that tasks in use run functions of, by their paths. */
  readonly namedFiles: () => readonly string[]
  /** Hears of what cannot be loaded since it cannot be looked at. */
  readonly notice: (message: string) => void
}

/** The files of a script's newest loading. */
interface Made {
  readonly target: LoadTarget
  readonly files: ReadonlySet<string>
  readonly isGood: boolean
}

/** A script that takes longer than this to be loaded lets the next one begin. */
const LOAD_ALONE_MS = 5_000

/** @internal */
export class LoadedScripts {
  readonly #options: LoadedScriptsOptions
  /** By script. */
  readonly #made = new Map<string, Made>()
  /** Those that no place names, but a task of another script. */
  readonly #named = new Set<string>()
  /** What was said of it, so that it is said once. */
  #leftOut: ReadonlySet<string> = new Set()
  #last: Promise<unknown> = Promise.resolve()
  #loading: Promise<void> | null = null

  constructor(options: LoadedScriptsOptions) {
    this.#options = options
  }

  /** By script: what it was loaded from, good or not. */
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

  /** Settles when what is being loaded is loaded, good or not; null when nothing is. */
  get loading(): Promise<void> | null {
    return this.#loading
  }

  /** Loads scripts that tasks run functions of, and that no place names. */
  loadNamed(): Promise<readonly ScriptReport[]> {
    return this.#inTurn(() => this.#loadNamed())
  }

  /** Loads what is new or has one of the changed files; removes what is gone, and what no task runs any more. */
  reload(places: readonly string[], changedFiles: readonly string[]): Promise<ReloadReport> {
    return this.#inTurn(async () => {
      const leftOut: LeftOut[] = []
      const sources = this.#asCalled(scriptsStillAt(places, this.#made, (each) => leftOut.push(each)))
      const present = new Set(sources.map(({ script }) => script))
      const gone = [...this.#made.keys()].filter(
        (script) => !present.has(script) && !this.#named.has(script) && !this.#isHidden(script, leftOut),
      )
      this.#leftOut = this.#tell(leftOut)
      for (const script of gone) await this.#remove(script)
      const changed = new Set(changedFiles.map((file) => resolve(file)))
      const isNew = [...changed].some((file) => ![...this.#made.values()].some(({ files }) => files.has(file)))
      const isDue = (source: ScriptSource) => this.#isDue(source, changed, isNew)
      const loaded = await this.#loadAll(sources.filter(isDue))
      const named = this.#namedSources()
      const unnamed = [...this.#named].filter((script) => !named.some((source) => source.script === script))
      for (const script of unnamed) await this.#remove(script)
      const reloaded = await this.#loadAll(named.filter((source) => this.#named.has(source.script) && isDue(source)))
      return { loaded: [...loaded, ...reloaded, ...(await this.#loadNamed())], removed: [...gone, ...unnamed] }
    })
  }

  /** One may name others. */
  async #loadNamed(options: LoadOptions = {}): Promise<readonly ScriptReport[]> {
    const reports: ScriptReport[] = []
    for (;;) {
      const sources = this.#namedSources().filter(({ script }) => !this.#made.has(script))
      if (sources.length === 0) return reports
      for (const { script } of sources) this.#named.add(script)
      reports.push(...(await this.#loadAll(sources, options)))
    }
  }

  /** From now on these are served because somebody asked for them. */
  #sourcesAt(places: readonly string[]): readonly ScriptSource[] {
    const leftOut: LeftOut[] = []
    const sources = this.#asCalled(scriptsAt(places, (each) => leftOut.push(each)))
    for (const { script } of sources) this.#named.delete(script)
    this.#leftOut = new Set([...this.#leftOut, ...this.#tell(leftOut)])
    return sources
  }

  #tell(leftOut: readonly LeftOut[]): ReadonlySet<string> {
    const texts = new Set(leftOut.map(leftOutText))
    for (const text of texts) if (!this.#leftOut.has(text)) this.#options.notice(text)
    return texts
  }

  /** It may be there still, where nobody can look: it stays what it was. */
  #isHidden(script: string, leftOut: readonly LeftOut[]): boolean {
    const target = this.#made.get(script)?.target
    if (target?.kind !== 'file') return false
    return leftOut.some(({ path }) => `${target.path}${sep}`.startsWith(`${resolve(path)}${sep}`))
  }

  #namedSources(): readonly ScriptSource[] {
    return this.#asCalled(this.#options.namedFiles().map(sourceOfFile))
  }

  /** By the names under which they were loaded first: a place may name a file otherwise than a task does. */
  #asCalled(sources: readonly ScriptSource[]): readonly ScriptSource[] {
    const made = new Map<string, ScriptSource>()
    for (const [script, { target }] of [...this.#made].reverse()) made.set(identityOf(target), { script, target })
    return sources.map((source) => made.get(identityOf(source.target)) ?? source)
  }

  /** `isNew`: a file changed that is nobody's yet. It may be what a script lacked. */
  #isDue({ script, target }: ScriptSource, changed: ReadonlySet<string>, isNew: boolean): boolean {
    const made = this.#made.get(script)
    if (made === undefined || (isNew && !made.isGood)) return true
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
    const { loaded, isServed } = await hosts.load(source, graceMs)
    const isGood = loaded.fault === null
    // What it was made of before counts too, while that is in use.
    const before = isGood || !isServed ? [] : (this.#made.get(script)?.files ?? [])
    this.#made.set(script, { target, files: new Set([...before, ...loaded.files]), isGood })
    if (!isServed) registry.removeScript(script)
    const problems = isGood ? registry.replaceScript(script, loaded) : []
    return reportOf(loaded, isServed && !isGood, problems)
  }

  async #remove(script: string): Promise<void> {
    const { graceMs, hosts, registry } = this.#options
    const target = this.#made.get(script)?.target
    this.#made.delete(script)
    this.#named.delete(script)
    registry.removeScript(script)
    if (target !== undefined) await hosts.unload({ script, target }, graceMs)
  }

  /** Settles when that does, however it ends, or when the time is over: false. */
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
    this.#last = done.catch(() => undefined) // whoever asked hears of it
    return done
  }
}

async function told(report: Promise<ScriptReport>, loaded: (report: ScriptReport) => void): Promise<ScriptReport> {
  loaded(await report)
  return await report
}

/** The reports, or the first error in them, thrown. */
export function allGood(reports: readonly ScriptReport[]): readonly ScriptReport[] {
  const failed = reports.find((report) => report.error !== null)
  if (failed?.error) throw failed.error
  return reports
}

function reportOf(loaded: Loaded, isKept: boolean, problems: readonly RegistryProblem[]): ScriptReport {
  const { script, fault, files } = loaded
  const where = fault?.place ? ` (${shownPlace(fault.place)})` : ''
  const error = `${fault?.type}: ${fault?.message}`
  const facts = { script, reason: `${error}${where}`, traceback: fault?.traceback ?? '' }
  return {
    script,
    triggers: loaded.triggers.map((trigger) => trigger.name),
    brokenTriggers: loaded.triggers.filter(isBroken).map((trigger) => trigger.name),
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

function isBroken({ timing }: Loaded['triggers'][number]): boolean {
  return timing.kind === 'cron' && scheduleProblem(timing) !== null
}

/** Of a file that another one does not find, the line is not known. */
function shownPlace({ file, line }: SourcePlace): string {
  return line === 0 ? file : `${file}, line ${line}`
}
