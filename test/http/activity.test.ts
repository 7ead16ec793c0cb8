/** The routes of `/api/v1` for one trigger: the results of its polls, and a test poll. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpHandler } from '../../src/index.ts'
import { HttpClient } from '../support/http-client.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SCRIPT = `
import cloaca
@cloaca.trigger(on="work", poll_interval="1h")
def asks():
    """Asks whether there is work.

    echo work
    """
    print("looking")
    return cloaca.TriggerResult.fire(cloaca.Context({"amount": 1.0}))
@cloaca.trigger(on="work", poll_interval="1h")
def breaks():
    raise ConnectionError("nobody there")
with cloaca.WorkflowBuilder("work"):
    @cloaca.task()
    def only(context):
        return context
`

describe('the HTTP routes of a trigger', () => {
  let observed: ObservedRunner
  let client: HttpClient
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-activity-'))
    writeFileSync(join(folder, 'asking.py'), SCRIPT)
    observed = await ObservedRunner.open()
    await observed.runner.load(join(folder, 'asking.py'))
    client = await HttpClient.of(httpHandler(observed.runner))
    await observed.runner.start()
    await observed.until('executionFinished', () => true)
    await observed.until('triggerFailed', () => true)
  })
  afterAll(async () => {
    await observed[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const get = async (path: string) => (await client.get(`/api/v1/triggers/${path}`)).json

  it('show the docstring of the trigger, its line in the source, and its last ticks', async () => {
    const { description, place, lastTick, lastFired } = await get('asks')
    const { items } = (await client.get('/api/v1/triggers')).json

    expect(description).toBe('Asks whether there is work.\n\necho work')
    expect(place).toEqual({ file: join(folder, 'asking.py'), line: 3 })
    expect(lastTick).toMatchObject({ outcome: 'fired', executionId: expect.any(String) })
    expect(lastFired).toEqual(lastTick)
    expect(items.find(({ name }: { name: string }) => name === 'breaks')).toMatchObject({
      description: null,
      lastTick: { outcome: 'failed', errorMessage: expect.stringContaining('nobody there') },
      lastFired: null,
    })
  })

  it('show one tick with its traceback and its output', async () => {
    const [failed] = (await get('breaks/ticks')).items
    const [fired] = (await get('asks/ticks')).items
    const at = (tick: { lastAt: string }) => `at=${encodeURIComponent(tick.lastAt)}`

    const answer = await client.get(`/api/v1/triggers/breaks/ticks/unknown?${at(failed)}`)

    expect((await get(`breaks/ticks/${failed.id}?${at(failed)}`)).error.traceback).toContain('in breaks')
    expect((await get(`asks/ticks/${fired.id}?${at(fired)}`)).records).toMatchObject([{ message: 'looking' }])
    expect([answer.status, answer.json.code]).toEqual([404, 'TICK_NOT_FOUND'])
  })

  it('count the polls of each interval by outcome', async () => {
    const { items } = await get('asks/trend')

    expect(items).toHaveLength(30)
    expect(items.at(-1).counts).toEqual({ fired: 1 })
    expect((await client.get('/api/v1/triggers/asks/trend?bars=501')).status).toBe(400)
  })

  it('show the duration and the output of a test poll, which stores no tick', async () => {
    const before = (await get('asks/ticks')).items.length

    const { json } = await client.post('/api/v1/triggers/asks/test')

    expect(json).toMatchObject({ outcome: 'fired', contextText: '{"amount":1.0}', durationMs: expect.any(Number) })
    expect(json.records).toMatchObject([{ message: 'looking', stream: 'stdout' }])
    expect((await get('asks/ticks')).items).toHaveLength(before)
  })
})
