/** Failed announcements of declarations: engines share triggers by the code that each engine has now. */

import { expect, it } from 'vitest'
import { trigger, workflow } from '../../support/declared.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { SeparateProcesses } from '../separate-processes.ts'

const SHARED = trigger('shared')
const ADDED = ['added-1', 'added-2', 'added-3', 'added-4'].map((name) => trigger(name))
const workflows = [workflow('demo', { work: {} })]

it('polls triggers that another engine dropped after the database had rejected their announcement', async () => {
  await using processes = new SeparateProcesses()
  const clock = new ManualClock()
  let isRefused = false
  const beforeWrite = (sql: string): void => {
    if (isRefused && sql.includes('UPDATE instances SET declared'))
      throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
  }
  const first = await processes.start({ clock, triggers: [SHARED], workflows }, { beforeWrite })
  const failures = first.record('trouble')
  isRefused = true
  first.registry.replaceScript('jobs.py', { triggers: [SHARED, ...ADDED], workflows })
  await clock.advance(0)
  isRefused = false
  first.registry.replaceScript('jobs.py', { triggers: [SHARED], workflows })
  await clock.advance(0)

  const second = await processes.start({ clock, triggers: [SHARED, ...ADDED], workflows })
  await clock.advance(30_000) // the engines find each other, and share the triggers
  const sharedAt = clock.now()
  await clock.advance(30_000)

  expect(failures.map(({ during }) => during)).toEqual(['storing which scripts this engine serves'])
  const polled = new Set(second.host.polls.flatMap(({ trigger: name, at }) => (at > sharedAt ? name : [])))
  expect([...polled].sort()).toEqual(ADDED.map(({ name }) => name))
})
