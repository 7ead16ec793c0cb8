/** `cloaca execution show` of a task that waits for its next attempt. */

import { expect, it } from 'vitest'
import { retrying, workflow } from '../support/declared.ts'
import { completed, failed } from '../support/fake-host.ts'
import { settle } from '../support/manual-clock.ts'
import { steeredDatabases } from '../support/steered-database.ts'

const database = steeredDatabases()
const run = (...words: string[]) => database().run(...words)

it.each([
  ['TryLater', () => ({ kind: 'tryLater', delayMs: 30_000, limit: null }) as const],
  ['a retry', () => failed('the shop is closed')],
])('shows the end of the delay of %s, and no such column without a delay', async (_, answer) => {
  await using engine = await database().serve({
    workflows: [
      workflow('order', { first: {}, pay: { after: ['first'], retry: retrying(3, { initialDelayMs: 30_000 }) } }),
    ],
    python: (host) => host.task('first', () => completed('{}')).task('pay', answer),
  })
  const id = await engine.engine.submit('order', '{}')
  await settle()

  const { stdout } = await run('execution', 'show', id)
  const { tasks } = JSON.parse((await run('execution', 'show', id, '--json')).stdout)

  const until = new Date(engine.clock.now() + 30_000).toISOString().replace('T', ' ').slice(0, 19)
  expect(stdout).toMatch(/^TASK +STATUS .* NEXT ATTEMPT/m)
  expect(stdout.split('\n').find((line) => line.startsWith('pay'))).toContain(until)
  expect(stdout.split('\n').find((line) => line.startsWith('first'))).not.toContain(until)
  expect(tasks.map(({ notBeforeAt }: { readonly notBeforeAt: string | null }) => notBeforeAt?.slice(0, 19))).toEqual([
    undefined,
    until.replace(' ', 'T'),
  ])
})
