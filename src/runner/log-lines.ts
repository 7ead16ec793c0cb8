/**
 * What is worth a log line of what the engine reports. Pure translation: the command line prints the lines, a Node
 * program may hand in a sink of its own. Contexts and secrets never appear in one.
 */

import type { EngineEvents } from '../engine/events.ts'
import { StoreError, toError } from '../errors.ts'
import { type PythonFault, shownError, shownTraceback } from '../model/fault.ts'
import { formatInstant, formatInstantOrNull } from '../model/time/instant.ts'

/** Level of a log line. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Line of the log of a runner. */
export interface LogLine {
  readonly level: LogLevel
  readonly message: string
  /** Names, ids and times (RFC 3339) for programs that read the log. */
  readonly facts?: Readonly<Record<string, string | number | null>>
  /** Complete Python traceback. */
  readonly traceback?: string
  /** Progress of a step of the first start. A terminal can show all steps in one line. */
  readonly progress?: 'under way' | 'ended'
}

/** Function that receives log lines. */
export interface LogSink {
  (line: LogLine): void
  /** Minimum level. Polls are logged only if it is `debug`, because there can be thousands per second. */
  readonly least?: LogLevel | 'silent'
}

/** A log that throws breaks nothing either: the process is warned of it. */
export function harmless(log: LogSink | undefined): LogSink {
  const write = (line: LogLine): void => {
    try {
      log?.(line)
    } catch (thrown) {
      process.emitWarning(
        `The log function of a runner threw: ${toError(thrown).message}. Lost log line: ${line.message}`,
      )
    }
  }
  return log?.least === undefined ? write : Object.assign(write, { least: log.least })
}

const NAMED_AT_MOST = 10
/** What a poll failed of that was not made. */
const NOT_RUN = 'NotRun'

/**
 * Returns the part of a log line that lists the interrupted tasks and polls of a `stopped` event. Empty if there are
 * none.
 */
export function cutOff(cut: readonly string[]): string {
  if (cut.length === 0) return ''
  const rest = cut.length - NAMED_AT_MOST
  const names = [...cut.slice(0, NAMED_AT_MOST), ...(rest > 0 ? [`${rest} more`] : [])]
  return `; interrupted work that runs again after the next start: ${names.join(', ')}`
}

/** Turns events into log lines for as long as the engine lives. */
export function watchForLog(events: EngineEvents, whole: LogSink): void {
  const log = withShortErrors(whole)
  tellTriggers(events, log)
  tellGraphs(events, log)
  tellExecutions(events, log)
  events.on('scriptQuarantined', ({ script, culprit, reason }) =>
    log({
      level: 'warn',
      message: `script "${script}" was moved to its own interpreter because of ${culprit}: ${reason}`,
      facts: { script },
    }),
  )
  events.on('warning', ({ code, message }) => log({ level: 'warn', message, facts: { code } }))
  events.on('stopped', ({ cut }) => log({ level: 'info', message: `stopped${cutOff(cut)}` }))
  events.on('trouble', ({ during, error, retryAt }) => {
    const level = retryAt !== null && isKnown(error) ? 'debug' : 'error'
    log({ level, message: `${during} failed: ${error.message}`, facts: { retryAt: formatInstantOrNull(retryAt) } })
  })
}

/** Cuts errors, which are stored with much more of them. */
function withShortErrors(log: LogSink): LogSink {
  const write = ({ message, traceback, ...line }: LogLine): void =>
    log({
      ...line,
      message: shownError(message),
      ...(traceback !== undefined && { traceback: shownTraceback(traceback) }),
    })
  return log.least === undefined ? write : Object.assign(write, { least: log.least })
}

function tellTriggers(events: EngineEvents, log: LogSink): void {
  if (log.least === 'debug') {
    events.on('tick', ({ trigger, outcome }) =>
      log({ level: 'debug', message: `trigger '${trigger}' was polled: ${outcome}`, facts: { trigger, outcome } }),
    )
  }
  events.on('triggerFired', ({ trigger, workflow, executionId }) =>
    log({
      level: 'info',
      message: firedText(`trigger '${trigger}'`, workflow, executionId),
      facts: { trigger, workflow, executionId },
    }),
  )
  const isNew = onceInBackOff()
  events.on('triggerFailed', ({ trigger, error }) => {
    if (isNew(trigger, error)) {
      log({ level: 'error', message: error.message, facts: { trigger }, traceback: error.traceback })
    }
  })
  events.on('cronFired', ({ trigger, workflow, scheduleId, executionId }) =>
    log({
      level: 'info',
      message: firedText(trigger === null ? 'cron schedule' : `trigger '${trigger}'`, workflow, executionId),
      facts: { ...(trigger !== null && { trigger }), workflow, scheduleId, executionId },
    }),
  )
}

/**
 * Returns a filter for failures. A poll that is not run, since its interpreter died of it, fails with the same message until its
 * back-off ends: only the seconds that are left differ. The filter lets the first one pass, and the next one that differs.
 */
function onceInBackOff(): (name: string, error: PythonFault) => boolean {
  const last = new Map<string, string>()
  return (name, { type, message }) => {
    const text = type === NOT_RUN ? message.replace(/\d+(?= s$)/, '') : null
    const isRepeated = text !== null && last.get(name) === text
    if (text === null) last.delete(name)
    else last.set(name, text)
    return !isRepeated
  }
}

function firedText(what: string, workflow: string, executionId: string | null): string {
  return `${what} fired: workflow '${workflow}' ${executionId === null ? 'could not be started' : 'starts'}`
}

function tellGraphs(events: EngineEvents, log: LogSink): void {
  if (log.least === 'debug') {
    events.on('reactorFired', ({ reactor, sequence, firingId }) =>
      log({
        level: 'debug',
        message: `reactor '${reactor}' fired: firing ${sequence}`,
        facts: { reactor, sequence, firingId },
      }),
    )
  }
  const isNew = onceInBackOff()
  events.on('sourceFailed', ({ source, sequence, error }) => {
    if (!isNew(source, error)) return
    log({
      level: 'error',
      message: `source '${source}' ${sequence === null ? '' : `skipped event ${sequence}: `}${error.message}`,
      facts: { source, sequence },
      traceback: error.traceback,
    })
  })
  events.on('graphFailed', ({ graph, firingSequence, runs, error }) => {
    const which = runs === 1 ? `firing ${firingSequence}` : `${runs} firings, starting with firing ${firingSequence}`
    log({
      level: 'error',
      message: `graph '${graph}' failed for ${which}: ${error.message}`,
      facts: { graph, firingSequence, runs },
      traceback: error.traceback,
    })
  })
}

function tellExecutions(events: EngineEvents, log: LogSink): void {
  events.on('executionStarted', ({ executionId, workflow, isResumed }) =>
    log({
      level: 'debug',
      message: `workflow '${workflow}' ${isResumed ? 'continues' : 'started'}`,
      facts: { workflow, executionId },
    }),
  )
  events.on('taskStarted', ({ executionId, workflow, taskId, attempt }) =>
    log({
      level: 'debug',
      message: `task '${taskId}' of workflow '${workflow}' started`,
      facts: { workflow, task: taskId, executionId, attempt },
    }),
  )
  events.on('taskRetried', ({ executionId, workflow, taskId, attempt, error, retryAt }) =>
    log({
      level: 'warn',
      message: `task '${taskId}' of workflow '${workflow}' failed in attempt ${attempt} and will be retried: ${error.message}`,
      facts: { workflow, task: taskId, executionId, attempt, retryAt: formatInstant(retryAt) },
      traceback: error.traceback,
    }),
  )
  events.on('taskFinished', ({ executionId, workflow, taskId, status, attempts, error }) => {
    const facts = { workflow, task: taskId, executionId, attempts }
    if (error === null || status === 'Cancelled')
      log({ level: 'debug', message: `task '${taskId}' of workflow '${workflow}': ${status}`, facts })
    else {
      const message = `task '${taskId}' of workflow '${workflow}' failed: ${error.message}`
      log({ level: 'error', message, facts, traceback: error.traceback })
    }
  })
  events.on('executionFinished', ({ executionId, workflow, status, errorMessage }) =>
    log({
      level: status === 'Failed' ? 'warn' : 'info',
      message: `workflow '${workflow}' ${status === 'Cancelled' ? `was ${errorMessage}` : endText(status, errorMessage)}`,
      facts: { workflow, executionId },
    }),
  )
}

function endText(status: string, errorMessage: string | null): string {
  return `${status.toLowerCase()}${errorMessage === null ? '' : `: ${errorMessage}`}`
}

/** One line said that the database is lost; that each step is refused and tried again until it is found follows from it. */
function isKnown(error: Error): boolean {
  return error instanceof StoreError && error.code === 'DATABASE_REPLACED'
}
