/** `pollTrigger` of cloaca/testing: polls a trigger once. */

import { number, object } from 'valibot'
import { describe, expect, it } from 'vitest'
import { fire, skip, trigger, workflow } from '../../src/index.ts'
import { FakeClock, pollTrigger, runWorkflow } from '../../src/testing/index.ts'

const orders = workflow('orders', { input: object({ order_id: number() }) }).task('ship', ({ order_id }) => ({
  shipped: order_id,
}))

describe('pollTrigger', () => {
  it('returns the context of the started workflow', async () => {
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
  ] as const)('reports a skipped poll: %s', async (_, answer, reason) => {
    const result = await pollTrigger(trigger('inbox', { starts: 'orders' }, async () => answer))

    expect(result).toMatchObject({ outcome: 'skipped', reason })
    expect(() => result.context).toThrow(
      `Trigger "inbox" did not fire: it skipped${reason === null ? '' : ': nothing new'}`,
    )
  })

  it('reports a firing without a context', async () => {
    for (const answer of [true as const, fire()]) {
      const result = await pollTrigger(trigger('inbox', { starts: 'orders' }, () => answer))
      expect(result.context).toEqual({ trigger_name: 'inbox', triggered_at: '2000-01-01T00:00:00.000+00:00' })
    }
  })

  it('returns the firings with their keys, and the state after the poll', async () => {
    const rows = trigger('rows', { starts: 'orders', state: { last: 0, seen: ['a'] } }, ({ state }) => {
      state.last += 2
      return [fire({ id: state.last - 1 }, { key: `row-${state.last - 1}` }), fire({ id: state.last })]
    })

    const polled = await pollTrigger(rows, { state: { last: 5, seen: [] } })

    expect(polled.firings.map(({ key, context }) => [key, context.id])).toEqual([
      ['row-6', 6],
      [null, 7],
    ])
    expect(polled.context.trigger_name).toBe('rows')
    expect(polled.state).toEqual({ last: 7, seen: [] })
    expect((await pollTrigger(rows)).state).toEqual({ last: 2, seen: ['a'] })
  })

  it('returns the given state of a failed poll, and refuses one for a trigger that takes none', async () => {
    const rows = trigger('rows', { starts: 'orders', state: { last: 0 } }, ({ state }): false => {
      state.last = 9
      throw new RangeError('no rows')
    })
    expect((await pollTrigger(rows, { state: { last: 5 } })).state).toEqual({ last: 5 })
    const plain = trigger('plain', { starts: 'orders' }, () => skip())
    expect((await pollTrigger(plain)).state).toBeUndefined()
    const options = { state: { last: 5 } } as unknown as { state: undefined }
    await expect(pollTrigger(plain, options)).rejects.toMatchObject({ code: 'TRIGGER_HAS_NO_STATE' })
  })

  it('reports a thrown error as a failed poll', async () => {
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

  it('checks the fired context with the input schema of the workflow', async () => {
    const wrong = trigger('inbox', { starts: orders }, (): { order_id: number } => ({ order_id: 'x' as never }))

    expect(await pollTrigger(wrong)).toMatchObject({ outcome: 'failed', error: expect.stringContaining('order_id') })
  })

  it('ends a poll that exceeds its timeout', async () => {
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

  it('returns the log of the poll', async () => {
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
      'a workflow in the place of a trigger',
      () => pollTrigger(orders as never),
      '"trigger" of pollTrigger() must be a trigger, as trigger() returns it',
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
      'Unknown option "timeout" of pollTrigger(). Valid options: clock, pollTimeout, state.',
    ],
  ])('refuses %s', async (_, poll, message) => {
    await expect(poll()).rejects.toThrow(message)
  })
})
