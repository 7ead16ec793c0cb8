/**
 * Converts events of the engine to log lines. The command line prints them, a Node program may receive them in its own
 * sink. They never contain contexts and secrets.
 */

import type { EngineEvents } from '../../engine/engine-events.ts'
import { StoreError, toError } from '../../errors.ts'
import { formatError, formatTraceback, type PythonFault } from '../../model/fault.ts'
import { formatDuration } from '../../model/time/duration.ts'
import { formatInstant, formatInstantOrNull } from '../../model/time/instant.ts'
import { RepeatedFailures } from './repeated-failures.ts'

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

/** Wraps a log whose errors become warnings of the process. */
export function withCaughtErrors(log: LogSink | undefined): LogSink {
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

const MAX_NAMED = 10

/** Returns the part of a log line that lists the interrupted tasks and polls of a `stopped` event, or ''. */
export function cutOff(cut: readonly string[]): string {
  if (cut.length === 0) return ''
  const rest = cut.length - MAX_NAMED
  const names = [...cut.slice(0, MAX_NAMED), ...(rest > 0 ? [`${rest} more`] : [])]
  return `; interrupted work that runs again after the next start: ${names.join(', ')}`
}

/** Returns whether the log already contains a warning that the workflow of a trigger is not declared. */
export type IsReported = (trigger: string) => boolean

/** Converts events to log lines for as long as the engine lives. Default of `isReported`: no trigger is reported. */
export function watchForLog(events: EngineEvents, whole: LogSink, isReported: IsReported = () => false): void {
  const log = withShortErrors(whole)
  tellTriggers(events, log)
  tellGraphs(events, log)
  tellExecutions(events, log)
  tellDelayedTasks(events, log)
  events.on('scriptQuarantined', ({ script, culprit, reason }) =>
    log({
      level: 'warn',
      message: `script "${script}" was moved to its own interpreter because of ${culprit}: ${reason}`,
      facts: { script },
    }),
  )
  events.on('warning', ({ code, message, trigger }) => {
    if (code === 'UNKNOWN_WORKFLOW' && trigger !== undefined && isReported(trigger)) return
    log({ level: 'warn', message, facts: { code } })
  })
  events.on('stopped', ({ cut }) => log({ level: 'info', message: `stopped${cutOff(cut)}` }))
  events.on('trouble', ({ during, error, retryAt }) => {
    const level = retryAt !== null && isKnown(error) ? 'debug' : 'error'
    log({ level, message: `${during} failed: ${error.message}`, facts: { retryAt: formatInstantOrNull(retryAt) } })
  })
}

/** Shortens errors, which are stored with a larger limit. */
function withShortErrors(log: LogSink): LogSink {
  const write = ({ message, traceback, ...line }: LogLine): void =>
    log({
      ...line,
      message: formatError(message),
      ...(traceback !== undefined && { traceback: formatTraceback(traceback) }),
    })
  return log.least === undefined ? write : Object.assign(write, { least: log.least })
}

function tellTriggers(events: EngineEvents, log: LogSink): void {
  if (log.least === 'debug') {
    events.on('tick', ({ trigger, outcome }) =>
      log({ level: 'debug', message: `trigger '${trigger}' was polled: ${outcome}`, facts: { trigger, outcome } }),
    )
  }
  events.on('triggerFired', ({ trigger, workflow, executionId }) => {
    // A warning reports the first refused firing.
    if (executionId === null) return
    const message = firedText(`trigger '${trigger}'`, workflow, executionId)
    log({ level: 'info', message, facts: { trigger, workflow, executionId } })
  })
  const failures = new RepeatedFailures()
  events.on('triggerFailed', ({ trigger, error, at }) => {
    const repeated = failures.add(trigger, error, at)
    if (repeated !== null) log({ ...failureLine(error, repeated), facts: { trigger, ...counted(repeated) } })
  })
  events.on('cronFired', ({ trigger, workflow, scheduleId, executionId }) =>
    log({
      level: 'info',
      message: firedText(trigger === null ? 'cron schedule' : `trigger '${trigger}'`, workflow, executionId),
      facts: { ...(trigger !== null && { trigger }), workflow, scheduleId, executionId },
    }),
  )
}

/** Returns the line of a failure: whole if it is new, otherwise with the number of repetitions. */
function failureLine({ message, traceback }: PythonFault, repeated: number): LogLine {
  if (repeated === 0) return { level: 'error', message, traceback }
  return { level: 'error', message: `${message} (${repeated} more ${repeated === 1 ? 'time' : 'times'})` }
}

function counted(repeated: number): { readonly repeated?: number } {
  return repeated === 0 ? {} : { repeated }
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
  const failures = new RepeatedFailures()
  events.on('sourceFailed', ({ source, sequence, error, at }) => {
    // A skipped event is lost, so each is logged.
    const repeated = sequence === null ? failures.add(source, error, at) : 0
    if (repeated === null) return
    const message = `source '${source}' ${sequence === null ? '' : `skipped event ${sequence}: `}${error.message}`
    log({ ...failureLine({ ...error, message }, repeated), facts: { source, sequence, ...counted(repeated) } })
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
      message:
        `task '${taskId}' of workflow '${workflow}' failed in attempt ${attempt} and will be retried: ` +
        `${error.message}`,
      facts: { workflow, task: taskId, executionId, attempt, retryAt: formatInstant(retryAt) },
      traceback: error.traceback,
    }),
  )
  events.on('taskFinished', ({ executionId, workflow, taskId, status, attempts, error }) => {
    const facts = { workflow, task: taskId, executionId, attempts, ...(attempts > 0 && { attempt: attempts }) }
    if (error === null || status !== 'Failed')
      log({ level: 'debug', message: `task '${taskId}' of workflow '${workflow}': ${status}`, facts })
    else {
      const message = `task '${taskId}' of workflow '${workflow}' failed: ${error.message}`
      log({ level: 'error', message, facts, traceback: error.traceback })
    }
  })
  events.on('executionWaiting', ({ executionId, workflow }) =>
    log({ level: 'debug', message: `workflow '${workflow}' waits for its nodes`, facts: { workflow, executionId } }),
  )
  events.on('executionFinished', ({ executionId, workflow, status, errorMessage, cause }) =>
    log({
      level: status === 'Failed' ? 'warn' : 'info',
      message: `workflow '${workflow}' ${status === 'Cancelled' ? `was ${errorMessage}` : endText(status, cause)}`,
      facts: { workflow, executionId },
    }),
  )
}

function tellDelayedTasks(events: EngineEvents, log: LogSink): void {
  events.on('taskParked', ({ executionId, workflow, taskId, attempt, childId }) =>
    log({
      level: 'debug',
      message: `task '${taskId}' of workflow '${workflow}' is parked until execution ${childId} has ended`,
      facts: { workflow, task: taskId, executionId, attempt, childId },
    }),
  )
  events.on('taskTriesLater', ({ executionId, workflow, taskId, attempt, delayMs, limit }) =>
    log({
      level: 'info',
      message:
        `task '${taskId}' of workflow '${workflow}' tries later, in ${formatDuration(delayMs)}` +
        (limit === null ? '' : `; the slots of limit '${limit}' are closed until then`),
      facts: { workflow, task: taskId, executionId, attempt, delayMs, ...(limit !== null && { limit }) },
    }),
  )
  events.on('taskLimited', ({ executionId, workflow, taskId, limit, value }) =>
    log({
      level: 'debug',
      message: `task '${taskId}' of workflow '${workflow}' waits for a slot of limit '${limit}'`,
      facts: { workflow, task: taskId, executionId, limit, value },
    }),
  )
}

function endText(status: string, cause: string | null): string {
  return `${status.toLowerCase()}${cause === null ? '' : `: ${cause}`}`
}

/** The line about a lost database implies that each step is refused and retried until a database is found. */
function isKnown(error: Error): boolean {
  return error instanceof StoreError && error.code === 'DATABASE_REPLACED'
}
