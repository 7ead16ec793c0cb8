/** Converts the retry options of a task to the engine's policy. The defaults are those of Python. Pure. */

import * as v from 'valibot'
import type { Backoff, RetryCondition, RetryPolicy } from '../model/workflow.ts'
import { type OptionSchema, type Owner, parseOptions } from '../options/checked.ts'
import { durationAtLeast, FINITE_NUMBER, optionsSchema, wholeNumberAtLeast } from '../options/schemas.ts'
import type { BackoffOption, TaskRetryOptions } from './types/option-types.ts'

const LINEAR = optionsSchema({ kind: v.string(), multiplier: FINITE_NUMBER })
const EXPONENTIAL = optionsSchema({ kind: v.string(), base: FINITE_NUMBER, multiplier: FINITE_NUMBER })

export const RETRY_OPTIONS = {
  retries: wholeNumberAtLeast(0),
  backoff: v.custom<BackoffOption>(
    isBackoff,
    `"fixed", "linear", "exponential", or an object such as { kind: 'linear' }`,
  ),
  retryDelay: durationAtLeast(0),
  maxDelay: durationAtLeast(0),
  jitter: v.boolean(),
  retryOn: v.union(
    [v.picklist(['all', 'transient', 'never']), v.array(v.string())],
    '"all", "transient", "never", or a list of texts to look for in error messages',
  ),
} satisfies Record<keyof TaskRetryOptions, OptionSchema>

type CheckedOptions = {
  readonly [Key in keyof TaskRetryOptions]?: v.InferOutput<(typeof RETRY_OPTIONS)[Key]> | undefined
}

const DEFAULT_RETRIES = 2
const DEFAULT_DELAY_MS = 1000
const DEFAULT_LONGEST_MS = 60_000

export function toRetryPolicy(owner: Owner, given: CheckedOptions): RetryPolicy {
  return Object.freeze({
    maxAttempts: (given.retries ?? DEFAULT_RETRIES) + 1,
    backoff: backoffOf(owner, given.backoff),
    initialDelayMs: given.retryDelay ?? DEFAULT_DELAY_MS,
    maxDelayMs: given.maxDelay ?? DEFAULT_LONGEST_MS,
    jitter: given.jitter ?? true,
    condition: conditionOf(given.retryOn),
  })
}

function conditionOf(on: CheckedOptions['retryOn'] = 'all'): RetryCondition {
  return typeof on === 'string' ? { kind: on } : { kind: 'pattern', patterns: Object.freeze(on) }
}

function isBackoff(value: unknown): boolean {
  const kind = typeof value === 'object' && value !== null ? (value as { readonly kind?: unknown }).kind : value
  return value === 'fixed' || kind === 'linear' || kind === 'exponential'
}

function backoffOf(owner: Owner, backoff: BackoffOption = 'exponential'): Backoff {
  if (backoff === 'fixed') return { kind: backoff }
  const factors = typeof backoff === 'string' ? { kind: backoff } : backoff
  if (factors.kind === 'linear') {
    const { multiplier = 1 } = parseOptions(LINEAR, factors, 'backoff', owner)
    return { kind: 'linear', multiplier }
  }
  const { base = 2, multiplier = 1 } = parseOptions(EXPONENTIAL, factors, 'backoff', owner)
  return { kind: 'exponential', base, multiplier }
}
