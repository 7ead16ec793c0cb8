/** Polled trigger as `PolledTriggers` stores it and the scheduler uses it, with pure functions. */

import type { TriggerCounters } from '../../metrics/engine-counters.ts'
import type { TriggerPolicy } from '../../model/policy.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import type { DueEntry } from '../due.ts'
import type { PollRequest } from '../ports.ts'
import type { PollLog } from './poll-log.ts'
import type { HeldLease } from './trigger-leases.ts'
import type { TriggerPoll } from './trigger-poll.ts'

export interface PolledTrigger extends DueEntry {
  definition: TriggerDefinition
  /** Created once, since each poll sends it. */
  request: PollRequest
  readonly log: PollLog
  /** Looked up once, for the same reason. */
  readonly counters: TriggerCounters
  /** Effective settings: overrides, or the declaration. */
  intervalMs: number
  policy: TriggerPolicy
  isDeclared: boolean
  isEnabled: boolean
  /** Null while another engine holds it, or the holder is unknown. */
  lease: HeldLease | null
  /** From the poll until its outcome is recorded. */
  isPolling: boolean
  /** Delay with which the running poll was started, in milliseconds. Null if none runs, or if the poll was not due. */
  latenessMs: number | null
  /** Used by the scheduler: created for the first poll, and reused. */
  poll: TriggerPoll | null
  /** Due time without jitter, from which the next one is counted. Monotonic, as all due times here. */
  baseDueAt: number
  lastDueAt: number | null
}

export function* pollTriggerNames(triggers: ReadonlyMap<string, TriggerDefinition>): Iterable<string> {
  for (const [name, { timing }] of triggers) if (timing.kind === 'poll') yield name
}

export type PollSettings = Pick<PolledTrigger, 'definition' | 'intervalMs' | 'policy'>

export function hasSamePollSettings(one: PollSettings, other: PollSettings): boolean {
  if (one.intervalMs !== other.intervalMs) return false
  const names = Object.keys(one.policy) as (keyof TriggerPolicy)[]
  return names.every((name) => one.policy[name] === other.policy[name])
}

export type PolledTriggerFlags = Pick<PolledTrigger, 'isDeclared' | 'isEnabled' | 'lease'>

export function isPollExpected({ isPolling, unsafeHeapIndex }: PolledTrigger): boolean {
  return isPolling || unsafeHeapIndex >= 0
}

export function isPollable(trigger: PolledTrigger): boolean {
  return trigger.isDeclared && trigger.isEnabled && trigger.lease !== null
}

/** Poll triggers that are new or were declared again since the last query. */
export function changedPollTriggers(
  declared: ReadonlyMap<string, TriggerDefinition>,
  before: ReadonlyMap<string, TriggerDefinition> | null,
): readonly { readonly definition: TriggerDefinition; readonly intervalMs: number }[] {
  const changed: { definition: TriggerDefinition; intervalMs: number }[] = []
  for (const definition of declared.values()) {
    if (definition.timing.kind !== 'poll' || before?.get(definition.name) === definition) continue
    changed.push({ definition, intervalMs: definition.timing.intervalMs })
  }
  return changed
}
