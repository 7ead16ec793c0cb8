/** What the log of `serve` says of each script: loaded, kept, not served, removed. */

import { resolve } from 'node:path'
import type { LogSink, ReloadReport, ScriptReport } from '../../index.ts'
import { isModuleFile } from '../../runner/script-sources.ts'

export class ScriptLog {
  readonly #log: LogSink
  readonly #places: readonly string[]
  /** Scripts of which something is served. */
  readonly #declaring = new Set<string>()

  constructor(log: LogSink, places: readonly string[]) {
    this.#log = log
    this.#places = places
  }

  /** `level`: of the line that says that a script was loaded. */
  loaded(report: ScriptReport, level: 'debug' | 'info'): void {
    const { script, error, problems } = report
    const facts = { script }
    if (error !== null) logFailed(report, error, this.#log)
    else if (declaresAny(report)) {
      this.#log({ level, message: `loaded script "${script}": ${declaredText(report)}`, facts })
    } else this.#declaresNothing(script)
    for (const message of problems) this.#log({ level: 'warn', message, facts })
    if (declaresAny(report)) this.#declaring.add(script)
    else if (!report.isKept) this.#declaring.delete(script)
  }

  removed({ removed }: ReloadReport): void {
    for (const script of removed) {
      const message = `script "${script}" was removed and is no longer served`
      this.#log({ level: 'info', message, facts: { script } })
      this.#declaring.delete(script)
    }
  }

  /** A folder may hold files that are no scripts: only of one that was named, or was a script before, this is a surprise. */
  #declaresNothing(script: string): void {
    const wasScript = this.#declaring.has(script)
    const verb = isModuleFile(script) ? 'export' : 'declare'
    const what = wasScript ? `no longer ${verb}s a trigger or a workflow` : `${verb}s no trigger and no workflow`
    const level = wasScript || this.#isNamed(script) ? 'warn' : 'debug'
    this.#log({ level, message: `script "${script}" ${what}`, facts: { script } })
  }

  /** The user named this file or module, and did not only name a folder in which it is. */
  #isNamed(script: string): boolean {
    return this.#places.some((place) => resolve(place) === resolve(script))
  }
}

/** Whether there is anything of it to serve. */
export function declaresAny({ triggers, workflows, sources, reactors, graphs }: ScriptReport): boolean {
  return [triggers, workflows, sources, reactors, graphs].some(({ length }) => length > 0)
}

/** Sources, reactors and graphs are named where there are any. */
export function declaredText(
  of: {
    readonly [what in 'triggers' | 'workflows' | 'sources' | 'reactors' | 'graphs']: readonly unknown[]
  },
): string {
  const few = [
    ...(of.sources.length > 0 ? [count(of.sources.length, 'source')] : []),
    ...(of.reactors.length > 0 ? [count(of.reactors.length, 'reactor')] : []),
    ...(of.graphs.length > 0 ? [count(of.graphs.length, 'graph')] : []),
  ]
  const all = [count(of.triggers.length, 'trigger'), count(of.workflows.length, 'workflow'), ...few]
  return `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
}

/** How many there are, with the noun. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}

function logFailed({ script, isKept }: ScriptReport, error: NonNullable<ScriptReport['error']>, log: LogSink): void {
  const { reason, traceback } = error.facts
  const message = isKept
    ? `script "${script}" could not be reloaded, and its old version stays in use: ${reason}`
    : error.message
  log({ level: 'error', message, facts: { script }, ...(traceback ? { traceback } : {}) })
}
