/** Numbers that no database can store: the server rejects them, and does not fail. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpHandler } from '../../src/index.ts'
import { HttpClient } from '../support/http-client.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const POLLED = `
import cloaca

@cloaca.trigger(on="nothing", poll_interval="1h")
def quiet():
    return cloaca.TriggerResult.skip()

@cloaca.reactor(name="oven", accumulators=["probe"])
class Oven: pass

with cloaca.WorkflowBuilder("nothing"):
    @cloaca.task()
    def rest(context):
        return context
`

const NUMBERS = ['1e300', '-1e300', '1e999', '9007199254740993', '9223372036854775808', '-1', '0.5', '1e15', '1', '0']

describe('numbers in bodies and addresses', () => {
  let observed: ObservedRunner
  let client: HttpClient
  let folder: string
  let subscription: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-http-numbers-'))
    writeFileSync(join(folder, 'polled.py'), POLLED)
    observed = await ObservedRunner.open()
    await observed.runner.load(join(folder, 'polled.py'))
    await observed.runner.start()
    client = await HttpClient.of(httpHandler(observed.runner))
    subscription = await observed.runner.reactors.subscribe('oven', 'nothing', { allowMissing: true })
  })
  afterAll(async () => {
    await observed[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(NUMBERS)('%s is accepted or rejected, and never causes a server error', async (number) => {
    const answers = await Promise.all([
      client.post('/api/v1/executions/prune', `{"olderThanMs": ${number}}`),
      client.post('/api/v1/executions/prune', `{"olderThanMs": ${number}, "dryRun": true}`),
      ...['pollIntervalMs', 'timeoutMs', 'jitterMs', 'maxActive', 'pauseAfter'].map((key) =>
        client.post('/api/v1/triggers/quiet/set', `{"${key}": ${number}}`),
      ),
      client.post(`/api/v1/subscriptions/${subscription}/replay`, `{"from": ${number}}`),
      client.get(`/api/v1/executions?limit=${number}`),
      client.get(`/api/v1/executions?cursor=${number}`),
      client.get(`/api/v1/triggers/quiet/ticks?cursor=${number}.x`),
      client.get(`/api/v1/triggers/quiet/trend?bars=${number}`),
      client.get(`/api/v1/executions/trend?bars=${number}`),
      client.get(`/api/v1/sources/probe/events/${number}`),
      client.get(`/api/v1/sources/probe/events?cursor=${number}`),
      client.get(`/api/v1/reactors/oven/firings?cursor=${number}`),
      client.post(`/api/v1/sources/probe/events?timeoutMs=${number}`, '1'),
    ])

    const failed = answers.filter(({ status }) => status >= 500).map(({ text }) => text)
    expect(failed).toEqual([])
    expect(observed.log.filter(({ message }) => message.includes('HTTP request failed'))).toEqual([])
  })

  it('are rejected as the age for a prune if no database can store them', async () => {
    const { status, json } = await client.post('/api/v1/executions/prune', '{"olderThanMs": 1e300}')

    expect({ status, code: json.code }).toEqual({ status: 400, code: 'INVALID_ARGUMENT' })
    await expect(observed.runner.executions.prune({ olderThanMs: 1e300 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    expect(await observed.runner.executions.prune({ olderThanMs: Number.MAX_SAFE_INTEGER })).toBe(0)
    expect(await observed.runner.executions.prune({ olderThanMs: 1e12 + 0.5 })).toBe(0)
  })
})
