/** A backfill whose engines are killed: each time of the schedule is started once, and the maximum is kept. */

import { expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { LIMIT_MS } from '../support/limits.ts'

const SCRIPT = `
import time
import cloaca

@cloaca.trigger(on="report", cron="0 * * * *")
def hourly():
    pass

with cloaca.WorkflowBuilder("report"):
    @cloaca.task()
    def write(ctx):
        time.sleep(1)
        return ctx
`
const TIMES = 48
const KILLS = 2

it('a backfill continues after kills of its two engines, and starts each time once', { tags: ['proof'] }, async () => {
  await using terminal = new Terminal()
  terminal.write('report.py', SCRIPT)
  const db = ['--db', 'sqlite://jobs.db']
  const serve = async () => {
    const served = terminal.start(['serve', 'report.py', ...db, '--port', '0'])
    await served.logs('serving ')
    return served
  }
  const json = async (...words: string[]) => JSON.parse((await terminal.run([...words, '--json', ...db])).stdout)
  const engines = [await serve(), await serve()]
  const range = ['--from', '2025-12-01', '--to', '2025-12-03', '--max-active', '3']
  const { id } = await json('schedule', 'backfill', 'hourly', ...range)
  const progress = async () => (await json('schedule', 'backfills'))[0]

  for (let kill = 0; kill < KILLS; kill++) {
    const before = await progress()
    await until(async () => (await progress()).started > before.started + 2)
    expect(before.status).toBe('running')
    const [killed] = engines.splice(0, 1)
    killed?.kill('SIGKILL')
    await killed?.ended
    engines.push(await serve())
  }
  await until(async () => (await progress()).status === 'completed')

  expect(await progress()).toMatchObject({ id, total: TIMES, started: TIMES, leftOut: 0, active: 0 })
  const executions = await json('execution', 'list', '--limit', '1000')
  expect(executions).toHaveLength(TIMES)
  expect(new Set(executions.map(({ status }: { status: string }) => status))).toEqual(new Set(['Completed']))
  const contexts = executions.map(({ id }: { id: string }) => json('execution', 'show', id))
  const times = (await Promise.all(contexts)).map(({ context }) => context.scheduled_time)
  expect(new Set(times).size).toBe(TIMES)
})

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + LIMIT_MS
  while (!(await isTrue())) {
    if (performance.now() > endsAt) throw new Error('the backfill stands still')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
