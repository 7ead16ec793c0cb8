/** Polling and firing of triggers: due times, records, started executions, and failed polls. */

import { describe, expect, it } from 'vitest'
import { trigger, workflow } from '../../support/declared.ts'
import { FIRE, fault, fire, SKIP } from '../../support/fake-host.ts'
import { FIRST_PAGE, RunningEngine } from '../../support/running-engine.ts'

const demo = workflow('demo', { work: {} })
const START = Date.UTC(2026, 0, 1)

describe('polling a trigger', () => {
  it('starts immediately and repeats every interval, counted from the due times', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('tick', { everyMs: 1_000 })],
      python: (host) => host.trigger('tick', () => host.after(300, SKIP)),
    })

    await running.clock.advance(3_500)

    expect(running.host.pollsOf('tick').map((at) => at - START)).toEqual([0, 1_000, 2_000, 3_000])
  })

  it('never runs two polls of a trigger together, and replaces missed polls with a single poll', async () => {
    const durations = [3_500, 10, 10, 10]
    await using running = await RunningEngine.start({
      triggers: [trigger('slow', { everyMs: 1_000 })],
      python: (host) => host.trigger('slow', () => host.after(durations.shift() ?? 10, SKIP)),
    })

    await running.clock.advance(5_500)

    expect(running.host.pollsOf('slow').map((at) => at - START)).toEqual([0, 3_500, 4_000, 5_000])
  })

  it('records the reason of a skip, the lateness of the poll, and its duration', async () => {
    const durations = [300, 1_250, 10]
    const reasons = ['empty', 'locked', null]
    await using running = await RunningEngine.start({
      triggers: [trigger('tick', { everyMs: 1_000 })],
      python: (host) =>
        host.trigger('tick', () =>
          host.after(durations.shift() ?? 10, { kind: 'skipped', reason: reasons.shift() ?? null }),
        ),
    })
    const heard = running.record('tick')

    await running.clock.advance(2_500)

    const ticks = await running.engine.services.triggers.ticks('tick', FIRST_PAGE)
    expect(ticks.map(({ reason, latenessMs, durationMs }) => [reason, latenessMs, durationMs])).toEqual([
      [null, 250, 10],
      ['locked', 0, 1_250],
      ['empty', 0, 300],
    ])
    expect(heard.map(({ reason, latenessMs, durationMs }) => [reason, latenessMs, durationMs])).toEqual([
      ['empty', 0, 300],
      ['locked', 0, 1_250],
      [null, 250, 10],
    ])
  })

  it('is late while it runs only if the poll was started late', async () => {
    const durations = [95_000, 4_000, 30_000]
    await using running = await RunningEngine.start({
      triggers: [trigger('slow', { everyMs: 10_000 })],
      python: (host) => host.trigger('slow', () => host.after(durations.shift() ?? 10, SKIP)),
    })
    const { triggers } = running.engine.services
    const lateness = async () => {
      const { latestPollMs, oldestDueMs } = running.engine.health.gauges()
      return [latestPollMs, oldestDueMs, (await triggers.listLate()).length, (await triggers.summary()).late.length]
    }

    await running.clock.advance(90_000)
    expect(await lateness()).toEqual([0, 90_000, 0, 0])
    // Its second poll was due at 90 s, and started at 95 s.
    await running.clock.advance(7_000)
    expect(await lateness()).toEqual([5_000, 7_000, 0, 0])
    await running.clock.advance(8_000)

    expect(await lateness()).toEqual([0, 5_000, 0, 0])
  })

  it('does not include the jitter in the recorded lateness', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('tick')],
      config: { pollJitterMs: 100 },
      random: () => 0.99,
      python: (host) => host.trigger('tick', () => fire('{}')),
    })

    await running.clock.advance(1_500)

    const ticks = await running.engine.services.triggers.ticks('tick', FIRST_PAGE)
    expect(ticks.map(({ latenessMs, durationMs }) => [latenessMs, durationMs])).toEqual([
      [0, 0],
      [0, 0],
    ])
  })

  it('is not delayed by a hanging poll of another trigger', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('hangs'), trigger('quick')],
      python: (host) => host.trigger('hangs', () => new Promise(() => {})),
    })

    await running.clock.advance(2_000)

    expect(running.host.pollsOf('quick').map((at) => at - START)).toEqual([0, 1_000, 2_000])
    expect(running.host.pollsOf('hangs')).toHaveLength(1)
  })

  it('passes the deadline and the script to the host', async () => {
    const requests: unknown[] = []
    await using running = await RunningEngine.start({
      triggers: [trigger('tick', { script: 'inbox.py' })],
      config: { pollDeadlineMs: 7_000 },
      python: (host) =>
        host.trigger('tick', (request) => {
          requests.push(request)
          return SKIP
        }),
    })

    await running.clock.advance(0)

    expect(requests).toMatchObject([{ script: 'inbox.py', trigger: 'tick', deadlineMs: 7_000 }])
  })

  it('needs as many timers for 300 triggers as for one', async () => {
    const timers: number[] = []
    for (const count of [1, 300]) {
      const triggers = Array.from({ length: count }, (_, index) => trigger(`t${index}`, { everyMs: 1_000 - index }))
      await using running = await RunningEngine.start({ triggers })
      await running.clock.advance(10)
      expect(running.host.polls).toHaveLength(count)
      timers.push(running.clock.pendingTimers)
    }

    expect(timers[1]).toBe(timers[0])
  })

  it('with an interval of 0, does not delay other triggers', async () => {
    await using running = await RunningEngine.start({ triggers: [trigger('eager', { everyMs: 0 }), trigger('calm')] })

    await running.clock.advance(100)

    expect(running.host.pollsOf('eager').length).toBeGreaterThan(90)
    expect(running.host.pollsOf('calm')).toHaveLength(1)
  })

  it('is delayed by the jitter, without a drift of the due times', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('tick')],
      config: { pollJitterMs: 100 },
      random: () => 0.5,
    })

    await running.clock.advance(3_200)

    expect(running.host.pollsOf('tick').map((at) => at - START)).toEqual([50, 1_050, 2_050, 3_050])
  })
})

describe('a firing', () => {
  it('adds trigger_name and triggered_at to the fired context, in place of keys with these names', async () => {
    let isFirst = true
    await using running = await RunningEngine.start({
      triggers: [trigger('inbox')],
      workflows: [demo],
      python: (host) =>
        host.trigger('inbox', () => {
          const outcome = isFirst ? fire('{"n":1.0,"big":1152921504606846977,"trigger_name":["x"]}') : SKIP
          isFirst = false
          return outcome
        }),
    })

    await running.clock.advance(0)

    const [run] = running.host.runsOf('work')
    expect(run?.inputText).toBe(
      '{"n":1.0,"big":1152921504606846977,"trigger_name":"inbox","triggered_at":"2026-01-01T00:00:00.000+00:00"}',
    )
    const [firing] = await running.engine.services.triggers.history('inbox', FIRST_PAGE)
    expect(firing?.contextHash).toMatch(/^[0-9a-f]{16}$/)
    expect(firing?.executionId).toBe(run?.executionId)
    expect(firing?.completedAt).not.toBeNull()
  })

  it('emits triggerFired before executionStarted and executionFinished', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('inbox')],
      workflows: [demo],
      python: (host) => host.trigger('inbox', () => FIRE),
      isIdle: true,
    })
    const told: string[] = []
    for (const name of ['triggerFired', 'executionStarted', 'executionFinished'] as const) {
      running.events.on(name, () => void told.push(name))
    }
    await running.engine.start()

    await running.clock.advance(0)

    expect(told).toEqual(['triggerFired', 'executionStarted', 'executionFinished'])
  })

  it('with equal data, in any order of keys, is dropped while the first execution runs', async () => {
    const fired = ['{"a":1,"b":2}', '{"b":2,"a":1}', '{"a":1,"b":3}']
    await using running = await RunningEngine.start({
      triggers: [trigger('orders')],
      workflows: [demo],
      python: (host) =>
        host
          .trigger('orders', () => {
            const contextText = fired.shift()
            return contextText === undefined ? SKIP : fire(contextText)
          })
          .task('work', (request) => host.after(60_000, { kind: 'completed', contextText: request.inputText })),
    })

    await running.clock.advance(2_500)

    const ticks = await running.engine.services.triggers.ticks('orders', FIRST_PAGE)
    expect(ticks.map((tick) => tick.outcome)).toEqual(['fired', 'duplicate', 'fired'])
    expect(await running.engine.services.triggers.history('orders', FIRST_PAGE)).toHaveLength(2)
    expect(running.host.runs).toHaveLength(2)
  })

  it('with equal data starts another execution after the first execution has ended', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('orders')],
      workflows: [demo],
      python: (host) =>
        host
          .trigger('orders', () => FIRE)
          .task('work', (request) => host.after(1_500, { kind: 'completed', contextText: request.inputText })),
    })

    await running.clock.advance(2_000)

    const firings = await running.engine.services.triggers.history('orders', FIRST_PAGE)
    expect(firings.map((firing) => firing.startedAt - START)).toEqual([2_000, 0])
    expect(firings.map((firing) => firing.contextHash)).toEqual(['fire_no_context', 'fire_no_context'])
  })

  it('starts executions with equal data at the same time if the trigger has allowConcurrent', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('queue', { allowConcurrent: true })],
      workflows: [demo],
      python: (host) =>
        host
          .trigger('queue', () => FIRE)
          .task('work', (request) => host.after(60_000, { kind: 'completed', contextText: request.inputText })),
    })

    await running.clock.advance(2_000)

    expect(running.host.running).toBe(3)
  })

  it('for an unknown workflow is refused, is a failure, and causes one warning with the nearest name', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('inbox', { workflow: 'dmeo' })],
      workflows: [demo],
      python: (host) => host.trigger('inbox', () => FIRE),
      isIdle: true,
    })
    const warnings = running.record('warning')
    await running.engine.start()

    await running.clock.advance(1_000)

    const { triggers } = running.engine.services
    const firings = await triggers.history('inbox', FIRST_PAGE)
    expect(firings.map((firing) => [firing.executionId, firing.completedAt !== null])).toEqual([
      [null, true],
      [null, true],
    ])
    const reason = 'Workflow not found in registry: dmeo. Did you mean "demo"?'
    const ticks = await triggers.ticks('inbox', FIRST_PAGE)
    expect(ticks).toMatchObject([
      { outcome: 'refused', reason, firings: 1, firingId: null },
      { outcome: 'refused', reason },
    ])
    expect(await triggers.get('inbox')).toMatchObject({ failuresInRow: 2, isEnabled: true, lastPollAt: START + 1_000 })
    expect((await triggers.summary()).failing).toEqual(['inbox'])
    expect(warnings).toMatchObject([{ code: 'UNKNOWN_WORKFLOW', trigger: 'inbox', workflow: 'dmeo' }])
    expect(warnings[0]?.message).toContain('Workflow not found in registry: dmeo. Did you mean "demo"?')
  })
})

describe('a poll that fails', () => {
  it('is recorded and reported with its error, and the next polls follow', async () => {
    const error = fault("trigger 'flaky' raised exception: ValueError: no")
    await using running = await RunningEngine.start({
      triggers: [trigger('flaky')],
      python: (host) => host.trigger('flaky', () => ({ kind: 'failed', error })),
      isIdle: true,
    })
    const failures = running.record('triggerFailed')
    await running.engine.start()

    await running.clock.advance(1_000)

    expect(failures).toMatchObject([
      { trigger: 'flaky', script: 'jobs.py', outcome: 'failed', error },
      { trigger: 'flaky', outcome: 'failed' },
    ])
    expect(await running.engine.services.triggers.get('flaky')).toMatchObject({ lastPollAt: null })
    const [tick] = await running.engine.services.triggers.ticks('flaky', FIRST_PAGE)
    expect(tick).toMatchObject({ outcome: 'failed', errorType: 'ValueError' })
  })

  it('is recorded as timed out if it exceeded its deadline', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('hangs')],
      python: (host) => host.trigger('hangs', () => ({ kind: 'timedOut', error: fault('timed out after 30 s') })),
    })

    await running.clock.advance(0)

    const [tick] = await running.engine.services.triggers.ticks('hangs', FIRST_PAGE)
    expect(tick).toMatchObject({ outcome: 'timedOut', errorMessage: 'timed out after 30 s' })
  })

  it('is recorded as failed and starts nothing if the fired context is invalid', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('odd')],
      workflows: [demo],
      python: (host) => host.trigger('odd', () => fire('{"half":')),
    })

    await running.clock.advance(0)

    const [tick] = await running.engine.services.triggers.ticks('odd', FIRST_PAGE)
    expect(tick).toMatchObject({ outcome: 'failed', errorType: 'ContextError' })
    expect(running.host.runs).toEqual([])
  })

  it('is recorded if the host itself fails, and the next polls follow', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('unlucky')],
      python: (host) => host.trigger('unlucky', () => Promise.reject(new Error('no thread'))),
    })

    await running.clock.advance(1_000)

    expect(running.host.pollsOf('unlucky')).toHaveLength(2)
    const [tick] = await running.engine.services.triggers.ticks('unlucky', FIRST_PAGE)
    expect(tick?.errorMessage).toContain('no thread')
  })
})
