/** Alerts about a database that refuses: sent from memory, repeated, and stored when the database is back. */

import { describe, expect, it } from 'vitest'
import type { AttemptResult } from '../../src/alerts/alert-target.ts'
import { EngineAlerts } from '../../src/alerts/engine-alerts.ts'
import { EngineEvents } from '../../src/engine/engine-events.ts'
import type { IncidentReport } from '../../src/engine/incidents/incident-report.ts'
import type { Alert } from '../../src/model/alert.ts'
import { MemoryDeliveries } from '../support/alert-builders.ts'
import { ManualClock } from '../support/manual-clock.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const TAKES: AttemptResult = { response: 'status 204', error: null }
const NOTHING = { workflow: null, trigger: null, task: null, errorType: null, cause: null, executionId: null }

function refusing(isDown = () => false) {
  const clock = new ManualClock()
  const deliveries = new MemoryDeliveries(clock)
  const sent: Alert[] = []
  const target = {
    ...{ receiver: 'oncall', to: 'url' as const, shown: 'https://oncall.example.com' },
    async send(alert: Alert) {
      if (isDown()) return { response: 'status 500', error: 'the server answered with status 500' }
      sent.push(alert)
      return TAKES
    },
  }
  const ports = { store: deliveries, events: new EngineEvents(), clock, warn: () => undefined }
  const alerts = new EngineAlerts([target], {}, ports)
  const report = (): IncidentReport => ({
    kind: 'database-refused',
    subject: '',
    facts: { ...NOTHING, subject: null, message: 'Database error while polling: the disk is full' },
    at: clock.now(),
    targets: [{ receiver: 'oncall', to: 'url' }],
    ...{ repeatMs: 4 * HOUR_MS, cooldownMs: 10 * MINUTE_MS, sendsRecovery: true, isMoment: false },
  })
  const refuse = () => {
    deliveries.isRefusing = true
    alerts.policy.sendDirectly(report())
  }
  const answer = () => {
    deliveries.isRefusing = false
  }
  return { clock, deliveries, sent, alerts, refuse, answer, states: () => sent.map(({ state }) => state) }
}

describe('a database that refuses', () => {
  it('is reported immediately, without the database, and the alert is stored when it answers again', async () => {
    const { clock, deliveries, sent, alerts, refuse, answer } = refusing()
    await clock.advance(5_000)

    refuse()
    await clock.advance(MINUTE_MS)
    const saved = deliveries.saved.length
    answer()
    await clock.advance(2_000)
    await alerts.close(0)

    expect(sent).toMatchObject([{ kind: 'database-refused', state: 'opened', subject: null, count: 1 }])
    expect(saved).toBe(0)
    expect(deliveries.saved).toMatchObject([
      { id: sent[0]?.id, state: 'opened', deliveries: [{ receiver: 'oncall', outcome: 'delivered', attempts: 1 }] },
    ])
  })

  it('is reported again after the time for repeating, while it still refuses', async () => {
    const { clock, alerts, refuse, states } = refusing()

    refuse()
    await clock.advance(4 * HOUR_MS - MINUTE_MS)
    const before = [...states()]
    await clock.advance(2 * MINUTE_MS)
    await alerts.close(0)

    expect(before).toEqual(['opened'])
    expect(states()).toEqual(['opened', 'repeated'])
  })

  it('is not reported again for a refusal within the cooldown', async () => {
    const { clock, alerts, refuse, answer, states } = refusing()

    for (let outage = 0; outage < 20; outage += 1) {
      refuse()
      await clock.advance(5_000)
      answer()
      await clock.advance(6 * MINUTE_MS)
    }
    await alerts.close(0)

    expect(states()).toEqual(['opened'])
  })

  it('is reported as a new incident after the cooldown', async () => {
    const { clock, alerts, refuse, answer, states } = refusing()

    for (let outage = 0; outage < 2; outage += 1) {
      refuse()
      await clock.advance(5_000)
      answer()
      await clock.advance(20 * MINUTE_MS)
    }
    await alerts.close(0)

    expect(states()).toEqual(['opened', 'opened'])
  })

  it('has its alert sent again while the receiver is down, and stored as pending when it is back', async () => {
    let isDown = true
    const { clock, deliveries, alerts, refuse, answer, states } = refusing(() => isDown)

    refuse()
    await clock.advance(10_000)
    answer()
    await clock.advance(2_000)
    isDown = false
    await clock.advance(2_000)
    await alerts.close(0)

    expect(states()).toEqual([])
    const error = 'the server answered with status 500'
    expect(deliveries.saved).toMatchObject([
      { state: 'opened', deliveries: [{ outcome: 'pending', attempts: 4, error }] },
    ])
  })

  it('leaves no timers, and its alert is stored, if the engine stops when the database is back', async () => {
    const { clock, deliveries, alerts, refuse, answer } = refusing(() => true)
    refuse()
    await clock.advance(30_000)

    answer()
    await alerts.close(5_000)

    expect(deliveries.saved.map(({ state }) => state)).toContain('opened')
    expect(clock.pendingTimers).toBe(0)
  })
})
