/** Nodes that wait, limits and priorities of a Python program in `cloaca workflow show`, from the stored definition. */

import { afterAll, describe, expect, it } from 'vitest'
import type { WorkflowDefinition } from '../../src/index.ts'
import { Terminal } from '../support/cloaca-process.ts'

const PROGRAM = `
import cloaca
FORM = {"type": "object", "properties": {"amount": {"type": "number"}}}
with cloaca.WorkflowBuilder("refund"):
    decided = cloaca.wait_for_signal("decided", signal="refund", key="{order_id}", timeout="36h", on_timeout="skip")
    cool = cloaca.delay("cool", "1ms", dependencies=[decided])
    cloaca.approval("ok", title="Refund?", form=FORM, timeout="1ms", on_timeout="continue", dependencies=[cool])
    @cloaca.task(dependencies=["ok"])
    def pay(ctx):
        return ctx

with cloaca.DefaultRunner("sqlite://jobs.db") as runner:
    print(runner.signal("refund", key="7", payload={"by": "Ada"})["state"])
    print(runner.execute("refund", cloaca.Context({"order_id": 7})).final_context.to_json())
`

describe('the nodes of a workflow', () => {
  const terminal = new Terminal()
  afterAll(() => terminal[Symbol.asyncDispose]())

  it('are shown with their waits, and have their declared waits in JSON', async () => {
    terminal.write('refund.py', PROGRAM)

    const run = await terminal.run(['run', 'refund.py'])
    const [text, mermaid, json] = await Promise.all([
      terminal.run(['workflow', 'show', 'refund', '--db', 'jobs.db']),
      terminal.run(['workflow', 'show', 'refund', '--db', 'jobs.db', '--mermaid']),
      terminal.run(['workflow', 'show', 'refund', '--db', 'jobs.db', '--json']),
    ])

    expect(run.stdout).toBe('kept\n{"order_id":7,"decided":{"by":"Ada"},"ok":null}\n')
    expect(text.stdout).toMatch(/^TASK +WAITS FOR +ATTEMPTS +ATTEMPT TIMEOUT +DECLARED IN$/m)
    expect(text.stdout).toMatch(/^decided +signal refund\/\{order_id\}, is skipped after 36h +\S*refund\.py:5$/m)
    expect(text.stdout).toMatch(/^cool +1ms +\S*refund\.py:6$/m)
    expect(text.stdout).toMatch(/^ok +approval, continues after 1ms +\S*refund\.py:7$/m)
    expect(text.stdout).toMatch(/^pay +3 +limits\.task +\S*refund\.py:8$/m)
    expect(text.stdout).toMatch(/^decided {2}waits for signal refund\/\{order_id\}, is skipped after 36h$/m)
    expect(mermaid.stdout).toContain('t1{{"cool<br/>waits for 1ms"}}')
    const { tasks } = JSON.parse(json.stdout) as WorkflowDefinition
    expect(tasks.map(({ wait }) => wait)).toEqual([
      { kind: 'signal', signal: 'refund', key: '{order_id}', timeoutMs: 129_600_000, onTimeout: 'skip' },
      { kind: 'delay', end: { kind: 'after', ms: 1 } },
      {
        ...{ kind: 'approval', title: 'Refund?', timeoutMs: 1, onTimeout: 'continue' },
        form: { type: 'object', properties: { amount: { type: 'number' } } },
      },
      undefined,
    ])
  })
})

const LIMITED = `
import cloaca
crm = cloaca.limit("crm", max_active=3, rate="100/1m", per="tenant")
with cloaca.WorkflowBuilder("sync", max_active=1, per="customer", overflow="drop", priority=10):
    cloaca.task(id="push", limits=[crm])(lambda ctx: ctx)
    cloaca.task(id="rest")(lambda ctx: ctx)

with cloaca.DefaultRunner("sqlite://jobs.db") as runner:
    print(runner.execute("sync", cloaca.Context({"tenant": "a"})).status)
    print(runner.execute("sync", cloaca.Context({"tenant": "b"}), priority=-7).status)
`

describe('the limits of a workflow', () => {
  const terminal = new Terminal()
  afterAll(() => terminal[Symbol.asyncDispose]())

  it('are shown with its priority and those of its tasks, in text and JSON', async () => {
    terminal.write('limited.py', LIMITED)

    const run = await terminal.run(['run', 'limited.py'])
    const [text, json, executions] = await Promise.all([
      terminal.run(['workflow', 'show', 'sync', '--db', 'jobs.db']),
      terminal.run(['workflow', 'show', 'sync', '--db', 'jobs.db', '--json']),
      terminal.run(['execution', 'list', '--db', 'jobs.db', '--json']),
    ])

    expect(run.stdout).toBe('Completed\nCompleted\n')
    expect((JSON.parse(executions.stdout) as { priority: number }[]).map(({ priority }) => priority)).toEqual([-7, 10])
    expect(text.stdout).toMatch(/^limit +1 active, per customer, overflow drop$/m)
    expect(text.stdout).toMatch(/^priority +10$/m)
    expect(text.stdout).toMatch(/^TASK +ATTEMPTS +ATTEMPT TIMEOUT +LIMITS +DECLARED IN$/m)
    expect(text.stdout).toMatch(/^push +3 +limits\.task +crm +\S*limited\.py:5$/m)
    expect(text.stdout).toMatch(/^rest +3 +limits\.task +\S*limited\.py:6$/m)
    const workflow = JSON.parse(json.stdout) as WorkflowDefinition
    expect(workflow).toMatchObject({ limit: { maxActive: 1, per: 'customer', overflow: 'drop' }, priority: 10 })
    expect(workflow.tasks.map(({ limits }) => limits)).toEqual([['crm'], undefined])
  })
})
