/** A TypeScript task that waits for a condition releases its slot to other tasks. */

import { expect, it } from 'vitest'
import { workflow } from '../../../src/index.ts'
import { ObservedRunner } from '../../support/observed-runner.ts'

it('waits without the only slot, and continues when the condition is true', async () => {
  await using observed = await ObservedRunner.open({ config: { maxConcurrentTasks: 1 } })
  let isThere = false
  const asked: boolean[] = []
  const waiting = workflow('waiting').task('wait', async (_context, { deferUntil }) => {
    await deferUntil(
      async () => {
        asked.push(isThere)
        return isThere
      },
      { pollEvery: '1ms' },
    )
    return { asked: asked.length }
  })
  const other = workflow('other').task('go', () => {
    isThere = true
  })
  await observed.runner.register(waiting, other)

  const waited = observed.runner.execute(waiting)
  await observed.until('taskStarted', ({ workflow }) => workflow === 'waiting')
  const went = await observed.runner.execute(other)

  expect(went.status).toBe('Completed')
  expect(await waited).toMatchObject({ status: 'Completed', context: { asked: asked.length } })
  expect(asked.at(-1)).toBe(true)
})

it('times out a waiting task, because the wait does not stop its timeout', async () => {
  await using observed = await ObservedRunner.open()
  const flow = workflow('waiting').task('wait', { retries: 0, timeout: '50ms' }, async (_context, { deferUntil }) => {
    await deferUntil(() => false, { pollEvery: '1ms' })
  })
  await observed.runner.register(flow)

  const { status, tasks } = await observed.runner.execute(flow)

  expect(status).toBe('Failed')
  expect(tasks[0]?.error).toMatch(/timed out: it exceeded its timeout of 0\.05 s$/)
})
