/** Refires in running engines: recorded firings that start again, with their stored contexts. */

import { describe, expect, it } from 'vitest'
import { cronTrigger, trigger, workflow } from '../../support/declared.ts'
import { completed, failed, fire, SKIP } from '../../support/fake-host.ts'
import { FIRST_PAGE, RunningEngine } from '../../support/running-engine.ts'

const ingest = workflow('ingest', { work: {} })
const inbox = trigger('inbox', { workflow: 'ingest', everyMs: 10_000, policy: { maxActive: 1 } })
const MINUTE_MS = 60_000
/** The clock of the tests starts at this time. */
const START = Date.UTC(2026, 0, 1)
const RANGE = { from: START, to: START + MINUTE_MS }

/** An engine whose trigger has fired with the numbers 1 to 4. The executions of even numbers failed. */
async function fired(): Promise<RunningEngine> {
  let number = 0
  const running = await RunningEngine.start({
    workflows: [ingest],
    triggers: [inbox],
    python: (host) => {
      host.trigger('inbox', () => {
        number += 1
        return number <= 4 ? fire(`{"number": ${number}, "exact": 1.0}`) : SKIP
      })
      host.task('work', ({ inputText }) => {
        if (JSON.parse(inputText).number % 2 === 0) return failed('even')
        return completed(inputText)
      })
    },
  })
  await running.clock.advance(2 * MINUTE_MS)
  expect(await running.engine.services.triggers.history('inbox')).toHaveLength(4)
  running.host.runs.length = 0
  return running
}

const numbers = (running: RunningEngine): readonly number[] =>
  running.host.runs.map(({ inputText }) => JSON.parse(inputText).number)

describe('a refire', () => {
  it('starts the firings of the range again in order, with their stored contexts and another origin', async () => {
    await using running = await fired()
    const { triggers, executions } = running.engine.services
    const firings = (await triggers.history('inbox')).toReversed()
    const inputs = await Promise.all(firings.map(({ executionId }) => executions.inputText(executionId ?? '')))

    expect(await triggers.refires.preview('inbox', RANGE)).toMatchObject({ executions: 4, pruned: 0 })
    const made = await triggers.refires.start('inbox', { ...RANGE, note: 'the parser is fixed' })
    await running.clock.advance(10_000)

    expect(made).toMatchObject({ kind: 'refire', trigger: 'inbox', status: 'running', total: 4, maxActive: 1 })
    expect(running.host.runs.map(({ inputText }) => inputText)).toEqual(inputs)
    const origins = (await executions.list({ trigger: 'inbox' })).map(({ origin }) => origin).slice(0, 4)
    expect(origins.toReversed()).toEqual(
      firings.map(({ id }) => ({ kind: 'refire', trigger: 'inbox', firingId: id, refireId: made.id })),
    )
    expect(await triggers.refires.get(made.id)).toMatchObject({ status: 'completed', started: 4, leftOut: 0 })
    expect(await triggers.history('inbox')).toEqual(firings.toReversed())
    expect(await triggers.actions('inbox')).toMatchObject([{ kind: 'refire', note: 'the parser is fixed' }])
  })

  it('starts only firings whose executions have the given status', async () => {
    await using running = await fired()
    const { refires } = running.engine.services.triggers

    expect(await refires.preview('inbox', { ...RANGE, status: 'Failed' })).toMatchObject({ executions: 2 })
    await refires.start('inbox', { ...RANGE, status: 'Failed', maxActive: 2 })
    await running.clock.advance(10_000)

    expect(numbers(running)).toEqual([2, 4])
  })

  it('ignores deduplication and the max_active of the trigger, and has its own maximum', async () => {
    await using running = await fired()
    running.host.task('work', () => running.host.after(30_000, completed('{}')))
    const { triggers } = running.engine.services
    await triggers.fire('inbox', { number: 9 })
    await running.clock.advance(1_000)

    await triggers.refires.start('inbox', { ...RANGE, maxActive: 3 })
    await running.clock.advance(1_000)

    expect(numbers(running)).toEqual([9, 1, 2, 3])
  })

  it('counts the firings whose executions were pruned, and leaves them out', async () => {
    await using running = await fired()
    const { triggers } = running.engine.services
    // Such a firing is recorded without an execution, because its workflow was unknown.
    const unknown = {
      ...{ trigger: 'inbox', lease: null, at: START + 15_000, latenessMs: null, durationMs: null },
      ...{ allowConcurrent: true, maxActive: null, onChange: false, byHand: null, keysExpireAt: null },
      aboveLimit: 'dropped' as const,
    }
    const firing = { contextHash: 'x', key: null, firingId: crypto.randomUUID(), execution: null }
    await running.store.recordFired({ ...unknown, firings: [firing] })

    expect(await triggers.refires.preview('inbox', RANGE)).toMatchObject({ executions: 4, pruned: 1 })
    const { id } = await triggers.refires.start('inbox', RANGE)
    await running.clock.advance(10_000)
    expect(await triggers.refires.get(id)).toMatchObject({ status: 'completed', started: 4, leftOut: 1 })

    await running.store.pruneExecutions({ endedBeforeAt: running.clock.now() + 1 })
    await expect(triggers.refires.start('inbox', RANGE)).rejects.toMatchObject({ code: 'ACTION_REFUSED' })
  })

  it('starts nothing more after it was cancelled', async () => {
    await using running = await fired()
    running.host.task('work', () => running.host.after(30_000, completed('{}')))
    const { refires } = running.engine.services.triggers
    const { id } = await refires.start('inbox', RANGE)
    await running.clock.advance(1_000)

    expect(await refires.cancel(id)).toMatchObject({ status: 'cancelled', started: 1, active: 1 })
    await running.clock.advance(2 * MINUTE_MS)

    expect(numbers(running)).toEqual([1])
    expect(await refires.list({ trigger: 'inbox' })).toMatchObject([{ id, status: 'cancelled' }])
  })

  it('needs a polled trigger and a valid range and status', async () => {
    await using running = await RunningEngine.start({
      workflows: [ingest],
      triggers: [inbox, cronTrigger('daily', '@daily', { workflow: 'ingest' })],
    })
    await running.clock.advance(MINUTE_MS)
    const { refires } = running.engine.services.triggers
    const codeOf = async (name: string, given: object = {}) =>
      await refires.start(name, { ...RANGE, ...given }).then(
        () => 'started',
        ({ code, facts }) => [code, facts.path],
      )

    expect(await codeOf('unknown')).toEqual(['TRIGGER_NOT_FOUND', undefined])
    expect(await codeOf('daily')).toEqual(['TRIGGER_NOT_FOUND', undefined])
    expect(await codeOf('inbox')).toEqual(['ACTION_REFUSED', undefined])
    expect(await codeOf('inbox', { to: '2027-01-01' })).toEqual(['INVALID_ARGUMENT', 'to'])
    expect(await codeOf('inbox', { status: 'Wrong' })).toEqual(['INVALID_ARGUMENT', 'status'])
    expect(await codeOf('inbox', { maxActive: 0 })).toEqual(['INVALID_ARGUMENT', 'maxActive'])
    expect(await refires.list(FIRST_PAGE)).toEqual([])
  })
})
