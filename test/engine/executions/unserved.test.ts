/** Executions of a workflow that no script declares any more: they wait, without counting attempts. */

import { describe, expect, it } from 'vitest'
import { workflow } from '../../support/declared.ts'
import { completed } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const demo = workflow('demo', { first: {}, second: { after: ['first'] } })
const script = demo.script
const UNSERVED = { kind: 'notStarted', isUnserved: true } as const

async function begun(clock: ManualClock) {
  const store = await openMemoryStore(clock)
  const running = await RunningEngine.start({
    clock,
    store,
    workflows: [demo],
    python: (host) =>
      host.task('first', () => host.after(1_000, completed('{"n":1}'))).task('second', () => Promise.resolve(UNSERVED)),
  })
  const id = await running.engine.submit('demo', '{}')
  await clock.advance(100)
  return { store, running, id }
}

describe('an unfinished execution whose workflow is no longer declared', () => {
  it('is released before its next task and keeps its results, with a single warning', async () => {
    const clock = new ManualClock()
    const { store, running, id } = await begun(clock)
    await using engine = running
    const warnings = engine.record('warning')
    const other = await engine.engine.submit('demo', '{}')
    await clock.advance(100)

    engine.registry.removeScript(script)
    await clock.advance(60_000)

    for (const each of [id, other]) {
      expect(await store.getExecution(each)).toMatchObject({
        status: 'Running',
        tasks: [{ status: 'Completed' }, { status: 'Ready', attempts: 0, recoveries: 0, error: null }],
      })
    }
    expect(await store.listInstances(clock.now())).toMatchObject([{ executions: 0 }])
    expect(engine.host.runsOf('second')).toHaveLength(2)
    expect(warnings).toEqual([
      {
        code: 'NOT_SERVED',
        message:
          'Workflow "demo" is no longer declared by any script of this engine. ' +
          'Its unfinished executions wait until a script declares the workflow again.',
      },
    ])
    await engine.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('continues with its next task when the workflow is declared again', async () => {
    const clock = new ManualClock()
    const { store, running, id } = await begun(clock)
    await using engine = running
    engine.registry.removeScript(script)
    await clock.advance(10_000)

    engine.host.task('second', () => completed('{"n":2}'))
    engine.registry.declare({ triggers: [], workflows: [demo] })
    await clock.advance(1_000)

    expect(await store.getExecution(id)).toMatchObject({ status: 'Completed', finalText: '{"n":2}' })
    expect(engine.host.runsOf('first')).toHaveLength(1)
    await engine.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('is completed by another engine that declares the workflow', async () => {
    const clock = new ManualClock()
    const { store, running, id } = await begun(clock)
    await using engine = running
    engine.registry.removeScript(script)
    await clock.advance(10_000)

    await using other = await RunningEngine.start({ clock, store, workflows: [demo] })
    await clock.advance(1_000)

    expect((await store.getExecution(id))?.status).toBe('Completed')
    expect(other.host.runs.map(({ taskId }) => taskId)).toEqual(['second'])
    await Promise.all([engine, other].map((each) => each.engine.stop({ graceMs: 0 })))
    await store.close()
  })

  it('continues immediately in another script of the same engine that declares the workflow', async () => {
    const clock = new ManualClock()
    const { store, running, id } = await begun(clock)
    await using engine = running
    const warnings = engine.record('warning')
    engine.registry.removeScript(script)
    engine.registry.declare({ triggers: [], workflows: [{ ...demo, script: 'other.py' }] })
    engine.host.task('second', (request) =>
      request.script === 'other.py' ? completed('{"n":2}') : Promise.resolve(UNSERVED),
    )

    await clock.advance(1_000)

    expect(await store.getExecution(id)).toMatchObject({
      status: 'Completed',
      tasks: [{ attempts: 1 }, { attempts: 1, recoveries: 0 }],
    })
    expect(warnings).toEqual([])
    await engine.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('retries its task each second without counting attempts if the workflow is still registered', async () => {
    const clock = new ManualClock()
    const { store, running, id } = await begun(clock)
    await using engine = running
    await clock.advance(3_500)
    expect(engine.host.runsOf('second')).toHaveLength(3)

    engine.host.task('second', () => completed('{"n":2}'))
    await clock.advance(1_000)

    expect(await store.getExecution(id)).toMatchObject({
      status: 'Completed',
      tasks: [{}, { attempts: 1, recoveries: 0 }],
    })
    await engine.engine.stop({ graceMs: 0 })
    await store.close()
  })
})
