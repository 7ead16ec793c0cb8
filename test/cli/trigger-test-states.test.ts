/** Triggers with state on the command line: `trigger test`, and the checks of their parameters. */

import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import type { CheckReport } from '../../src/index.ts'
import { Runner } from '../../src/index.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { LIMIT_MS } from '../support/limits.ts'

const ROWS = `
import cloaca

with cloaca.WorkflowBuilder("take_row"):
    @cloaca.task()
    def take(ctx):
        return ctx

@cloaca.trigger(on="take_row", poll_interval="1h")
def rows(state):
    first = state.get("last", 0) + 1
    state["last"] = first + 1
    return [cloaca.TriggerResult.fire(cloaca.Context({"id": row}), key=f"row-{row}") for row in (first, first + 1)]

@cloaca.trigger(on="take_row", poll_interval="1h")
def quiet(state):
    return cloaca.TriggerResult.skip("nothing new")

@cloaca.trigger(on="take_row", poll_interval="1h")
def plain():
    return [cloaca.TriggerResult.fire()]

@cloaca.trigger(on="take_row", poll_interval="1h")
def fails(state):
    state["at"] = object()
    return True
`

const BAD = `
import cloaca

with cloaca.WorkflowBuilder("w"):
    @cloaca.task()
    def t(ctx):
        return ctx

@cloaca.trigger(on="w", poll_interval="1h")
def polls(db, state, *, mode="fast"):
    return False

@cloaca.trigger(on="w", cron="0 0 * * *")
def nightly(state):
    pass

@cloaca.trigger(on="w", cron="0 1 * * *")
def weekly(anything):
    pass
`

/** Returns null before the engine knows the trigger. */
async function versionOf(runner: Runner, trigger: string): Promise<number | null> {
  return (await runner.triggers.find(trigger)) === null ? null : (await runner.triggers.state(trigger)).version
}

describe('a trigger with state', () => {
  const terminal = new Terminal()
  afterAll(() => terminal[Symbol.asyncDispose]())
  terminal.write('rows.py', ROWS)
  terminal.write('bad.py', BAD)

  it('is tested from the given state: prints each firing with its key, and the state afterwards', async () => {
    const end = await terminal.run(['trigger', 'test', 'rows.py', 'rows', '--state', '{"last": 5}'])

    expect(end).toMatchObject({ exitCode: 0, stderr: '' })
    expect(end.stdout).toBe(
      'Trigger "rows" fired 2 times.\nkey      row-6\ncontext  {"id":6}\nkey      row-7\ncontext  {"id":7}\n' +
        'state    {"last":7}\n',
    )
  })

  it('is tested in a restricted interpreter', async () => {
    const { stdout } = await terminal.run([
      'trigger',
      'test',
      'rows.py',
      'rows',
      '--restrict',
      '--state',
      '{"last": 5}',
    ])

    expect(stdout).toMatch(/^Trigger "rows" fired 2 times\.\nkey {6}row-6\n/)
    expect(stdout).toMatch(/state {4}\{"last":7\}\n$/)
  })

  it('is tested from an empty state without --state, and stores nothing', async () => {
    const json = async (name: string) => {
      const { stdout } = await terminal.run(['trigger', 'test', 'rows.py', name, '--json'])
      return JSON.parse(stdout)
    }

    expect(await json('rows')).toEqual({
      kind: 'fired',
      contextText: '{"id":1}',
      context: { id: 1 },
      firings: [
        { key: 'row-1', contextText: '{"id":1}', context: { id: 1 } },
        { key: 'row-2', contextText: '{"id":2}', context: { id: 2 } },
      ],
      state: { last: 2 },
    })
    expect(await json('rows')).toMatchObject({ state: { last: 2 } })
    expect(await json('quiet')).toEqual({ kind: 'skipped', reason: 'nothing new', state: {} })
    expect(await json('plain')).toEqual({
      kind: 'fired',
      contextText: null,
      context: {},
      firings: [{ key: null, contextText: null, context: {} }],
    })
  })

  it('is tested from the stored state with --db, and is named by check if it is undeclared', async () => {
    await using runner = await Runner.open({ database: `sqlite://${join(terminal.folder, 'state.db')}` })
    await runner.load(join(terminal.folder, 'rows.py'))
    await runner.start()
    await vi.waitUntil(async () => (await versionOf(runner, 'rows')) === 1, LIMIT_MS)
    await runner.triggers.setStateText('rows', '{"last":40,"exact":1.0}')
    await runner.triggers.setStateText('quiet', '{"n":1}')
    const db = ['--db', 'sqlite://state.db']

    const tested = await terminal.run(['trigger', 'test', 'rows.py', 'rows', ...db])
    const untouched = await terminal.run(['trigger', 'test', 'rows.py', 'fails', ...db])
    const json = (await runner.testPoll('rows', { stateText: '{"last":1}' })).outcome
    const stored = (await runner.testPoll('rows')).outcome
    const state = await runner.triggers.state('rows')
    terminal.write('renamed.py', ROWS.replaceAll('rows(', 'new_rows('))
    const renamed = await terminal.run(['check', 'renamed.py', ...db])
    const same = await terminal.run(['check', 'rows.py', ...db])

    expect(tested.stdout).toContain('key      row-41\n')
    expect(tested.stdout).toContain('state    {"last":42,"exact":1.0}\n')
    expect(untouched).toMatchObject({ exitCode: 1 })
    expect(untouched.stderr).toContain(`trigger 'fails' cannot store its state: state["at"] has type object`)
    expect(json).toMatchObject({ stateText: '{"last":3}' })
    expect(stored).toMatchObject({ stateText: '{"last":42,"exact":1.0}' })
    expect(state).toMatchObject({ stateText: '{"last":40,"exact":1.0}', version: 2 })
    expect(renamed).toMatchObject({ exitCode: 0 })
    expect(renamed.stderr).toBe(
      'cloaca: Trigger "rows" is not declared, but its state remains in the database. If it was renamed, the new ' +
        'trigger starts with an empty state. To delete the old trigger with its state, run: cloaca trigger delete ' +
        'rows\n',
    )
    expect(same).toMatchObject({ exitCode: 0, stderr: '' })
  })

  it.each([
    [['--state', '[1]'], 'The state to test with must be the text of a JSON object'],
    [['--state', '{'], '--state is not valid JSON'],
    [['--state', '{}', '--db', 'sqlite://x.db'], '--state and --db exclude each other'],
    [['--db', 'sqlite://none.db'], 'does not exist'],
  ])('is not tested with %j', async (options, message) => {
    const end = await terminal.run(['trigger', 'test', 'rows.py', 'rows', ...options])

    expect(end.exitCode).toBeGreaterThan(0)
    expect(end.stderr.toLowerCase()).toContain(message.toLowerCase())
  })

  it('is required for --state', async () => {
    const end = await terminal.run(['trigger', 'test', 'rows.py', 'plain', '--state', '{}'])

    expect(end).toMatchObject({ exitCode: 1, stdout: '' })
    expect(end.stderr).toContain('Trigger "plain" takes no state.')
  })

  it('has problems in check: other required parameters, and the state of a cron trigger', async () => {
    const { stdout, exitCode } = await terminal.run(['check', 'bad.py', '--json'])

    const { problems } = JSON.parse(stdout) as CheckReport
    expect(exitCode).toBe(1)
    expect(problems.map(({ kind, place, message }) => [kind, place?.line, message])).toEqual([
      [
        'unfilledParameter',
        9,
        'Trigger "polls" cannot be polled: its function polls() requires "db", but a poll passes only the parameter ' +
          '"state". Give each other parameter a default value, or remove it.',
      ],
      [
        'cronTakesState',
        13,
        'Trigger "nightly" has a cron schedule, so its function nightly() is never called and cannot take a state. ' +
          'Remove the parameter "state", or use a poll interval instead of "cron".',
      ],
    ])
  })

  it('with another required parameter is reported when it is loaded, with its function and line', async () => {
    const end = await terminal.run(['trigger', 'test', 'bad.py', 'polls'])

    expect(end.exitCode).toBe(1)
    expect(end.stderr).toMatch(
      /Trigger "polls" cannot be polled: its function polls\(\) requires "db".*bad\.py, line 9\)/,
    )
    expect(end.stderr).toContain("missing 1 required positional argument: 'db'")
  })
})
