/** Reasons that the engine stores with skipped tasks. */

import { describe, expect, it } from 'vitest'
import type { TriggerRule } from '../../../src/model/workflow.ts'
import { workflow } from '../../support/declared.ts'
import { failed } from '../../support/fake-host.ts'
import { RunningEngine } from '../../support/running-engine.ts'

const FAILED_FETCH: TriggerRule = { type: 'TaskFailed', taskName: 'fetch' }

describe('the error of a skipped task', () => {
  it.each<[TriggerRule, string]>([
    [
      { type: 'All', conditions: [{ type: 'TaskSuccess', taskName: 'fetch' }] },
      `succeeded('fetch') is not met: "fetch" failed`,
    ],
    [{ type: 'TaskSuccess', taskName: 'other' }, `succeeded('other') is not met: "other" is not in the workflow`],
    [
      { type: 'All', conditions: [FAILED_FETCH, { type: 'TaskFailed', taskName: 'check' }] },
      `all of (failed('fetch'), failed('check')) is not met: "fetch" failed, "check" completed`,
    ],
    [{ type: 'ContextValue', key: 'n', operator: 'GreaterThan', valueText: '1.0' }, `value('n', '>', 1.0) is not met`],
    [{ type: 'ContextValue', key: 'n', operator: 'Exists', valueText: 'null' }, `value('n', 'exists') is not met`],
    [{ type: 'Any', conditions: [] }, 'never is not met'],
    [
      { type: 'None', conditions: [FAILED_FETCH, FAILED_FETCH] },
      `none of (failed('fetch'), failed('fetch')) is not met: "fetch" failed`,
    ],
  ])('names the rule as it is declared, and the tasks of the rule with their ends: %j', async (rule, reason) => {
    await using running = await RunningEngine.start({
      workflows: [workflow('nightly', { fetch: {}, check: {}, load: { after: ['fetch', 'check'], rule } })],
      python: (host) => host.task('fetch', () => failed('Python task execution failed: ValueError: no rows')),
    })

    const { tasks } = await running.engine.execute('nightly', '{}')

    expect(tasks[2]).toMatchObject({
      status: 'Skipped',
      error: { type: 'RuleNotMet', message: `Task "load" was skipped, because its rule ${reason}.`, traceback: '' },
    })
  })

  it('has a limited length, however long the rule is', async () => {
    const conditions = Array.from(
      { length: 2_000 },
      (_, index) => ({ type: 'TaskFailed', taskName: `t${index}` }) as const,
    )
    await using running = await RunningEngine.start({
      workflows: [workflow('nightly', { fetch: {}, load: { after: ['fetch'], rule: { type: 'Any', conditions } } })],
    })

    const { tasks } = await running.engine.execute('nightly', '{}')

    expect(tasks[1]?.error?.message).toMatch(
      /more characters\) is not met: "t0" is not in the workflow, .*, and 1995 more\.$/,
    )
    expect(tasks[1]?.error?.message.length).toBeLessThan(800)
  })
})
