/** `trigger`: declares a function that is polled, or a schedule, and the workflow that it starts. */

import { UsageError } from '../errors.ts'
import { isStorable, STORABLE, shownValue } from '../model/arguments.ts'
import { CATCHUPS, DEFAULT_POLICY, type TriggerPolicy } from '../model/policy.ts'
import type { TriggerTiming } from '../model/trigger.ts'
import { type DeclaredTrigger, type DeclaredWorkflow, TRIGGER, WORKFLOW } from './declared.ts'
import {
  nameOf,
  type Owner,
  optionalChoice,
  optionalCount,
  optionalDuration,
  optionalFlag,
  optionalInterval,
  optionalLimit,
  optionalText,
  optionsOf,
  refused,
} from './option-checks.ts'
import { placeOfCaller } from './place.ts'
import type { CronOptions, PollOptions } from './types/options.ts'
import type { Fired, PollOf, Scheduled, Startable, Trigger } from './types/trigger.ts'
import type { AnyWorkflow } from './types/workflow.ts'
import type { ModuleTrigger } from './types.ts'

type Given = Readonly<Record<string, unknown>>

const POLLING = ['every', 'timeout', 'jitter', 'maxActive', 'pauseAfter', 'onChange']
const OPTIONS = ['starts', ...POLLING, 'cron', 'timezone', 'catchup', 'allowConcurrent', 'description']

const DEFAULT_INTERVAL_MS = 30_000

/**
 * Declares a trigger: a function that is polled and can start a workflow. Polls of one trigger never overlap. A poll
 * that throws or times out is recorded and starts nothing; the next poll follows after the interval.
 *
 * @param name Unique name of the trigger.
 * @param options Workflow to start (`starts`), poll interval (`every`) and further options.
 * @param poll Function that returns an object or `fire(…)` to start the workflow, or `skip(…)` to start nothing.
 * @returns The trigger. Export it for `cloaca serve`, or pass it to `runner.register`.
 * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid argument.
 * @example
 * export const inbox = trigger('inbox', { every: '2s', starts: orders }, async () => (await next()) ?? skip('nothing new'))
 */
export function trigger<const Name extends string, const Starts extends Startable, Answer>(
  name: Name,
  options: PollOptions<Starts>,
  poll: PollOf<Fired<Starts>, Answer>,
): Trigger<Name, Fired<Starts>>
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
): Trigger<Name>
export function trigger(name: string, options: object, poll?: unknown): Trigger {
  const checked = nameOf(name, 'The name of a trigger', { path: 'name' })
  const owner: Owner = { what: `trigger "${checked}"`, facts: { trigger: checked } }
  const given = optionsOf(owner, options, OPTIONS)
  const started = startedBy(owner, given.starts)
  const declared: DeclaredTrigger = Object.freeze({
    name: checked,
    ...started,
    timing: timingOf(owner, given),
    allowConcurrent: optionalFlag(owner, given, 'allowConcurrent', false),
    policy: policyOf(owner, given),
    description: optionalText(owner, given, 'description', ''),
    poll: pollOf(owner, given, poll),
    place: placeOfCaller(),
  })
  const made = { name: checked, workflow: started.workflow, declared }
  Object.defineProperty(made, TRIGGER, { value: 1 })
  return Object.freeze(made)
}

function startedBy(owner: Owner, starts: unknown): Pick<DeclaredTrigger, 'workflow' | 'starts'> {
  if (typeof starts === 'string' && starts !== '') {
    if (!isStorable(starts)) throw refused(owner, 'starts', STORABLE, starts)
    return { workflow: starts, starts: null }
  }
  if (typeof starts === 'object' && starts !== null && WORKFLOW in starts) {
    const declared: DeclaredWorkflow = (starts as unknown as AnyWorkflow).declared
    return { workflow: declared.key, starts: declared }
  }
  throw refused(owner, 'starts', 'a workflow or its name', starts)
}

function timingOf(owner: Owner, given: Given): TriggerTiming {
  const { cron } = given
  if (cron === undefined) {
    for (const key of ['timezone', 'catchup']) {
      if (given[key] !== undefined)
        throw conflict(owner, key, `"${key}" requires "cron". Add "cron", or remove "${key}"`)
    }
    return { kind: 'poll', intervalMs: optionalInterval(owner, given, 'every') ?? DEFAULT_INTERVAL_MS }
  }
  if (typeof cron !== 'string') throw refused(owner, 'cron', 'a cron expression, such as "0 6 * * 1-5"', cron)
  for (const key of POLLING) {
    if (given[key] !== undefined)
      throw conflict(owner, key, `"${key}" applies to polling, but "cron" is set. Remove "${key}" or "cron"`)
  }
  return {
    kind: 'cron',
    expression: cron,
    timezone: optionalText(owner, given, 'timezone', 'UTC'),
    catchup: optionalChoice(owner, given, 'catchup', CATCHUPS) ?? 'skip',
  }
}

function policyOf(owner: Owner, given: Given): TriggerPolicy {
  return Object.freeze({
    timeoutMs: optionalLimit(owner, given, 'timeout'),
    jitterMs: optionalDuration(owner, given, 'jitter'),
    maxActive: optionalCount(owner, given, 'maxActive', 1),
    pauseAfter: optionalCount(owner, given, 'pauseAfter', 1),
    onChange: optionalFlag(owner, given, 'onChange', DEFAULT_POLICY.onChange),
  })
}

function pollOf(owner: Owner, given: Given, poll: unknown): ModuleTrigger['poll'] {
  if (given.cron !== undefined) {
    if (poll === undefined) return null
    throw conflict(owner, 'cron', '"cron" is set, so the function would never be called. Remove "cron" or the function')
  }
  if (typeof poll === 'function') return poll as ModuleTrigger['poll']
  const message = `The function of ${owner.what} must be the last argument, but ${shownValue(poll)} was given. For a trigger with a schedule, use the option "cron".`
  throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: 'poll' })
}

function conflict(owner: Owner, key: string, why: string): UsageError {
  const message = `The options of ${owner.what} conflict: ${why}.`
  return new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: key })
}
