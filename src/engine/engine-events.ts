/**
 * Events of the engine for logs and `runner.on`. The engine does not wait for listeners, and an exception of a listener
 * is reported as `trouble`. Numbers without an event go into `counters`, even if nobody reads them.
 */

import { toError, UsageError } from '../errors.ts'
import { EngineCounters } from '../metrics/engine-counters.ts'
import { formatValue } from '../model/arguments.ts'
import type { ExecutionOrigin, ExecutionStatus } from '../model/execution.ts'
import type { PythonFault } from '../model/fault.ts'
import type { TickOutcome } from '../model/schedule-rows.ts'
import type { WaitKind } from '../model/waits.ts'
import { didYouMean } from '../registry/nearest.ts'
import type { Trouble } from './clock-port.ts'

/** Data of the event `tick`: a poll was recorded. */
export interface TickEvent {
  readonly trigger: string
  readonly at: number
  readonly outcome: TickOutcome
  /** Delay between the due time and the poll. Null if the poll was not due. */
  readonly latenessMs: number | null
  /** Duration of the poll. Null if nothing was polled. */
  readonly durationMs: number | null
  /** Reason why the poll skipped or started nothing, or null. */
  readonly reason: string | null
}

/** Data of the event `triggerFired`: a trigger fired. */
export interface TriggerFiredEvent {
  readonly trigger: string
  readonly workflow: string
  readonly at: number
  readonly firingId: string
  readonly contextHash: string
  /** Id of the execution. Null if the workflow is unknown. */
  readonly executionId: string | null
}

/** Data of the event `triggerFailed`: a poll of a trigger failed or timed out. */
export interface TriggerFailedEvent {
  readonly trigger: string
  readonly script: string
  readonly at: number
  readonly outcome: 'failed' | 'timedOut'
  /** Error with the traceback, if there is one. */
  readonly error: PythonFault
}

/** Data of the event `cronFired`: a cron schedule fired. */
export interface CronFiredEvent {
  readonly scheduleId: string
  /** Name of the cron trigger, or null for a schedule that no trigger declares. */
  readonly trigger: string | null
  readonly workflow: string
  /** Due time, in milliseconds since 1970. */
  readonly scheduledAt: number
  readonly at: number
  readonly firingId: string
  readonly executionId: string | null
  /** Number of the attempt to start a lost firing again, or 0. */
  readonly recoveryAttempt: number
}

/** Data of the event `reactorFired`: a reactor fired. */
export interface ReactorFiredEvent {
  readonly reactor: string
  readonly firingId: string
  readonly sequence: number
  readonly at: number
}

/** Data of the event `sourceFailed`: an accumulator failed, timed out or killed its interpreter. Skips its event. */
export interface SourceFailedEvent {
  readonly source: string
  readonly script: string
  /** Sequence number of the event. Null for a poll. */
  readonly sequence: number | null
  readonly at: number
  readonly error: PythonFault
}

/** Data of the event `graphFailed`: a graph failed. */
export interface GraphFailedEvent {
  readonly graph: string
  /** Sequence number of the first firing that the graph failed for. */
  readonly firingSequence: number
  /** Number of firings that the graph failed for. */
  readonly runs: number
  readonly at: number
  readonly error: PythonFault
}

/** Data of the event `executionStarted`: an execution started, or resumed in another engine. */
export interface ExecutionStartedEvent {
  readonly executionId: string
  readonly workflow: string
  readonly origin: ExecutionOrigin
  readonly at: number
  /** Whether another engine had started the execution before. */
  readonly isResumed: boolean
}

/** Data of the event `taskStarted`: an attempt of a task started. */
export interface TaskStartedEvent {
  readonly executionId: string
  readonly workflow: string
  readonly taskId: string
  /** Number of the attempt, starting with 1. */
  readonly attempt: number
  readonly at: number
}

/** Data of the event `taskParked`: an attempt ended without counting, and its task waits for a child execution. */
export interface TaskParkedEvent {
  readonly executionId: string
  readonly workflow: string
  readonly taskId: string
  /** Number of the attempt, which the next start has again. */
  readonly attempt: number
  /** Id of the child execution. */
  readonly childId: string
  readonly at: number
}

/** Data of the event `taskTriesLater`: an attempt ended with `TryLater`, and its number is used again. */
export interface TaskTriesLaterEvent {
  readonly executionId: string
  readonly workflow: string
  readonly taskId: string
  /** Number of the attempt, which the next start has again. */
  readonly attempt: number
  /** Delay of the next start, in milliseconds. */
  readonly delayMs: number
  /** Name of the limit whose slots are closed for the delay, or null. */
  readonly limit: string | null
  readonly at: number
}

/** Data of the event `taskLimited`: a task waits for a slot of a limit. */
export interface TaskLimitedEvent {
  readonly executionId: string
  readonly workflow: string
  readonly taskId: string
  /** Name of the limit. */
  readonly limit: string
  /** JSON text of the value of `per`; `null` without `per`. */
  readonly value: string
  readonly at: number
}

/** Data of the event `taskRetried`: an attempt of a task failed, and the task will be retried. */
export interface TaskRetriedEvent {
  readonly executionId: string
  readonly workflow: string
  readonly taskId: string
  /** Number of the failed attempt. */
  readonly attempt: number
  readonly error: PythonFault
  /** Earliest time of the next attempt, in milliseconds since 1970. */
  readonly retryAt: number
}

/** Data of the event `taskFinished`: a task ended. */
export interface TaskFinishedEvent {
  readonly executionId: string
  readonly workflow: string
  readonly taskId: string
  readonly status: 'Completed' | 'Failed' | 'Skipped' | 'Cancelled'
  readonly attempts: number
  readonly error: PythonFault | null
  readonly at: number
}

/** Data of the event `waitOpened`: a node began to wait. */
export interface WaitOpenedEvent {
  readonly executionId: string
  readonly workflow: string
  /** Id of the node. */
  readonly node: string
  readonly kind: WaitKind
  readonly at: number
}

/** Data of the event `waitEnded`: a node waits no longer. The event `taskFinished` follows. */
export interface WaitEndedEvent {
  readonly executionId: string
  readonly workflow: string
  /** Id of the node. */
  readonly node: string
  readonly kind: WaitKind
  /** Time at which the wait opened. */
  readonly openedAt: number
  readonly status: TaskFinishedEvent['status']
  readonly error: PythonFault | null
  readonly at: number
}

/** Data of the event `executionWaiting`: only waits of an execution are open, so no engine owns it until one ends. */
export interface ExecutionWaitingEvent {
  readonly executionId: string
  readonly workflow: string
  readonly at: number
}

/** Data of the event `executionFinished`: an execution ended. */
export interface ExecutionFinishedEvent {
  readonly executionId: string
  readonly workflow: string
  readonly status: ExecutionStatus
  readonly errorMessage: string | null
  /** First failed task and its error. Null unless the status is `Failed`. */
  readonly cause: string | null
  readonly at: number
}

/** Data of the event `scriptQuarantined`: a script has an interpreter of its own until it is reloaded. */
export interface ScriptQuarantinedEvent {
  readonly script: string
  /** Poll or task that hung or killed the interpreter, such as `trigger 'x'`. */
  readonly culprit: string
  readonly reason: string
}

/** Code of a warning. */
export type WarningCode =
  | 'UNKNOWN_WORKFLOW'
  | 'INVALID_CRON_TRIGGER'
  | 'DATABASE_FOUND'
  | 'LEASE_LOST'
  | 'NOT_SERVED'
  | 'OTHER_VERSION'
  | 'CLOCK_SET'
  | 'TRIGGER_PAUSED'
  | 'CRON_MISSED'
  | 'SUBSCRIPTION_DEGRADED'
  | 'STREAM_UNAVAILABLE'
  | 'LIMITED'

/** Data of the event `warning`: problem that the user may want to solve. The engine continues. */
export interface WarningEvent {
  readonly code: WarningCode
  /** Complete sentence with the names and the remedy. */
  readonly message: string
  readonly trigger?: string
  readonly workflow?: string
  readonly executionId?: string
  readonly scheduleId?: string
  readonly source?: string
}

/** Data of the event `stopped`: the engine stopped. */
export interface StoppedEvent {
  /** Tasks and polls that were interrupted, as `trigger 'name'` and `task 'id' of workflow 'name'`. */
  readonly cut: readonly string[]
  readonly at: number
}

/** Events of a runner with the types of their data. All `at` fields are in milliseconds since 1970. */
export interface EngineEventMap {
  readonly tick: TickEvent
  readonly triggerFired: TriggerFiredEvent
  readonly triggerFailed: TriggerFailedEvent
  readonly cronFired: CronFiredEvent
  readonly reactorFired: ReactorFiredEvent
  readonly sourceFailed: SourceFailedEvent
  readonly graphFailed: GraphFailedEvent
  readonly executionStarted: ExecutionStartedEvent
  readonly taskStarted: TaskStartedEvent
  readonly taskParked: TaskParkedEvent
  readonly taskTriesLater: TaskTriesLaterEvent
  readonly taskLimited: TaskLimitedEvent
  readonly taskRetried: TaskRetriedEvent
  readonly taskFinished: TaskFinishedEvent
  readonly waitOpened: WaitOpenedEvent
  readonly waitEnded: WaitEndedEvent
  readonly executionWaiting: ExecutionWaitingEvent
  readonly executionFinished: ExecutionFinishedEvent
  readonly scriptQuarantined: ScriptQuarantinedEvent
  readonly warning: WarningEvent
  readonly trouble: Trouble
  readonly stopped: StoppedEvent
}

/** Name of an event of a runner. */
export type EngineEventName = keyof EngineEventMap

const EVENT_NAMES: Readonly<Record<EngineEventName, true>> = {
  tick: true,
  triggerFired: true,
  triggerFailed: true,
  cronFired: true,
  reactorFired: true,
  sourceFailed: true,
  graphFailed: true,
  executionStarted: true,
  taskStarted: true,
  taskParked: true,
  taskTriesLater: true,
  taskLimited: true,
  taskRetried: true,
  taskFinished: true,
  waitOpened: true,
  waitEnded: true,
  executionWaiting: true,
  executionFinished: true,
  scriptQuarantined: true,
  warning: true,
  trouble: true,
  stopped: true,
}

/** Throws `INVALID_ARGUMENT`, with the nearest name, if there is no event with this name. */
export function assertEventName(name: unknown): asserts name is EngineEventName {
  if (typeof name === 'string' && Object.hasOwn(EVENT_NAMES, name)) return
  const nearest = typeof name === 'string' ? didYouMean(name, Object.keys(EVENT_NAMES)) : ''
  const message = `Unknown event ${typeof name === 'string' ? `"${name}"` : formatValue(name)}.${nearest}`
  throw new UsageError('INVALID_ARGUMENT', message, { path: 'name' })
}

type Listener<Name extends EngineEventName> = (event: EngineEventMap[Name]) => void

export class EngineEvents {
  readonly counters = new EngineCounters()
  readonly #listeners = new Map<EngineEventName, Set<Listener<never>>>()
  /** Listeners to `trouble` that report the errors to nobody. */
  readonly #silent = new Set<Listener<'trouble'>>()
  readonly #reportListenerError: (error: Error) => void

  /** `reportListenerError`: receives errors of listeners if nobody listens to `trouble`. Default: a process warning. */
  constructor(reportListenerError: (error: Error) => void = (error) => process.emitWarning(error)) {
    this.#reportListenerError = reportListenerError
  }

  /** Returns a function that removes the listener. */
  on<Name extends EngineEventName>(name: Name, listener: Listener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  /** Adds a listener to `trouble` that does not report errors, so that errors of other listeners stay visible. */
  onTroubleSilently(listener: Listener<'trouble'>): () => void {
    const release = this.on('trouble', listener)
    this.#silent.add(listener)
    return () => {
      release()
      this.#silent.delete(listener)
    }
  }

  /** Returns whether the event has listeners, so that a hot path need not create it. */
  isHeard(name: EngineEventName): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0
  }

  emit<Name extends EngineEventName>(name: Name, event: EngineEventMap[Name]): void {
    this.#count(name, event)
    const listeners = this.#listeners.get(name) as ReadonlySet<Listener<Name>> | undefined
    if (listeners === undefined) return
    for (const listener of listeners) {
      try {
        const result: unknown = listener(event)
        if (result instanceof Promise) result.catch((thrown) => this.#listenerFailed(name, thrown))
      } catch (thrown) {
        this.#listenerFailed(name, thrown)
      }
    }
  }

  #count(name: EngineEventName, event: EngineEventMap[EngineEventName]): void {
    if (name === 'trouble') this.counters.troubles += 1
    else if (name === 'scriptQuarantined') this.counters.quarantines += 1
    else if (name === 'warning') this.counters.warned((event as WarningEvent).code)
  }

  #listenerFailed(name: EngineEventName, thrown: unknown): void {
    const error = toError(thrown)
    const reporters = (this.#listeners.get('trouble')?.size ?? 0) - this.#silent.size
    if (name !== 'trouble' && reporters > 0) {
      this.emit('trouble', { during: `calling a listener of the event "${name}"`, error, retryAt: null })
    } else {
      const message = `A listener of the event "${name}" threw: ${error.message}`
      this.#reportListenerError(new Error(message, { cause: error })) // Uncoded: a warning of Node
    }
  }
}
