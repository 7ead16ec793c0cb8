/** `trigger test` polls one trigger of a file once, prints the outcome, and starts nothing. */

import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'

const SHOP = fileURLToPath(new URL('./scripts/shop.py', import.meta.url))

describe('cloaca trigger test', () => {
  const terminal = new Terminal()
  afterAll(() => terminal[Symbol.asyncDispose]())

  it('prints the context of a firing with its numbers verbatim, starts nothing and creates no database', async () => {
    const end = await terminal.run(['trigger', 'test', SHOP, 'new_order'])

    expect(end).toEqual({
      exitCode: 0,
      signal: null,
      stderr: '',
      stdout: 'Trigger "new_order" fired.\ncontext  {"order":7,"total":1.0}\n',
    })
    expect(readdirSync(terminal.folder)).toEqual([])
  })

  it('prints a skip as JSON with --json', async () => {
    const end = await terminal.run(['trigger', 'test', SHOP, 'quiet', '--json'])

    expect(end.exitCode).toBe(0)
    expect(JSON.parse(end.stdout)).toEqual({ kind: 'skipped', reason: 'nobody über-ordered' })
  })

  it('prints the traceback of a poll that fails, and exits with 1', async () => {
    const end = await terminal.run(['trigger', 'test', SHOP, 'unreachable'])

    expect(end).toMatchObject({ exitCode: 1, stdout: '' })
    expect(end.stderr).toMatch(
      /^Traceback \(most recent call last\):\n {2}File ".*shop\.py", line \d+, in unreachable\n.*\nConnectionError: /,
    )
    expect(end.stderr).toMatch(/\ncloaca: trigger 'unreachable' raised exception: ConnectionError: .*\n$/)
  })

  it('polls no other trigger and fires no schedule of a file that opens a runner', async () => {
    terminal.write('own_runner.py', OWN_RUNNER)

    const end = await terminal.run(['trigger', 'test', 'own_runner.py', 'asks'])

    expect(end).toMatchObject({ exitCode: 0, stdout: 'Trigger "asks" fired.\ncontext  {"status":"Completed"}\n' })
    const { stdout } = await terminal.run(['execution', 'list', '--json', '--db', 'sqlite://own.db'])
    const executions = JSON.parse(stdout) as readonly { readonly startedBy?: unknown; readonly workflow: string }[]
    expect(executions.map(({ workflow }) => workflow)).toEqual(['report'])
    expect(end.stderr).not.toContain('polled beside')
  })

  it('warns of an undeclared workflow whose name is similar to a declared one', async () => {
    terminal.write(
      'misspelt.py',
      'import cloaca\nwith cloaca.WorkflowBuilder("order"):\n    cloaca.task(id="t")(lambda ctx: ctx)\n' +
        '@cloaca.trigger(on="ordr")\ndef asks():\n    return cloaca.TriggerResult.skip()\n',
    )
    const end = await terminal.run(['trigger', 'test', 'misspelt.py', 'asks'])

    expect(end).toMatchObject({ exitCode: 0, stdout: 'Trigger "asks" skipped.\n' })
    expect(end.stderr).toMatch(/Trigger "asks" starts workflow "ordr", which is not declared.* Did you mean "order"\?/)
  })

  it('does not warn of an undeclared workflow that another file may declare', async () => {
    terminal.write(
      'elsewhere.py',
      'import cloaca\n@cloaca.trigger(on="order")\ndef asks():\n    return cloaca.TriggerResult.skip()\n',
    )
    const end = await terminal.run(['trigger', 'test', 'elsewhere.py', 'asks'])

    expect(end).toMatchObject({ exitCode: 0, stdout: 'Trigger "asks" skipped.\n', stderr: '' })
  })

  it('suggests a similar name for an unknown trigger', async () => {
    const end = await terminal.run(['trigger', 'test', SHOP, 'new_orders'])

    expect(end).toMatchObject({ exitCode: 1, stdout: '' })
    expect(end.stderr).toContain('Trigger "new_orders" not found in the loaded scripts. Did you mean "new_order"?')
  })
})

/** Script whose runner would poll `beside` and fire a schedule each second while `asks` sleeps. */
const OWN_RUNNER = `
import time
import cloaca

with cloaca.WorkflowBuilder("report"):

    @cloaca.task()
    def write(context):
        return context

with cloaca.WorkflowBuilder("each_second"):

    @cloaca.task()
    def tick(context):
        return context

@cloaca.trigger("report", poll_interval="10ms")
def beside():
    print("polled beside")
    return cloaca.TriggerResult.skip()

@cloaca.trigger("report", poll_interval="1h")
def asks():
    time.sleep(1.5)
    result = runner.execute("report", cloaca.Context({}))
    return cloaca.TriggerResult.fire(cloaca.Context({"status": result.status}))

runner = cloaca.DefaultRunner("sqlite://own.db")
runner.register_cron_workflow("each_second", "* * * * * *", "UTC")
`
