/** Cron triggers from Python and TypeScript in the commands, the log and HTTP responses. */

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

@cloaca.trigger(on="report", poll_interval="1h", expect_fire="26h", tags={"team": "data", "tier": "1"})
def polled():
    return False
`
const TYPESCRIPT = `
import { trigger, workflow } from 'cloaca'

export const totals = workflow('totals').task('sum', () => ({ done: true }))
export const tick = trigger('tick', { starts: totals, cron: '* * * * * *', expectFire: '2d', tags: { team: 'ts' } })
`

describe('served cron triggers', () => {
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

  it('are reported as broken in the first log line if their expression or time zone is invalid', async () => {
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

  it('are counted by status, which names the broken triggers', async () => {
    const { stdout } = await run('status')
    const counted = { all: 5, enabled: 5, broken: ['wrong_zone', 'wrong_minute'], undeclared: [] }

    expect(stdout).toMatch(/^triggers +5, 5 enabled$/m)
    expect(stdout).toMatch(/^broken +wrong_zone, wrong_minute$/m)
    expect(await json('status')).toMatchObject({ triggers: counted })
    expect(await get('/status')).toMatchObject({ triggers: counted })
  })

  it('are listed and shown with the reason why they are broken', async () => {
    const [list, shown] = [await run('trigger', 'list'), await run('trigger', 'show', 'wrong_minute')]

    expect(list.stdout).toMatch(/^wrong_minute +cron +report +61 \* \* \* \* +broken +never$/m)
    expect(list.stdout).toMatch(/^tick +cron +totals +\* \* \* \* \* \* +yes +2\d{3}-/m)
    expect(shown.stdout).toMatch(/^broken +Invalid cron expression or timezone: .*61\.$/m)
  })

  it('are shown with their expected firing and tags, like polled triggers, also in JSON and over HTTP', async () => {
    const [cron, polled] = [await run('trigger', 'show', 'tick'), await run('trigger', 'show', 'polled')]
    const plain = await run('trigger', 'show', 'each_second')

    expect(cron.stdout).toMatch(/^expect fire +48h$\n^tags +team=ts$/m)
    expect(polled.stdout).toMatch(/^expect fire +26h$\n^tags +team=data, tier=1$/m)
    expect(plain.stdout).not.toMatch(/^(expect fire|tags)/m)
    const ofTick = expect.objectContaining({ expectFireMs: 172_800_000, tags: { team: 'ts' } })
    expect(await json('trigger', 'show', 'tick')).toEqual(ofTick)
    expect((await get('/schedules')).items).toContainEqual(ofTick)
    expect((await get('/triggers/polled')).tags).toEqual({ team: 'data', tier: '1' })
    expect(await json('trigger', 'list')).toEqual(
      expect.arrayContaining([
        ofTick,
        expect.objectContaining({ name: 'polled', tags: { team: 'data', tier: '1' } }),
        expect.objectContaining({ name: 'each_second', expectFireMs: null, tags: null }),
      ]),
    )
  })

  it('include the reason why they are broken in JSON and over HTTP', async () => {
    const listed = await json('trigger', 'list')
    const problem = expect.stringContaining('Invalid timezone: Europe/Berlinn.')

    expect(listed).toContainEqual(expect.objectContaining({ name: 'wrong_zone', kind: 'cron', problem }))
    expect(listed).toContainEqual(expect.objectContaining({ name: 'tick', kind: 'cron', problem: null }))
    expect((await get('/schedules')).items).toContainEqual(
      expect.objectContaining({ triggerName: 'wrong_zone', nextRuns: [], problem }),
    )
  })

  it.each([
    ['each_second', 'report'],
    ['tick', 'totals'],
  ])('such as "%s" are named in their executions, which can be filtered by trigger', async (name, workflow) => {
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

  it('differ from schedules that a user creates, which are not counted and have no trigger', async () => {
    const { id } = await json('schedule', 'create', 'totals', '* * * * * *')
    const line = await served.logs("cron schedule fired: workflow 'totals' starts")
    const shown = await json('execution', 'show', String(line.executionId))

    expect(line).not.toHaveProperty('trigger')
    expect(shown).toMatchObject({ origin: { kind: 'cron', scheduleId: id, trigger: null } })
    expect(shown.context).not.toHaveProperty('trigger_name')
    expect((await run('execution', 'show', String(line.executionId))).stdout).toMatch(
      new RegExp(`^started by +schedule ${id}$`, 'm'),
    )
    expect(await json('status')).toMatchObject({ triggers: { all: 5 } })
    expect((await json('trigger', 'list')).map(({ name }: { name: string }) => name)).not.toContain(id)
  })

  it('cannot be fired by hand, and the message suggests `workflow run`', async () => {
    const { exitCode, stderr } = await run('trigger', 'fire', 'tick')

    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^cloaca: Trigger "tick" has a cron schedule .*cloaca workflow run totals\n$/)
  })
})

const broken = Array.from({ length: 11 }, (_, index) => `wrong_${index}`)
const WRONG = `
import { trigger, workflow } from 'cloaca'

export const report = workflow('report').task('write', () => ({}))
export const twin = trigger('twin', { starts: 'report', cron: '61 * * * *' })
export const all = ${JSON.stringify(broken)}.map((name) => trigger(name, { starts: 'report', cron: '61 * * * *' }))
`
const RIGHT = `
import { trigger, workflow } from 'cloaca'

export const twin = trigger('twin', { starts: 'report', cron: '0 3 * * *' })
export const other = workflow('other').task('write', () => ({}))
export const unserved = trigger('unserved', { starts: other, cron: '61 * * * *' })
`

describe('the line about the served scripts', () => {
  it('contains only declarations that are served, and at most 10 names', async () => {
    await using terminal = new Terminal()
    terminal.write('jobs/a.ts', WRONG)
    terminal.write('jobs/b.ts', RIGHT)
    const serving = terminal.start(['serve', 'jobs', '--only-workflows', 'report', '--no-http', '--db', 'jobs.db'])

    expect((await serving.logs('serving ')).msg).toBe(
      `serving 12 triggers and 1 workflow from 2 scripts; broken: triggers ` +
        `${broken
          .slice(0, 10)
          .map((name) => `"${name}"`)
          .join(', ')} and 1 more; press Ctrl-C to stop`,
    )
    const status = JSON.parse((await terminal.run(['status', '--json', '--db', 'jobs.db'])).stdout)
    expect(status.triggers).toMatchObject({ all: 12, broken: expect.not.arrayContaining(['twin', 'unserved']) })
  })
})
