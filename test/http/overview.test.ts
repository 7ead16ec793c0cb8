/** The routes of `/api/v1` for the overview: problems, summaries of workflows, and executions with their tasks. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mostExecutions } from '../../src/engine/services/workflows/workflow-summaries.ts'
import { httpHandler } from '../../src/index.ts'
import { HttpClient } from '../support/http-client.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SCRIPT = `
import cloaca
@cloaca.trigger(on="fine", poll_interval="1h")
def asks():
    raise ConnectionError("no answer")
with cloaca.WorkflowBuilder("bad"):
    @cloaca.task()
    def first(context):
        return context
    @cloaca.task(dependencies=["first"])
    def fails(context):
        if context.get("good"):
            return context
        raise ValueError("no order")
    @cloaca.task(dependencies=["fails"])
    def after(context):
        return context
with cloaca.WorkflowBuilder("fine"):
    @cloaca.task()
    def only(context):
        return context
with cloaca.WorkflowBuilder("unused"):
    @cloaca.task()
    def never(context):
        return context
`

describe('the overview over HTTP', () => {
  let observed: ObservedRunner
  let client: HttpClient
  let folder: string
  const run = async (workflow: string, context: object = {}): Promise<string> => {
    const { json } = await client.post('/api/v1/executions', { workflow, context })
    await observed.until('executionFinished', ({ executionId }) => executionId === json.id)
    return json.id
  }
  /** Equal requests to one handler share an answer for a second. */
  const fresh = async (path: string) => {
    const { json } = await (await HttpClient.of(httpHandler(observed.runner))).get(`/api/v1/${path}`)
    return json
  }
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-overview-'))
    writeFileSync(join(folder, 'jobs.py'), SCRIPT)
    observed = await ObservedRunner.open()
    await observed.runner.load(join(folder, 'jobs.py'))
    await observed.runner.start()
    client = await HttpClient.of(httpHandler(observed.runner))
  })
  afterAll(async () => {
    await observed[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  it('lists a failing trigger, with its cause', async () => {
    await client.post('/api/v1/triggers/asks/poll')

    const { items, counts } = await fresh('attention')

    expect(items).toEqual([
      {
        ...{ kind: 'trigger-failing', subject: 'asks', workflow: null, executionId: null, count: 1, isOver: false },
        ...{ at: expect.stringMatching(/^2/), cause: expect.stringContaining('no answer') },
      },
    ])
    expect(counts).toEqual({ 'trigger-failing': 1 })
  })

  it('lists a workflow that failed once, with its last failure, until and after it completes', async () => {
    await run('bad')
    const last = await run('bad')

    const failed = await fresh('attention')
    await run('bad', { good: true })
    const over = await fresh('attention')

    const problem = { kind: 'execution-failed', subject: 'bad', workflow: 'bad', executionId: last, count: 2 }
    const cause = expect.stringContaining('ValueError: no order')
    expect(failed.items.slice(1)).toMatchObject([{ ...problem, isOver: false, cause }])
    expect(over.items.slice(1)).toMatchObject([{ ...problem, isOver: true }])
    expect(over.counts).toEqual({ 'trigger-failing': 1, 'execution-failed': 1 })
  })

  it('summarizes workflows by name, page by page', async () => {
    await run('fine')

    const first = await fresh('workflow-summaries?limit=2')
    const rest = await fresh(`workflow-summaries?limit=2&cursor=${first.nextCursor}`)

    const [bad, fine] = first.items
    expect(first.items).toHaveLength(2)
    expect(bad).toMatchObject({ key: 'bad', taskCount: 3, executions: 3, byStatus: { Completed: 1, Failed: 2 } })
    expect(bad.newest.map(({ status }: { status: string }) => status)).toEqual(['Completed', 'Failed', 'Failed'])
    expect(fine).toMatchObject({ key: 'fine', duration: { p50Ms: expect.any(Number), p95Ms: expect.any(Number) } })
    expect(rest.items).toMatchObject([{ key: 'unused', executions: 0, newest: [], duration: { p95Ms: null } }])
    expect(rest.nextCursor).toBeNull()
  })

  it('has at most 20 executions of a workflow in its summary', async () => {
    for (let count = 0; count < 21; count++) await run('unused')

    const { items } = await fresh('workflow-summaries')
    const unused = items.find(({ key }: { key: string }) => key === 'unused')

    expect(unused.executions).toBe(21)
    expect(unused.newest).toHaveLength(20)
  })

  it('lists the newest executions of a workflow with the states of their tasks', async () => {
    const { items } = await fresh('workflows/bad/executions?limit=2')

    expect(items).toMatchObject([
      { status: 'Completed', tasks: [{ id: 'first', status: 'Completed', attempts: 1 }, {}, { id: 'after' }] },
      {
        status: 'Failed',
        tasks: [{ id: 'first' }, { id: 'fails', status: 'Failed' }, { id: 'after', status: 'Completed' }],
      },
    ])
    expect(items[0].tasks[0].endedAt).toMatch(/^2/)
    expect((await fresh('workflows/nobody/executions')).code).toBe('WORKFLOW_NOT_FOUND')
    expect((await fresh('workflows/bad/executions?limit=101')).code).toBe('INVALID_ARGUMENT')
  })

  it('returns executions with at most 10,000 states of tasks, but at least one execution', async () => {
    const { runner } = observed
    const states = (await runner.workflows.executions('bad', { limit: 3 })).map(({ tasks }) => tasks.length)

    expect(states).toEqual([3, 3, 3])
    expect(mostExecutions(50, 200)).toBe(50)
    expect(mostExecutions(50, 300)).toBe(33)
    expect(mostExecutions(50, 20_000)).toBe(1)
    expect(mostExecutions(50, 0)).toBe(50)
  })
})
