/** Which events of an engine are an alert, and how often. */

import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { AlertRules, type Overdue } from '../../src/alerts/alert-rules.ts'
import { EngineEvents } from '../../src/engine/events.ts'
import { StoreError } from '../../src/errors.ts'
import { ALERT_KINDS, type Alert, type AlertKind } from '../../src/model/alert.ts'
import { trigger, workflow } from '../support/declared.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { untilStopped } from '../support/fake-host.ts'
import { RunningEngine } from '../support/running-engine.ts'

const FAULT = { type: 'ValueError', message: 'no luck', traceback: '' }

function watching(kinds: readonly AlertKind[] = ALERT_KINDS) {
  const clock = new FakeClock()
  const events = new EngineEvents()
  const alerts: Alert[] = []
  const options = { kinds: new Set(kinds), failuresInRow: 3, lateByMs: 60_000 }
  const rules = new AlertRules(options, { clock, newId: randomUUID, raise: (alert) => void alerts.push(alert) })
  rules.watch(events)
  const fails = (name: string) => {
    events.emit('tick', { trigger: name, at: 0, outcome: 'failed', latenessMs: 0, durationMs: 0, reason: null })
    events.emit('triggerFailed', { trigger: name, script: 's.py', at: 0, outcome: 'failed', error: FAULT })
  }
  const skips = (name: string) =>
    events.emit('tick', { trigger: name, at: 0, outcome: 'skipped', latenessMs: 0, durationMs: 0, reason: null })
  return { clock, events, alerts, rules, fails, skips }
}

const ended = (status: 'Completed' | 'Failed' | 'Cancelled') => ({
  executionId: 'e-1',
  workflow: 'etl',
  status,
  errorMessage: status === 'Failed' ? '1 task(s) failed' : null,
  at: 0,
})

describe('an execution', () => {
  it('is an alert when it failed, and none when it completed or was cancelled', () => {
    const { events, alerts } = watching()

    for (const status of ['Completed', 'Failed', 'Cancelled'] as const) events.emit('executionFinished', ended(status))

    expect(alerts).toMatchObject([
      { kind: 'execution-failed', subject: 'e-1', message: 'Workflow "etl" failed: 1 task(s) failed' },
    ])
  })

  it('is none where only other things are asked for, and nobody listens to it', () => {
    const { events, alerts } = watching(['trigger-late'])

    events.emit('executionFinished', ended('Failed'))

    expect(alerts).toEqual([])
    expect(events.isHeard('executionFinished')).toBe(false)
  })
})

describe('a trigger that fails', () => {
  it('is an alert once, at the third time in a row, and again after a poll that did not fail', () => {
    const { alerts, fails, skips } = watching()

    for (let failure = 0; failure < 5; failure += 1) fails('inbox')
    fails('other')
    skips('inbox')
    for (let failure = 0; failure < 3; failure += 1) fails('inbox')

    expect(alerts.map(({ kind, subject }) => [kind, subject])).toEqual([
      ['trigger-failing', 'inbox'],
      ['trigger-failing', 'inbox'],
    ])
    expect(alerts[0]?.message).toBe('Trigger "inbox" failed 3 times in a row: no luck')
  })

  it('costs the polls of others nothing once it does not fail any more', () => {
    const { events, fails, skips } = watching()

    const before = events.isHeard('tick')
    fails('inbox')
    const meanwhile = events.isHeard('tick')
    skips('inbox')

    expect([before, meanwhile, events.isHeard('tick')]).toEqual([false, true, false])
  })
})

describe('a trigger that is late', () => {
  it('is an alert once, and again when it was in time between', async () => {
    const { clock, alerts, rules } = watching()
    let late: ReturnType<Overdue> = []
    rules.watchLateness(() => late)

    late = [{ trigger: 'inbox', lateMs: 61_000 }]
    await clock.advance(5_000)
    late = []
    await clock.advance(1_000)
    late = [{ trigger: 'inbox', lateMs: 63_000 }]
    await clock.advance(5_000)
    rules.stop()

    expect(alerts.map(({ message }) => message)).toEqual([
      'Trigger "inbox" is late: its poll was due 61 s ago and has not ended.',
      'Trigger "inbox" is late: its poll was due 63 s ago and has not ended.',
    ])
    expect(clock.pendingTimers).toBe(0)
  })

  it('is one whose poll does not end, and not one that waits for its time', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('hangs', { workflow: 'w' }), trigger('quick', { workflow: 'w' })],
      workflows: [workflow('w', { a: {} })],
      config: { pollDeadlineMs: 1_000_000 },
      python: (host) => host.trigger('hangs', untilStopped),
    })

    await running.clock.advance(30_000)

    expect(running.engine.triggers.overdue(20_000)).toEqual([{ trigger: 'hangs', lateMs: expect.any(Number) }])
  })

  it('may be a schedule that fired late, and not one of which a lost run is started again', () => {
    const { events, alerts } = watching()
    const fired = {
      scheduleId: 's-1',
      trigger: null,
      workflow: 'etl',
      firingId: 'f',
      executionId: null,
      scheduledAt: 0,
    }

    events.emit('cronFired', { ...fired, at: 59_000, recoveryAttempt: 0 })
    events.emit('cronFired', { ...fired, at: 90_000, recoveryAttempt: 1 })
    for (const at of [90_000, 100_000]) events.emit('cronFired', { ...fired, at, recoveryAttempt: 0 })

    expect(alerts).toMatchObject([
      { kind: 'trigger-late', subject: 's-1', message: expect.stringContaining('90 s late') },
    ])
  })
})

describe('other troubles', () => {
  it('are an alert: a script in quarantine, and a database that refuses, once until it was calm for five minutes', async () => {
    const { clock, events, alerts } = watching()
    const refuses = () =>
      events.emit('trouble', {
        during: 'recording a firing',
        error: new StoreError('DATABASE_FAILED', 'the disk is full'),
        retryAt: null,
      })

    events.emit('scriptQuarantined', { script: 's.py', culprit: "trigger 'x'", reason: 'it hung' })
    events.emit('trouble', { during: 'polling', error: new Error('of another kind'), retryAt: null })
    refuses()
    await clock.advance(299_000)
    refuses()
    await clock.advance(300_000)
    refuses()

    expect(alerts.map(({ kind }) => kind)).toEqual(['interpreter-quarantined', 'database-refused', 'database-refused'])
    expect(alerts[1]?.message).toBe('Database error while recording a firing: the disk is full')
  })
})
