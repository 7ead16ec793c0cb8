/** Tasks, polls and events that raise exceptions with hundreds of kilobytes of text. */

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { httpHandler, trigger, workflow } from '../../src/index.ts'
import { HttpClient } from '../support/http-client.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const KIBIBYTE = 1024
const SECRET = 'the-secret-of-this-test-is-rather-long-so-that-half-of-it-is-seen'

const LARGE = `
import cloaca

@cloaca.trigger(on="large", poll_interval="1h")
def failing():
    raise ValueError("x" * 300_000)

with cloaca.WorkflowBuilder("large"):
    @cloaca.task(retry_attempts=0)
    def shout(context):
        raise ValueError("x" * 300_000)

with cloaca.WorkflowBuilder("telling"):
    @cloaca.task(retry_attempts=0)
    def tell(context):
        raise ValueError((context.secret("door")["value"] + "y" * 50) * 5_000)

@cloaca.passthrough_accumulator
def probe(event):
    raise ValueError("x" * 300_000)

@cloaca.reactor(name="oven", accumulators=["probe"])
class Oven: pass
`

describe('an error of 300 KB in Python', () => {
  let observed: ObservedRunner
  let client: HttpClient
  let folder: string
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-large-errors-'))
    writeFileSync(join(folder, 'large.py'), LARGE)
    const database = `sqlite://${join(folder, 'large.db')}`
    observed = await ObservedRunner.open({ database, secrets: async () => ({ value: SECRET }) })
    await observed.runner.load(join(folder, 'large.py'))
    await observed.runner.start()
    client = await HttpClient.of(httpHandler(observed.runner))
  })
  afterEach(async () => {
    await observed[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  it('is cut to 64 KiB in the database, and to 1,000 characters in lists and log lines', async () => {
    const { runner } = observed
    const results = await Promise.all(Array.from({ length: 20 }, () => runner.execute('large', {})))
    await runner.triggers.poll('failing')
    await observed.until('triggerFailed', () => true)
    await runner.sources.push('probe', 1)
    await observed.until('sourceFailed', () => true)

    const [attempt] = await runner.executions.attempts(results[0]?.id ?? '')
    const { message = '', traceback = '' } = attempt?.error ?? {}
    expect(Buffer.byteLength(message + traceback)).toBeLessThan(64 * KIBIBYTE)
    expect(message).toMatch(/^Python task execution failed: ValueError: x+ … \d+ characters were cut …$/)
    expect(traceback).toMatch(/^Traceback.*in shout\n.*characters were cut.*x\n$/s)
    for (const path of ['/executions', '/triggers/failing/ticks', '/sources']) {
      const { items } = (await client.get(`/api/v1${path}`)).json
      for (const { errorMessage = '', lastError = null } of items) {
        expect((errorMessage ?? '').length).toBeLessThanOrEqual(1_000)
        expect((lastError?.message ?? '').length + (lastError?.traceback ?? '').length).toBeLessThanOrEqual(2_000)
      }
    }
    const { json } = await client.get('/api/v1/executions')
    expect(json.items[0].errorMessage).toMatch(/… \(\d+ more characters\)$/)
    for (const line of observed.log) {
      expect(line.message.length).toBeLessThanOrEqual(1_000)
      expect((line.traceback ?? '').length).toBeLessThanOrEqual(1_000)
    }
    const bytes = ['', '-wal'].reduce((sum, ending) => sum + statSync(join(folder, `large.db${ending}`)).size, 0)
    expect(bytes).toBeLessThan(8_000 * KIBIBYTE)
  })

  it('contains no part of a secret where it is cut', { tags: ['proof'] }, async () => {
    const { id } = await observed.runner.execute('telling', {})

    const [attempt] = await observed.runner.executions.attempts(id)
    const { message = '', traceback = '' } = attempt?.error ?? {}
    expect(message).toMatch(/ValueError: (\*\*\*y+)+/)
    for (const part of [SECRET.slice(0, 12), SECRET.slice(-12)]) expect(message + traceback).not.toContain(part)
  })
})

describe('an error of 300 KB in TypeScript', () => {
  it('is cut to 64 KiB in the database, and contains no part of a secret', { tags: ['proof'] }, async () => {
    await using observed = await ObservedRunner.open({ secrets: async () => ({ value: SECRET }) })
    const large = workflow('large')
      .task('shout', { retries: 0 }, () => {
        throw new Error('x'.repeat(300_000))
      })
      .task('tell', { retries: 0 }, async (_, { secret }) => {
        throw new Error(`${(await secret('door')).value}${'y'.repeat(50)}`.repeat(5_000))
      })
    const failing = trigger('failing', { starts: large, every: '1h' }, () => {
      throw new Error('x'.repeat(300_000))
    })
    await observed.runner.register(large, failing)
    await observed.runner.start()

    const { id } = await observed.runner.execute('large', {})
    await observed.runner.triggers.poll('failing')
    await observed.until('triggerFailed', () => true)

    const attempts = await observed.runner.executions.attempts(id)
    for (const { error } of attempts) {
      const { message = '', traceback = '' } = error ?? {}
      expect(Buffer.byteLength(message + traceback)).toBeLessThan(64 * KIBIBYTE)
      expect(message).toContain('characters were cut')
      expect(message + traceback).not.toContain(SECRET.slice(0, 12))
    }
    for (const line of observed.log) expect(line.message.length).toBeLessThanOrEqual(1_000)
  })
})
