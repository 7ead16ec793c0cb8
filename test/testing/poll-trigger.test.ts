/** `pollTrigger` of cloaca/testing: asks a trigger once. */

import { number, object } from 'valibot'
import { describe, expect, it } from 'vitest'
import { fire, skip, trigger, workflow } from '../../src/index.ts'
import { FakeClock, pollTrigger, runWorkflow } from '../../src/testing/index.ts'

const orders = workflow('orders', { input: object({ order_id: number() }) }).task('ship', ({ order_id }) => ({
  shipped: order_id,
}))

describe('pollTrigger', () => {
  it('has the context that the workflow starts with', async () => {
    const inbox = trigger('inbox', { every: '2s', starts: orders }, async () => ({ order_id: 7 }))

    const fired = await pollTrigger(inbox, { clock: new FakeClock('2030-01-02T03:04:05.678Z') })
    const run = await runWorkflow(orders, fired.context)

    expect(fired).toMatchObject({ trigger: 'inbox', outcome: 'fired', workflow: 'orders', reason: null, error: null })
    expect(fired.context).toEqual({
      order_id: 7,
      trigger_name: 'inbox',
      triggered_at: '2030-01-02T03:04:05.678+00:00',
    })
    expect(run.context).toMatchObject({ shipped: 7 })
  })

  it.each([
    ['false', false, null],
    ['a skip', skip(), null],
    ['a skip with a reason', skip('nothing new'), 'nothing new'],
  ] as const)('says that it skipped: %s', async (_, answer, reason) => {
    const result = await pollTrigger(trigger('inbox', { starts: 'orders' }, async () => answer))

    expect(result).toMatchObject({ outcome: 'skipped', reason })
    expect(() => result.context).toThrow(
      `Trigger "inbox" did not fire: it skipped${reason === null ? '' : ': nothing new'}`,
    )
  })

  it('fires without a context, too', async () => {
    for (const answer of [true as const, fire()]) {
      const result = await pollTrigger(trigger('inbox', { starts: 'orders' }, () => answer))
      expect(result.context).toEqual({ trigger_name: 'inbox', triggered_at: '2000-01-01T00:00:00.000+00:00' })
    }
  })

  it('has what was thrown as an outcome', async () => {
    const result = await pollTrigger(
      trigger('inbox', { starts: 'orders' }, (): false => {
        throw new RangeError('no inbox')
      }),
    )

    expect(result).toMatchObject({
      outcome: 'failed',
      error: "trigger 'inbox' raised exception: RangeError: no inbox",
      errorType: 'RangeError',
    })
    expect(result.traceback).toContain('poll-trigger.test.ts')
    expect(() => result.context).toThrow("did not fire: trigger 'inbox' raised exception: RangeError: no inbox")
  })

  it('checks what is fired against the input of the workflow', async () => {
    const wrong = trigger('inbox', { starts: orders }, (): { order_id: number } => ({ order_id: 'x' as never }))

    expect(await pollTrigger(wrong)).toMatchObject({ outcome: 'failed', error: expect.stringContaining('order_id') })
  })

  it('ends a poll that takes too long', async () => {
    const clock = new FakeClock()
    const poll = async (): Promise<false> => {
      await clock.advance('1m')
      return false
    }

    const own = await pollTrigger(trigger('inbox', { starts: 'orders', timeout: '5s' }, poll), { clock })
    const given = await pollTrigger(trigger('inbox', { starts: 'orders' }, poll), { clock, pollTimeout: '10s' })

    expect([own.outcome, given.outcome]).toEqual(['timedOut', 'timedOut'])
    expect(own.error).toContain('5 s')
    expect(given.error).toContain('10 s')
  })

  it('keeps what it printed and logged', async () => {
    const result = await pollTrigger(
      trigger('inbox', { starts: 'orders' }, ({ log }) => {
        log.warn('slow')
        return false
      }),
    )

    expect(result.log).toMatchObject([{ level: 'WARNING', message: 'slow' }])
  })

  it.each([
    [
      'no trigger',
      () => pollTrigger(orders as never),
      'The argument of pollTrigger() must be a trigger, as trigger() returns it',
    ],
    [
      'a schedule',
      () => pollTrigger(trigger('nightly', { cron: '0 3 * * *', starts: 'orders' })),
      'Trigger "nightly" has a schedule instead of a function, so it cannot be polled.',
    ],
    [
      'an unknown option',
      () =>
        pollTrigger(
          trigger('t', { starts: 'orders' }, () => false),
          { timeout: '5s' } as never,
        ),
      'Unknown option "timeout".',
    ],
  ])('refuses %s', async (_, poll, message) => {
    await expect(poll()).rejects.toThrow(message)
  })
})
