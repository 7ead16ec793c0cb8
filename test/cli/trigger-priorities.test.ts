/** `cloaca trigger show` of triggers that declare a priority for their executions. */

import { expect, it } from 'vitest'
import { cronTrigger, trigger, workflow } from '../support/declared.ts'
import { steeredDatabases } from '../support/steered-database.ts'

const database = steeredDatabases()
const run = (...words: string[]) => database().run(...words)

it('shows the priority of a polled and of a cron trigger, and none for that of the workflow', async () => {
  await using _engine = await database().serve({
    workflows: [workflow('demo', { work: {} })],
    triggers: [
      { ...trigger('urgent'), priority: 40 },
      trigger('usual'),
      { ...cronTrigger('nightly', '0 2 * * *'), priority: -100 },
    ],
  })

  const shown = await Promise.all(['urgent', 'usual', 'nightly'].map((name) => run('trigger', 'show', name)))
  const listed = JSON.parse((await run('trigger', 'list', '--json')).stdout)

  const priorities = shown.map(({ stdout }) => /^priority +(.*)$/m.exec(stdout)?.[1] ?? null)
  expect(priorities).toEqual(['40', null, '-100'])
  expect(Object.fromEntries(listed.map(({ name, priority }: Record<string, unknown>) => [name, priority]))).toEqual({
    urgent: 40,
    usual: null,
    nightly: -100,
  })
})
