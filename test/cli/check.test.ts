/** `cloaca check`: lists the declarations and the problems of scripts, and starts nothing. */

import { existsSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { CheckReport } from '../../src/index.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { withGrowingLimit } from '../support/growing-limit.ts'

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

    @cloaca.task(
        dependencies=[read],
        trigger_rules=cloaca.any_of(cloaca.task_failed("read"), cloaca.context_value("n", ">", 3)),
    )
    def report(ctx):
        return ctx
`

const ALERTED = `
import cloaca

@cloaca.trigger(on="etl", poll_interval="1m", expect_fire="26h", tags={"team": "data", "tier": "1"})
def came():
    return False

@cloaca.trigger(on="etl", cron="0 2 * * *", expect_fire="2d")
def nightly():
    pass

with cloaca.WorkflowBuilder("etl", deadline="30m", done_by="07:00", timezone="Europe/Berlin") as builder:
    builder.tag("team", "etl")

    @cloaca.task(deadline="90s")
    def read(ctx):
        return ctx

    @cloaca.task(dependencies=[read], deadline="5m", trigger_rules=cloaca.task_failed("read"))
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

const WAITS = `
import cloaca
FORM = {"type": "object", "properties": {"amount": {"type": "monney"}}}
with cloaca.WorkflowBuilder("refund"):
    decided = cloaca.wait_for_signal("decided", signal="refund", key="{order_id}", timeout="36h", on_timeout="skip")
    night = cloaca.delay("night", until="03:30", timezone="Europe/Berlin", dependencies=[decided])
    cloaca.approval("ok", title="Refund {order_id}?", form=FORM, dependencies=[night])
    @cloaca.task(dependencies=["ok"], trigger_rules=cloaca.task_success("decidd"))
    def pay(ctx): return ctx
    cloaca.approval("never", title="Sure?", dependencies=[decided], trigger_rules=cloaca.any_of())
`

const EXECUTES = `
import cloaca
with cloaca.WorkflowBuilder("w"):
    @cloaca.task()
    def work(ctx):
        open("worked", "w").close()
cloaca.DefaultRunner("sqlite://made.db").execute("w", cloaca.Context({}))
`

const LIMITED = `import cloaca
crm = cloaca.limit("crm", max_active=3, rate="100/1m", per="tenant")
api = cloaca.limit("api", rate="5/1s")

@cloaca.trigger(on="sync", priority=-5)
def came():
    return False

with cloaca.WorkflowBuilder("sync", max_active=1, per="customer", overflow="newest", priority=10):
    cloaca.task(id="push", limits=[crm, api])(lambda ctx: ctx)
    cloaca.task(id="rest")(lambda ctx: ctx)
`

describe('cloaca check', () => {
  const terminal = new Terminal()
  afterAll(() => terminal[Symbol.asyncDispose]())

  it('prints triggers, workflows and task graphs, creates no file, polls nothing and opens no database', async () => {
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
        `    report after read, if any of (failed('read'), value('n', '>', 3))`,
        '',
        '2 triggers and 1 workflow from 1 script: no problems',
        '',
      ].join('\n'),
    )
    expect(readdirSync(terminal.folder).toSorted()).toEqual(['good.py'])
  })

  it('prints the options for alerts: expected firings, deadlines, times of day and tags', async () => {
    await using own = new Terminal()
    own.write('alerted.py', ALERTED)

    expect((await own.run(['check', 'alerted.py'])).stdout).toBe(
      [
        'alerted.py',
        '  trigger came: every 1m, starts etl, expect_fire 26h, tags team=data, tier=1 (line 4)',
        '  trigger nightly: 0 2 * * * (UTC), starts etl, expect_fire 48h (line 8)',
        '  workflow etl: 2 tasks, deadline 30m, done_by 07:00 Europe/Berlin, tags team=etl (line 12)',
        '    read, deadline 90s',
        `    report after read, deadline 5m, if failed('read')`,
        '',
        'alerted.py:19: Warning: Task "report" of workflow "etl" runs only if "read" fails, so its input is empty; ' +
          'add a dependency that completes.',
        '',
        '2 triggers and 1 workflow from 1 script: no problems, 1 warning',
        '',
      ].join('\n'),
    )
  })

  it('warns of a schedule that daylight saving time affects, and exits with 0', async () => {
    await using own = new Terminal()
    own.write('quarters.py', GOOD.replace('"0 8 * * *"', '"*/15 * * * *"'))
    const [people, programs] = await Promise.all([
      own.run(['check', 'quarters.py']),
      own.run(['check', 'quarters.py', '--json']),
    ])
    const warning = expect.stringContaining('Trigger "daily": Not every hour is the same in Europe/Paris: ')

    expect([people.exitCode, programs.exitCode]).toEqual([0, 0])
    expect(people.stdout).toMatch(/^quarters\.py:11: Warning: Trigger "daily": Not every hour /m)
    expect(JSON.parse(programs.stdout)).toMatchObject({
      problems: [],
      warnings: [{ kind: 'clockChange', script: 'quarters.py', message: warning }],
    })
  })

  it('lists each problem with file and line, and exits with 1', async () => {
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

  it('prints limits and priorities, and lists a limit that scripts declare with different values', async () => {
    await using own = new Terminal()
    own.write('limited.py', LIMITED)
    own.write('other.py', 'import cloaca\n\ncloaca.limit("crm", max_active=4)\n')

    const [alone, both, json] = await Promise.all([
      own.run(['check', 'limited.py']),
      own.run(['check', 'limited.py', 'other.py']),
      own.run(['check', 'limited.py', 'other.py', '--json']),
    ])

    expect(alone.stdout).toBe(
      [
        'limited.py',
        '  trigger came: every 30s, starts sync, priority -5 (line 5)',
        '  workflow sync: 2 tasks, limit 1 active, per customer, overflow newest, priority 10 (line 9)',
        '    push, limits crm, api',
        '    rest',
        '  limit crm: 3 active, 100/1m, per tenant (line 2)',
        '  limit api: 5/1s (line 3)',
        '',
        '1 trigger and 1 workflow from 1 script: no problems',
        '',
      ].join('\n'),
    )
    expect(both.exitCode).toBe(1)
    expect(both.stdout).toMatch(
      /^other\.py:3: Limit "crm" is declared with different values at \S*limited\.py:2 and at \S*other\.py:3; the /m,
    )
    expect(both.stdout).toMatch(/^ {2}limit crm: overridden by \S*other\.py$/m)
    const { scripts, problems } = JSON.parse(json.stdout) as CheckReport
    expect(problems.map(({ kind, script }) => [script, kind])).toEqual([['other.py', 'limitConflict']])
    expect(scripts.map(({ limits }) => limits.map(({ name, maxActive }) => [name, maxActive]))).toEqual([
      [['api', null]],
      [['crm', 4]],
    ])
    const [workflow] = scripts[0]?.workflows ?? []
    expect(workflow).toMatchObject({ limit: { maxActive: 1, per: 'customer', overflow: 'newest' }, priority: 10 })
    expect(workflow?.tasks.map(({ limits }) => limits)).toEqual([['crm', 'api'], undefined])
    expect(scripts[0]?.triggers).toMatchObject([{ priority: -5 }])
  })

  it('prints nodes with their waits, and lists problems of nodes', async () => {
    terminal.write('waits.py', WAITS)

    const end = await terminal.run(['check', 'waits.py'])

    expect(end.exitCode).toBe(1)
    expect(end.stdout).toContain(
      [
        '  workflow refund: 5 tasks (line 4)',
        '    decided, waits for signal refund/{order_id}, is skipped after 36h',
        '    night after decided, waits for 03:30 Europe/Berlin',
        '    never after decided, waits for approval, if never',
        '    ok after night, waits for approval',
        `    pay after ok, if succeeded('decidd')`,
      ].join('\n'),
    )
    expect(end.stdout).toMatch(
      /^waits\.py:7: Node "ok" of workflow "refund" cannot wait: its form cannot be checked: /m,
    )
    expect(end.stdout).toMatch(/^waits\.py:8: .* refers to task "decidd", .* Did you mean "decided"\?$/m)
    expect(end.stdout).toMatch(/^waits\.py:10: Node "never" of workflow "refund" never runs: its rule is false/m)
    expect(end.stdout).toMatch(/: 3 problems$/m)
  })

  it('lists the valid scripts of a folder and the unreadable file, and exits with 1', async () => {
    terminal.write('partly/good.py', GOOD)
    symlinkSync('loop.py', join(terminal.folder, 'partly', 'loop.py'))

    const end = await terminal.run(['check', 'partly'])

    expect(end.exitCode).toBe(1)
    expect(end.stdout).toMatch(/^partly\/good\.py\n {2}trigger came: /)
    expect(end.stdout).toMatch(/^partly\/loop\.py: Skipped: .*ELOOP/m)
    expect(end.stdout).toMatch(/^2 triggers and 1 workflow from 1 script: 1 problem$/m)
  })

  it('names the overriding script for each name that two scripts declare', async () => {
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

  it('fails for a script that exceeds the load timeout, and for files that declare nothing', async () => {
    terminal.write('hangs/slow.py', 'import time\nopen("begun", "w").close()\ntime.sleep(600)\n')
    terminal.write('nothing/empty.py', 'x = 1\n')

    terminal.write('module.ts', 'const x: number = 1\n')

    const { result: slow, limitMs } = await withGrowingLimit(
      200,
      (limit) => terminal.run(['check', 'hangs', '--load-timeout', `${limit}ms`]),
      () => existsSync(join(terminal.folder, 'begun')),
    )
    const [nothing, module] = await Promise.all([
      terminal.run(['check', 'nothing']),
      terminal.run(['check', 'module.ts']),
    ])

    expect(slow.exitCode).toBe(1)
    const seconds = String(limitMs / 1_000).replace('.', '\\.')
    expect(slow.stdout).toMatch(
      new RegExp(`slow\\.py.*: Cannot load the script: TimeoutError: its import did not end within ${seconds} s`),
    )
    expect(slow.stdout.match(/Traceback|File "|During handling/g)).toEqual(['Traceback', 'File "'])
    expect(nothing.exitCode).toBe(1)
    expect(nothing.stdout).toContain('Nothing to serve: ')
    expect(module.stdout).toMatch(
      /^module\.ts: .* A module serves only its exported values: check for a missing export\.$/m,
    )
  })

  it('suggests --python for a package with native code, but not for an unknown package', async () => {
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
