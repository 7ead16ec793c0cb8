/** Ownership of executions: only the engine that acquired an execution last runs it and stores its progress. */

import { expect, it } from 'vitest'
import { begun, CHAIN } from '../../support/begun-execution.ts'
import { workflow } from '../../support/declared.ts'
import { completed, type FakeHost } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { continueAfter, SeparateProcesses, TAKE_OVER_MS } from '../separate-processes.ts'

const DEMO = workflow('demo', { work: {} })

it('rejects the outcome of an earlier acquisition if the same engine has acquired the execution again', async () => {
  await using processes = new SeparateProcesses()
  const refusals = new Refusals()
  const first = await processes.start(
    {
      workflows: [CHAIN],
      python: (host) => host.task('read', () => host.after(1_000, completed('{"by":"first"}'))),
    },
    { around: (store) => refusals.of(store) },
  )
  const { id, ended } = await begun(first)
  const storeOutcome = refusals.hold('settle')
  await first.clock.advance(1_000)

  const second = await processes.start({
    workflows: [CHAIN],
    python: (host) =>
      host.task('read', () => completed('{"by":"second"}')).task('write', (request) => host.untilCancelled(request)),
  })
  await second.clock.advance(TAKE_OVER_MS)
  expect(second.host.runsOf('write')).toHaveLength(1)
  await second.engine.stop({ graceMs: 0 })
  await continueAfter(first, TAKE_OVER_MS)
  await first.clock.advance(1_000)
  storeOutcome()
  await first.clock.advance(1_000)

  expect(await ended).toMatchObject({ status: 'Completed', finalText: '{"by":"second"}' })
  const stored = await first.store.getExecution(id)
  expect(stored?.tasks.map(({ taskId, outputText }) => [taskId, outputText])).toEqual([
    ['read', '{"by":"second"}'],
    ['write', '{"by":"second"}'],
  ])
})

it('does not count an execution in the gauges of its former owner after that engine resumes', async () => {
  await using processes = new SeparateProcesses()
  const untilCancelled = (host: FakeHost) => host.task('read', (request) => host.untilCancelled(request))
  const parts = { workflows: [CHAIN], python: untilCancelled }
  const former = await processes.start(parts)
  const { id, ended } = await begun(former)
  ended.catch(() => undefined)
  const next = await processes.start(parts)

  await next.clock.advance(TAKE_OVER_MS)
  await continueAfter(former, TAKE_OVER_MS)

  expect(next.host.runsOf('read')).toMatchObject([{ executionId: id }])
  expect(former.engine.health.gauges()).toMatchObject({ activeExecutions: 0, activeAttempts: 0 })
})

it('runs an execution that was acquired although the database rejected a heartbeat', async () => {
  const clock = new ManualClock()
  const refusals = new Refusals()
  const store = await openMemoryStore(clock)
  const running = await RunningEngine.start({ clock, store: refusals.of(store), workflows: [DEMO] })
  clock.standStill(6_000) // after 5 s, an engine sends a heartbeat before it acquires executions
  refusals.refuse('heartbeat', 1)

  const id = await running.engine.submit('demo', '{"n":1}')
  await clock.advance(60_000)

  expect(await running.store.getExecution(id)).toMatchObject({ status: 'Completed', finalText: '{"n":1}' })
  await running.engine.stop({ graceMs: 0 })
  await store.close()
})
