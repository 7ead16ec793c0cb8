/**
 * The sockets of the engine: what it needs of a store, of an interpreter host and of a clock. Read this file and
 * the machine is known. The plugs are `store/` (SQLite), `host/` (Pyodide) and `clock.ts`; tests plug in fakes here
 * and nowhere else. Nothing in it may assume SQLite, Pyodide or a thread.
 *
 * Instants (`…At`) are epoch milliseconds of the wall clock; durations (`…Ms`) are monotonic. Ids are UUID v4 texts.
 */

import type { ContextText } from '../model/context.ts'
import type { AttemptOutcome } from '../model/execution.ts'
import type { LogSink } from '../model/log.ts'
import type { PollOutcome } from '../model/trigger.ts'
import type { TaskRuns } from '../model/workflow.ts'
import type { StartLimit } from './clock-port.ts'
import type { GraphHost } from './graphs/graph-host.ts'

export type { EndedExecutions, Retention } from '../model/retention.ts'
export type { Clock, StartLimit, Timer, Trouble, WallJump } from './clock-port.ts'
export type * from './cron/cron-store.ts'
export type * from './graphs/graph-host.ts'
export type * from './graphs/graph-store.ts'
export type * from './store.ts'
export type * from './store-ports.ts'

// ---------------------------------------------------------------------------------------------------------- codec

/**
 * What is done with a context's text without reading it into JavaScript: numbers keep their tokens. Pure. All five
 * throw `UsageError` (`INVALID_CONTEXT`) for a text that is not JSON.
 */
export interface ContextCodec {
  /** The one text that all equal values share. */
  canonicalize(json: ContextText): string
  /** SHA-256 of the canonical text, as 64 hexadecimal digits. */
  fingerprint(json: ContextText): string
  /** Objects merge key by key, lists are concatenated without repeated elements, otherwise the later wins. Of `[]`: `{}`. */
  merge(jsons: readonly ContextText[]): ContextText
  /** `merge` of all, and the `fingerprint` of the first, in one call. */
  mergeWithFingerprint(jsons: readonly [ContextText, ...ContextText[]]): {
    readonly merged: ContextText
    readonly fingerprint: string
  }
  /** The text of one top-level member, or null when there is none. */
  pick(json: ContextText, key: string): string | null
}

// ----------------------------------------------------------------------------------------------------------- host

export interface PollRequest {
  readonly script: string
  readonly trigger: string
  /** Begins when Python is entered. */
  readonly deadlineMs: number
  /** After it the function is not called, and the outcome is `notEntered`. Default: it may be called at any time. */
  readonly startLimit?: StartLimit
  /** Aborted when the engine stops: what waits to be let in gives up, what is inside goes on. Default: never. */
  readonly stopping?: AbortSignal
  /** Hears what the poll prints and logs, before its outcome; of one that skips perhaps nothing. Default: nobody. */
  readonly log?: LogSink
}

/** The concurrency slot of one task run, as `TaskHandle.defer_until` uses it. */
export interface TaskSlot {
  release(): void
  /** Settles when the slot is held again. */
  acquire(): Promise<void>
}

export interface TaskRequest {
  readonly script: string
  readonly executionId: string
  readonly workflow: string
  readonly taskId: string
  /** What runs in place of a function of that name in that script. */
  readonly runs?: TaskRuns | undefined
  /** 1 for the first. */
  readonly attempt: number
  readonly inputText: ContextText
  readonly deadlineMs: number
  /** Time after which the task must not start, as for polls. */
  readonly startLimit?: StartLimit
  readonly slot: TaskSlot
  readonly stopping?: AbortSignal
  /** Hears what the attempt prints and logs, before its outcome, and what threads say that it left behind. Default: nobody. */
  readonly log?: LogSink
}

/** It never began. Nothing of it counts. */
export interface NotEntered {
  readonly kind: 'notEntered'
  /** Nothing that is loaded here runs it. Otherwise the engine has stopped while there was no interpreter for it. */
  readonly isUnserved?: true
  /** Its `startLimit` was over before its function could be called. */
  readonly isLate?: true
}

/**
 * Runs Python. Both calls always settle, with the outcome as a value: a Python exception, a hang (stopped at its
 * deadline), a dead interpreter and a closed host are outcomes, never rejections. While there is no interpreter, as when
 * one is started again or cannot be, a call waits for it. Calls overlap freely.
 */
export interface ScriptHost extends GraphHost {
  poll(request: PollRequest): Promise<PollOutcome | NotEntered>
  runTask(request: TaskRequest): Promise<AttemptOutcome | NotEntered>
  /**
   * Stops what runs of an execution, wherever it waits or computes: each of these attempts settles as `cancelled`, or
   * as it would have anyway. What does not stop within 5 s is ended with its interpreter.
   */
  cancelTasks(executionId: string): void
}
