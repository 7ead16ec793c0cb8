/** What the log of `serve` says of each script: loaded, kept, not served, removed. */

import type { LogSink, ReloadReport, ScriptReport } from '../../index.ts'
import { isModuleFile } from '../../runner/script-sources.ts'

interface Circumstances {
  /** The user named this file or module itself, and did not only name a folder in which it is. */
  readonly isNamed: boolean
  /** Of the line that says that a script was loaded. */
  readonly level: 'debug' | 'info'
}

export function logLoaded(report: ScriptReport, log: LogSink, { isNamed, level }: Circumstances): void {
  const { script, error, problems } = report
  const facts = { script }
  if (error !== null) logFailed(report, error, log)
  else if (declaresAny(report)) log({ level, message: `script "${script}" was loaded: ${declaredText(report)}`, facts })
  else {
    const what = isModuleFile(script) ? 'exports' : 'declares'
    log({ level: isNamed ? 'warn' : 'debug', message: `script "${script}" ${what} no trigger and no workflow`, facts })
  }
  for (const message of problems) log({ level: 'warn', message, facts })
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

export function logRemoved({ removed }: ReloadReport, log: LogSink): void {
  for (const script of removed) {
    log({ level: 'info', message: `script "${script}" was removed and is no longer served`, facts: { script } })
  }
}

/** How many there are, with the noun. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}

function logFailed({ script, isKept }: ScriptReport, error: NonNullable<ScriptReport['error']>, log: LogSink): void {
  const { reason, traceback } = error.facts
  const message = isKept ? `script "${script}" was kept as it was because of ${reason}` : error.message
  log({ level: 'error', message, facts: { script }, ...(traceback ? { traceback } : {}) })
}
