/** Reports of failures that the loops store: failed executions, failed polls and late firings. */

import { describe, expect, it } from 'vitest'
import { cronTrigger, trigger, workflow } from '../../support/declared.ts'
import { completed, FIRE, failed, fault, SKIP, untilStopped } from '../../support/fake-host.ts'
import { incidentsIn, messagesIn, TestPolicy } from '../../support/incidents.ts'
import { type EngineParts, RunningEngine } from '../../support/running-engine.ts'

const MINUTE_MS = 60_000

const etl = { ...workflow('etl', { read: {}, write: { after: ['read'] } }), tags: { team: 'data' } }

function start(parts: EngineParts, incidents = new TestPolicy()) {
  return RunningEngine.start({ workflows: [etl], incidents, ...parts })
}

describe('a failed execution', () => {
  it('is reported with its cause, task and trigger, and the next completed one ends the incident', async () => {
    let isBroken = true
    const incidents = new TestPolicy()
    await using running = await start(
      {
        triggers: [trigger('inbox', { workflow: 'etl', everyMs: 60_000, tags: { team: 'ops' } })],
        python: (host) =>
          host.trigger('inbox', () => FIRE).task('read', () => (isBroken ? failed('no luck') : completed('{}'))),
      },
      incidents,
    )

    await running.clock.advance(1_000)
    const open = await incidentsIn(running.store)
    isBroken = false
    await running.clock.advance(60_000)

    const [opened, recovered] = await messagesIn(running.store)
    expect(open).toEqual(['execution-failed etl 1 open'])
    expect(opened).toMatchObject({
      state: 'opened',
      message: 'Workflow "etl" failed: read: ValueError: no luck (1 of 2 tasks failed)',
      ...{ workflow: 'etl', trigger: 'inbox', task: 'read', errorType: 'ValueError' },
      cause: 'read: ValueError: no luck (1 of 2 tasks failed)',
      subject: opened?.executionId,
    })
    expect(recovered).toMatchObject({ state: 'recovered', workflow: 'etl' })
    expect(incidents.routed).toContainEqual({
      ...{ kind: 'execution-failed', workflow: 'etl', trigger: 'inbox' },
      tags: { team: 'data' },
    })
  })

  it('is not reported if this kind is not enabled, or if the engine reports nothing', async () => {
    const python = (host: Parameters<NonNullable<EngineParts['python']>>[0]) => host.task('read', () => failed('no'))
    for (const incidents of [new TestPolicy(new Set(['trigger-late'])), undefined]) {
      await using running = await RunningEngine.start({
        ...{ workflows: [etl], python },
        ...(incidents !== undefined && { incidents }),
      })
      const executed = running.engine.execute('etl', '{}')
      await running.clock.advance(1_000)
      expect((await executed).status).toBe('Failed')

      expect(await incidentsIn(running.store)).toEqual([])
    }
  })

  it('has no fields of the report in the result of `execute`', async () => {
    await using running = await start({ python: (host) => host.task('read', () => failed('no')) })

    const executed = running.engine.execute('etl', '{}')
    await running.clock.advance(1_000)

    expect(await executed).not.toHaveProperty('report')
  })
})

describe('a trigger that fails', () => {
  it('opens an incident after three failures in a row with its tags, and ends it with the next skip', async () => {
    let isBroken = true
    const incidents = new TestPolicy()
    await using running = await start(
      {
        triggers: [trigger('inbox', { workflow: 'etl', tags: { team: 'ops' } }), trigger('other', { workflow: 'etl' })],
        python: (host) =>
          host
            .trigger('inbox', () => (isBroken ? { kind: 'failed', error: fault('no luck') } : SKIP))
            .trigger('other', () => ({ kind: 'failed', error: fault('neither') })),
      },
      incidents,
    )

    await running.clock.advance(1_500)
    const early = await incidentsIn(running.store)
    await running.clock.advance(1_000)
    isBroken = false
    await running.clock.advance(10_000)

    expect(early).toEqual([])
    expect((await messagesIn(running.store))[0]).toMatchObject({
      kind: 'trigger-failing',
      subject: expect.stringMatching(/inbox|other/),
      message: expect.stringMatching(/^Trigger "(inbox|other)" failed 3 times in a row: /),
      ...{ workflow: 'etl', errorType: 'ValueError', executionId: null },
    })
    expect(await incidentsIn(running.store)).toEqual([
      expect.stringMatching(/^trigger-failing other \d+ open/),
      expect.stringMatching(/^trigger-failing inbox [123] ended/),
    ])
    expect(incidents.routed).toContainEqual({
      ...{ kind: 'trigger-failing', workflow: 'etl', trigger: 'inbox' },
      tags: { team: 'ops' },
    })
    expect(incidents.routed).toContainEqual({
      ...{ kind: 'trigger-failing', workflow: 'etl', trigger: 'other' },
      tags: { team: 'data' },
    })
  })

  it('opens another incident when its failures disable it', async () => {
    await using running = await start({
      triggers: [trigger('inbox', { workflow: 'etl', policy: { pauseAfter: 2 } })],
      python: (host) => host.trigger('inbox', () => ({ kind: 'failed', error: fault('no luck') })),
    })

    await running.clock.advance(5_000)

    expect(await messagesIn(running.store)).toMatchObject([
      {
        kind: 'trigger-disabled',
        trigger: 'inbox',
        cause: 'no luck',
        message: 'Trigger "inbox" is disabled after 2 failed polls in a row; last error: no luck',
      },
    ])
  })
})

describe('a trigger that is late', () => {
  it('opens an incident once while its poll hangs, and the end of the poll ends it', async () => {
    let release = (): void => undefined
    const hang = new Promise<typeof SKIP>((resolve) => {
      release = () => resolve(SKIP)
    })
    await using running = await start({
      triggers: [trigger('inbox', { workflow: 'etl' }), trigger('quick', { workflow: 'etl' })],
      config: { pollDeadlineMs: 1_000_000 },
      python: (host) => host.trigger('inbox', () => hang),
    })

    await running.clock.advance(90_000)
    const open = await incidentsIn(running.store)
    release()
    await running.clock.advance(15_000)

    expect(open).toEqual(['trigger-late inbox 1 open'])
    expect((await messagesIn(running.store)).map(({ state, message }) => [state, message])).toEqual([
      ['opened', expect.stringMatching(/^Trigger "inbox" is late: its poll was due 6\d s ago and has not ended\.$/)],
      ['recovered', expect.any(String)],
    ])
  })

  it('may be a schedule that fires late, which extends the incident until it fires in time', async () => {
    await using running = await start({ triggers: [cronTrigger('hourly', '0 * * * *', { workflow: 'etl' })] })
    const states: (readonly string[])[] = []
    for (const minutes of [62, 60, 60]) {
      if (minutes > 60 || states.length === 1) running.clock.standStill(minutes * MINUTE_MS)
      else await running.clock.advance(minutes * MINUTE_MS)
      await running.clock.advance(1_000)
      states.push(await incidentsIn(running.store))
    }

    expect(states).toEqual([
      ['trigger-late hourly 1 open'],
      ['trigger-late hourly 2 open'],
      ['trigger-late hourly 2 ended'],
    ])
    expect((await messagesIn(running.store))[0]).toMatchObject({
      message: expect.stringMatching(/^Trigger "hourly" fired \d+ s late\.$/),
      ...{ trigger: 'hourly', workflow: 'etl' },
    })
  })
})

describe('polls that wait for the end of an engine', () => {
  it('leave no timer of the incidents', async () => {
    const running = await start({
      triggers: [trigger('inbox', { workflow: 'etl' })],
      python: (host) => host.trigger('inbox', untilStopped),
    })
    await running.clock.advance(10_000)

    await running.engine.stop({ graceMs: 0 })
    await running.store.close()

    expect(running.clock.pendingTimers).toBe(0)
  })
})
