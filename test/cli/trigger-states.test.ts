/** Commands `cloaca trigger state`, `trigger fire --key`, and `trigger show` and `poll` of a trigger with a state. */

import { describe, expect, it } from 'vitest'
import type { ProcessEnd } from '../support/cloaca-process.ts'
import { trigger, workflow } from '../support/declared.ts'
import { completed, type FakeHost } from '../support/fake-host.ts'
import { steeredDatabases } from '../support/steered-database.ts'

const parts = {
  workflows: [workflow('etl', { read: {} })],
  triggers: [
    trigger('rows', { workflow: 'etl', initialStateText: '{"last":0}', policy: { maxActive: 1 } }),
    trigger('plain', { workflow: 'etl' }),
  ],
}

const database = steeredDatabases()
const run = (...words: string[]) => database().run('trigger', ...words)

const lines = ({ stdout }: ProcessEnd) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ {2,}/g, '  '))

/** Serves until the first polls are stored. */
async function servedBefore(python: (host: FakeHost) => void = () => {}): Promise<void> {
  await using engine = await database().serve({ ...parts, python })
  await database().clock.advance(0)
  await engine.engine.stop({ graceMs: 0 })
}

describe('trigger state', () => {
  it('shows the state, and whether a poll or an action changed it', async () => {
    await servedBefore((host) =>
      host.trigger('rows', () => ({ kind: 'skipped', reason: null, stateText: '{"last":1.0}' })),
    )

    const shown = await run('state', 'rows')
    const json = await run('state', 'rows', '--json')
    const trigger = await run('show', 'rows')

    expect(lines(shown).slice(0, 2)).toEqual(['trigger  rows', 'state  {"last":1.0}'])
    expect(lines(shown)[2]).toMatch(/^state changed {2}.* by a poll \(version 1\)$/)
    expect(json.stdout).toContain('"last": 1.0')
    expect(JSON.parse(json.stdout)).toMatchObject({ trigger: 'rows', version: 1, changedBy: 'poll' })
    expect(lines(trigger)).toContain('state  {"last":1.0}')
    expect(JSON.parse((await run('show', 'rows', '--json')).stdout).state).toMatchObject({ version: 1 })
  })

  it('shows the state before and after a poll that changed it', async () => {
    await servedBefore((host) =>
      host.trigger('rows', () => ({ kind: 'skipped', reason: 'nothing new', stateText: '{"last":1.0}' })),
    )

    const text = await run('history', 'rows', '--ticks')
    const json = await run('history', 'rows', '--ticks', '--json')

    expect(text.stdout).toMatch(/skipped .*nothing new; state \{"last":0\} changed to \{"last":1.0\}$/m)
    expect(JSON.parse(json.stdout)).toMatchObject([{ stateChange: { before: { last: 0 }, after: { last: 1 } } }])
    expect(json.stdout).toContain('"last": 1.0')
  })

  it('sets and resets the state with a note', async () => {
    await servedBefore()

    const set = await run('state', 'rows', '--set', '{"last": 5}', '--note', 'skip old rows')
    const json = JSON.parse((await run('state', 'rows', '--json')).stdout)
    const reset = await run('state', 'rows', '--reset', '--json')

    expect(set).toMatchObject({ exitCode: 0, stdout: 'State of trigger "rows" changed (version 1).\n' })
    expect(json).toMatchObject({ state: { last: 5 }, version: 1 })
    expect(JSON.parse(reset.stdout)).toMatchObject({ state: { last: 0 }, version: 2 })
    const actions = await database().store.actions.list({ target: 'rows' }, { limit: 9, offset: 0 })
    expect(actions.map(({ id, kind, note }) => [id, kind, note])).toEqual([
      [JSON.parse(reset.stdout).changedBy, 'state', null],
      [json.changedBy, 'state', 'skip old rows'],
    ])
  })

  it.each([
    [['--set', '{'], 2, 'Invalid --set'],
    [['--set', '[]'], 2, 'Invalid --set'],
    [['--set', '{}', '--reset'], 2, 'not both'],
    [['--note', 'no change'], 2, '--note needs a change'],
  ])('rejects %j', async (words, exitCode, message) => {
    await servedBefore()

    const { exitCode: code, stderr } = await run('state', 'rows', ...words)

    expect([code, stderr]).toEqual([exitCode, expect.stringContaining(message)])
  })

  it('fails for a trigger without a state', async () => {
    await servedBefore()

    expect(await run('state', 'plain')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('takes no state'),
    })
    expect((await run('show', 'plain')).stdout).not.toContain('state')
  })
})

describe('trigger fire --key', () => {
  it('fires once with a key', async () => {
    await servedBefore()

    const first = await run('fire', 'plain', '--key', 'row-7')
    const again = await run('fire', 'plain', '--key', 'row-7', '--context', '{"n": 1}')
    const invalid = await run('fire', 'plain', '--key', '')

    expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('fired: execution') })
    expect(again).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('already fired with the key "row-7"') })
    expect(invalid).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Invalid --key') })
  })
})

describe('a trigger whose executions wait for max_active', () => {
  /** Serves one execution that runs, and two that wait. */
  const serve = async () => {
    // The engine rejects requests that are in the future, and the commands use the system clock.
    await database().clock.setWall(Date.now() - database().clock.now())
    const engine = await database().serve({
      ...parts,
      python: (host) => {
        host.task('read', () => host.after(3_600_000, completed('{}')))
        const firings = ['1', '2', '3'].map((row) => ({ contextText: `{"row":${row}}` }))
        let polls = 0
        host.trigger('rows', ({ stateText = '' }) => {
          polls += 1
          return polls === 1
            ? { kind: 'fired', firings, isList: true, stateText }
            : { kind: 'skipped', reason: null, stateText }
        })
      },
    })
    await database().clock.advance(0)
    return engine
  }

  it('is shown with their number, and is polled only with --force', async () => {
    await using engine = await serve()

    const shown = await run('show', 'rows')
    const refused = await database().moving(run('poll', 'rows'))
    const forced = await database().moving(run('poll', 'rows', '--force'))

    expect(lines(shown)).toContain(
      'waiting  2 executions until fewer than 1 are active; the trigger is not polled before',
    )
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--force') })
    expect(forced).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('skipped') })
    await engine.engine.stop({ graceMs: 0 })
  })

  it('is the reason that execution show and execution list give for each of them', async () => {
    await using engine = await serve()
    const execution = (...words: string[]) => database().run('execution', ...words)

    const listed: { id: string; status: string; waitingFor: unknown }[] = JSON.parse(
      (await execution('list', '--json')).stdout,
    )
    const holder = listed[2]?.id ?? ''
    const waitingFor = { kind: 'limit', limit: 'trigger:rows', value: null, slots: 1, heldBy: [holder] }
    expect(listed.map((row) => [row.status, row.waitingFor])).toEqual([
      ['Pending', waitingFor],
      ['Pending', waitingFor],
      ['Running', null],
    ])
    const id = listed[0]?.id ?? ''
    expect(lines(await execution('show', id))).toContain(
      `status  Pending, waiting for max_active of trigger rows (1 slot, used by ${holder})`,
    )
    expect(JSON.parse((await execution('show', id, '--json')).stdout)).toMatchObject({ waitingFor })
    await engine.engine.stop({ graceMs: 0 })
  })
})
