/** Parents, children and `keepOnce` over HTTP. Each answer is compared with the OpenAPI document. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { httpHandler } from '../../src/index.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { HttpClient } from '../support/http-client.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SCRIPT = `
import cloaca

with cloaca.WorkflowBuilder("billing"):
    cloaca.wait_for_signal("paid", signal="paid", key="{order}")

with cloaca.WorkflowBuilder("order"):
    @cloaca.task(retry_attempts=1)
    def pay(ctx, handle):
        handle.run("billing", cloaca.Context({"order": ctx["order"]}), key="bill")
        raise ValueError("later")
`

let terminal: Terminal
let observed: ObservedRunner
let client: HttpClient

beforeAll(async () => {
  terminal = new Terminal()
  writeFileSync(join(terminal.folder, 'order.py'), SCRIPT)
  observed = await ObservedRunner.open({ config: { parkMs: 0 } })
  await observed.runner.load(join(terminal.folder, 'order.py'))
  await observed.runner.start()
  client = await HttpClient.of(httpHandler(observed.runner))
})
afterAll(async () => {
  await observed[Symbol.asyncDispose]()
  await terminal[Symbol.asyncDispose]()
})

const shown = async (id: string) => (await client.get(`/api/v1/executions/${id}`)).json
const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: LIMIT_MS })

/** Starts an order, pays its bill, and returns the id of the order when it has failed, and that of the bill. */
async function failedOrder(order: number) {
  const { json } = await client.post('/api/v1/executions', { workflow: 'order', context: { order } })
  await until(async () => expect((await shown(json.id)).waitingFor).not.toBeNull())
  const parent = await shown(json.id)
  await client.post('/api/v1/signals/paid', { key: String(order) })
  await until(async () => expect((await shown(json.id)).status).toBe('Failed'))
  return { id: json.id as string, parent, child: parent.children[0].id as string }
}

describe('a child execution over HTTP', () => {
  it('is in the answers about its parent, which waits for it, and has its parent as its origin', async () => {
    const { id, parent, child } = await failedOrder(1)

    const waitingFor = { kind: 'child', node: 'pay', executionId: child, since: expect.any(String), until: null }
    expect(parent).toMatchObject({ status: 'Running', waitingFor })
    expect(parent.tasks).toMatchObject([{ id: 'pay', status: 'Waiting', attempts: 0, waitingFor }])
    const row = { task: 'pay', key: 'bill', id: child, workflow: 'billing' }
    expect(parent.children).toEqual([{ ...row, status: 'Running' }])
    expect((await shown(id)).children).toEqual([{ ...row, status: 'Completed' }])
    expect(await shown(child)).toMatchObject({ origin: { kind: 'child', parent: id, task: 'pay' }, children: [] })
    const { json } = await client.get('/api/v1/executions?workflow=billing')
    expect(json.items).toMatchObject([{ id: child, origin: { kind: 'child', parent: id, task: 'pay' } }])
  })

  it('is found again by a retry with "keepOnce", and forgotten by one without', async () => {
    const { id, child } = await failedOrder(2)

    const kept = await client.post(`/api/v1/executions/${id}/retry`, { all: true, keepOnce: true })
    await until(async () => expect((await shown(kept.json.id)).status).toBe('Failed'))
    expect((await shown(kept.json.id)).children).toMatchObject([{ id: child }])

    const forgotten = await client.post(`/api/v1/executions/${kept.json.id}/retry`, { from: 'pay' })
    await until(async () => expect((await shown(forgotten.json.id)).children).toHaveLength(1))
    expect((await shown(forgotten.json.id)).children[0].id).not.toBe(child)
    await client.post(`/api/v1/executions/${forgotten.json.id}/cancel`, {})
  })

  it('has no status after its removal, and its parent names it in the error of a retry', async () => {
    const { id, child } = await failedOrder(3)
    await client.post('/api/v1/executions/prune', { olderThanMs: 0, status: 'Completed' })

    expect((await shown(id)).children).toMatchObject([{ id: child, status: null }])
    const retry = await client.post(`/api/v1/executions/${id}/retry`, {})
    await until(async () => expect((await shown(retry.json.id)).status).toBe('Failed'))

    const { cause } = await shown(retry.json.id)
    expect(cause).toContain(`Execution "${child}", which key "bill" started, was removed from this database`)
  })
})
