/** One poll trigger as `PolledTriggers` keeps it and the scheduler sees it, and pure questions about it. */

import type { TriggerCounters } from '../../metrics/engine-counters.ts'
import type { TriggerPolicy } from '../../model/policy.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import type { DueEntry } from '../due.ts'
import type { PollRequest } from '../ports.ts'
import type { PollLog } from './poll-log.ts'
import type { HeldLease } from './trigger-leases.ts'
import type { TriggerPoll } from './trigger-poll.ts'

/** A trigger as the scheduler sees it. */
export interface PolledTrigger extends DueEntry {
  definition: TriggerDefinition
  /** Made once: the loop sends it at every poll. */
  request: PollRequest
  readonly log: PollLog
  /** Looked up once, as well. */
  readonly counters: TriggerCounters
  /** Effective settings: overrides, or the declaration. */
  intervalMs: number
  policy: TriggerPolicy
  isDeclared: boolean
  isEnabled: boolean
  /** Null while another holds it, or nobody knows. */
  lease: HeldLease | null
  /** From the poll until its outcome is recorded. */
  isPolling: boolean
  /** The scheduler's: made at its first poll, and used for each. */
  poll: TriggerPoll | null
  /** Without jitter: what the next due time is counted from. Monotonic, as all due times here. */
  baseDueAt: number
  /** The due time of the last poll; null before the first. */
  lastDueAt: number | null
}

export function* pollNames(triggers: ReadonlyMap<string, TriggerDefinition>): Iterable<string> {
  for (const [name, { timing }] of triggers) if (timing.kind === 'poll') yield name
}

export type HowPolled = Pick<PolledTrigger, 'definition' | 'intervalMs' | 'policy'>

export function isSameHow(one: HowPolled, other: HowPolled): boolean {
  if (one.intervalMs !== other.intervalMs) return false
  const names = Object.keys(one.policy) as (keyof TriggerPolicy)[]
  return names.every((name) => one.policy[name] === other.policy[name])
}

export type Flags = Pick<PolledTrigger, 'isDeclared' | 'isEnabled' | 'lease'>

export function isAwaited({ isPolling, unsafeHeapIndex }: PolledTrigger): boolean {
  return isPolling || unsafeHeapIndex >= 0
}

export function isPollable(trigger: PolledTrigger): boolean {
  return trigger.isDeclared && trigger.isEnabled && trigger.lease !== null
}

/** Poll triggers that are new or were declared again since the last query. */
export function changedPolls(
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
