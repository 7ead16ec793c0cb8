/** Log lines of `serve` about each script: loaded, kept, not served, removed. */

import { resolve } from 'node:path'
import type { LogSink, ReloadReport, ScriptReport } from '../../index.ts'
import { isModuleFile } from '../../runner/script-sources.ts'

export class ScriptLog {
  readonly #log: LogSink
  readonly #places: readonly string[]
  /** Scripts with served declarations. */
  readonly #declaring = new Set<string>()

  constructor(log: LogSink, places: readonly string[]) {
    this.#log = log
    this.#places = places
  }

  /** `level`: level of the line about the loaded script. */
  loaded(report: ScriptReport, level: 'debug' | 'info'): void {
    const { script, error, problems } = report
    const facts = { script }
    if (error !== null) logFailed(report, error, this.#log)
    else if (hasDeclarations(report)) {
      this.#log({ level, message: `loaded script "${script}": ${declarationsText(report)}`, facts })
    } else this.#declaresNothing(script)
    for (const message of problems) this.#log({ level: 'warn', message, facts })
    if (hasDeclarations(report)) this.#declaring.add(script)
    else if (!report.isKept) this.#declaring.delete(script)
  }

  removed({ removed }: ReloadReport): void {
    for (const script of removed) {
      const message = `script "${script}" was removed and is no longer served`
      this.#log({ level: 'info', message, facts: { script } })
      this.#declaring.delete(script)
    }
  }

  /** Folders may contain files that are not scripts, so only a named file or a former script is reported. */
  #declaresNothing(script: string): void {
    const wasScript = this.#declaring.has(script)
    const verb = isModuleFile(script) ? 'export' : 'declare'
    const what = wasScript ? `no longer ${verb}s a trigger or a workflow` : `${verb}s no trigger and no workflow`
    const level = wasScript || this.#isNamed(script) ? 'warn' : 'debug'
    this.#log({ level, message: `script "${script}" ${what}`, facts: { script } })
  }

  /** Whether the user named the file or module itself, and not only its folder. */
  #isNamed(script: string): boolean {
    return this.#places.some((place) => resolve(place) === resolve(script))
  }
}

export function hasDeclarations({ triggers, workflows, sources, reactors, graphs }: ScriptReport): boolean {
  return [triggers, workflows, sources, reactors, graphs].some(({ length }) => length > 0)
}

/** Returns the declarations as text. Sources, reactors and graphs appear only if there are any. */
export function declarationsText(
  of: {
    readonly [what in 'triggers' | 'workflows' | 'sources' | 'reactors' | 'graphs']: readonly unknown[]
  },
): string {
  const few = [
    ...(of.sources.length > 0 ? [countText(of.sources.length, 'source')] : []),
    ...(of.reactors.length > 0 ? [countText(of.reactors.length, 'reactor')] : []),
    ...(of.graphs.length > 0 ? [countText(of.graphs.length, 'graph')] : []),
  ]
  const all = [countText(of.triggers.length, 'trigger'), countText(of.workflows.length, 'workflow'), ...few]
  return `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
}

/** Returns a number with its noun. */
export function countText(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}

function logFailed({ script, isKept }: ScriptReport, error: NonNullable<ScriptReport['error']>, log: LogSink): void {
  const { reason, traceback } = error.facts
  const message = isKept
    ? `script "${script}" could not be reloaded, and its old version stays in use: ${reason}`
    : error.message
  log({ level: 'error', message, facts: { script }, ...(traceback ? { traceback } : {}) })
}
