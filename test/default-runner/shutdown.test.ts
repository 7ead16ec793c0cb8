import { describe, expect, it } from 'vitest'
import { type OpenEngine, ScriptRunners } from '../../src/default-runner/runners.ts'
import { ManualClock } from '../support/manual-clock.ts'

const CONFIG = {
  max_concurrent_tasks: 4,
  scheduler_poll_interval_ms: 100,
  task_timeout_seconds: 300,
  workflow_timeout_seconds: null,
  db_pool_size: 1,
  enable_recovery: true,
  enable_cron_scheduling: true,
  cron_poll_interval_seconds: 30,
  cron_max_catchup_executions: 1,
  cron_enable_recovery: true,
  cron_recovery_interval_seconds: 300,
  cron_lost_threshold_minutes: 10,
  cron_max_recovery_age_seconds: 86_400,
  cron_max_recovery_attempts: 3,
}

describe('the shutdown of a runner', () => {
  it('raises ValueError if the engine has not stopped after 5 s, and not earlier', async () => {
    const { clock, shutDown } = await openRunner(() => new Promise(() => undefined))
    const end = observed(shutDown())

    await clock.advance(4_999)
    expect(end.state()).toBe('pending')
    await clock.advance(1)

    expect(end.state()).toEqual({
      pythonType: 'ValueError',
      message: 'Failed to shutdown async runtime: Shutdown timed out after 5 seconds',
    })
  })

  it('does nothing when called again, even after a timeout', async () => {
    const { clock, shutDown } = await openRunner(() => new Promise(() => undefined))
    const first = observed(shutDown())
    await clock.advance(5_000)

    expect(first.state()).toMatchObject({ pythonType: 'ValueError' })
    await expect(shutDown()).resolves.toMatchObject({ value: null })
  })

  it('ignores an error of the engine after the timeout', async () => {
    let fail: (error: Error) => void = () => undefined
    const { clock, shutDown } = await openRunner(() => new Promise((_, reject) => (fail = reject)))
    const end = observed(shutDown())
    await clock.advance(5_000)

    fail(new Error('the disk is full'))

    await clock.advance(0)
    expect(end.state()).toMatchObject({ message: expect.stringContaining('timed out') })
  })

  it('leaves no timer if the engine stops in time', async () => {
    const { clock, shutDown } = await openRunner(() => Promise.resolve())

    await shutDown()

    expect(clock.pendingTimers).toBe(0)
  })
})

/** Opens the runner of a script whose engine stops when `close` settles. */
async function openRunner(close: () => Promise<void>) {
  const clock = new ManualClock()
  const runners = new ScriptRunners(() => Promise.resolve({ engine: null, close } as unknown as OpenEngine), clock, {
    packageFolders: async () => [],
    adminOf: () => {
      throw new Error('it administers nothing')
    },
    secrets: null,
  })
  const call = (method: string, payload: object) =>
    runners.answer({
      method,
      payload,
      contextText: '',
      slot: null,
      task: null,
      limit: { suspend: () => () => undefined },
      generation: 0 as never,
      restriction: null,
    })
  const { value } = await call('runner.open', { url: 'sqlite://:memory:', schema: null, config: CONFIG })
  return { clock, shutDown: () => call('runner.shutdown', value as object) }
}

/** Observes the current state of a promise: pending, done, or its error. */
function observed(promise: Promise<unknown>): { state: () => unknown } {
  let state: unknown = 'pending'
  promise.then(
    () => {
      state = 'done'
    },
    ({ pythonType, message }) => {
      state = { pythonType, message }
    },
  )
  return { state: () => state }
}
