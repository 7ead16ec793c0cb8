/** Cron triggers of Python and TypeScript in the commands, the log and the HTTP interface, as polled triggers are in them. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CloacaProcess, Terminal } from '../support/cloaca-process.ts'

const PYTHON = `
import cloaca

with cloaca.WorkflowBuilder("report"):
    @cloaca.task()
    def write(ctx):
        return ctx

@cloaca.trigger(on="report", cron="* * * * * *")
def each_second():
    pass

@cloaca.trigger(on="report", cron="61 * * * *")
def wrong_minute():
    pass

@cloaca.trigger(on="report", cron="0 3 * * *", timezone="Europe/Berlinn")
def wrong_zone():
    pass

@cloaca.trigger(on="report", poll_interval="1h")
def polled():
    return False
`
const TYPESCRIPT = `
import { trigger, workflow } from 'cloaca'

export const totals = workflow('totals').task('sum', () => ({ done: true }))
export const tick = trigger('tick', { starts: totals, cron: '* * * * * *' })
`

describe('cron triggers that are served', () => {
  const terminal = new Terminal()
  let served: CloacaProcess
  let url: string
  const db = ['--db', 'sqlite://jobs.db']
  beforeAll(async () => {
    terminal.write('jobs/report.py', PYTHON)
    terminal.write('jobs/totals.ts', TYPESCRIPT)
    served = terminal.start(['serve', 'jobs', ...db])
    url = String((await served.logs('HTTP is at')).url)
    await served.logs("trigger 'each_second' fired")
    await served.logs("trigger 'tick' fired")
    await served.logs("workflow 'report' completed")
    await served.logs("workflow 'totals' completed")
  })
  afterAll(() => terminal[Symbol.asyncDispose]())

  const run = async (...words: string[]) => await terminal.run([...words, ...db])
  const json = async (...words: string[]) => JSON.parse((await run(...words, '--json')).stdout)
  const get = async (path: string) => JSON.parse(await (await fetch(`${url}/api/v1${path}`)).text())

  it('are named as broken by the line after loading, if their expression or zone is wrong', async () => {
    const line = await served.logs('serving ')

    expect(line.msg).toBe(
      'serving 5 triggers and 2 workflows from 2 scripts; broken: triggers "wrong_minute", "wrong_zone"; ' +
        'press Ctrl-C to stop',
    )
  })

  it('are logged by their name when they fire', async () => {
    const line = await served.logs("trigger 'tick' fired")

    expect(line).toMatchObject({
      level: 'info',
      trigger: 'tick',
      workflow: 'totals',
      scheduleId: expect.any(String),
      msg: "trigger 'tick' fired: workflow 'totals' starts",
    })
  })

  it('are counted by status, which names the broken ones', async () => {
    const { stdout } = await run('status')
    const counted = { all: 5, enabled: 5, broken: ['wrong_zone', 'wrong_minute'], undeclared: [] }

    expect(stdout).toMatch(/^triggers +5, 5 enabled$/m)
    expect(stdout).toMatch(/^broken +wrong_zone, wrong_minute$/m)
    expect(await json('status')).toMatchObject({ triggers: counted })
    expect(await get('/status')).toMatchObject({ triggers: counted })
  })

  it('are listed and shown with the reason why they are broken', async () => {
    const [list, shown] = [await run('trigger', 'list'), await run('trigger', 'show', 'wrong_minute')]
    const listed = await json('trigger', 'list')
    const problem = expect.stringContaining('Invalid timezone: Europe/Berlinn.')

    expect(list.stdout).toMatch(/^wrong_minute +cron +report +61 \* \* \* \* +broken +never$/m)
    expect(list.stdout).toMatch(/^tick +cron +totals +\* \* \* \* \* \* +yes +2\d{3}-/m)
    expect(shown.stdout).toMatch(/^broken +Invalid cron expression or timezone: .*61\.$/m)
    expect(listed).toContainEqual(expect.objectContaining({ name: 'wrong_zone', kind: 'cron', problem }))
    expect(listed).toContainEqual(expect.objectContaining({ name: 'tick', kind: 'cron', problem: null }))
    expect((await get('/schedules')).items).toContainEqual(
      expect.objectContaining({ triggerName: 'wrong_zone', nextRuns: [], problem }),
    )
  })

  it.each([
    ['each_second', 'report'],
    ['tick', 'totals'],
  ])('find the executions of "%s" by its name, which started them and is in their context', async (name, workflow) => {
    const [row] = await json('execution', 'list', '--trigger', name, '--limit', '1')
    const origin = { kind: 'cron', trigger: name, scheduleId: expect.any(String), firingId: expect.any(String) }
    expect(row).toMatchObject({ workflow, origin })
    const { stdout } = await run('execution', 'show', row.id)

    expect((await run('execution', 'list', '--trigger', name)).stdout).toContain(`trigger ${name}`)
    expect(stdout).toMatch(new RegExp(`^started by +trigger ${name}$`, 'm'))
    expect(stdout).toMatch(new RegExp(`"trigger_name":"${name}"`))
    expect((await get(`/executions?trigger=${name}&limit=1`)).items).toMatchObject([{ workflow, origin }])
    expect((await get(`/executions/counts?trigger=${name}`)).counts.Completed).toBeGreaterThan(0)
  })

  it('refuse what only polled triggers have, and name the commands for them', async () => {
    const { exitCode, stderr } = await run('trigger', 'fire', 'tick')

    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^cloaca: Trigger "tick" has a cron schedule .*cloaca workflow run totals\n$/)
  })
})
