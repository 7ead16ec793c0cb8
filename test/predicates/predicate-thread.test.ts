/** Evaluation of predicates in a thread of its own, while the engine's thread keeps running. */

import { afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../src/engine/clock-port.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { PredicateThread } from '../../src/predicates/predicate-thread.ts'
import { ManualClock } from '../support/manual-clock.ts'

const LIMITS = { predicateTimeoutMs: 1_000, predicateSteps: 100_000 }

describe('the thread of predicates', () => {
  const opened: PredicateThread[] = []
  afterEach(async () => {
    for (const thread of opened.splice(0)) await thread.close()
  })

  function open(clock: Clock = new SystemClock()): PredicateThread {
    const thread = new PredicateThread({ clock })
    opened.push(thread)
    return thread
  }

  function holds(thread: PredicateThread, expression: string, payloadText: string): Promise<boolean> {
    const firing = { payloadText, reactor: 'lines' }
    return thread.holds({ expression, firing, tenant: 'public', limits: LIMITS })
  }

  it('evaluates 100 predicates at the same time, each with its own result', async () => {
    const thread = open()
    const asked = Array.from({ length: 100 }, (_, index) => holds(thread, `payload > ${index}`, '50'))

    expect(await Promise.all(asked)).toEqual(asked.map((_, index) => index < 50))
  })

  it('rejects an expression that it cannot parse, and a payload that lacks a key', async () => {
    const thread = open()

    await expect(thread.check('payload. >')).rejects.toMatchObject({ code: 'INVALID_PREDICATE' })
    await expect(thread.check('payload > 1')).resolves.toEqual([])
    await expect(holds(thread, 'payload.a > 1', '{}')).rejects.toThrow('No such key: a')
  })

  it('reads an event of eight million numbers without blocking the engine', { tags: ['night'] }, async () => {
    const thread = open()
    await thread.check('true')
    let turns = 0
    const asked = holds(thread, 'payload[1] == 1', `[${'1,'.repeat(8_000_000)}1]`)
    let isDone = false
    const done = asked.finally(() => {
      isDone = true
    })
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve))
      turns += 1
    }

    expect(await done).toBe(true)
    expect(turns).toBeGreaterThan(100)
  })

  it('ends if an evaluation takes too long, and a new thread evaluates the next predicate', async () => {
    const clock = new ManualClock()
    const thread = open(clock)
    await thread.check('true')
    const slow = holds(thread, 'payload.matches("(?:.{300}|.{301}|a.{200})*[ef]")', `"${'abcd'.repeat(1_000_000)}"`)
    const next = holds(thread, 'payload > 1', '2')
    const refused = expect(slow).rejects.toThrow('the worker thread did not answer within')
    // Exactly the limit of `slow`: 5 s for the start, 8 s to read 4 million characters, 100 times the budget of 1 s.
    await clock.advance(113_000)

    await refused
    expect(await next).toBe(true)
  })

  it('ends if a payload exceeds its memory, and the process continues', async () => {
    const thread = open()

    await expect(holds(thread, 'true', `[${'{"a":{}},'.repeat(8_000_000)}1]`)).rejects.toThrow(
      'the worker thread needs more than 512 MiB of memory',
    )
    expect(await holds(thread, 'payload > 1', '2')).toBe(true)
  })

  it('ends after a minute without an evaluation, and starts again for the next one', async () => {
    const clock = new ManualClock()
    const thread = open(clock)
    await thread.check('true')
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(60_000)

    expect(clock.pendingTimers).toBe(0)
    expect(await holds(thread, 'payload > 1', '2')).toBe(true)
  })
})
