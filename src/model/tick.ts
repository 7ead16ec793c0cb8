/** What is stored of triggers and their polls, as values: the store's port takes and returns them. */

import type { NewExecution } from './execution.ts'
import type { PythonFault } from './fault.ts'

/** What the code says of a poll trigger. */
export interface TriggerDeclaration {
  readonly name: string
  readonly workflow: string
  readonly pollIntervalMs: number
  readonly allowConcurrent: boolean
}

/** The right to poll a trigger. Its number goes up each time the lease is taken, so that a former holder is known by it. */
export interface TriggerLease {
  readonly trigger: string
  readonly number: number
}

/** How punctual a poll was, in whole milliseconds. */
export interface PollTimes {
  /** From when it was due to when it was asked; null when it was not due. */
  readonly latenessMs: number | null
  /** From when it was asked to its answer; null when nothing was polled. */
  readonly durationMs: number | null
}

/** A poll that skipped. */
export interface SkippedTick extends PollTimes {
  readonly trigger: string
  readonly at: number
  readonly reason: string | null
}

export interface FiredTick extends PollTimes {
  readonly trigger: string
  /** The number of the lease under which it was polled; null: the database that gave it was lost since, and it is not compared. */
  readonly lease: number | null
  readonly at: number
  /** Deduplication key; see `FiringRow.contextHash`. */
  readonly contextHash: string
  /** False: drop it when a firing of the same trigger with the same hash is active. */
  readonly allowConcurrent: boolean
  readonly firingId: string
  /** The run to start, or null when it cannot be started: the firing is recorded as ended, without a run. */
  readonly execution: NewExecution | null
}

/** `lost`: the lease has been taken by another since, and nothing is stored. */
export type FiredTickResult =
  | { readonly kind: 'started' | 'lost' }
  /** `executionId`: of the active firing. Null when that has no run. */
  | { readonly kind: 'duplicate'; readonly executionId: string | null }

export interface FailedTick extends PollTimes {
  readonly trigger: string
  /** The number of the lease under which it was polled; null: the database that gave it was lost since, and it is not compared. */
  readonly lease: number | null
  readonly at: number
  readonly outcome: 'failed' | 'timedOut'
  readonly error: PythonFault
}

export type FailedTickResult = { readonly kind: 'recorded' | 'lost' }
