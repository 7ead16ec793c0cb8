/** Tasks after nodes that did not complete, and workflows without tasks. */

import { describe, expect, it } from 'vitest'
import type { TriggerRule, WaitDefinition } from '../../../src/model/workflow.ts'
import { AT_ONCE } from '../../support/begun-execution.ts'
import { workflow } from '../../support/declared.ts'
import { settle } from '../../support/manual-clock.ts'
import { RunningEngine } from '../../support/running-engine.ts'
import { statusesOf } from '../../support/waiting-executions.ts'

const DELAY = { kind: 'after', ms: 30_000 } as const
const decision = (timeoutMs: number | null = null): WaitDefinition => ({
  ...{ kind: 'signal', signal: 'decision', key: '', timeoutMs, onTimeout: 'fail' },
})
const rule = (type: 'TaskSuccess' | 'TaskFailed' | 'TaskSkipped', taskName: string): TriggerRule => ({ type, taskName })

describe('a node that did not complete', () => {
  it('stops all tasks after it, also through other tasks, unless a rule of their own lets them run', async () => {
    const parts = {
      prepare: {},
      cool: { after: ['prepare'], delay: DELAY, rule: rule('TaskFailed', 'prepare') },
      pay: { after: ['cool'] },
      mail: { after: ['pay'] },
      report: { after: ['cool'], rule: rule('TaskSkipped', 'cool') },
      archive: { after: ['report'] },
      book: { after: ['cool'], rule: rule('TaskSuccess', 'cool') },
      print: { after: ['book'] },
      both: { after: ['report', 'pay'] },
      later: { after: ['mail'], delay: DELAY },
    }
    await using running = await RunningEngine.start({ workflows: [workflow('w', parts)] })

    const { tasks } = await running.engine.execute('w', '{}')

    expect(statusesOf(tasks)).toEqual({
      ...{ prepare: 'Completed', cool: 'Skipped', pay: 'Skipped', mail: 'Skipped' },
      ...{ report: 'Completed', archive: 'Completed' },
      // A task with a rule that is skipped passes the node on.
      ...{ book: 'Skipped', print: 'Skipped', both: 'Skipped', later: 'Skipped' },
    })
    for (const id of ['pay', 'mail', 'print', 'both', 'later']) {
      const error = tasks.find(({ taskId }) => taskId === id)?.error
      expect([error?.type, error?.message]).toEqual(['WaitNotCompleted', expect.stringContaining('node "cool"')])
    }
    expect(tasks.find(({ taskId }) => taskId === 'book')?.error?.type).toBe('RuleNotMet')
  })

  it('stops a task that another wait releases after the execution was acquired again', async () => {
    const parts = {
      decided: { wait: decision(1_000) },
      pay: { after: ['decided'] },
      cool: { delay: DELAY },
      mail: { after: ['pay', 'cool'] },
      report: { after: ['cool'] },
    }
    await using running = await RunningEngine.start({ workflows: [workflow('w', parts)] })
    const started = running.record('executionStarted')

    const ended = running.engine.execute('w', '{}')
    await running.clock.advance(DELAY.ms)

    const { status, tasks } = await ended
    expect(started.length).toBeGreaterThan(1)
    expect([status, statusesOf(tasks)]).toEqual([
      'Failed',
      { decided: 'Failed', pay: 'Skipped', cool: 'Completed', mail: 'Skipped', report: 'Completed' },
    ])
  })
})

describe('a workflow of nodes only', () => {
  const nodes = workflow('nodes', { decided: { wait: decision() }, cool: { after: ['decided'], delay: DELAY } })

  it('completes with the output of its last node', async () => {
    await using running = await RunningEngine.start({ workflows: [nodes] })

    const ended = running.engine.execute('nodes', '{"order":7}')
    await running.clock.advance(0)
    await running.engine.services.signals.send('decision', { payload: { by: 'Eva' } })
    await running.clock.advance(DELAY.ms)

    expect(await ended).toMatchObject({ status: 'Completed', finalText: '{"order":7,"decided":{"by":"Eva"}}' })
    expect(running.host.runs).toEqual([])
  })

  it('can be cancelled and retried, and waits again', async () => {
    await using running = await RunningEngine.start({ workflows: [nodes] })
    const { executions, signals } = running.engine.services
    const id = await running.engine.submit('nodes', '{}')
    await settle()

    await executions.cancel(id, AT_ONCE)
    const retried = await executions.retry(id, AT_ONCE)
    await settle()
    expect(await executions.get(id)).toMatchObject({ status: 'Cancelled', waitingFor: null })
    expect(await executions.get(retried)).toMatchObject({ waitingFor: { kind: 'signal', node: 'decided' } })
    expect(await signals.send('decision')).toMatchObject({ state: 'used', executions: [retried] })
    await running.clock.advance(DELAY.ms)

    expect((await executions.get(retried)).status).toBe('Completed')
  })

  it('continues after a caller of execute has given up', async () => {
    await using running = await RunningEngine.start({ workflows: [nodes], config: { workflowTimeoutMs: 60_000 } })

    const refused = expect(running.engine.execute('nodes', '{}')).rejects.toMatchObject({ code: 'EXECUTION_TIMEOUT' })
    await running.clock.advance(60_000)
    await refused
    await running.engine.services.signals.send('decision')
    await running.clock.advance(DELAY.ms)

    expect(await running.store.listExecutions({ limit: 1, offset: 0 })).toMatchObject([{ status: 'Completed' }])
  })
})
