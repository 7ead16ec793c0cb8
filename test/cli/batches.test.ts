/** Commands `cloaca schedule backfill …` and `cloaca trigger refire …`. */

import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { ProcessEnd } from '../support/cloaca-process.ts'
import { cronTrigger, trigger, workflow } from '../support/declared.ts'
import { completed, type FakeHost, fire, SKIP } from '../support/fake-host.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { MAIN } from '../support/main-path.ts'
import { steeredDatabases } from '../support/steered-database.ts'

const parts = {
  workflows: [workflow('etl', { read: {} })],
  triggers: [
    trigger('inbox', { workflow: 'etl', everyMs: 10_000 }),
    cronTrigger('nightly', '0 2 * * *', { workflow: 'etl', timezone: 'Europe/Berlin' }),
  ],
}
const WEEK = ['--from', '2025-12-01', '--to', '2025-12-08']

const database = steeredDatabases()
const schedule = (...words: string[]) => database().run('schedule', ...words)
const run = (...words: string[]) => database().run('trigger', ...words)
const serving = (python: (host: FakeHost) => void = () => {}) => database().serve({ ...parts, python })
const json = ({ stdout, stderr }: ProcessEnd) => {
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

/** Stores the declarations, and leaves the database without an engine. */
async function servedBefore(python?: (host: FakeHost) => void): Promise<void> {
  await using engine = await serving(python)
  await database().clock.advance(30_000)
  await engine.engine.stop({ graceMs: 0 })
}

describe('schedule backfill', () => {
  it('prints with --dry-run how many executions would start, and starts none', async () => {
    await servedBefore()

    const dry = await schedule('backfill', 'nightly', ...WEEK, '--dry-run')

    expect(dry).toMatchObject({
      exitCode: 0,
      stdout:
        '7 executions would start, 0 of 7 times already have one.\nAll earlier firings of this schedule are known.\n',
    })
    expect(json(await schedule('backfill', 'nightly', ...WEEK, '--dry-run', '--json'))).toEqual({
      executions: 7,
      times: 7,
      alreadyFired: 0,
      from: '2025-11-30T23:00:00.000+00:00',
      to: '2025-12-07T23:00:00.000+00:00',
      knownFrom: null,
    })
    expect((await schedule('backfills')).stdout).toBe('There are no backfills.\n')
  })

  it('counts many times in a process that does nothing else', async () => {
    await servedBefore()

    const words = ['schedule', 'backfill', 'nightly', '--from', '2025-01-01', '--to', '2025-12-01', '--dry-run']
    const command = [MAIN, ...words, '--db', database().path]
    const { stdout } = spawnSync(process.execPath, command, { encoding: 'utf8', timeout: LIMIT_MS })

    expect(stdout).toContain('334 executions would start, 0 of 334 times already have one.')
  })

  it('stores a backfill for the next engine, lists its progress, and pauses, resumes and cancels it', async () => {
    await servedBefore()

    const started = await schedule('backfill', 'nightly', ...WEEK, '--max-active', '2', '--note', 'the disk was full')
    const [made] = json(await schedule('backfills', 'nightly', '--json'))
    expect(started).toMatchObject({
      exitCode: 0,
      stdout:
        `Backfill ${made.id} of schedule "nightly" created: 7 executions. ` +
        'Show its progress with: cloaca schedule backfills nightly\n',
    })
    expect(made).toMatchObject({ trigger: 'nightly', status: 'running', maxActive: 2, total: 7, started: 0 })

    await using engine = await serving((host) => host.task('read', () => host.after(60_000, completed('{}'))))
    await database().clock.advance(2_000)
    expect(engine.host.runs).toHaveLength(2)
    const paused = await schedule('backfill-pause', made.id.slice(0, 8), '--note', 'too slow')
    expect(paused.stdout).toBe(`Backfill ${made.id} is paused: 2 of 7 started, 2 active.\n`)
    await database().clock.advance(70_000)
    expect((await schedule('backfill-resume', made.id)).stdout).toContain('is running: 2 of 7 started, 0 active.')
    await database().clock.advance(2_000)
    const list = (await schedule('backfills', '--utc')).stdout
    expect(list).toMatch(/nightly +2025-11-30 23:00:00 \+00:00 +2025-12-07 23:00:00 \+00:00 +running +4 of 7/)
    const cancelled = json(await schedule('backfill-cancel', made.id, '--executions', '--json'))
    await database().clock.advance(70_000)

    expect(cancelled).toMatchObject({ status: 'cancelled', started: 4 })
    expect(engine.host.runs).toHaveLength(4)
    const { id } = await engine.engine.services.schedules.find('nightly')
    const actions = await engine.engine.services.schedules.actions(id)
    expect(actions.map(({ kind, source, note }) => [kind, source, note])).toEqual([
      ['cancel', 'cli', null],
      ['resume', 'cli', null],
      ['pause', 'cli', 'too slow'],
      ['backfill', 'cli', 'the disk was full'],
    ])
    const [run] = await engine.engine.services.executions.list({ limit: 1 })
    expect((await database().run('execution', 'show', run?.id ?? '')).stdout).toContain(
      `backfill ${made.id} of trigger nightly`,
    )
  })

  it('starts times again only with --again', async () => {
    await servedBefore()
    await schedule('backfill', 'nightly', ...WEEK)
    await using engine = await serving()
    await database().clock.advance(20_000)
    expect(engine.host.runs).toHaveLength(7)

    const again = await schedule('backfill', 'nightly', ...WEEK)
    expect(again).toMatchObject({ exitCode: 1, stdout: '' })
    expect(again.stderr).toContain('all 7 times already have a firing')
    expect(again.stderr).toContain('--again')
    expect((await schedule('backfill', 'nightly', ...WEEK, '--again', '--json')).exitCode).toBe(0)
    await database().clock.advance(20_000)

    expect(engine.host.runs).toHaveLength(14)
  })

  it.each([
    [['unknown', ...WEEK], 1, 'Schedule "unknown" not found'],
    [['nightly', '--from', '2025-12-01', '--to', '2999-12-08'], 1, '"to" must not be in the future'],
    [['nightly', '--from', 'monday', '--to', '2025-12-08'], 1, '"from" must be a date'],
    [['nightly', '--from', '2025-12-01'], 2, '--to'],
    [['nightly', ...WEEK, '--max-active', '0'], 2, '--max-active'],
  ])('refuses %j', async (words, exitCode, message) => {
    await servedBefore()

    const refused = await schedule('backfill', ...words)

    expect(refused).toMatchObject({ exitCode, stdout: '' })
    expect(refused.stderr).toContain(message)
  })

  it('names an unknown backfill', async () => {
    await servedBefore()

    const refused = await schedule('backfill-cancel', 'abc')

    expect(refused).toMatchObject({ exitCode: 1, stderr: 'cloaca: Backfill "abc" not found in this database.\n' })
  })
})

describe('trigger refire', () => {
  const DAY = ['--from', '2026-01-01', '--to', '2026-01-02', '--utc']
  const fires = (host: FakeHost) => {
    let number = 0
    host.trigger('inbox', () => {
      number += 1
      return number <= 2 ? fire(`{"number": ${number}}`) : SKIP
    })
  }

  it('starts recorded firings again, lists the refire, and cancels it', async () => {
    await servedBefore(fires)

    const dry = await run('refire', 'inbox', ...DAY, '--dry-run')
    expect(dry.stdout).toBe('2 executions would start, 0 firings have no stored execution and are left out.\n')
    const started = await run('refire', 'inbox', ...DAY, '--status', 'completed', '--note', 'the parser is fixed')
    const [made] = json(await run('refires', 'inbox', '--json'))
    expect(started.stdout).toBe(
      `Refire ${made.id} of trigger "inbox" created: 2 executions. ` +
        'Show its progress with: cloaca trigger refires inbox\n',
    )
    expect(made).toMatchObject({ trigger: 'inbox', executionStatus: 'Completed', maxActive: 1, total: 2 })

    await using engine = await serving((host) => host.task('read', () => host.after(60_000, completed('{}'))))
    await database().clock.advance(2_000)
    expect(engine.host.runs.map(({ inputText }) => JSON.parse(inputText).number)).toEqual([1])
    const cancelled = await run('refire-cancel', made.id)
    await database().clock.advance(120_000)

    expect(cancelled.stdout).toBe(`Refire ${made.id} is cancelled: 1 of 2 started, 1 active.\n`)
    expect(engine.host.runs).toHaveLength(1)
    expect((await run('refires', '--utc')).stdout).toMatch(/inbox +2026-01-01 00:00:00 .* cancelled +1 of 2/)
    const [one] = await engine.engine.services.executions.list({ limit: 1 })
    expect((await database().run('execution', 'show', one?.id ?? '')).stdout).toContain(
      `refire ${made.id} of trigger inbox`,
    )
  })

  it('refuses a cron trigger, and names the command for it', async () => {
    await servedBefore()

    const refused = await run('refire', 'nightly', ...DAY)

    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(refused.stderr).toContain('cloaca schedule backfill nightly')
  })
})
