/**
 * Limits by key, as values: what code declares, what a person set, and the state of each limit. A limit has a name. The
 * limit of the executions of a workflow is named `workflow:` followed by the key of the workflow.
 */

import { UsageError } from '../../errors.ts'
import { formatValue } from '../arguments.ts'
import type { SourcePlace } from '../workflow.ts'

/** Number of attempts that may begin within a sliding window. */
export interface LimitRate {
  readonly count: number
  readonly windowMs: number
}

/** Values of a limit. At least one of `maxActive` and `rate` is not null. */
export interface LimitValues {
  /** Maximum number of attempts, or executions of a workflow, at the same time, over all engines of the database. */
  readonly maxActive: number | null
  readonly rate: LimitRate | null
  /** Top-level name of the input. Each of its values has its own slots. Null: all share them. */
  readonly per: string | null
}

/** Limit that a script declares. */
export interface LimitDefinition extends LimitValues {
  readonly name: string
  /** Id of the script that declares it. */
  readonly script: string
  readonly place: SourcePlace | null
}

/** Whether two declarations of a name agree. */
export function areSameLimits(one: LimitValues, other: LimitValues): boolean {
  return (
    one.maxActive === other.maxActive &&
    one.per === other.per &&
    one.rate?.count === other.rate?.count &&
    one.rate?.windowMs === other.rate?.windowMs
  )
}

/** Returns the sentence about two declarations of a name that do not agree. */
export function limitConflictText(
  one: Omit<LimitDefinition, 'script'>,
  other: Omit<LimitDefinition, 'script'>,
): string {
  return `Limit "${one.name}" is declared with different values at ${placeText(one)} and at ${placeText(other)}`
}

function placeText({ place }: Pick<LimitDefinition, 'place'>): string {
  return place === null ? 'an unknown place' : `${place.file}:${place.line}`
}

/** Name and value of a limit, whose slots an attempt or execution takes. `value` is JSON text; `null` without `per`. */
export interface LimitKey {
  readonly name: string
  readonly value: string
}

/** Maximum size of the JSON text of a value of `per`, in bytes. */
export const MAX_LIMIT_VALUE_BYTES = 200

export const LOWEST_PRIORITY = -100
export const HIGHEST_PRIORITY = 100
/** Priority of the executions of backfills and refires. */
export const BATCH_PRIORITY = -10

/** Returns the rank of an execution: the order by priority, and executions that have begun before new ones. */
export function executionRank(priority: number, hasBegun: boolean): number {
  return -2 * priority - (hasBegun ? 1 : 0)
}

/** Returns a priority of an execution. Throws `INVALID_ARGUMENT`. */
export function priorityArgument(value: unknown): number {
  const isInRange = Number.isInteger(value) && Number(value) >= LOWEST_PRIORITY && Number(value) <= HIGHEST_PRIORITY
  if (isInRange) return Number(value)
  const expected = `a whole number from ${LOWEST_PRIORITY} to ${HIGHEST_PRIORITY}`
  const message = `"priority" must be ${expected}, but ${formatValue(value)} was given.`
  throw new UsageError('INVALID_ARGUMENT', message, { path: 'priority' })
}

const WORKFLOW_PREFIX = 'workflow:'

/** Returns the name of the limit of the executions of a workflow. */
export function workflowLimitName(workflow: string): string {
  return `${WORKFLOW_PREFIX}${workflow}`
}

/** Returns the workflow of a limit of executions, or null for a limit of tasks. */
export function limitedWorkflow(name: string): string | null {
  return name.startsWith(WORKFLOW_PREFIX) ? name.slice(WORKFLOW_PREFIX.length) : null
}

/** Values that a person set instead of those of the code. Undefined: that of the code applies. */
export interface LimitOverrides {
  readonly maxActive?: number | null
  readonly rate?: LimitRate | null
}

/** State of a limit. Times are measured by the database, so they are given as durations from now. */
export interface LimitRow extends LimitValues {
  readonly name: string
  /** Values of the newest code. Null if no code has declared the limit since it was closed or set. */
  readonly declared: LimitValues | null
  readonly overrides: LimitOverrides
  /** Whether living engines have code with other values. */
  readonly differs: boolean
  /** Slots in use, over all values. */
  readonly used: number
  /** Waiting tasks, or executions, over all values. */
  readonly waiting: number
  /** Time until all values are open again. Null: until a person opens the limit. Undefined: the limit is not closed. */
  readonly closedForMs?: number | null
}

/** State of a limit for one value of `per`. */
export interface LimitValueRow {
  /** JSON text. */
  readonly value: string
  readonly used: number
  readonly waiting: number
  /** Attempts that began within the window. Null without a rate. */
  readonly begun: number | null
  /** Time until the value is open again, as in `LimitRow`. */
  readonly closedForMs?: number | null
  /** Ids of executions that use slots, at most ten. */
  readonly heldBy: readonly string[]
}
