/** The routes of `/api/v1` for a long history: filters, later pages, trends, durations, schedules, actions. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpHandler } from '../../src/index.ts'
import { sortedByTime } from '../../src/runner/records/log-records.ts'
import { HttpClient } from '../support/http-client.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SCRIPT = `
import cloaca
@cloaca.trigger(on="fine", poll_interval="1h")
def asks():
    return cloaca.TriggerResult.skip("nothing there")
with cloaca.WorkflowBuilder("fine"):
    @cloaca.task()
    def first(context):
        for number in range(5):
            print("line", number)
        context.set("big", "ü" * 1000)
        return context
    @cloaca.task(dependencies=["first"])
    def second(context):
        print("last")
        return context
with cloaca.WorkflowBuilder("bad"):
    @cloaca.task()
    def fails(context):
        raise ValueError("no")
`

describe('the history over HTTP', () => {
  let observed: ObservedRunner
  let client: HttpClient
  let folder: string
  const ids: string[] = []
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-history-'))
    writeFileSync(join(folder, 'history.py'), SCRIPT)
    observed = await ObservedRunner.open()
    await observed.runner.load(join(folder, 'history.py'))
    await observed.runner.start()
    client = await HttpClient.of(httpHandler(observed.runner))
    for (const workflow of ['fine', 'bad', 'fine']) ids.push(await run(workflow))
  })
  afterAll(async () => {
    await observed[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const run = async (workflow: string): Promise<string> => {
    const { json } = await client.post('/api/v1/executions', { workflow })
    await observed.until('executionFinished', ({ executionId }) => executionId === json.id)
    return json.id
  }
  const listed = async (path: string) => (await client.get(`/api/v1/${path}`)).json.items

  it('counts executions by status, and by hour of the last day', async () => {
    const all = await client.get('/api/v1/executions/counts')
    const bad = await client.get('/api/v1/executions/counts?workflow=bad')
    const none = await client.get('/api/v1/executions/counts?until=2020-01-01T00:00:00Z')
    const trend = await client.get('/api/v1/executions/trend')
    const two = await client.get('/api/v1/executions/trend?workflow=bad&bars=2')

    expect(all.json).toEqual({
      counts: { Pending: 0, Running: 0, Paused: 0, Completed: 2, Failed: 1, Cancelled: 0 },
      atLeast: [],
    })
    expect(bad.json.counts).toMatchObject({ Completed: 0, Failed: 1 })
    expect(none.json.counts).toMatchObject({ Completed: 0, Failed: 0 })
    expect(trend.json.items).toHaveLength(24)
    expect(trend.json.items.at(-1)).toMatchObject({ counts: { Completed: 2, Failed: 1 }, isEstimate: false })
    expect(two.json.items).toMatchObject([{ counts: {} }, { counts: { Failed: 1 } }])
  })

  it('shows the cause of a failed execution in lists, in the execution and in the status', async () => {
    const bad = { id: ids[1], cause: 'fails: ValueError: no (1 of 1 tasks failed)' }
    const one = await client.get(`/api/v1/executions/${ids[1]}`)
    const status = await client.get('/api/v1/status')

    expect(await listed('executions?status=Failed')).toMatchObject([bad])
    expect(await listed('executions?status=Completed')).toMatchObject([{ cause: null }, { cause: null }])
    expect(one.json).toMatchObject({ ...bad, errorMessage: expect.stringMatching(/^1 task\(s\) failed, 0 completed/) })
    expect(status.json.lastFailures).toMatchObject([bad])
  })

  it('shows the sizes of the contexts of an execution, and lists its retries', async () => {
    const { json } = await client.post(`/api/v1/executions/${ids[1]}/retry`)
    await observed.until('executionFinished', ({ executionId }) => executionId === json.id)

    const one = await client.get(`/api/v1/executions/${ids[0]}`)

    expect(one.json).toMatchObject({ inputBytes: 2, tasks: [{ outputBytes: one.json.contextBytes }, {}] })
    expect(one.json.contextBytes).toBeGreaterThan(2_000)
    expect(one.text).not.toContain('üü')
    expect(await listed(`executions?retryOf=${ids[1]}`)).toMatchObject([{ id: json.id, retryOf: ids[1] }])
  })

  it('shows the input and the output of a task', async () => {
    const at = `/api/v1/executions/${ids[0]}`
    const [input, first, output] = [
      await client.get(`${at}/tasks/first/input`),
      await client.get(`${at}/tasks/second/input`),
      await client.get(`${at}/tasks/first/output`),
    ]

    expect(input.text).toBe('{}')
    expect(first.json).toEqual(output.json)
    expect((await client.get(`${at}/tasks/frst/input`)).json.detail).toContain('Did you mean "first"?')
  })

  it('continues a log after the last record of a page, even at the end of the log', async () => {
    const at = `/api/v1/executions/${ids[0]}/log`
    const first = await client.get(`${at}?limit=4`)
    const second = await client.get(`${at}?limit=4&cursor=${first.json.nextCursor}`)
    const more = await client.get(`${at}?cursor=${second.json.endCursor}`)
    const task = await client.get(`${at}?task=second`)

    const messages = [first, second].flatMap(({ json }) => json.items.map((item: { message: string }) => item.message))
    expect(messages).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4', 'last'])
    expect(second.json.nextCursor).toBeNull()
    expect(more.json).toEqual({ items: [], nextCursor: null, endCursor: second.json.endCursor })
    expect(task.json.items).toMatchObject([{ task: 'second', message: 'last' }])
  })

  it('sorts the log by time, but keeps the order of the lines of one attempt', () => {
    const said = (task: string, at: number, message: string) =>
      ({ task, attempt: 1, at, stream: 'stdout', message }) as const
    const stored = [said('a', 5, 'a1'), said('a', 3, 'a2'), said('a', 9, 'a3'), said('b', 4, 'b1'), said('b', 6, 'b2')]

    expect(sortedByTime(stored).map(({ message }) => message)).toEqual(['b1', 'a1', 'a2', 'b2', 'a3'])
  })

  it('shows the durations of the tasks of a workflow, and its versions', async () => {
    const { json } = await client.get('/api/v1/workflows/fine/stats')

    expect(json).toMatchObject({ executions: 2, attempts: 4, byStatus: { Completed: 2 } })
    expect(
      json.tasks.toSorted((one: { task: string }, other: { task: string }) => one.task.localeCompare(other.task)),
    ).toMatchObject([
      { task: 'first', completed: 2, failed: 0, duration: { p50Ms: expect.any(Number) } },
      { task: 'second', completed: 2, failed: 0 },
    ])
    expect(json.versions).toMatchObject([{ executions: 2 }])
  })

  it('lists ticks by outcome and time, page by page', async () => {
    for (let poll = 0; poll < 2; poll++) await client.post('/api/v1/triggers/asks/poll')
    await client.post('/api/v1/triggers/asks/fire')
    await client.post('/api/v1/triggers/asks/poll')
    const at = 'triggers/asks/ticks'

    const first = await client.get(`/api/v1/${at}?limit=2`)
    const rest = await client.get(`/api/v1/${at}?limit=2&cursor=${first.json.nextCursor}`)
    const outcomes = ({ json }: typeof first) => json.items.map(({ outcome }: { outcome: string }) => outcome)

    expect(outcomes(first)).toEqual(['skipped', 'fired'])
    expect(outcomes(rest)).toEqual(['skipped'])
    expect(rest.json.nextCursor).toBeNull()
    expect(await listed(`${at}?outcome=fired,failed`)).toMatchObject([{ outcome: 'fired' }])
    expect(await listed(`${at}?since=2999-01-01T00:00:00Z`)).toEqual([])
    expect((await client.get(`/api/v1/${at}?outcome=done`)).json.code).toBe('INVALID_ARGUMENT')
  })

  it('creates, changes and disables schedules, and lists these actions with source and note', async () => {
    const made = await client.post('/api/v1/schedules', { workflow: 'fine', expression: '0 3 * * *', note: 'nightly' })
    const at = `/api/v1/schedules/${made.json.id}`
    const changed = await client.post(`${at}/set`, { expression: '0 4 * * *', timezone: 'Europe/Berlin' })
    const off = await client.post(`${at}/disable`, { note: 'holidays' })
    const wrong = await client.post(`${at}/set`, { expression: 'never' })
    const unknown = await client.post('/api/v1/schedules', { workflow: 'fin', expression: '0 3 * * *' })
    const actions = await client.get(`${at}/actions`)

    expect(made).toMatchObject({ status: 201, json: { workflow: 'fine', expression: '0 3 * * *', timezone: 'UTC' } })
    expect(changed.json).toMatchObject({ id: made.json.id, expression: '0 4 * * *', timezone: 'Europe/Berlin' })
    expect(off.json).toEqual({ id: made.json.id, enabled: false })
    expect(wrong).toMatchObject({ status: 400, json: { code: 'INVALID_CRON' } })
    expect(unknown).toMatchObject({ status: 404, json: { code: 'WORKFLOW_NOT_FOUND' } })
    expect(actions.json.items).toMatchObject([
      { kind: 'disable', note: 'holidays', source: 'http' },
      { kind: 'set' },
      { kind: 'create', note: 'nightly' },
    ])
    await client.delete(at)
  })

  it('removes a schedule, and keeps the note of the removal', async () => {
    const made = await client.post('/api/v1/schedules', { workflow: 'fine', expression: '0 3 * * *' })
    const at = `/api/v1/schedules/${made.json.id}`
    await client.post(`${at}/disable`, { note: 'holidays' })
    // `until` excludes its own millisecond, so the two actions need different ones.
    await setTimeout(2)

    const removed = await client.delete(`${at}?note=over`)

    expect(removed.json).toEqual({ id: made.json.id, deleted: true })
    expect((await client.get(at)).status).toBe(404)
    const all = await client.get('/api/v1/actions?limit=1')
    expect(all.json.items).toMatchObject([{ kind: 'delete', target: made.json.id, note: 'over' }])
    expect(await listed(`actions?limit=1&cursor=${all.json.nextCursor}`)).toMatchObject([{ kind: 'disable' }])
    expect(await listed(`actions?until=${encodeURIComponent(all.json.items[0].at)}&limit=1`)).toMatchObject([
      { kind: 'disable' },
    ])
    expect(await listed('actions?since=2999-01-01T00:00:00Z')).toEqual([])
  })

  it('rejects the removal of a schedule by another site, and lists alerts', async () => {
    const { json: made } = await client.post('/api/v1/schedules', { workflow: 'fine', expression: '0 3 * * *' })

    const { status, json } = await client.delete(`/api/v1/schedules/${made.id}`, { origin: 'http://evil.example' })

    expect({ status, code: json.code }).toEqual({ status: 403, code: 'ORIGIN_REFUSED' })
    expect(await listed(`schedules`)).toMatchObject([{ id: made.id }])
    expect(await listed('alerts')).toEqual([])
  })
})
