/** Functions with limits in the thread of the engine, whose engine cannot renew its lease. */

import { expect, it } from 'vitest'
import { MovableRunLimit } from '../support/movable-run-limit.ts'
import { type Opened, openFunctions } from './open-functions.ts'

const LEASE_LOST = { kind: 'lost', error: { type: 'LeaseLost', message: expect.stringContaining('renew its lease') } }

/** Limit on the clock of the test. */
class TestRunLimit extends MovableRunLimit {
  readonly #functions: Opened
  #at: number

  constructor(functions: Opened, ms: number) {
    super(0)
    this.#functions = functions
    this.#at = functions.clock.monotonic() + ms
  }

  override get until(): number {
    return this.#at
  }

  override move(ms: number): void {
    this.#at = this.#functions.clock.monotonic() + ms
    super.move(0)
  }
}

it('are lost 200 ms after the time, because nothing can end them', async () => {
  using functions = openFunctions()
  const runLimit = new TestRunLimit(functions, 9_000)
  let reason: unknown = null
  let hasEnded = false
  const outcome = functions.run(
    (_context, { signal }) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason
      })
      return new Promise(() => undefined)
    },
    { runLimit },
  )
  void outcome.then(() => {
    hasEnded = true
  })

  await functions.clock.advance(8_999)
  expect(reason).toBeNull()
  await functions.clock.advance(1)
  expect(reason).toMatchObject({ name: 'CancelledError', message: expect.stringContaining('renew its lease') })
  await functions.clock.advance(199)
  expect(hasEnded).toBe(false)
  await functions.clock.advance(1)

  expect(await outcome).toMatchObject(LEASE_LOST)
  expect(runLimit.listeners).toBe(0)
  expect(functions.notices).toEqual([expect.stringContaining('is still running 200ms after its signal was aborted')])
})

it('are lost, not failed, if they throw the reason, and onFailure is not called', async () => {
  using functions = openFunctions()
  const runLimit = new TestRunLimit(functions, 100)
  const called: string[] = []
  const outcome = functions.run(
    (_context, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    { runLimit, onFailure: () => void called.push('failure') },
  )

  await functions.clock.advance(100)

  expect(await outcome).toMatchObject(LEASE_LOST)
  expect(called).toEqual([])
})

it('continue while the time is moved, and may complete', async () => {
  using functions = openFunctions()
  const runLimit = new TestRunLimit(functions, 100)
  const end = Promise.withResolvers<object>()
  const outcome = functions.run(() => end.promise, { runLimit })

  await functions.clock.advance(99)
  runLimit.move(100)
  await functions.clock.advance(99)
  end.resolve({ done: true })

  expect(await outcome).toMatchObject({ kind: 'completed' })
  expect(runLimit.listeners).toBe(0)
})

it('are not called after the time', async () => {
  using functions = openFunctions()
  const called: string[] = []

  const outcome = await functions.run(() => void called.push('ship'), { runLimit: new TestRunLimit(functions, 0) })

  expect(outcome).toMatchObject(LEASE_LOST)
  expect(called).toEqual([])
})
