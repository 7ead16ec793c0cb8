/** The retry options of a task as the engine's policy. The defaults are those of the Python side. Pure. */

import type { Backoff, RetryCondition, RetryPolicy } from '../model/workflow.ts'
import {
  type Owner,
  optionalCount,
  optionalDuration,
  optionalFlag,
  optionalNumber,
  optionsOf,
  refused,
} from './option-checks.ts'
import type { TaskRetryOptions } from './types/options.ts'

type Given = Readonly<Record<string, unknown>>

export const RETRY_OPTIONS: readonly (keyof TaskRetryOptions)[] = [
  'retries',
  'backoff',
  'retryDelay',
  'maxDelay',
  'jitter',
  'retryOn',
]

const DEFAULT_RETRIES = 2
const DEFAULT_DELAY_MS = 1000
const DEFAULT_LONGEST_MS = 60_000

export function retryOf(owner: Owner, given: Given): RetryPolicy {
  return Object.freeze({
    maxAttempts: (optionalCount(owner, given, 'retries', 0) ?? DEFAULT_RETRIES) + 1,
    backoff: backoffOf(owner, given.backoff),
    initialDelayMs: optionalDuration(owner, given, 'retryDelay') ?? DEFAULT_DELAY_MS,
    maxDelayMs: optionalDuration(owner, given, 'maxDelay') ?? DEFAULT_LONGEST_MS,
    jitter: optionalFlag(owner, given, 'jitter', true),
    condition: conditionOf(owner, given.retryOn),
  })
}

function backoffOf(owner: Owner, backoff: unknown): Backoff {
  const kind: unknown = typeof backoff === 'object' && backoff !== null ? (backoff as { kind?: unknown }).kind : backoff
  const inside: Owner = { ...owner, what: `"backoff" of ${owner.what}` }
  const factors = typeof backoff === 'object' && backoff !== null ? backoff : {}
  if (kind === 'fixed' && backoff === kind) return { kind }
  if (kind === 'linear') {
    const given = optionsOf(inside, factors, ['kind', 'multiplier'])
    return { kind, multiplier: optionalNumber(inside, given, 'multiplier', 1) }
  }
  if (kind === 'exponential' || backoff === undefined) {
    const given = optionsOf(inside, factors, ['kind', 'base', 'multiplier'])
    return {
      kind: 'exponential',
      base: optionalNumber(inside, given, 'base', 2),
      multiplier: optionalNumber(inside, given, 'multiplier', 1),
    }
  }
  throw refused(owner, 'backoff', `"fixed", "linear", "exponential", or an object such as { kind: 'linear' }`, backoff)
}

function conditionOf(owner: Owner, on: unknown): RetryCondition {
  if (on === undefined) return { kind: 'all' }
  if (on === 'all' || on === 'transient' || on === 'never') return { kind: on }
  if (Array.isArray(on) && on.every((pattern) => typeof pattern === 'string')) {
    return { kind: 'pattern', patterns: Object.freeze([...on]) }
  }
  throw refused(owner, 'retryOn', `"all", "transient", "never", or a list of texts to look for in error messages`, on)
}
