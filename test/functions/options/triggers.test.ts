/** Polls of a TypeScript trigger by its options, and their history. */

import { afterEach, beforeEach, expect, it } from 'vitest'
import { fire, skip, trigger, workflow } from '../../../src/index.ts'
import { withGrowingLimit } from '../../support/growing-limit.ts'
import { ObservedRunner } from '../../support/observed-runner.ts'

let observed: ObservedRunner
beforeEach(async () => {
  observed = await ObservedRunner.open()
})
afterEach(() => observed[Symbol.asyncDispose]())

const quick = workflow('quick').task('t', () => ({ done: true }))
/** Workflow that runs until its signal is aborted. */
const held = workflow('held').task('t', (_context, { signal }) => {
  return new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
})

const outcomesOf = (name: string) =>
  observed.events('tick', (tick) => tick.trigger === name).map((tick) => tick.outcome)

it('polls a trigger immediately and repeatedly, and starts the workflow with the fired context', async () => {
  let polls = 0
  const inbox = trigger('inbox', { every: '5ms', starts: quick }, async () => {
    polls += 1
    return polls === 3 ? fire({ order: polls }) : skip(polls < 3 ? 'nothing new' : 'all read')
  })
  await observed.runner.register(inbox)
  await observed.runner.start()

  const [run] = await observed.runsOf('inbox')
  await observed.until('tick', ({ reason }) => reason === 'all read')

  expect(run?.context).toMatchObject({ order: 3, done: true, trigger_name: 'inbox', triggered_at: expect.any(String) })
  const ticks = await observed.runner.triggers.ticks('inbox')
  expect(ticks.toReversed().slice(0, 3)).toMatchObject([
    { outcome: 'skipped', reason: 'nothing new', count: 2 },
    { outcome: 'fired' },
    { outcome: 'skipped', reason: 'all read' },
  ])
})

it('rejects a duplicate firing during its execution, unless allowConcurrent is set', async () => {
  const options = { every: '5ms', starts: held } as const
  await observed.runner.register(
    trigger('once', options, () => fire({ order: 7 })),
    trigger('often', { ...options, allowConcurrent: true }, () => fire({ order: 7 })),
  )
  await observed.runner.start()

  await observed.until('tick', ({ trigger, outcome }) => trigger === 'once' && outcome === 'duplicate')
  await observed.until('triggerFired', ({ trigger }) => trigger === 'often', 2)
  expect(outcomesOf('once').filter((outcome) => outcome === 'fired')).toEqual(['fired'])
})

it('starts at most maxActive executions', async () => {
  let order = 0
  const options = { every: '5ms', starts: held, maxActive: 2 } as const
  await observed.runner.register(trigger('two', options, () => fire({ order: order++ })))
  await observed.runner.start()

  await observed.until('tick', ({ outcome }) => outcome === 'limited')
  expect(outcomesOf('two').filter((outcome) => outcome === 'fired').length).toBe(2)
})

it('fires only when the result changes to true if onChange is set', async () => {
  let polls = 0
  const options = { every: '5ms', starts: quick, onChange: true } as const
  await observed.runner.register(trigger('change', options, () => ++polls !== 4))
  await observed.runner.start()

  await observed.until('triggerFired', () => true, 2)
  expect(outcomesOf('change').slice(0, 5)).toEqual(['fired', 'skipped', 'skipped', 'skipped', 'fired'])
})

it('disables a trigger after pauseAfter failures in a row, with the last error in its note', async () => {
  const options = { every: '5ms', starts: quick, pauseAfter: 2 } as const
  await observed.runner.register(
    trigger('broken', options, () => {
      throw new Error('no network')
    }),
  )
  await observed.runner.start()

  await observed.until('triggerFailed', () => true, 2)
  await expect.poll(async () => (await observed.runner.triggers.get('broken')).isEnabled).toBe(false)
  expect((await observed.runner.triggers.get('broken')).note).toMatch(/2 failed polls in a row.*no network/)
})

it('fails a poll that returns undefined or a string', async () => {
  await observed.runner.register(
    trigger('forgetful', { every: '1h', starts: quick }, (() => undefined) as never),
    trigger('wordy', { every: '1h', starts: quick }, (() => 'yes') as never),
  )
  await observed.runner.start()

  const failed = await observed.until('triggerFailed', () => true, 2)
  expect(failed.map(({ error }) => error.message).toSorted()).toEqual([
    expect.stringMatching(
      /'forgetful' .* the function returned undefined, but must return fire\(…\), an object, skip\(…\), true or false$/,
    ),
    expect.stringMatching(/trigger 'wordy' .* the function returned "yes" \(string\), but must return /),
  ])
})

it('times out a poll at the timeout of the trigger, and polls again', async () => {
  await observed.runner.start()
  const { result } = await withGrowingLimit(
    30,
    async (limitMs) => {
      let polls = 0
      const options = { every: '5ms', starts: quick, timeout: `${limitMs}ms` } as const
      await observed.runner.register(
        trigger(`slow_${limitMs}`, options, async ({ signal }) => {
          polls += 1
          if (polls > 1) return fire()
          return await new Promise<never>((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason)),
          )
        }),
      )
      await observed.until('tick', (tick) => tick.trigger === `slow_${limitMs}`, 2)
      return outcomesOf(`slow_${limitMs}`).slice(0, 2)
    },
    // The second poll has the same limit, and is late on a busy machine.
    ([, second]) => second !== 'timedOut',
  )

  expect(result).toEqual(['timedOut', 'fired'])
})

it('creates a schedule for a cron expression, with its time zone and catch-up', async () => {
  const options = { cron: '0 3 * * *', timezone: 'Europe/Paris', catchup: 'none', starts: quick } as const
  await observed.runner.register(
    trigger('nightly', options),
    trigger('each_second', { cron: '* * * * * *', starts: quick }),
  )
  await observed.runner.start()

  const [fired] = await observed.until('cronFired')
  await observed.until('executionFinished')
  const schedules = await observed.runner.schedules.list()
  expect(schedules.find(({ triggerName }) => triggerName === 'nightly')).toMatchObject({
    workflow: 'quick',
    expression: '0 3 * * *',
    timezone: 'Europe/Paris',
    catchup: 'none',
  })
  const run = await observed.runner.executions.get(fired?.executionId ?? '')
  expect(run.context).toMatchObject({ done: true, schedule_expression: '* * * * * *' })
})
