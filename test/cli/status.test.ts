/** Commands `cloaca schedule`, `cloaca instance list` and `cloaca status`. */

import { beforeEach, describe, expect, it } from 'vitest'
import { workflow } from '../support/declared.ts'
import { failed } from '../support/fake-host.ts'
import { steeredDatabases } from '../support/steered-database.ts'
import { declaration, newCron, START } from '../support/store-builders.ts'

const database = steeredDatabases()
const run = (...words: string[]) => database().run(...words)

describe('cloaca schedule', () => {
  const nightly = newCron({
    workflow: 'report',
    expression: '0 2 * * *',
    timezone: 'Europe/Paris',
    triggerName: 'nightly',
    nextRunAt: Date.UTC(2026, 0, 1, 1),
  })

  beforeEach(async () => {
    await database().store.createCron(nightly)
    await database().store.createCron(newCron({ workflow: 'report' }))
  })

  it('lists cron triggers and schedules by name or id, newest first', async () => {
    const { stdout } = await run('schedule', 'list', '--utc')
    const listed = await run('schedule', 'list', '--json')

    expect(stdout.replace(/ {2,}/g, '  ')).toContain(
      'nightly  report  0 2 * * *  Europe/Paris  yes  2026-01-01 01:00:00 +00:00 (2026-01-01 02:00:00 +01:00)  never\n',
    )
    expect(JSON.parse(listed.stdout)).toMatchObject([{ kind: 'schedule' }, { kind: 'cron trigger', enabled: true }])
  })

  it('shows the next five runs in the time zone of the schedule', async () => {
    const { stdout } = await run('schedule', 'show', 'nightly', '--json')

    expect(JSON.parse(stdout)).toMatchObject({
      triggerName: 'nightly',
      nextRuns: [1, 2, 3, 4, 5].map((day) => `2026-01-0${day}T01:00:00.000+00:00`),
      lastRunAt: null,
      warning: null,
    })
  })

  it('shows a warning about a schedule that daylight saving time affects', async () => {
    const hourly = newCron({ expression: '0 * * * *', timezone: 'Europe/Paris' })
    await database().store.createCron(hourly)
    const [people, programs] = await Promise.all([
      run('schedule', 'show', hourly.id),
      run('schedule', 'show', hourly.id, '--json'),
    ])
    const warning = 'Not every hour is the same in Europe/Paris: '

    expect(people.stdout).toMatch(new RegExp(`^warning +${warning}`, 'm'))
    expect(JSON.parse(programs.stdout).warning).toMatch(warning)
  })

  it('disables a schedule, which then has no next run, enables it, and deletes it', async () => {
    const disabled = await run('schedule', 'disable', 'nightly')
    expect(disabled.stdout).toBe('Schedule nightly disabled.\n')
    expect(JSON.parse((await run('schedule', 'show', nightly.id.slice(0, 8), '--json')).stdout)).toMatchObject({
      enabled: false,
      nextRuns: [],
    })

    await run('schedule', 'enable', 'nightly')
    expect(await database().store.getCron(nightly.id)).toMatchObject({ isEnabled: true })
    const deleted = await run('schedule', 'delete', 'nightly')

    expect(deleted.stdout).toBe(`Schedule ${nightly.id} of workflow "report" deleted.\n`)
    expect(await database().store.getCron(nightly.id)).toBeNull()
  })

  it('creates and changes a schedule, and stores the note', async () => {
    await database().store.saveWorkflows([workflow('report', {})], START)
    const made = await run('schedule', 'create', 'report', '0 3 * * *', '--note', 'asked for', '--json')
    const { id } = JSON.parse(made.stdout) as { readonly id: string }
    const changed = await run('schedule', 'set', id, '0 4 * * *', '--timezone', 'Europe/Paris')
    const unknown = await run('schedule', 'create', 'reprt', '0 3 * * *')

    expect(changed.stdout).toMatch(new RegExp(`^Schedule ${id} updated\\. Next firing: \\d{4}-`))
    expect(await database().store.getCron(id)).toMatchObject({ expression: '0 4 * * *', timezone: 'Europe/Paris' })
    expect(await database().store.actions.list({ target: id }, { limit: 9, offset: 0 })).toMatchObject([
      { kind: 'set', source: 'cli', note: null },
      { kind: 'create', source: 'cli', note: 'asked for' },
    ])
    expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Workflow "reprt" not found') })
  })

  it('suggests a similar name for an unknown schedule', async () => {
    const { stderr, exitCode } = await run('schedule', 'show', 'nightli')

    expect(exitCode).toBe(1)
    expect(stderr).toContain('Schedule "nightli" not found in this database. Did you mean "nightly"?')
  })
})

describe('cloaca instance list', () => {
  it('counts the work of each engine, and shows an engine without work beside a busy one as standby', async () => {
    const [serving, standby] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222']
    await database().store.openInstance(serving, START)
    await database().store.saveTriggers([declaration()], START)
    await database().store.leaseTriggers(serving, ['inbox'])
    await database().store.openInstance(standby, START)

    const { stdout } = await run('instance', 'list', '--json')
    const table = await run('instance', 'list')

    expect(JSON.parse(stdout)).toMatchObject([
      { id: serving, pid: process.pid, state: 'serving', triggers: 1, executions: 0 },
      { id: standby, state: 'standby', triggers: 0 },
    ])
    expect(table.stdout).toMatch(/^\d+ +\S+ +standby +0 +0 +0 +2026/m)
  })

  it('reports that no engine serves the database', async () => {
    expect((await run('instance', 'list')).stdout).toBe(
      'No engine serves this database. Start one with: cloaca serve SCRIPTS\n',
    )
  })
})

describe('cloaca status', () => {
  it('shows engines, late triggers, executions by status and the last failures', async () => {
    await using serving = await database().serve({
      workflows: [workflow('etl', { read: {} })],
      python: (host) => host.task('read', () => failed('no price')),
    })
    const { id } = await serving.engine.execute('etl', '{}')
    await database().store.saveTriggers([declaration(), declaration({ name: 'other' })], START)
    await database().store.setTriggerEnabled('other', false, null, START)

    const { stdout } = await run('status')
    const json = JSON.parse((await run('status', '--json')).stdout)

    expect(stdout).toMatch(/^\d+ +\S+ +(serving|idle) /m)
    expect(stdout).toMatch(/^triggers +2, 1 enabled, late: inbox$/m)
    expect(stdout).toMatch(/^executions +1 failed$/m)
    expect(stdout).toMatch(
      new RegExp(`^2026\\S+ \\S+ \\S+ +etl +${id} +read: ValueError: no price \\(1 of 1 tasks failed\\)$`, 'm'),
    )
    expect(json).toMatchObject({
      triggers: { all: 2, enabled: 1, late: ['inbox'] },
      executions: { Failed: 1 },
      lastFailures: [{ id, workflow: 'etl' }],
    })
    await serving.engine.stop({ graceMs: 0 })
  })
})
