/**
 * Decides whether and when a failed attempt is retried. Pure; the caller passes the random number.
 * Twin of `RetryPolicy.calculate_delay` in python/cloaca, which shows users the same table.
 */

import type { AttemptOutcome } from '../../model/execution.ts'
import type { Backoff, RetryCondition, RetryPolicy } from '../../model/workflow.ts'
import { linearIncludes } from '../../patterns/text-search.ts'

/** Parts of error texts, in any case, that mark a temporary failure. */
const TRANSIENT_MARKERS = [
  'timeout',
  'connection',
  'network',
  'temporary',
  'unavailable',
  'busy',
  'overloaded',
  'rate limit',
]

/** Maximum number of restarts of a task whose process or interpreter died. */
export const MAX_RECOVERIES = 3

export type RetryDecision = { readonly kind: 'retry'; readonly delayMs: number } | { readonly kind: 'giveUp' }

/** `attempt` is 1 for the first, `random` is in [0, 1). Lost attempts are not for the policy: see `MAX_RECOVERIES`. */
export function decideRetry(
  policy: RetryPolicy,
  attempt: number,
  outcome: Extract<AttemptOutcome, { readonly kind: 'failed' | 'timedOut' }>,
  random: number,
): RetryDecision {
  const isLast = attempt >= Math.max(1, policy.maxAttempts) || (outcome.kind === 'failed' && outcome.isFinal === true)
  if (isLast || !meetsCondition(policy.condition, outcome)) return { kind: 'giveUp' }
  return { kind: 'retry', delayMs: retryDelayMs(policy, attempt, random) }
}

/** Returns the delay after an attempt in whole milliseconds. Rounds first, so that 86.99999999999999 gives 87. */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: number): number {
  const capped = Math.min(backoffMs(policy.backoff, policy.initialDelayMs, attempt), policy.maxDelayMs)
  const factor = policy.jitter ? 0.75 + random * 0.5 : 1
  return Math.max(0, Math.trunc(Number((capped * factor).toFixed(6))))
}

export function longestDelayMs(policy: RetryPolicy): number {
  return policy.maxDelayMs * 1.25
}

function backoffMs(backoff: Backoff, initialDelayMs: number, attempt: number): number {
  switch (backoff.kind) {
    case 'fixed':
      return initialDelayMs
    case 'linear':
      return initialDelayMs * attempt * backoff.multiplier
    case 'exponential':
      // `0 * Infinity` is NaN.
      return initialDelayMs === 0 ? 0 : initialDelayMs * backoff.multiplier * backoff.base ** (attempt - 1)
  }
}

function meetsCondition(
  condition: RetryCondition,
  outcome: Extract<AttemptOutcome, { readonly kind: 'failed' | 'timedOut' }>,
): boolean {
  switch (condition.kind) {
    case 'never':
      return false
    case 'all':
      return true
    case 'transient':
      return outcome.kind === 'timedOut' || containsAny(outcome.error.message, TRANSIENT_MARKERS)
    case 'pattern':
      return containsAny(outcome.error.message, condition.patterns)
  }
}

function containsAny(text: string, patterns: readonly string[]): boolean {
  const folded = text.toLowerCase()
  return patterns.some((pattern) => linearIncludes(folded, pattern.toLowerCase()))
}
