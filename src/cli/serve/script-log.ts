/** What the log of `serve` says of each script: loaded, kept, not served, removed. */

import type { LogSink, ReloadReport, ScriptReport } from '../../index.ts'

interface Circumstances {
  /** The user named this file or module itself, and did not only name a folder in which it is. */
  readonly isNamed: boolean
  /** Of the line that says that a script was loaded. */
  readonly level: 'debug' | 'info'
}

export function logLoaded(report: ScriptReport, log: LogSink, { isNamed, level }: Circumstances): void {
  const { script, error, problems, triggers, workflows } = report
  const facts = { script }
  if (error !== null) logFailed(report, error, log)
  else if (triggers.length + workflows.length > 0) {
    const what = `${count(triggers.length, 'trigger')} and ${count(workflows.length, 'workflow')}`
    log({ level, message: `script "${script}" was loaded: ${what}`, facts })
  } else {
    log({ level: isNamed ? 'warn' : 'debug', message: `script "${script}" declares no trigger and no workflow`, facts })
  }
  for (const message of problems) log({ level: 'warn', message, facts })
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
