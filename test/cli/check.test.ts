/** `cloaca check`: what would be served, what is wrong with it, and that nothing is started. */

import { readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { CheckReport } from '../../src/index.ts'
import { Terminal } from '../support/cloaca-process.ts'

const GOOD = `
import cloaca
print("loading")
runner = cloaca.DefaultRunner("sqlite://made.db")

@cloaca.trigger(on="etl", poll_interval="200ms")
def came():
    open("polled", "w").close()
    return True

@cloaca.trigger(on="etl", cron="0 8 * * *", timezone="Europe/Paris", name="daily")
def daily():
    pass

with cloaca.WorkflowBuilder("etl"):
    @cloaca.task()
    def read(ctx):
        return ctx

    @cloaca.task(dependencies=[read], trigger_rules=cloaca.any_of(cloaca.task_failed("read"), cloaca.context_value("n", ">", 3)))
    def report(ctx):
        return ctx
`

const BAD = `
import cloaca

@cloaca.trigger(on="etl", poll_interval="200ms", name="twin")
def first(): return False
@cloaca.trigger(on="etll", poll_interval="200ms", name="twin")
def second(): return False
@cloaca.trigger(on="etl", cron="99 * * * *", name="never")
def never(): pass
@cloaca.trigger(on="etl", cron="0 0 30 2 *", name="february")
def february(): pass
@cloaca.trigger(on="etl", cron="0 0 * * *", timezone="Europe/Pari", name="zone")
def zone(): pass

with cloaca.WorkflowBuilder("mine"):
    @cloaca.task()
    def a(ctx): return ctx
    @cloaca.task(dependencies=[a], trigger_rules=cloaca.all_of(cloaca.task_success("a"), cloaca.task_failed("a")))
    def b(ctx): return ctx
    @cloaca.task(dependencies=[a], trigger_rules=cloaca.task_success("aa"))
    def c(ctx): return ctx
    @cloaca.task()
    def c(ctx): return ctx
`

const CIRCLE = `
import cloaca
with cloaca.WorkflowBuilder("circle"):
    @cloaca.task(dependencies=["b"])
    def a(ctx): return ctx
    @cloaca.task(dependencies=["a"])
    def b(ctx): return ctx
`

const EXECUTES = `
import cloaca
with cloaca.WorkflowBuilder("w"):
    @cloaca.task()
    def work(ctx):
        open("worked", "w").close()
cloaca.DefaultRunner("sqlite://made.db").execute("w", cloaca.Context({}))
`

describe('a check', () => {
  const terminal = new Terminal()
  afterAll(() => terminal[Symbol.asyncDispose]())

  it('prints what would be served, with graphs, and makes no file, polls nothing and opens no database', async () => {
    terminal.write('good.py', GOOD)

    const end = await terminal.run(['check', 'good.py'])

    expect(end).toMatchObject({ exitCode: 0, stderr: 'loading\n' })
    expect(end.stdout).toBe(
      [
        'good.py',
        '  trigger came: every 200ms, starts etl (line 6)',
        '  trigger daily: 0 8 * * * (Europe/Paris), starts etl (line 11)',
        '  workflow etl: 2 tasks (line 15)',
        '    read',
        '    report after read, if any of (read failed, n > 3)',
        '',
        '2 triggers and 1 workflow from 1 script: no problems',
        '',
      ].join('\n'),
    )
    expect(readdirSync(terminal.folder).toSorted()).toEqual(['good.py'])
  })

  it('finds everything that is wrong, with file and line, and exits with 1', async () => {
    terminal.write('bad/bad.py', BAD)
    terminal.write('bad/circle.py', CIRCLE)
    terminal.write('bad/executes.py', EXECUTES)
    terminal.write('bad/module.py', 'import cloaca\nimport missing_module\n')
    terminal.write('bad/twin.py', CIRCLE.replace('dependencies=["b"]', '').replace('"circle"', '"mine"'))

    const [people, programs] = await Promise.all([
      terminal.run(['check', 'bad']),
      terminal.run(['check', 'bad', '--json']),
    ])

    expect([people.exitCode, programs.exitCode]).toEqual([1, 1])
    const { problems } = JSON.parse(programs.stdout) as CheckReport
    expect(problems.map(({ kind, script, place }) => [script, place?.line, kind])).toEqual([
      ['bad/bad.py', 6, 'twinNames'],
      ['bad/bad.py', 6, 'unknownWorkflow'],
      ['bad/bad.py', 8, 'badCron'],
      ['bad/bad.py', 8, 'unknownWorkflow'],
      ['bad/bad.py', 10, 'badCron'],
      ['bad/bad.py', 10, 'unknownWorkflow'],
      ['bad/bad.py', 12, 'badCron'],
      ['bad/bad.py', 12, 'unknownWorkflow'],
      ['bad/bad.py', 18, 'unreachableTask'],
      ['bad/bad.py', 22, 'twinNames'],
      ['bad/circle.py', 3, 'cannotBeLoaded'],
      ['bad/executes.py', 7, 'cannotBeLoaded'],
      ['bad/module.py', 2, 'cannotBeLoaded'],
      ['bad/twin.py', 3, 'duplicateWorkflow'],
    ])
    expect(people.stdout).toMatch(/^bad\/bad\.py:6: Trigger "twin" is already declared in line 4, and/m)
    expect(people.stdout).toMatch(/^bad\/bad\.py:10: .*never fires in UTC\.$/m)
    expect(people.stdout).toMatch(/^bad\/executes\.py:7: Cannot load the script: .*nothing is started/m)
    expect(people.stdout).toMatch(/^bad\/module\.py:2: .*missing_module.*\n {4}Traceback/m)
    expect(people.stdout).toMatch(/: 14 problems$/m)
    expect(readdirSync(terminal.folder)).not.toContain('made.db')
    expect(readdirSync(terminal.folder)).not.toContain('worked')
  })

  it('of a folder with something that cannot be looked at names it, beside what would be served, and exits with 1', async () => {
    terminal.write('partly/good.py', GOOD)
    symlinkSync('loop.py', join(terminal.folder, 'partly', 'loop.py'))

    const end = await terminal.run(['check', 'partly'])

    expect(end.exitCode).toBe(1)
    expect(end.stdout).toMatch(/^partly\/good\.py\n {2}trigger came: /)
    expect(end.stdout).toMatch(/^partly\/loop\.py: Skipped: .*ELOOP/m)
    expect(end.stdout).toMatch(/^2 triggers and 1 workflow from 1 script: 1 problem$/m)
  })

  it('of scripts that declare the same names says of each which one counts', async () => {
    for (const name of ['a', 'b']) terminal.write(`same/${name}.py`, GOOD.replace('"daily"', `"daily_${name}"`))

    const end = await terminal.run(['check', 'same'])

    expect(end.stdout.slice(0, end.stdout.indexOf('\nsame/b.py\n') + 1)).toBe(
      [
        'same/a.py',
        '  trigger daily_a: 0 8 * * * (Europe/Paris), starts etl (line 11)',
        '  trigger came: overridden by same/b.py',
        '  workflow etl: overridden by same/b.py',
        '',
        '',
      ].join('\n'),
    )
    expect(end.stdout).toMatch(/^3 triggers and 1 workflow from 2 scripts: 2 problems$/m)
  })

  it('of a script that hangs while it is loaded ends at the limit of the project, and of nothing to serve fails', async () => {
    terminal.write('hangs/slow.py', 'import time\ntime.sleep(600)\n')
    terminal.write('nothing/empty.py', 'x = 1\n')

    terminal.write('module.ts', 'const x: number = 1\n')

    const [slow, nothing, module] = await Promise.all([
      terminal.run(['check', 'hangs', '--load-timeout', '200ms']),
      terminal.run(['check', 'nothing']),
      terminal.run(['check', 'module.ts']),
    ])

    expect(slow.exitCode).toBe(1)
    expect(slow.stdout).toMatch(
      /slow\.py.*: Cannot load the script: TimeoutError: its import did not end within 0\.2 s/,
    )
    expect(slow.stdout.match(/Traceback|File "|During handling/g)).toEqual(['Traceback', 'File "'])
    expect(nothing.exitCode).toBe(1)
    expect(nothing.stdout).toContain('Nothing to serve: ')
    expect(module.stdout).toMatch(
      /^module\.ts: .* A module serves only its exported values: check for a missing export\.$/m,
    )
  })

  it('of a script that needs native code names --python, which it does not for a package that nobody knows', async () => {
    terminal.write('native.py', 'import cloaca\nimport psycopg2\n')
    terminal.write('unknown.py', 'import cloaca\nimport no_such_package_of_anybody\n')

    const [native, unknown, noPython] = await Promise.all([
      terminal.run(['check', 'native.py']),
      terminal.run(['check', 'unknown.py']),
      terminal.run(['check', 'native.py', '--python', './no-such-python']),
    ])

    expect(native.exitCode).toBe(1)
    expect(native.stdout).toMatch(/^native\.py:2: .*No module named 'psycopg2'.* --python python3$/m)
    expect(unknown.exitCode).toBe(1)
    expect(unknown.stdout).toMatch(/^unknown\.py:2: .*No module named 'no_such_package_of_anybody'/m)
    expect(unknown.stdout).not.toContain('--python')
    expect(noPython).toMatchObject({ exitCode: 1, stdout: '' })
    expect(noPython.stderr).toMatch(
      /Python ".*\/no-such-python" cannot be used: there is no file ".*"\. Check the path\./,
    )
  })
})
