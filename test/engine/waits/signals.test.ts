/** Nodes that wait for a signal: keys, outputs, timeouts, kept signals, retries and metrics. */

import { describe, expect, it } from 'vitest'
import type { OnTimeout } from '../../../src/model/workflow.ts'
import { AT_ONCE } from '../../support/begun-execution.ts'
import { workflow } from '../../support/declared.ts'
import { completed, failed } from '../../support/fake-host.ts'
import { settle } from '../../support/manual-clock.ts'
import { openWaits } from '../../support/open-waits.ts'
import { RunningEngine } from '../../support/running-engine.ts'
import { startWaiting, statusesOf, storedExecution } from '../../support/waiting-executions.ts'

const TIMEOUT_MS = 30_000
const DAY_MS = 86_400_000

const signal = (key = '{order}', timeoutMs: number | null = null, onTimeout: OnTimeout = 'fail') =>
  ({ kind: 'signal', signal: 'decision', key, timeoutMs, onTimeout }) as const

const refund = (wait = signal()) =>
  workflow('refund', { prepare: {}, decided: { after: ['prepare'], wait }, pay: { after: ['decided'] } })

const send = async ({ engine }: RunningEngine, options: Parameters<typeof engine.services.signals.send>[1] = {}) => {
  const receipt = await engine.services.signals.send('decision', { key: '7', ...options })
  await settle()
  return receipt
}

describe('a node that waits for a signal', () => {
  it('gives the next task its input with the exact payload under its id', async () => {
    await using running = await RunningEngine.start({
      workflows: [refund()],
      python: (host) => host.task('prepare', () => completed('{"order":7,"price":1.0}')),
    })
    const id = await startWaiting(running)
    expect(running.host.runsOf('pay')).toEqual([])
    expect((await running.engine.services.executions.get(id)).waitingFor).toEqual({
      ...{ kind: 'signal', node: 'decided', signal: 'decision', key: '7', until: null },
      since: running.clock.now(),
    })

    const receipt = await send(running, { payloadText: '{"by":"eva","n":12345678901234567890}' })

    expect(receipt).toMatchObject({ state: 'used', executions: [id], isRepeated: false })
    const inputText = '{"order":7,"price":1.0,"decided":{"by":"eva","n":12345678901234567890}}'
    expect(running.host.runsOf('pay')).toMatchObject([{ inputText }])
    expect((await storedExecution(running, id)).status).toBe('Completed')
    expect((await running.engine.services.executions.get(id)).waitingFor).toBeNull()
  })

  it('replaces a value of its input that has its id, and takes any JSON as the payload', async () => {
    for (const [payload, text] of [
      [null, 'null'],
      [[1], '[1]'],
      ['x', '"x"'],
    ] as const) {
      await using running = await RunningEngine.start({
        workflows: [refund(signal(''))],
        python: (host) => host.task('prepare', () => completed('{"decided":{"old":1.0},"rate":2.0}')),
      })
      await startWaiting(running)
      await send(running, { key: '', payload })

      expect(running.host.runsOf('pay')).toMatchObject([{ inputText: `{"decided":${text},"rate":2.0}` }])
    }
  })

  it('has only the payload as its output if its input is empty', async () => {
    const alone = workflow('alone', { decided: { wait: signal('') } })
    await using running = await RunningEngine.start({ workflows: [alone] })
    const id = await startWaiting(running, 'alone', '{ }')

    await send(running, { key: '', payload: 1 })

    expect((await storedExecution(running, id)).tasks[0]?.outputText).toBe('{"decided":1}')
  })

  it('ends while another task of its execution runs, without a new acquisition', async () => {
    const parts = { long: {}, decided: { wait: signal() }, pay: { after: ['decided'] } }
    await using running = await RunningEngine.start({
      workflows: [workflow('both', parts)],
      python: (host) => host.task('long', () => host.after(1_000, completed('{}'))),
    })
    const started = running.record('executionStarted')
    const id = await startWaiting(running, 'both', '{"order":7}')

    await send(running)
    expect(running.host.runsOf('pay')).toHaveLength(1)
    await running.clock.advance(1_000)

    expect((await storedExecution(running, id)).status).toBe('Completed')
    expect(started).toHaveLength(1)
  })

  it('uses kept signals oldest first, one each, also while another task runs', async () => {
    const parts = { long: {}, decided: { wait: signal() }, again: { after: ['decided'], wait: signal() } }
    await using running = await RunningEngine.start({
      workflows: [workflow('both', parts), refund()],
      python: (host) => host.task('long', () => host.after(1_000, completed('{}'))),
    })
    for (const payload of [1, 2]) expect(await send(running, { payload })).toMatchObject({ state: 'kept' })

    const id = await startWaiting(running, 'both', '{"order":7}')
    await running.clock.advance(500)
    const early = statusesOf((await storedExecution(running, id)).tasks)
    expect(early).toEqual({ long: 'Running', decided: 'Completed', again: 'Completed' })
    await running.clock.advance(500)

    const { tasks, status } = await storedExecution(running, id)
    expect(status).toBe('Completed')
    expect(tasks.find(({ taskId }) => taskId === 'decided')?.outputText).toBe('{"order":7,"decided":1}')
    expect(tasks.find(({ taskId }) => taskId === 'again')?.outputText).toBe('{"order":7,"decided":1,"again":2}')
  })

  it('uses no signal that was kept for longer than the retention of signals', async () => {
    await using running = await RunningEngine.start({ workflows: [refund()] })
    await send(running)
    // No pruning in between.
    running.clock.standStill(7 * DAY_MS + 1)

    const id = await startWaiting(running)

    expect(statusesOf((await storedExecution(running, id)).tasks)).toMatchObject({ decided: 'Waiting' })
  })

  it('fails, is skipped or completes with null when its timeout passes', async () => {
    const expected = {
      fail: ['Failed', { decided: 'Failed', pay: 'Skipped' }],
      skip: ['Completed', { decided: 'Skipped', pay: 'Skipped' }],
      continue: ['Completed', { decided: 'Completed', pay: 'Completed' }],
    } as const
    for (const onTimeout of ['fail', 'skip', 'continue'] as const) {
      await using running = await RunningEngine.start({ workflows: [refund(signal('{order}', TIMEOUT_MS, onTimeout))] })
      const id = await startWaiting(running)
      await running.clock.advance(TIMEOUT_MS - 1)
      expect(statusesOf((await storedExecution(running, id)).tasks)).toMatchObject({ decided: 'Waiting' })
      await running.clock.advance(1)

      const { status, tasks } = await storedExecution(running, id)
      const [ended, statuses] = expected[onTimeout]
      expect([status, statusesOf(tasks)]).toMatchObject([ended, statuses])
      const inputs = running.host.runsOf('pay').map(({ inputText }) => inputText)
      expect(inputs).toEqual(onTimeout === 'continue' ? ['{"order":7,"decided":null}'] : [])
      const error = tasks.find(({ taskId }) => taskId === 'decided')?.error
      if (onTimeout !== 'continue') expect(error).toMatchObject({ type: 'WaitTimeout' })
      expect(await send(running)).toMatchObject({ state: 'kept' })
    }
  })

  it('fails with WaitKeyError for a value that no key can have', async () => {
    const wrong = [
      ['{order}', '{}', 'has no value "order"'],
      ['{order}', '{"order":null}', 'is null'],
      ['{order}', '{"order":[1]}', 'is a list'],
      ['{order}', '{"order":{}}', 'is an object'],
      ['{order}', `{"order":"${'k'.repeat(513)}"}`, '513 bytes'],
      ['{order}', '{"order":"a\\u0000"}', 'U+0000'],
      ['a}', '{}', 'single "}"'],
    ] as const
    for (const [key, input, reason] of wrong) {
      await using running = await RunningEngine.start({
        workflows: [workflow('w', { decided: { wait: signal(key) } })],
      })

      const id = await startWaiting(running, 'w', input)

      const { status, tasks } = await storedExecution(running, id)
      expect([status, tasks[0]?.error?.type]).toEqual(['Failed', 'WaitKeyError'])
      expect(tasks[0]?.error?.message).toContain(reason)
    }
  })

  it('has strings as they are, and numbers and booleans as JSON, in its key', async () => {
    const keys = [
      ['{a}', '{"a":"x {b} \\u00e9"}', 'x {b} é'],
      ['{a}', '{"a":1.0}', '1.0'],
      ['{a}', '{"a":12345678901234567890}', '12345678901234567890'],
      ['{a}/{b}', '{"a":true,"b":"c"}', 'true/c'],
      ['{{{a}}}', '{"a":1}', '{1}'],
      ['plain', '{}', 'plain'],
      ['', '{}', ''],
      ['{a}', `{"a":"${'k'.repeat(512)}"}`, 'k'.repeat(512)],
    ] as const
    for (const [template, input, key] of keys) {
      await using running = await RunningEngine.start({
        workflows: [workflow('w', { decided: { wait: signal(template) } })],
      })
      const id = await startWaiting(running, 'w', input)

      expect(await openWaits(running.store, id)).toMatchObject([{ signal: 'decision', key }])
    }
  })

  it('waits again in a retry, with its whole timeout, and uses no used signal again', async () => {
    await using running = await RunningEngine.start({
      workflows: [refund(signal('{order}', TIMEOUT_MS))],
      python: (host) => host.task('pay', () => failed('no money')),
    })
    const { executions } = running.engine.services
    const late = await startWaiting(running)
    await running.clock.advance(TIMEOUT_MS)

    const retried = await executions.retry(late, AT_ONCE)
    await settle()
    expect(await openWaits(running.store, retried)).toMatchObject([{ until: running.clock.now() + TIMEOUT_MS }])
    await send(running)
    expect(statusesOf((await storedExecution(running, retried)).tasks)).toMatchObject({
      decided: 'Completed',
      pay: 'Failed',
    })
    const kept = await executions.retry(retried, AT_ONCE)
    const again = await executions.retry(retried, { ...AT_ONCE, from: 'decided' })
    await settle()

    expect(statusesOf((await storedExecution(running, kept)).tasks)).toMatchObject({
      decided: 'Completed',
      pay: 'Failed',
    })
    expect(statusesOf((await storedExecution(running, again)).tasks)).toMatchObject({ decided: 'Waiting' })
  })

  it('applies a signal that was sent while its execution was paused after the resume', async () => {
    await using running = await RunningEngine.start({ workflows: [refund()] })
    const { executions } = running.engine.services
    const id = await startWaiting(running)

    await executions.pause(id, AT_ONCE)
    await send(running)
    expect(running.host.runsOf('pay')).toEqual([])
    await executions.resume(id, AT_ONCE)
    await settle()

    expect((await storedExecution(running, id)).status).toBe('Completed')
  })
})

describe('runner.signals', () => {
  it('returns the first answer for a known id, and refuses the id for another signal', {
    tags: ['proof'],
  }, async () => {
    await using running = await RunningEngine.start({ workflows: [refund()] })
    const id = await startWaiting(running)
    const given = { id: 'msg-1', payload: { a: 1, b: [2] } }

    const first = await send(running, given)
    const second = await send(running, { id: 'msg-1', payloadText: '{"b": [2], "a": 1}' })

    expect(first).toEqual({ id: 'msg-1', state: 'used', executions: [id], isRepeated: false })
    expect(second).toEqual({ ...first, isRepeated: true })
    for (const other of [{ payload: { a: 1 } }, { key: '8', ...given }]) {
      await expect(send(running, { id: 'msg-1', ...other })).rejects.toMatchObject({ code: 'KEY_REUSED' })
    }
    expect(running.events.counters.signals).toEqual({ used: 1, kept: 0, repeated: 1 })
    expect(await running.engine.services.signals.list()).toMatchObject([{ id: 'msg-1', payload: given.payload }])
  })

  it('refuses wrong arguments, and stores nothing', async () => {
    await using running = await RunningEngine.start()
    const { signals } = running.engine.services
    const wrong: readonly [string, object, string][] = [
      ['', {}, 'name'],
      ['n'.repeat(513), {}, 'name'],
      ['a\0', {}, 'name'],
      ['n', { key: 'k'.repeat(513) }, 'key'],
      ['n', { id: '' }, 'id'],
      ['n', { key: 7 }, 'key'],
      ['n', { payload: new Date() }, 'payload'],
      ['n', { payload: 'x'.repeat(1_048_575) }, 'payload'],
      ['n', { payloadText: '{' }, 'payload'],
      ['n', { payloadText: '{"by":"\\ud800"}' }, 'payload'],
      ['n', { payloadText: '[1e400]' }, 'payload'],
      ['n', { payloadText: '['.repeat(600) + ']'.repeat(600) }, 'payload'],
    ]
    for (const [name, options, path] of wrong) {
      await expect(signals.send(name, options), path).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        facts: { path },
      })
    }
    await expect(signals.list({ state: 'lost' as never })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(await signals.list()).toEqual([])
    expect(await signals.send('n', { payload: 'x'.repeat(1_048_574) })).toMatchObject({ state: 'kept' })
  })

  it('stores the source of a signal, and on the command line the system user', async () => {
    await using running = await RunningEngine.start()
    await send(running, { source: 'http' })
    await send(running, { source: 'cli', user: 'eva', note: 'by hand' })

    const listed = await running.engine.services.signals.list()
    expect(listed.map(({ source }) => source)).toEqual(['cli (eva)', 'http'])
    expect(await running.engine.services.actions.list()).toMatchObject([
      { kind: 'signal', target: 'decision', source: 'cli', note: 'by hand' },
      { source: 'http' },
    ])
  })
})

it('open waits and approvals are counted for metrics, at most every 5 s', async () => {
  await using running = await RunningEngine.start({ workflows: [refund()] })
  const { health } = running.engine
  await startWaiting(running)
  await startWaiting(running)

  expect(health.gauges().openWaits).toEqual(new Map())
  await settle()
  expect(health.gauges()).toMatchObject({ openWaits: new Map([['signal', 2]]), openApprovals: 0 })
  await send(running)
  expect(health.gauges().openWaits).toEqual(new Map([['signal', 2]]))
  await running.clock.advance(5_000)
  health.gauges()
  await settle()
  expect(health.gauges().openWaits).toEqual(new Map())
})

it('the events of a wait have its kind, its times and its end', async () => {
  await using running = await RunningEngine.start({ workflows: [refund()] })
  const [opened, ended, waiting] = [
    running.record('waitOpened'),
    running.record('waitEnded'),
    running.record('executionWaiting'),
  ]
  const at = running.clock.now()
  const executionId = await startWaiting(running)
  await running.clock.advance(1_000)
  await send(running)

  const names = { executionId, workflow: 'refund', node: 'decided', kind: 'signal' }
  expect(opened).toEqual([{ ...names, at }])
  expect(ended).toEqual([{ ...names, openedAt: at, at: at + 1_000, status: 'Completed', error: null }])
  expect(waiting).toEqual([{ executionId, workflow: 'refund', at }])
})
