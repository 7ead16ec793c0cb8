/**
 * What the engine reports to those who watch it: logs, `runner.on`. Watchers read; nothing in the engine
 * waits for them, and a listener that throws breaks nothing: it is reported as a `trouble`. What is only to be counted is no
 * event: it goes into `counters`, whether anybody looks or not.
 */

import { toError, UsageError } from '../errors.ts'
import { EngineCounters } from '../metrics/engine-counters.ts'
import { shownValue } from '../model/arguments.ts'
import type { ExecutionOrigin, ExecutionStatus } from '../model/execution.ts'
import type { PythonFault } from '../model/fault.ts'
import type { TickOutcome } from '../model/schedule.ts'
import { didYouMean } from '../registry/nearest.ts'
import type { Trouble } from './ports.ts'

export interface TickEvent {
  readonly trigger: string
  readonly at: number
  readonly outcome: TickOutcome
  /** From when it was due to when it was asked; null when it was not due. */
  readonly latenessMs: number | null
  /** From when it was asked to its answer; null when nothing was polled. */
  readonly durationMs: number | null
  /** Why it skipped, or why it started nothing; null where nothing is said. */
  readonly reason: string | null
}

export interface TriggerFiredEvent {
  readonly trigger: string
  readonly workflow: string
  readonly at: number
  readonly firingId: string
  readonly contextHash: string
  /** Null when the workflow is not known. */
  readonly executionId: string | null
}

export interface TriggerFailedEvent {
  readonly trigger: string
  readonly script: string
  readonly at: number
  readonly outcome: 'failed' | 'timedOut'
  /** With the traceback, where there is one. */
  readonly error: PythonFault
}

export interface CronFiredEvent {
  readonly scheduleId: string
  /** Name of the cron trigger; null for a schedule that no trigger declares. */
  readonly trigger: string | null
  readonly workflow: string
  /** The instant that was due. */
  readonly scheduledAt: number
  readonly at: number
  readonly firingId: string
  readonly executionId: string | null
  /** 0, or which attempt at starting a lost firing again. */
  readonly recoveryAttempt: number
}

export interface ReactorFiredEvent {
  readonly reactor: string
  readonly firingId: string
  readonly sequence: number
  readonly at: number
}

/** An accumulator function raised, took too long, or killed its interpreter: the event is passed over. */
export interface SourceFailedEvent {
  readonly source: string
  readonly script: string
  /** Of the event; null for a poll. */
  readonly sequence: number | null
  readonly at: number
  readonly error: PythonFault
}

export interface GraphFailedEvent {
  readonly graph: string
  /** The first of the firings that it failed for. */
  readonly firingSequence: number
  /** For how many firings it failed at once. */
  readonly runs: number
  readonly at: number
  readonly error: PythonFault
}

export interface ExecutionStartedEvent {
  readonly executionId: string
  readonly workflow: string
  readonly origin: ExecutionOrigin
  readonly at: number
  /** True when an earlier instance had begun it. */
  readonly isResumed: boolean
}

export interface TaskStartedEvent {
  readonly executionId: string
  readonly workflow: string
  readonly taskId: string
  /** 1 for the first. */
  readonly attempt: number
  readonly at: number
}

export interface TaskRetriedEvent {
  readonly executionId: string
  readonly workflow: string
  readonly taskId: string
  /** The attempt that failed. */
  readonly attempt: number
  readonly error: PythonFault
  /** When the next attempt may begin. */
  readonly retryAt: number
}

export interface TaskFinishedEvent {
  readonly executionId: string
  readonly workflow: string
  readonly taskId: string
  readonly status: 'Completed' | 'Failed' | 'Skipped' | 'Cancelled'
  readonly attempts: number
  readonly error: PythonFault | null
  readonly at: number
}

export interface ExecutionFinishedEvent {
  readonly executionId: string
  readonly workflow: string
  readonly status: ExecutionStatus
  readonly errorMessage: string | null
  readonly at: number
}

/** A script has an interpreter of its own from now on, until it is reloaded. */
export interface ScriptQuarantinedEvent {
  readonly script: string
  /** The poll or task that hung or killed the interpreter: `trigger 'x'`. */
  readonly culprit: string
  readonly reason: string
}

export type WarningCode =
  | 'UNKNOWN_WORKFLOW'
  | 'INVALID_CRON_TRIGGER'
  | 'DATABASE_FOUND'
  | 'LEASE_LOST'
  | 'NOT_SERVED'
  | 'OTHER_VERSION'
  | 'CLOCK_SET'
  | 'RETENTION_BEGINS'
  | 'TRIGGER_PAUSED'
  | 'CRON_MISSED'
  | 'SUBSCRIPTION_DEGRADED'
  | 'STREAM_UNAVAILABLE'

/** Something that the user may want to change; the engine goes on. */
export interface WarningEvent {
  readonly code: WarningCode
  /** Complete sentence with the names and what to do. */
  readonly message: string
  readonly trigger?: string
  readonly workflow?: string
  readonly executionId?: string
  readonly scheduleId?: string
  readonly source?: string
}

/** The engine has stopped. */
export interface StoppedEvent {
  /** Tasks and polls whose end was not waited for, as `trigger 'name'` and `task 'id' of workflow 'name'`. */
  readonly cut: readonly string[]
  readonly at: number
}

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
  readonly taskRetried: TaskRetriedEvent
  readonly taskFinished: TaskFinishedEvent
  readonly executionFinished: ExecutionFinishedEvent
  readonly scriptQuarantined: ScriptQuarantinedEvent
  readonly warning: WarningEvent
  readonly trouble: Trouble
  readonly stopped: StoppedEvent
}

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
  taskRetried: true,
  taskFinished: true,
  executionFinished: true,
  scriptQuarantined: true,
  warning: true,
  trouble: true,
  stopped: true,
}

/** Throws `INVALID_ARGUMENT`, with the nearest name, for what is the name of no event. */
export function assertEventName(name: unknown): asserts name is EngineEventName {
  if (typeof name === 'string' && Object.hasOwn(EVENT_NAMES, name)) return
  const nearest = typeof name === 'string' ? didYouMean(name, Object.keys(EVENT_NAMES)) : ''
  const message = `There is no event ${typeof name === 'string' ? `"${name}"` : shownValue(name)}.${nearest}`
  throw new UsageError('INVALID_ARGUMENT', message, { path: 'name' })
}

type Listener<Name extends EngineEventName> = (event: EngineEventMap[Name]) => void

export class EngineEvents {
  readonly counters = new EngineCounters()
  readonly #listeners = new Map<EngineEventName, Set<Listener<never>>>()
  readonly #reportListenerError: (error: Error) => void

  /** `reportListenerError` hears of listeners that throw where nobody hears of trouble; a process warning by default. */
  constructor(reportListenerError: (error: Error) => void = (error) => process.emitWarning(error)) {
    this.#reportListenerError = reportListenerError
  }

  /** Returns the end of it. */
  on<Name extends EngineEventName>(name: Name, listener: Listener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  /** Whether anybody listens: lets a hot path skip building the event. */
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
    if (name !== 'trouble' && this.isHeard('trouble')) {
      this.emit('trouble', { during: `calling a listener of the event "${name}"`, error, retryAt: null })
    } else {
      const message = `A listener of the event "${name}" threw: ${error.message}`
      this.#reportListenerError(new Error(message, { cause: error }))
    }
  }
}
