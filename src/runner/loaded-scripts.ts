/**
 * The scripts that a runner serves: loaded, loaded anew when their files change, removed when these are gone. Held by
 * `runner.ts`. One loading at a time; each script is replaced as a whole or stays what it was.
 */

import { resolve } from 'node:path'
import { ScriptError } from '../errors.ts'
import type { PyodideHost } from '../host/python-host.ts'
import type { LoadedScript } from '../host/scripts/script-generations.ts'
import type { LiveRegistry } from '../registry/live-registry.ts'
import type { RegistryProblem } from '../registry/registry.ts'
import { type ScriptSource, scriptsAt } from './script-sources.ts'

/** What came of loading one script. */
export interface ScriptReport {
  readonly script: string
  /** Names of the triggers and workflows that it declared. */
  readonly triggers: readonly string[]
  readonly workflows: readonly string[]
  /** The user's files of which it is made: its own, and those of the helpers that it imports. */
  readonly files: readonly string[]
  /** Why it could not be loaded, with Python's traceback in `facts.traceback`; null when it was. */
  readonly error: ScriptError | null
  /** What is wrong with single declarations; the others are in use. */
  readonly problems: readonly string[]
}

/** What came of bringing the scripts in step with their files. */
export interface ReloadReport {
  /** Loaded anew, or for the first time. One with an error is still what it was before, if it was served. */
  readonly loaded: readonly ScriptReport[]
  /** Not served any more, since their files are gone. */
  readonly removed: readonly string[]
}

export class LoadedScripts {
  readonly #registry: LiveRegistry
  readonly #graceMs: number
  readonly #python: () => Promise<PyodideHost>
  /** By script: its files; none for one that could not be loaded. */
  readonly #files = new Map<string, readonly string[]>()
  #last: Promise<unknown> = Promise.resolve()

  /** `python` starts the interpreters, once they are needed. */
  constructor(registry: LiveRegistry, graceMs: number, python: () => Promise<PyodideHost>) {
    this.#registry = registry
    this.#graceMs = graceMs
    this.#python = python
  }

  load(places: readonly string[]): Promise<readonly ScriptReport[]> {
    return this.#inTurn(() => this.#load(places.flatMap(scriptsAt)))
  }

  /** Loads what is new or has one of the changed files, and what could not be loaded before; removes what is gone. */
  reload(places: readonly string[], changedFiles: readonly string[]): Promise<ReloadReport> {
    return this.#inTurn(async () => {
      const sources = places.flatMap(presentScripts)
      const present = new Set(sources.map(({ script }) => script))
      const removed = [...this.#files.keys()].filter((script) => !present.has(script))
      for (const script of removed) await this.#remove(script)
      const changed = new Set(changedFiles.map((file) => resolve(file)))
      const loaded = await this.#load(sources.filter((source) => this.#isDue(source, changed)))
      return { loaded, removed }
    })
  }

  #isDue({ script, target }: ScriptSource, changed: ReadonlySet<string>): boolean {
    const files = this.#files.get(script) ?? []
    if (files.length === 0 || files.some((file) => changed.has(file))) return true
    return target.kind === 'file' && changed.has(target.path)
  }

  async #load(sources: readonly ScriptSource[]): Promise<readonly ScriptReport[]> {
    const reports: ScriptReport[] = []
    for (const { script, target } of sources) {
      const host = await this.#python()
      host.expect(new Set([...this.#files.keys(), ...sources.map((source) => source.script)]).size)
      const loaded = await host.load(script, target, this.#graceMs)
      const problems = this.#takeOver(loaded, host)
      if (loaded.fault === null || !this.#files.has(script)) this.#files.set(script, loaded.files)
      reports.push(reportOf(loaded, problems))
    }
    return reports
  }

  /** A script that could not be loaded stays what it was. */
  #takeOver(loaded: LoadedScript, host: PyodideHost): readonly RegistryProblem[] {
    if (loaded.fault === null) return this.#registry.replaceScript(loaded.script, loaded)
    if (!host.isServed(loaded.script)) this.#registry.removeScript(loaded.script)
    return []
  }

  async #remove(script: string): Promise<void> {
    this.#files.delete(script)
    this.#registry.removeScript(script)
    const host = await this.#python()
    await host.unload(script, this.#graceMs)
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined) // whoever asked hears of it
    return done
  }
}

/** Nothing, where a place that was there has gone. */
function presentScripts(place: string): readonly ScriptSource[] {
  try {
    return scriptsAt(place)
  } catch {
    return []
  }
}

function reportOf(loaded: LoadedScript, problems: readonly RegistryProblem[]): ScriptReport {
  const { script, fault, files } = loaded
  const where = fault?.place ? ` (${fault.place.file}, line ${fault.place.line})` : ''
  const message = `Script "${script}" could not be loaded${where}: ${fault?.type}: ${fault?.message}`
  return {
    script,
    triggers: loaded.triggers.map((trigger) => trigger.name),
    workflows: loaded.workflows.map((workflow) => workflow.key),
    files,
    error: fault && new ScriptError('SCRIPT_LOAD_FAILED', message, { script, traceback: fault.traceback }),
    problems: problems.map(({ message }) => message),
  }
}
