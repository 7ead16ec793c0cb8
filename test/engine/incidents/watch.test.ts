/** Incidents that no step of the loops stores: quarantined scripts, a database that refuses, and lost engines. */

import { expect, it } from 'vitest'
import { StoreError } from '../../../src/errors.ts'
import { incidentsIn, messagesIn, TestPolicy } from '../../support/incidents.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { sentAlert } from '../../support/store-builders.ts'
import { SeparateProcesses, TAKE_OVER_MS } from '../separate-processes.ts'

const MINUTE_MS = 60_000
const QUARANTINE = { script: 's.py', culprit: "trigger 'x'", reason: 'it hung' }

function refused(running: RunningEngine, code: 'DATABASE_FAILED' | 'EXECUTION_NOT_OWNED' = 'DATABASE_FAILED'): void {
  const error = new StoreError(code, 'the disk is full')
  running.events.emit('trouble', { during: 'recording a firing', error, retryAt: null })
}

it('reports a quarantined script as an incident of a moment, also before the engine starts', async () => {
  const running = await RunningEngine.start({ incidents: new TestPolicy(), isIdle: true })
  await using _ = running
  running.events.emit('scriptQuarantined', QUARANTINE)
  await running.engine.start()
  running.events.emit('scriptQuarantined', { ...QUARANTINE, script: 'other.py' })
  await running.clock.advance(1_000)

  expect(await incidentsIn(running.store)).toEqual([
    'interpreter-quarantined other.py 1 ended',
    'interpreter-quarantined s.py 1 ended',
  ])
  expect((await messagesIn(running.store))[0]?.message).toBe(
    `Script "s.py" was moved to its own interpreter because of trigger 'x': it hung`,
  )
})

it('stores a report when the database is back', async () => {
  const clock = new ManualClock()
  const store = await openMemoryStore(clock)
  const refusals = new Refusals()
  const incidents = new Proxy(store, {
    get: (target, name) => (name === 'incidents' ? refusals.of(store.incidents) : Reflect.get(target, name, target)),
  })
  const running = await RunningEngine.start({ clock, store: incidents, incidents: new TestPolicy() })
  refusals.refuse('report', 2)
  running.events.emit('scriptQuarantined', QUARANTINE)

  await clock.advance(10_000)

  expect(await incidentsIn(store)).toEqual(['interpreter-quarantined s.py 1 ended'])
  await running.engine.stop({ graceMs: 0 })
  await store.close()
})

it('sends a message about a refusal directly, and again after five minutes without a refusal', async () => {
  const incidents = new TestPolicy()
  await using running = await RunningEngine.start({ incidents })

  refused(running, 'EXECUTION_NOT_OWNED')
  running.events.emit('trouble', { during: 'polling', error: new Error('of another kind'), retryAt: null })
  expect(incidents.direct).toEqual([])
  refused(running)
  await running.clock.advance(4 * MINUTE_MS)
  refused(running)
  await running.clock.advance(4 * MINUTE_MS)
  const meanwhile = [...incidents.direct]
  await running.clock.advance(2 * MINUTE_MS)
  refused(running)

  expect(meanwhile).toMatchObject([
    {
      kind: 'database-refused',
      subject: '',
      facts: { subject: null, message: 'Database error while recording a firing: the disk is full' },
    },
  ])
  expect(incidents.direct).toHaveLength(2)
})

it('ends the incident of a database five minutes after the last refusal', async () => {
  const incidents = new TestPolicy()
  await using running = await RunningEngine.start({ incidents })
  refused(running)
  const [report] = incidents.direct
  if (report === undefined) throw new Error('nothing was sent')
  const alert = { ...sentAlert({ id: 'sent' }), ...report.facts, kind: report.kind, at: report.at }
  await running.store.incidents.saveSent(alert, report)

  await running.clock.advance(5 * MINUTE_MS)

  expect(await incidentsIn(running.store)).toEqual(['database-refused  1 ended'])
  expect((await messagesIn(running.store)).map(({ state }) => state)).toEqual(['opened', 'recovered'])
})

it('ends the incident of a database that a stopped engine left open, after the next start', async () => {
  const clock = new ManualClock()
  const store = await openMemoryStore(clock)
  const incidents = new TestPolicy()
  const first = await RunningEngine.start({ clock, store, incidents })
  refused(first)
  const [report] = incidents.direct
  if (report === undefined) throw new Error('nothing was sent')
  await store.incidents.saveSent({ ...sentAlert(), ...report.facts, kind: report.kind, at: report.at }, report)
  await first.engine.stop({ graceMs: 0 })

  const second = await RunningEngine.start({ clock, store, incidents: new TestPolicy() })
  await clock.advance(5 * MINUTE_MS)

  expect(await incidentsIn(store)).toEqual(['database-refused  1 ended'])
  await second.engine.stop({ graceMs: 0 })
  await store.close()
})

it('reports an engine that ended without an orderly stop once, but not one that was stopped', async () => {
  await using processes = new SeparateProcesses()
  const lost = await processes.start({ incidents: new TestPolicy() })
  const stopped = await processes.start({ incidents: new TestPolicy() })
  const others = [
    await processes.start({ incidents: new TestPolicy() }),
    await processes.start({ incidents: new TestPolicy() }),
  ]
  await stopped.engine.stop({ graceMs: 0 })

  for (let second = 0; second < TAKE_OVER_MS / 1_000; second += 1) {
    for (const other of others) await other.clock.advance(1_000)
  }

  const { store } = lost
  expect(await incidentsIn(store)).toEqual([`engine-lost ${lost.engine.instanceId} 1 ended`])
  expect((await messagesIn(store))[0]).toMatchObject({
    message: expect.stringMatching(
      /^Engine \d+ on host ".+" ended without an orderly stop; its last heartbeat was at /,
    ),
    subject: lost.engine.instanceId,
  })
})
