/** `trigger`: declares a polled function or a schedule, and the workflow that it starts. */

import * as v from 'valibot'
import { toError, UsageError } from '../errors.ts'
import { formatValue } from '../model/arguments.ts'
import { CATCHUPS, DEFAULT_POLICY, type TriggerPolicy } from '../model/policy.ts'
import { intervalMs } from '../model/time/duration.ts'
import type { TriggerTiming } from '../model/trigger.ts'
import { type OptionSchema, type Owner, parseOptions } from '../options/checked.ts'
import { durationAtLeast, NAME, optionsSchema, TAGS, wholeNumberAtLeast } from '../options/schemas.ts'
import { placeOfCaller } from './caller-place.ts'
import { type DeclaredTrigger, TRIGGER_KEY, WORKFLOW_KEY } from './declared.ts'
import type { ModuleTrigger } from './function-types.ts'
import { objectText } from './json-text.ts'
import { PRIORITY_OPTION } from './limit-function.ts'
import type { CronOptions, PollOptions } from './types/option-types.ts'
import type { CheckedPoll, Fired, Scheduled, Startable, Trigger } from './types/trigger-types.ts'
import type { AnyWorkflow } from './types/workflow-types.ts'

const POLLING = {
  every: durationAtLeast(0, intervalMs),
  timeout: durationAtLeast(1),
  jitter: durationAtLeast(0),
  maxActive: wholeNumberAtLeast(1),
  pauseAfter: wholeNumberAtLeast(1),
  onChange: v.boolean(),
  state: v.custom<object>(isObject, 'a JSON object, such as { last: 0 }'),
  keyTtl: v.union([v.literal('never'), durationAtLeast(1)]),
}
const STARTS = v.union(
  [NAME, v.custom<AnyWorkflow>((value) => typeof value === 'object' && value !== null && WORKFLOW_KEY in value)],
  'a workflow or its name',
)
const OPTIONS = optionsSchema({
  starts: STARTS,
  ...POLLING,
  cron: v.string('a cron expression, such as "0 6 * * 1-5"'),
  timezone: v.string(),
  catchup: v.picklist(CATCHUPS),
  allowConcurrent: v.boolean(),
  description: v.string(),
  expectFire: durationAtLeast(1),
  tags: TAGS,
  priority: PRIORITY_OPTION,
} satisfies Record<keyof PollOptions<unknown> | keyof CronOptions<unknown>, OptionSchema>)
type CheckedOptions = v.InferOutput<typeof OPTIONS>

const DEFAULT_INTERVAL_MS = 30_000

/**
 * Declares a trigger: a function that is polled and can start a workflow. Polls of one trigger never overlap. A poll
 * that throws or times out is recorded and starts nothing; the next poll follows after the interval.
 *
 * @param name Unique name of the trigger.
 * @param options Workflow to start (`starts`), poll interval (`every`) and further options.
 * @param poll Function that returns an object or `fire(…)` to start the workflow, an array of `fire(…)` to start it
 *   several times, or `skip(…)` to start nothing.
 * @returns The trigger. Export it for `cloaca serve`, or pass it to `runner.register`.
 * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid argument.
 * @example export const inbox = trigger('inbox', { every: '2s', starts: orders }, async () => (await next()) ??
 * skip('nothing new'))
 * @example
 * export const rows = trigger('rows', { every: '5s', starts: takeRow, state: { last: 0 } }, async ({ state }) => {
 *   const found = await rowsAfter(state.last)
 *   state.last = found.at(-1)?.id ?? state.last
 *   return found.map((row) => fire(row, { key: `row-${row.id}` }))
 * })
 */
export function trigger<const Name extends string, const Starts extends Startable, Answer, State = undefined>(
  name: Name,
  options: PollOptions<Starts, State>,
  poll: CheckedPoll<Fired<Starts>, Answer, State>,
): Trigger<Name, Fired<Starts>, State>
/**
 * Declares a cron trigger, which starts a workflow on a schedule.
 *
 * @param name Unique name of the trigger.
 * @param options Workflow to start (`starts`), cron expression (`cron`) and further options.
 * @returns The trigger. Export it for `cloaca serve`, or pass it to `runner.register`.
 * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid argument.
 * @example
 * export const nightly = trigger('nightly', { cron: '0 3 * * *', timezone: 'Europe/Paris', starts: 'cleanup' })
 */
export function trigger<const Name extends string, const Starts extends Startable>(
  name: Name,
  options: CronOptions<Starts> & Scheduled<Starts>,
): Trigger<Name, unknown, undefined>
export function trigger(name: string, options: object, poll?: unknown): Trigger {
  const checked = parseOptions(NAME, name, 'name', { what: 'a trigger' })
  const owner: Owner = { what: `trigger "${checked}"`, facts: { trigger: checked } }
  const given = parseOptions(OPTIONS, options, '', owner)
  const started = startedBy(parseOptions(STARTS, given.starts, 'starts', owner))
  const declared: DeclaredTrigger = Object.freeze({
    name: checked,
    ...started,
    timing: timingOf(owner, given),
    allowConcurrent: given.allowConcurrent ?? false,
    policy: policyOf(given),
    priority: given.priority ?? null,
    tags: given.tags === undefined ? null : Object.freeze(given.tags),
    description: given.description ?? '',
    poll: pollOf(owner, given, poll),
    stateText: stateTextOf(owner, given),
    place: placeOfCaller(),
  })
  const made = { name: checked, workflow: started.workflow, declared }
  Object.defineProperty(made, TRIGGER_KEY, { value: 1 })
  return Object.freeze(made)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function startedBy(starts: v.InferOutput<typeof STARTS>): Pick<DeclaredTrigger, 'workflow' | 'starts'> {
  if (typeof starts === 'string') return { workflow: starts, starts: null }
  return { workflow: starts.declared.key, starts: starts.declared }
}

function timingOf(owner: Owner, given: CheckedOptions): TriggerTiming {
  const { cron, timezone = 'UTC', catchup = 'skip' } = given
  if (cron === undefined) {
    for (const key of ['timezone', 'catchup'] as const) {
      if (given[key] !== undefined)
        throw conflict(owner, key, `"${key}" requires "cron". Add "cron", or remove "${key}"`)
    }
    return { kind: 'poll', intervalMs: given.every ?? DEFAULT_INTERVAL_MS }
  }
  for (const key of Object.keys(POLLING) as (keyof typeof POLLING)[]) {
    if (given[key] !== undefined)
      throw conflict(owner, key, `"${key}" applies to polling, but "cron" is set. Remove "${key}" or "cron"`)
  }
  return { kind: 'cron', expression: cron, timezone, catchup }
}

function stateTextOf(owner: Owner, { state, onChange }: CheckedOptions): string | null {
  if (state === undefined) return null
  if (onChange) {
    const why = '"onChange" suppresses firings, so the state would change without them. Remove "onChange" or "state"'
    throw conflict(owner, 'onChange', why)
  }
  try {
    return objectText(state, 'state')
  } catch (cause) {
    const message = `The default state of ${owner.what} must be a JSON object: ${toError(cause).message}.`
    throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: 'state', cause })
  }
}

function policyOf(options: CheckedOptions): TriggerPolicy {
  const { timeout, jitter, maxActive, pauseAfter, onChange, expectFire, keyTtl } = options
  return Object.freeze({
    timeoutMs: timeout ?? null,
    jitterMs: jitter ?? null,
    maxActive: maxActive ?? null,
    pauseAfter: pauseAfter ?? null,
    onChange: onChange ?? DEFAULT_POLICY.onChange,
    expectFireMs: expectFire ?? null,
    keyTtlMs: keyTtl ?? null,
  })
}

function pollOf(owner: Owner, given: CheckedOptions, poll: unknown): ModuleTrigger['poll'] {
  if (given.cron !== undefined) {
    if (poll === undefined) return null
    throw conflict(owner, 'cron', '"cron" is set, so the function would never be called. Remove "cron" or the function')
  }
  if (typeof poll === 'function') return poll as ModuleTrigger['poll']
  const message =
    `The function of ${owner.what} must be the last argument, but ${formatValue(poll)} was given. ` +
    `For a trigger with a schedule, use the option "cron".`
  throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: 'poll' })
}

function conflict(owner: Owner, key: string, why: string): UsageError {
  const message = `The options of ${owner.what} conflict: ${why}.`
  return new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: key })
}
