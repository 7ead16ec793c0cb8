/** Engines that do a part of the work: only tasks, only some workflows, or another version of a workflow. */

import { describe, expect, it } from 'vitest'
import { LiveRegistry } from '../../src/registry/live-registry.ts'
import { onlyWorkflows } from '../../src/registry/only-workflows.ts'
import { trigger, workflow } from '../support/declared.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../support/running-engine.ts'
import { newExecution } from '../support/store-builders.ts'

const demo = workflow('demo', { work: {} })
const inbox = trigger('inbox', { workflow: 'demo', everyMs: 100 })

describe('an engine with polling disabled', () => {
  it('runs executions, and leaves triggers to an engine that polls', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const parts = { store, clock, triggers: [inbox], workflows: [demo] }
    await using worker = await RunningEngine.start({ ...parts, config: { pollingEnabled: false } })
    const id = await worker.engine.submit('demo', '{}')
    await clock.advance(1_000)
    const alone = [worker.host.polls.length, (await worker.store.getExecution(id))?.status]
    await using polling = await RunningEngine.start(parts)

    await clock.advance(20_000)

    expect(alone).toEqual([0, 'Completed'])
    expect(worker.host.polls).toEqual([])
    expect(polling.host.polls.length).toBeGreaterThan(100)
    const held = (await store.listInstances(clock.now())).map((each) => [each.id, each.triggers])
    expect(held).toEqual([
      [worker.engine.instanceId, 0],
      [polling.engine.instanceId, 1],
    ])
    await polling.engine.stop({ graceMs: 0 })
    await worker.engine.stop({ graceMs: 0 })
    await store.close()
  })
})

describe('an execution of a workflow version that no running engine has', () => {
  it('is run with the version of the running engine, with a warning', async () => {
    await using engine = await RunningEngine.start({ workflows: [demo] })
    const warnings = engine.record('warning')
    const other = newExecution({ workflow: 'demo', version: 'another', tasks: ['work'] })

    await engine.store.createExecution(other, { kind: 'call' }, engine.clock.now())
    await engine.engine.submit('demo', '{}')
    await engine.clock.advance(60_000)

    expect((await engine.store.listExecutions(FIRST_PAGE)).map(({ status }) => status)).toEqual([
      'Completed',
      'Completed',
    ])
    expect(warnings).toEqual([
      {
        code: 'OTHER_VERSION',
        message:
          `Execution "${other.id}" was created for version another of workflow "demo". ` +
          `No running engine has that version, so this engine runs the execution with version ${demo.version}.`,
      },
    ])
  })
})

describe('a registry of only some workflows', () => {
  it('contains these workflows and their triggers, even if they are declared later', () => {
    const whole = new LiveRegistry()
    const part = onlyWorkflows(whole, ['demo', 'later'])
    whole.declare({
      triggers: [inbox, trigger('other', { workflow: 'other' })],
      workflows: [demo, workflow('other', { work: {} })],
    })
    const first = part.current()
    whole.declare({ triggers: [], workflows: [workflow('later', { work: {} })] })

    expect([[...first.triggers.keys()], [...first.workflows.keys()]]).toEqual([['inbox'], ['demo']])
    expect([...part.current().workflows.keys()]).toEqual(['demo', 'later'])
    expect(part.current()).toBe(part.current())
  })
})
