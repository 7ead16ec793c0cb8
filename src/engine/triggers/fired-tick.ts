/** Creates the tick of a poll that fired, and reports of its result. Used by the recorder, and for firings by hand. */

import { UsageError } from '../../errors.ts'
import { keyArgument } from '../../model/arguments.ts'
import { limitedReason, type TriggerPolicy, UNCHANGED_REASON, workflowLimitedReason } from '../../model/policy.ts'
import { MAX_FIRINGS, type PolledFiring, type TriggerDefinition } from '../../model/trigger.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { EnginePorts } from '../engine-options.ts'
import { firingContext, newExecution } from '../starts/firing-context.ts'
import type { FiredTick, FiredTickResult, NewTriggerFiring } from '../store-ports.ts'
import type { FiringResult } from './poll-records.ts'
import type { PollReport } from './trigger-poll.ts'

const MAX_CONTEXTS_LENGTH = 16_384

/** Results of the firings of a tick, if it fired. */
export function firingResults(result: FiredTickResult): readonly FiringResult[] {
  if (result.kind === 'several') return result.firings
  if (result.kind === 'lost' || result.kind === 'stateChanged' || result.kind === 'unchanged') return []
  return [result]
}

/** Reports a result. Callers handle a lost lease and a changed state, with which a poll has another outcome. */
export function firedReport(
  tick: Pick<FiredTick, 'maxActive' | 'firings' | 'refusal'>,
  result: FiredTickResult,
): Omit<PollReport, 'error' | 'durationMs'> {
  const { length: firings } = tick.firings
  const results = firingResults(result)
  const duplicates = results.filter(({ kind }) => kind === 'duplicate').length
  const counted = { reason: null, executionId: null, firings, duplicates }
  switch (result.kind) {
    case 'several': {
      if (results.some(({ kind }) => kind === 'started')) return { ...counted, outcome: 'fired' }
      const refused = results.find(({ kind }) => kind === 'refused')
      if (refused !== undefined) return { ...counted, outcome: 'refused', reason: tick.refusal?.reason ?? null }
      const limited = results.find(({ kind }) => kind === 'limited')
      if (limited === undefined) return { ...counted, outcome: 'duplicate' }
      return { ...counted, outcome: 'limited', reason: reasonOfLimit(tick.maxActive, limited) }
    }
    case 'started':
    case 'lost':
    case 'stateChanged':
      return { ...counted, outcome: 'fired', executionId: tick.firings[0]?.execution?.id ?? null }
    case 'duplicate':
      return { ...counted, outcome: 'duplicate', executionId: result.executionId }
    case 'unchanged':
      return { ...counted, outcome: 'skipped', reason: UNCHANGED_REASON, firings: 0 }
    case 'limited':
      return { ...counted, outcome: 'limited', reason: reasonOfLimit(tick.maxActive, result) }
    case 'refused':
      return { ...counted, outcome: 'refused', reason: tick.refusal?.reason ?? null }
  }
}

/** Returns the reason of a firing that a limit refused, or null for another firing. */
function reasonOfLimit(maxActive: number | null, result: FiringResult | undefined): string | null {
  if (result?.kind !== 'limited') return null
  const { active, by } = result
  return by === 'workflow' ? workflowLimitedReason(active) : limitedReason(maxActive ?? 0, active)
}

/** Returns the firings of a tick. Throws `INVALID_CONTEXT`, or `INVALID_ARGUMENT` for a key or too many firings. */
export function newFirings(
  polled: readonly PolledFiring[],
  trigger: Pick<TriggerDefinition, 'name' | 'priority'>,
  workflow: WorkflowDefinition | undefined,
  at: number,
  { codec, newId }: Pick<EnginePorts, 'codec' | 'newId'>,
): readonly NewTriggerFiring[] {
  if (polled.length > MAX_FIRINGS) {
    const message = `A poll can return at most ${MAX_FIRINGS} firings, but it returned ${polled.length}.`
    throw new UsageError('INVALID_ARGUMENT', message, { trigger: trigger.name })
  }
  return polled.map(({ contextText, key }) => {
    const { inputText, contextHash } = firingContext(contextText, trigger, at, codec)
    const checked = key === undefined ? null : keyArgument(key)
    return {
      firingId: newId(),
      contextHash,
      // A firing that starts nothing takes no key, so that it can start once its workflow is declared.
      key: workflow === undefined ? null : checked,
      execution: workflow === undefined ? null : newExecution(newId(), workflow, inputText, codec, trigger.priority),
    }
  })
}

/** Returns the contexts of firings for a log line that reports their loss. */
export function contextsText(firings: readonly PolledFiring[]): string {
  const most = Math.floor(MAX_CONTEXTS_LENGTH / Math.max(1, firings.length))
  const texts = firings.map(({ contextText }) => {
    const text = contextText ?? '{}'
    const rest = text.length - most
    return rest > 0 ? `${text.slice(0, most)} (${rest} more characters)` : text
  })
  return ` with the ${firings.length === 1 ? 'context' : 'contexts'} ${texts.join(', ')}`
}

/** Returns the time until which a key is remembered that fires now. Null for ever. */
export function keysExpireAt(
  { keyTtlMs }: Pick<TriggerPolicy, 'keyTtlMs'>,
  { config }: Pick<EnginePorts, 'config'>,
  at: number,
): number | null {
  const kept = keyTtlMs ?? config.retention.keysMs
  return kept === 'never' || kept === null ? null : at + kept
}
