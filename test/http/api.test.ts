/** The routes of `/api/v1` with a real runner. Each answer is checked against the OpenAPI document. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpHandler } from '../../src/index.ts'
import { HttpClient } from '../support/http-client.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SHOP = fileURLToPath(new URL('../cli/scripts/shop.py', import.meta.url))
/** JSON text that `JSON.parse` and `JSON.stringify` would change: a float, a large integer, white space, an escape. */
const EXACT = '{"one": 1.0,  "large": 123456789012345678901234567890, "text": "ü\\u00fc"}'

const { accepted, refused } = JSON.parse(readFileSync(new URL('../fixtures/durations.json', import.meta.url), 'utf8'))
const DURATIONS: Readonly<Record<string, readonly { readonly text: string }[]>> = { accepted, refused }

const TALKS = `
import cloaca, logging
@cloaca.trigger(on="talk", poll_interval="1h")
def says():
    print("asked")
    raise ValueError("no")
with cloaca.WorkflowBuilder("talk"):
    @cloaca.task()
    def say(context):
        print("one <b>")
        logging.getLogger("shop").warning("two")
        return context
`

describe('the HTTP interface', () => {
  let observed: ObservedRunner
  let client: HttpClient
  let folder: string
  let ordered: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-http-'))
    writeFileSync(join(folder, 'talks.py'), TALKS)
    observed = await ObservedRunner.open()
    await observed.runner.load(SHOP)
    await observed.runner.load(join(folder, 'talks.py'))
    await observed.runner.start()
    await observed.runner.schedules.register('order', '0 3 * * *')
    await observed.until('triggerFailed', ({ trigger }) => trigger === 'unreachable')
    client = await HttpClient.of(httpHandler(observed.runner))
    const [order] = await observed.runsOf('new_order')
    ordered = String(order?.id)
  })
  afterAll(async () => {
    await observed[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const ended = (id: string) => observed.until('executionFinished', ({ executionId }) => executionId === id)
  const started = (id: string) => observed.until('taskStarted', ({ executionId }) => executionId === id)
  /** Starts an execution that runs until `end` is called. */
  const counting = async () => {
    const until = join(folder, crypto.randomUUID())
    const { json } = await client.post('/api/v1/executions', { workflow: 'count_stock', context: { until } })
    await started(json.id)
    return { id: String(json.id), end: () => writeFileSync(until, '') }
  }

  it('lists triggers page by page, and shows a trigger with its ticks and firings', async () => {
    const first = await client.get('/api/v1/triggers?limit=2')
    const second = await client.get(`/api/v1/triggers?limit=2&cursor=${first.json.nextCursor}`)
    const one = await client.get('/api/v1/triggers/unreachable')
    const ticks = await client.get('/api/v1/triggers/unreachable/ticks')
    const firings = await client.get('/api/v1/triggers/new_order/firings')

    const names = [...first.json.items, ...second.json.items].map(({ name }: { name: string }) => name)
    expect(names.toSorted()).toEqual(['new_order', 'quiet', 'says', 'unreachable'])
    expect(second.json.nextCursor).toBeNull()
    expect(one.json).toMatchObject({ name: 'unreachable', enabled: true, failuresInRow: 1, pollIntervalMs: 7_200_000 })
    expect(ticks.json.items).toMatchObject([{ outcome: 'failed', errorType: 'ConnectionError' }])
    expect(firings.json.items).toMatchObject([{ executionId: ordered }])
  })

  it('shows workflows with their graph', async () => {
    const list = await client.get('/api/v1/workflows')
    const one = await client.get('/api/v1/workflows/order')

    expect(list.json.items.map(({ key }: { key: string }) => key)).toEqual(['count_stock', 'order', 'refund', 'talk'])
    expect(one.json).toMatchObject({ description: 'Ships an order', graph: { nodes: ['ship'], edges: [] } })
  })

  it('shows an execution without its contexts, and serves each context verbatim at its own address', async () => {
    const { status, json } = await client.post('/api/v1/executions', `{"workflow": "order", "context": ${EXACT}}`)
    await ended(json.id)
    const at = `/api/v1/executions/${json.id}`

    const one = await client.get(at)
    const [input, context, output] = [
      await client.get(`${at}/input`),
      await client.get(`${at}/context`),
      await client.get(`${at}/tasks/ship/output`),
    ]

    expect(status).toBe(201)
    expect(one.json).toMatchObject({
      workflow: 'order',
      status: 'Completed',
      tasks: [{ id: 'ship', history: [{ attempt: 1 }] }],
    })
    expect(one.text).not.toContain('123456789012345678901234567890')
    expect(input.text).toBe(EXACT)
    for (const { text } of [context, output]) expect(text).toMatch(/1\.0.*123456789012345678901234567890.*"shipped"/)
  })

  it('lists executions by status, workflow, trigger and time, page by page', async () => {
    const ids = async (query: string) => {
      const { json } = await client.get(`/api/v1/executions?${query}`)
      return json.items.map(({ id }: { id: string }) => id)
    }
    const refund = await client.post('/api/v1/workflows/refund/executions', '{}')
    await ended(refund.json.id)

    const page = await client.get('/api/v1/executions?limit=1')
    const next = await client.get(`/api/v1/executions?limit=1&cursor=${page.json.nextCursor}`)

    expect(await ids('status=Failed')).toEqual([refund.json.id])
    expect(await ids('trigger=new_order')).toEqual([ordered])
    expect(await ids('workflow=refund')).toEqual([refund.json.id])
    expect(await ids('since=2999-01-01T00:00:00Z')).toEqual([])
    expect(page.json.items).toMatchObject([{ id: refund.json.id }])
    expect(next.json.items[0].id).not.toBe(refund.json.id)
  })

  it('shows the error of a failed attempt', async () => {
    const { json } = await client.post('/api/v1/executions', { workflow: 'refund' })
    await ended(json.id)

    const { json: attempts } = await client.get(`/api/v1/executions/${json.id}/attempts?task=refund`)
    const { json: tasks } = await client.get(`/api/v1/executions/${json.id}/tasks`)

    expect(attempts.items[0]).toMatchObject({ task: 'refund', outcome: 'failed', error: { type: 'ValueError' } })
    expect(tasks.items).toMatchObject([{ id: 'refund', status: 'Failed' }])
  })

  it('pauses, resumes and cancels an execution, and keeps the note of each action', async () => {
    const { id } = await counting()
    const act = (verb: string, body: object = {}) => client.post(`/api/v1/executions/${id}/${verb}`, body)

    const paused = await act('pause', { note: 'wrong day' })
    const resumed = await act('resume')
    const cancelled = await act('cancel')
    const again = await act('cancel')

    expect([paused, resumed].map(({ json }) => json.state)).toEqual(['done', 'done'])
    expect(cancelled.json).toEqual({ id, state: 'cancelled', stopped: 1, lostScripts: [] })
    expect(again).toMatchObject({ status: 409, json: { code: 'ACTION_REFUSED', executionId: id } })
    const { json } = await client.get(`/api/v1/executions/${id}/actions`)
    expect(json.items.map(({ kind }: { kind: string }) => kind)).toEqual(
      expect.arrayContaining(['pause', 'resume', 'cancel']),
    )
    expect(json.items.at(-1)).toMatchObject({ kind: 'pause', source: 'http', note: 'wrong day' })
  })

  it('retries a failed execution', async () => {
    const failed = await client.post('/api/v1/executions', { workflow: 'refund' })
    await ended(failed.json.id)

    const retried = await client.post(`/api/v1/executions/${failed.json.id}/retry`, { all: true })

    expect(retried).toMatchObject({ status: 201, json: { retryOf: failed.json.id } })
    await ended(retried.json.id)
    expect((await client.get(`/api/v1/executions/${retried.json.id}`)).json.retryOf).toBe(failed.json.id)
  })

  it('prunes executions that ended long ago, or only counts them', async () => {
    const { json } = await client.post('/api/v1/executions', { workflow: 'refund' })
    await ended(json.id)

    const failed = { olderThanMs: 0, status: 'Failed' }
    const counted = await client.post('/api/v1/executions/prune', { ...failed, dryRun: true })
    const young = await client.post('/api/v1/executions/prune', { ...failed, olderThanMs: 3_600_000 })
    const before = await client.get(`/api/v1/executions/${json.id}`)
    const removed = await client.post('/api/v1/executions/prune', { ...failed, note: 'old' })
    const after = await client.get(`/api/v1/executions/${json.id}`)

    expect(counted.json).toEqual({ executions: expect.any(Number), removed: false })
    expect(counted.json.executions).toBeGreaterThan(0)
    expect(young.json).toEqual({ executions: 0, removed: true })
    expect([before.status, after.status]).toEqual([200, 404])
    expect(removed.json.removed).toBe(true)
    expect(removed.json.executions).toBeGreaterThanOrEqual(counted.json.executions)
    expect((await client.get('/api/v1/actions')).json.items[0]).toMatchObject({
      kind: 'prune',
      note: 'old',
      source: 'http',
    })
  })

  it('enables and disables triggers and schedules', async () => {
    const { json: schedules } = await client.get('/api/v1/schedules')
    const schedule = schedules.items[0].id

    const off = await client.post('/api/v1/triggers/quiet/disable')
    const offTrigger = await client.get('/api/v1/triggers/quiet')
    const on = await client.post('/api/v1/triggers/quiet/enable')
    const offSchedule = await client.post(`/api/v1/schedules/${schedule.slice(0, 8)}/disable`)

    expect(off.json).toEqual({ trigger: 'quiet', enabled: false })
    expect(offTrigger.json.enabled).toBe(false)
    expect(on.json.enabled).toBe(true)
    expect(offSchedule.json).toEqual({ id: schedule, enabled: false })
    expect((await client.get(`/api/v1/schedules/${schedule}`)).json).toMatchObject({
      enabled: false,
      expression: '0 3 * * *',
    })
    expect((await client.get(`/api/v1/schedules/${schedule}/firings`)).json.items).toEqual([])
  })

  it('fires a trigger with the body as its context, and rejects a duplicate context unless forced', async () => {
    const fire = (query = '') => client.post(`/api/v1/triggers/unreachable/fire${query}`, '{"order": 1.0}')
    const [first, second] = await Promise.all([fire(), fire('?note=by%20hand')])
    const forced = await fire('?force=true')
    const bare = await client.post('/api/v1/triggers/quiet/fire')

    const ids = [first, forced, bare].map(({ json }) => json.executionId)
    for (const id of ids) await ended(id)
    const { text } = await client.get(`/api/v1/executions/${first.json.executionId}/input`)
    // Concurrent requests can arrive in either order.
    expect([first, second].map(({ json }) => json.outcome).sort()).toEqual(['duplicate', 'fired'])
    expect(forced.json.outcome).toBe('fired')
    expect(second.json.executionId).toBe(first.json.executionId)
    expect(text).toMatch(/"order": ?1\.0/)
    const { json } = await client.get('/api/v1/triggers/unreachable/actions')
    expect(json.items).toEqual(
      expect.arrayContaining([expect.objectContaining({ kind: 'fire', source: 'http', note: 'by hand' })]),
    )
  })

  it('polls a trigger immediately, and tests a trigger without storing a tick', async () => {
    const polled = await client.post('/api/v1/triggers/quiet/poll')
    const tested = await client.post('/api/v1/triggers/unreachable/test')
    const said = await client.post('/api/v1/triggers/says/test')

    const { json } = await client.get('/api/v1/triggers/unreachable/ticks')
    expect(polled.json).toMatchObject({ state: 'polled', outcome: 'skipped', reason: 'nobody \u00fcber-ordered' })
    expect(tested.json).toMatchObject({ outcome: 'failed', error: { type: 'ConnectionError' }, records: [] })
    expect(said.json).toMatchObject({ outcome: 'failed', records: [{ stream: 'stdout', message: 'asked' }] })
    expect(said.json.durationMs).toBeGreaterThanOrEqual(0)
    expect(tested.json).toMatchObject({ contextText: null, firings: [], stateText: null })
    expect(json.items.filter(({ outcome }: { outcome: string }) => outcome === 'failed')).toHaveLength(1)
  })

  it('overrides the poll settings of a trigger, and resets them', async () => {
    const at = '/api/v1/triggers/quiet/set'
    const set = await client.post(at, { pollIntervalMs: 3_600_000, pauseAfter: 5, note: 'quieter' })
    const both = await client.post(at, { reset: true, maxActive: 1 })
    const reset = await client.post(at, { reset: true })

    expect(set.json).toMatchObject({
      pollIntervalMs: 3_600_000,
      overrides: { pollIntervalMs: 3_600_000, pauseAfter: 5 },
    })
    expect(both).toMatchObject({ status: 400, json: { code: 'INVALID_ARGUMENT' } })
    expect(reset.json).toMatchObject({ pollIntervalMs: 7_200_000, overrides: {} })
  })

  it('shows the output and log of tasks and polls, page by page', async () => {
    const { json: talk } = await client.post('/api/v1/executions', { workflow: 'talk' })
    await ended(talk.id)
    const at = `/api/v1/executions/${talk.id}/log`

    const first = await client.get(`${at}?limit=1`)
    const rest = await client.get(`${at}?cursor=${first.json.nextCursor}`)
    const none = await client.get(`${at}?attempt=2`)
    const [loud, unknown] = [await client.get(`${at}?level=WARNING&stream=log`), await client.get(`${at}?level=LOUD`)]
    const wrong = await client.get(`${at}?cursor=x`)
    await client.post('/api/v1/triggers/says/poll')
    const polls = await client.get('/api/v1/triggers/says/logs')

    expect(first.json.items).toMatchObject([{ task: 'say', attempt: 1, stream: 'stdout', message: 'one <b>' }])
    expect(rest.json).toMatchObject({ items: [{ stream: 'log', level: 'WARNING', message: 'two' }], nextCursor: null })
    expect(none.json.items).toEqual([])
    expect(loud.json.items).toMatchObject([{ message: 'two' }])
    expect(unknown.json.code).toBe('INVALID_ARGUMENT')
    expect(wrong.json.code).toBe('INVALID_ARGUMENT')
    expect(polls.json.items[0]).toMatchObject({ outcome: 'failed', records: [{ message: 'asked' }] })
  })

  it('shows the engines of the database, the status, and the health and readiness probes', async () => {
    const [instances, status] = [await client.get('/api/v1/instances'), await client.get('/api/v1/status')]
    const [health, ready] = [await client.get('/healthz'), await client.get('/readyz')]

    expect(instances.json.items).toMatchObject([{ pid: process.pid, state: 'serving' }])
    expect(status.json.triggers.all).toBe(5)
    expect(health).toMatchObject({ status: 200, json: { status: 'ok' } })
    expect(ready).toMatchObject({ status: 200, json: { status: 'ready', database: null, python: null } })
  })

  it.each([
    ['/api/v1/triggers/new_ordr', 404, 'TRIGGER_NOT_FOUND', 'Did you mean "new_order"?'],
    ['/api/v1/workflows/ordr', 404, 'WORKFLOW_NOT_FOUND', 'Workflow "ordr" not found'],
    ['/api/v1/executions/ffffffff', 404, 'EXECUTION_NOT_FOUND', 'Execution "ffffffff" not found'],
    [
      '/api/v1/executions/ffffffff-ffff-4fff-8fff-ffffffffffff/attempts',
      404,
      'EXECUTION_NOT_FOUND',
      'Execution "ffffffff-ffff-4fff-8fff-ffffffffffff" not found',
    ],
    [
      '/api/v1/executions/ffffffff-ffff-4fff-8fff-ffffffffffff/actions',
      404,
      'EXECUTION_NOT_FOUND',
      'Execution "ffffffff-ffff-4fff-8fff-ffffffffffff" not found',
    ],
    [
      '/api/v1/executions/ffffffff-ffff-4fff-8fff-ffffffffffff/tasks',
      404,
      'EXECUTION_NOT_FOUND',
      'Execution "ffffffff-ffff-4fff-8fff-ffffffffffff" not found',
    ],
    [
      '/api/v1/executions/ffffffff-ffff-4fff-8fff-ffffffffffff/log',
      404,
      'EXECUTION_NOT_FOUND',
      'Execution "ffffffff-ffff-4fff-8fff-ffffffffffff" not found',
    ],
    [
      '/api/v1/executions/ffffffff-ffff-4fff-8fff-ffffffffffff/input',
      404,
      'EXECUTION_NOT_FOUND',
      'Execution "ffffffff-ffff-4fff-8fff-ffffffffffff" not found',
    ],
    [
      '/api/v1/executions/ffffffff-ffff-4fff-8fff-ffffffffffff/context',
      404,
      'EXECUTION_NOT_FOUND',
      'Execution "ffffffff-ffff-4fff-8fff-ffffffffffff" not found',
    ],
    [
      '/api/v1/executions/ffffffff-ffff-4fff-8fff-ffffffffffff/tasks/x/input',
      404,
      'EXECUTION_NOT_FOUND',
      'Execution "ffffffff-ffff-4fff-8fff-ffffffffffff" not found',
    ],
    [
      '/api/v1/executions/ffffffff-ffff-4fff-8fff-ffffffffffff/tasks/x/output',
      404,
      'EXECUTION_NOT_FOUND',
      'Execution "ffffffff-ffff-4fff-8fff-ffffffffffff" not found',
    ],
    ['/api/v1/schedules/nightly', 404, 'SCHEDULE_NOT_FOUND', 'Schedule "nightly" not found'],
    ['/api/v1/executions?status=Done', 400, 'INVALID_ARGUMENT', '"status" of the query must be one of "Pending", '],
    ['/api/v1/executions?since=2026-02-30T00:00:00Z', 400, 'INVALID_ARGUMENT', 'must be a date that exists'],
    ['/api/v1/executions?limit=0', 400, 'INVALID_ARGUMENT', 'must be a whole number from 1 to 1000, but 0 (number)'],
    [
      '/api/v1/executions?sine=2026-01-01T00:00:00Z',
      400,
      'INVALID_ARGUMENT',
      'Unknown parameter "sine" of the query. Did you mean "since"?',
    ],
    ['/api/v1/triggers?cursor=abc', 400, 'INVALID_ARGUMENT', 'The cursor is invalid.'],
    ['/api/v1/nothing', 404, 'ROUTE_NOT_FOUND', '/api/v1/openapi.json'],
    ['/api/v1/../../etc/passwd', 404, 'ROUTE_NOT_FOUND', '/etc/passwd'],
    [
      '/api/v1/triggers/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E',
      404,
      'TRIGGER_NOT_FOUND',
      '<img src=x onerror=alert(1)>',
    ],
  ])('answers %s with the problem %i %s', async (path, status, code, detail) => {
    const { headers, json } = await client.get(path)

    expect(json).toMatchObject({ type: `urn:cloaca:problem:${code}`, status, code })
    expect(json.detail).toContain(detail)
    expect(headers.get('content-type')).toBe('application/problem+json')
  })

  it('accepts a duration only as a number of milliseconds, not as text', async () => {
    const texts = Object.values(DURATIONS).flat()
    expect(texts.length).toBeGreaterThan(20)
    for (const { text } of texts) {
      const { status, json } = await client.post('/api/v1/triggers/quiet/set', { timeoutMs: text })

      expect({ status, code: json.code }).toEqual({ status: 400, code: 'INVALID_ARGUMENT' })
      expect(json.detail).toContain('"timeoutMs" of the body must be a whole number, 0 or more, or null, but ')
    }
  })

  it('rejects bodies that are not JSON, not a context, or have unknown fields', async () => {
    const at = '/api/v1/workflows/order/executions'
    const form = await client.post(at, 'a=1', { 'content-type': 'application/x-www-form-urlencoded' })
    const list = await client.post(at, '[1]')
    const half = await client.post('/api/v1/executions', '{"workflow": ')
    const other = await client.post('/api/v1/executions', { workflow: 'order', contxt: {} })

    expect(form).toMatchObject({ status: 415, json: { code: 'BODY_NOT_JSON' } })
    expect(list).toMatchObject({ status: 400, json: { code: 'INVALID_CONTEXT' } })
    expect(half).toMatchObject({ status: 400, json: { code: 'BODY_NOT_JSON' } })
    expect(other.json.detail).toBe('Unknown field "contxt" of the body. Did you mean "context"?')
    const setting = await client.post('/api/v1/triggers/quiet/set', { maxActiv: 1 })
    expect(setting.json.detail).toBe('Unknown field "maxActiv" of the body. Did you mean "maxActive"?')
  })
})
