/** `limit`: declares a limit for the attempts of tasks. */

import * as v from 'valibot'
import { UsageError } from '../errors.ts'
import { parseRate, RATE_FORM } from '../model/limits/limit-rate.ts'
import { areSameLimits, HIGHEST_PRIORITY, LOWEST_PRIORITY, limitConflictText } from '../model/limits/limits.ts'
import { OVERFLOWS, type WorkflowLimit } from '../model/workflow.ts'
import { type OptionSchema, type Owner, parseOptions } from '../options/checked.ts'
import { convertedBy, NAME, optionsSchema, textSchema, wholeNumberAtLeast } from '../options/schemas.ts'
import { placeOfCaller } from './caller-place.ts'
import { LIMIT_KEY } from './declared.ts'
import type { DeclaredLimit, Limit, LimitOptions, WorkflowLimitOptions } from './types/limit-types.ts'

const LIMIT_NAME = textSchema('a string of 1 to 100 ASCII letters, digits, "_", "-" and "."', (name) =>
  /^[A-Za-z0-9_.-]{1,100}$/.test(name),
)
const OPTIONS = optionsSchema({
  maxActive: wholeNumberAtLeast(1),
  rate: convertedBy(RATE_FORM, (rate) => (typeof rate === 'string' ? (parseRate(rate) ?? undefined) : undefined)),
  per: NAME,
} satisfies Record<keyof LimitOptions, OptionSchema>)

/** Option `limits` of tasks. */
export const LIMITS_OPTION = v.array(
  v.custom<Limit>(isLimit, 'a limit, as limit() returns it'),
  'an array of limits, such as [crm]',
)

/** Option `priority` of workflows and triggers. */
export const PRIORITY_OPTION = wholeNumberAtLeast(LOWEST_PRIORITY, HIGHEST_PRIORITY)

/** Options of the limit of a workflow. */
export const WORKFLOW_LIMIT_OPTIONS = {
  maxActive: wholeNumberAtLeast(1),
  per: NAME,
  overflow: v.picklist(OVERFLOWS),
} satisfies Record<keyof WorkflowLimitOptions, OptionSchema>

/**
 * Declares a limit for the attempts of tasks, over all engines of the database. Pass it to tasks as
 * `{ limits: [crm] }`. An attempt begins only when each limit of its task has a free slot. Until then the execution
 * waits in the database, in order of priority, then age, and uses no slot of an engine. The values can be changed while
 * the engine runs, with `cloaca limit set` and in `cloaca.toml`.
 *
 * @param name Name of the limit: at most 100 ASCII letters, digits, `_`, `-` and `.`. A second declaration with this
 *   name must have the same values.
 * @param options Maximum number of attempts (`maxActive`), rate of attempts (`rate`), and name of the value that has
 *   its own slots (`per`).
 * @returns The limit. Pass it to tasks, or export it.
 * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid argument, or if neither `maxActive` nor `rate` is given.
 * @example
 * const crm = limit('crm', { maxActive: 3, rate: '100/1m', per: 'tenant' })
 * export const sync = workflow('sync').task('push', { limits: [crm] }, async ({ tenant }) => push(tenant))
 */
export function limit<const Name extends string>(name: Name, options: LimitOptions): Limit<Name> {
  const checked = parseOptions(LIMIT_NAME, name, 'name', { what: 'a limit' })
  const owner: Owner = { what: `limit "${checked}"` }
  const { maxActive = null, rate = null, per = null } = parseOptions(OPTIONS, options, '', owner)
  if (maxActive === null && rate === null) {
    const message = `Limit "${checked}" limits nothing. Pass "maxActive", "rate", or both.`
    throw new UsageError('INVALID_ARGUMENT', message, { path: 'maxActive' })
  }
  const declared: DeclaredLimit = Object.freeze({ name: checked, maxActive, rate, per, place: placeOfCaller() })
  const made = { name: checked as Name, declared }
  Object.defineProperty(made, LIMIT_KEY, { value: 1 })
  return Object.freeze(made)
}

/** Whether a value is a limit, also of another copy of this package. */
export function isLimit(value: unknown): value is Limit {
  return typeof value === 'object' && value !== null && LIMIT_KEY in value
}

/** Returns the declarations of the limits of a task, each name once. */
export function declaredLimits(limits: readonly Limit[]): readonly DeclaredLimit[] {
  const found = new Map<string, DeclaredLimit>()
  for (const { declared } of limits) addLimit(found, declared)
  return Object.freeze([...found.values()])
}

/** Returns the limit of the executions of a workflow, or null. */
export function toWorkflowLimit(
  owner: Owner,
  { maxActive, per, overflow }: WorkflowLimitOptions,
): WorkflowLimit | null {
  if (maxActive !== undefined) {
    return Object.freeze({ maxActive, per: per ?? null, overflow: overflow ?? 'queue' })
  }
  for (const [path, value] of Object.entries({ per, overflow })) {
    if (value === undefined) continue
    const remedy = `Add "maxActive", or remove "${path}".`
    const message = `The options of ${owner.what} conflict: "${path}" requires "maxActive". ${remedy}`
    throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path })
  }
  return null
}

/** Adds a limit to those of a load. Throws `LIMIT_CONFLICT` if the load has its name with other values. */
export function addLimit(limits: Map<string, DeclaredLimit>, limit: DeclaredLimit): void {
  const other = limits.get(limit.name)
  if (other === undefined) limits.set(limit.name, limit)
  else if (!areSameLimits(other, limit)) {
    const message = `${limitConflictText(other, limit)}. Declare it once and import it, or rename one of the two.`
    throw new UsageError('LIMIT_CONFLICT', message, { limit: limit.name })
  }
}
