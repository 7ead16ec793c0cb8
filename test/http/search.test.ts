/** Search, numbers for the navigation, open incidents, and runs of schedules, over HTTP and in the Node API. */

import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpHandler } from '../../src/index.ts'
import { actionTarget } from '../../src/model/action.ts'
import { HttpClient } from '../support/http-client.ts'
import { ObservedRunner } from '../support/observed-runner.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

const SCRIPT = `
import cloaca

with cloaca.WorkflowBuilder("order_report"):
    @cloaca.task(retry_attempts=1)
    def collect(context):
        if context.get("region") == "nowhere":
            raise ValueError("no orders")
        return context

with cloaca.WorkflowBuilder("order_once", max_active=1, overflow="drop"):
    @cloaca.task()
    def pause(context):
        cloaca.sleep("1h")

@cloaca.trigger(on="order_report", poll_interval="1h")
def order_inbox():
    return cloaca.TriggerResult.skip()

@cloaca.trigger(on="order_report", cron="0 2 * * *")
def order_nightly(): pass
`

describe('search over HTTP', () => {
  let folder: TemporaryFolder
  let observed: ObservedRunner
  let client: HttpClient
  let execution: string
  beforeAll(async () => {
    folder = temporaryFolder()
    observed = await ObservedRunner.open()
    writeFileSync(folder.file('orders.py'), SCRIPT)
    await observed.runner.load(folder.file('orders.py'))
    await observed.runner.start()
    client = await HttpClient.of(httpHandler(observed.runner))
    execution = (await client.post('/api/v1/executions', { workflow: 'order_report' })).json.id
    await observed.until('executionFinished', ({ executionId }) => executionId === execution)
  })
  afterAll(async () => {
    await observed[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  const found = async (query: string) =>
    (await client.get(`/api/v1/search?${query}`)).json.items.map(
      ({ kind, title }: { readonly kind: string; readonly title: string }) => `${kind} ${title}`,
    )

  it('finds names without regard to case, and executions by the beginning of their id', async () => {
    expect(await found('q=ORDER%20%20n')).toEqual([
      ...['workflow order_once', 'trigger order_inbox', 'cron trigger order_nightly'],
    ])
    expect(await found('q=order&limit=1')).toEqual(['workflow order_once'])
    expect((await client.get(`/api/v1/search?q=${execution.slice(0, 9).toUpperCase()}`)).json.items).toMatchObject([
      { kind: 'execution', id: execution, title: 'order_report', status: 'Completed', workflow: 'order_report' },
    ])
  })

  it.each([
    ['', []],
    ['q=', []],
    ['q=%20%09', []],
    ['q=%00', []],
    ['q=%25', []],
    ['q=_nightl_', []],
    [`q=${'a%25'.repeat(2_000)}`, []],
    ["q=';DROP%20TABLE%20triggers;--", []],
  ])('finds nothing for a query without a match: %s', async (query, expected) => {
    expect(await found(query)).toEqual(expected)
  })

  it('does not find executions by fewer than four characters of their id', async () => {
    expect(await observed.runner.search.find(execution.slice(0, 3))).toEqual([])
    expect(await observed.runner.search.find(execution.slice(0, 4))).toHaveLength(1)
  })

  it('refuses a limit below 1', async () => {
    expect((await client.get('/api/v1/search?q=a&limit=0')).status).toBe(400)
    await expect(observed.runner.search.find('a', { limit: 0 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  it('counts open incidents until the next success', async () => {
    const counts = { openApprovals: 0, reactors: 0, sources: 0, graphs: 0 }
    expect((await client.get('/api/v1/counts')).json).toEqual({ ...counts, openIncidents: 0 })

    const { json } = await client.post('/api/v1/executions', {
      workflow: 'order_report',
      context: { region: 'nowhere' },
    })
    await observed.until('executionFinished', ({ executionId }) => executionId === json.id)

    expect((await client.get('/api/v1/counts')).json).toEqual({ ...counts, openIncidents: 1 })
    const open = await client.get('/api/v1/incidents?open=true')
    expect(open.json.items).toMatchObject([{ kind: 'execution-failed', subject: 'order_report', endedAt: null }])
    const again = await client.post('/api/v1/executions', { workflow: 'order_report' })
    await observed.until('executionFinished', ({ executionId }) => executionId === again.json.id)
    expect((await client.get('/api/v1/incidents?open=true')).json.items).toEqual([])
    expect((await client.get('/api/v1/incidents')).json.items).toHaveLength(1)
  })

  it('runs a schedule now, with the input of a firing, and the next times stay', async () => {
    const { json: before } = await client.get('/api/v1/schedules/order_nightly')
    await client.post('/api/v1/schedules/order_nightly/disable')

    const { status, json } = await client.post('/api/v1/schedules/order_nightly/run', { note: 'the night failed' })

    expect([status, json]).toEqual([201, { id: before.id, executionId: expect.any(String) }])
    await observed.until('executionFinished', ({ executionId }) => executionId === json.executionId)
    const input = (await client.get(`/api/v1/executions/${json.executionId}/input`)).json
    expect(input).toMatchObject({ trigger_name: 'order_nightly', schedule_id: before.id })
    const firings = (await client.get('/api/v1/schedules/order_nightly/firings')).json.items
    expect(firings).toMatchObject([{ executionId: json.executionId, scheduledAt: input.scheduled_time }])
    const [action] = (await client.get('/api/v1/schedules/order_nightly/actions')).json.items
    const target = { targetKind: 'schedule', targetName: before.id }
    expect(action).toMatchObject({ kind: 'fire', source: 'http', note: 'the night failed', refusal: null, ...target })
    await client.post('/api/v1/schedules/order_nightly/enable')
    expect((await client.get('/api/v1/schedules/order_nightly')).json.nextRuns).toEqual(before.nextRuns)
  })

  it('does not run a schedule whose workflow is at its limit, or unknown, or that does not exist', async () => {
    const { json: once } = await client.post('/api/v1/schedules', { workflow: 'order_once', expression: '0 3 * * *' })
    const gone = await observed.runner.schedules.register('gone', '0 3 * * *')

    expect((await client.post(`/api/v1/schedules/${once.id}/run`)).status).toBe(201)
    const answers = await Promise.all(
      [once.id, gone, 'nope'].map((schedule) => client.post(`/api/v1/schedules/${schedule}/run`)),
    )

    expect(answers.map(({ status, json }) => [status, json.code])).toEqual([
      [409, 'LIMITED'],
      [404, 'WORKFLOW_NOT_FOUND'],
      [404, 'SCHEDULE_NOT_FOUND'],
    ])
    expect((await client.get(`/api/v1/schedules/${once.id}/firings`)).json.items).toHaveLength(1)
  })

  it('computes the next times of an expression, and rejects a wrong one', async () => {
    const query = new URLSearchParams({ expression: '30 6 * * *', timezone: 'Asia/Tokyo' })
    const { times } = (await client.get(`/api/v1/cron/times?${query}`)).json
    const wrong = await client.get('/api/v1/cron/times?expression=0%2025%20*%20*%20*')
    const zone = await client.get('/api/v1/cron/times?expression=0%203%20*%20*%20*&timezone=Europe%2FBerlinn')

    expect(times).toHaveLength(5)
    expect(times.every((at: string) => at.endsWith('T21:30:00Z') || at.includes('T21:30:00.000'))).toBe(true)
    expect([wrong.status, wrong.json.code, zone.status, zone.json.code]).toEqual([
      ...[400, 'INVALID_CRON', 400, 'INVALID_TIMEZONE'],
    ])
  })
})

describe('the target of an action', () => {
  const ID = '0b1c0000-0000-4000-8000-000000000001'

  it.each([
    ['cancel', ID, null, 'execution', ID],
    ['cancel', ID, '{"backfill":"b-1"}', 'schedule', ID],
    ['cancel', 'inbox', '{"refire":"r-1"}', 'trigger', 'inbox'],
    ['pause', `subscription ${ID}`, null, 'subscription', ID],
    ['resume', ID, null, 'execution', ID],
    ['enable', 'inbox', null, 'trigger', 'inbox'],
    ['enable', ID, null, 'schedule', ID],
    ['fire', 'reactor oven', null, 'reactor', 'oven'],
    ['fire', ID, `{"execution":"${ID}"}`, 'schedule', ID],
    ['fire', 'inbox', '{"force":false}', 'trigger', 'inbox'],
    ['set', 'limit crm', null, 'limit', 'crm'],
    ['delete', ID, null, 'schedule', ID],
    ['prune', 'executions', null, 'executions', 'executions'],
    ['signal', 'limit crm', null, 'signal', 'limit crm'],
    ['approve', ID, null, 'approval', ID],
    ['unsubscribe', 'reactor oven', null, 'reactor', 'oven'],
  ] as const)(
    '%s with the target %s and the arguments %s has the kind %s and the name %s',
    (kind, target, given, ...expected) => {
      const { kind: targetKind, name } = actionTarget({ kind, target, argumentsText: given })

      expect([targetKind, name]).toEqual(expected)
    },
  )
})
