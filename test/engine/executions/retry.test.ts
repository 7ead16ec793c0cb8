/** Retries of tasks: the delays between attempts, and the failures that are retried. */

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideRetry, retryDelayMs } from '../../../src/engine/executions/retry.ts'
import type { Backoff, RetryCondition } from '../../../src/model/workflow.ts'
import { retrying } from '../../support/declared.ts'
import { fault } from '../../support/fake-host.ts'

const exponential: Backoff = { kind: 'exponential', base: 2, multiplier: 1 }

interface DelayCase {
  readonly title: string
  readonly backoff: Backoff
  readonly initialDelayMs: number
  readonly maxDelayMs: number
  readonly delaysMs: readonly number[]
}

/** Table of retry delays. The tests of the Python package read it too. */
const TABLE = new URL('../../fixtures/retry-delays.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(TABLE, 'utf8')) as { readonly cases: readonly DelayCase[] }

function decide(condition: RetryCondition, message: string): string {
  const outcome = { kind: 'failed', error: fault(message) } as const
  return decideRetry(retrying(3, { condition }), 1, outcome, 0).kind
}

describe('the delay before the next attempt', () => {
  it.each(cases)('matches the Python package: $title', ({ backoff, initialDelayMs, maxDelayMs, delaysMs }) => {
    const policy = retrying(9, { backoff, initialDelayMs, maxDelayMs })

    expect(delaysMs.map((_, index) => retryDelayMs(policy, index + 1, 0.5))).toEqual(delaysMs)
  })

  it('is at most the maximum delay after thousands of attempts', () => {
    expect(retryDelayMs(retrying(5_000, { backoff: exponential, initialDelayMs: 1_000 }), 4_000, 0)).toBe(60_000)
    expect(retryDelayMs(retrying(5_000, { backoff: exponential, initialDelayMs: 0 }), 4_000, 0)).toBe(0)
  })

  it('varies by at most 25 % with jitter, in whole milliseconds', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60_000 }), random, (initialDelayMs, drawn) => {
        const delayMs = retryDelayMs(retrying(3, { initialDelayMs, jitter: true }), 1, drawn)
        expect(Number.isInteger(delayMs)).toBe(true)
        expect(delayMs).toBeGreaterThanOrEqual(Math.trunc(initialDelayMs * 0.75))
        expect(delayMs).toBeLessThanOrEqual(initialDelayMs * 1.25)
      }),
    )
  })
})

describe('the decision whether to retry a failed attempt', () => {
  it.each([
    { maxAttempts: 0, tries: 1 },
    { maxAttempts: 1, tries: 1 },
    { maxAttempts: 3, tries: 3 },
  ])('allows $tries attempts in total if maxAttempts is $maxAttempts', ({ maxAttempts, tries }) => {
    const outcome = { kind: 'failed', error: fault('no') } as const
    let attempt = 1
    while (decideRetry(retrying(maxAttempts), attempt, outcome, 0).kind === 'retry') attempt += 1

    expect(attempt).toBe(tries)
  })

  it('does not retry an attempt that called process.exit, under any retry policy', () => {
    const outcome = { kind: 'failed', error: fault('connection timeout'), isFinal: true } as const

    expect(decideRetry(retrying(3), 1, outcome, 0)).toEqual({ kind: 'giveUp' })
    expect(decideRetry(retrying(3, { condition: { kind: 'transient' } }), 1, outcome, 0)).toEqual({ kind: 'giveUp' })
  })

  it('retries every error with the condition "all", and no error with "never"', () => {
    expect(decide({ kind: 'all' }, 'bad input')).toBe('retry')
    expect(decide({ kind: 'never' }, 'connection reset')).toBe('giveUp')
  })

  it.each([
    ['Python task execution failed: ConnectionError: refused', 'retry'],
    ['Python task execution failed: TimeoutError: ', 'retry'],
    ['NETWORK down', 'retry'],
    ['temporary failure', 'retry'],
    ['service Unavailable', 'retry'],
    ['server busy', 'retry'],
    ['overloaded', 'retry'],
    ['Rate limit hit', 'retry'],
    ['Python task execution failed: ValueError: bad input', 'giveUp'],
  ])('with the condition "transient", the error "%s" results in %s', (message, decision) => {
    expect(decide({ kind: 'transient' }, message)).toBe(decision)
  })

  it('treats a timed-out attempt as transient, whatever its error message', () => {
    const outcome = { kind: 'timedOut', error: fault('stopped') } as const

    expect(decideRetry(retrying(2, { condition: { kind: 'transient' } }), 1, outcome, 0).kind).toBe('retry')
  })

  it('ignores upper and lower case in the search for a pattern', () => {
    const condition: RetryCondition = { kind: 'pattern', patterns: ['429', 'Slow Down'] }

    expect(decide(condition, 'please SLOW down')).toBe('retry')
    expect(decide(condition, 'HTTP 429')).toBe('retry')
    expect(decide(condition, 'HTTP 500')).toBe('giveUp')
    expect(decide({ kind: 'pattern', patterns: [] }, 'HTTP 500')).toBe('giveUp')
  })

  // With the string search of V8, this test would take ten minutes.
  it('searches for a pattern in time proportional to the lengths of pattern and message', () => {
    const half = 'a'.repeat(80_000)

    expect(decide({ kind: 'pattern', patterns: [`${half}b${half}`] }, half.repeat(50))).toBe('giveUp')
  })
})
