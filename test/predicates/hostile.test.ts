/** Responsiveness of a serving process during events and predicates that would take hours, also after a restart. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { ServedHttp, within } from '../support/served-http.ts'

const SCRIPT = `
import cloaca

@cloaca.passthrough_accumulator
def line(event):
    return event

@cloaca.reactor(name="lines", accumulators=["line"])
class Lines: pass

with cloaca.WorkflowBuilder("note"):
    @cloaca.task()
    def write(context):
        return context
`

const NESTED =
  'payload.line.xs.all(a, payload.line.xs.all(b, payload.line.xs.all(c, payload.line.xs.all(d, a < 1000))))'
const HARMLESS = 'payload.line.text.startsWith("a")'
const ATTACKS = [
  ['backtracking', 'payload.line.text.matches("^(a+)+$")'],
  ['slow search', 'payload.line.text.contains(payload.line.part)'],
  ['nested loops', NESTED],
  ['large state machine', 'payload.line.text.matches("(?:.{300}|.{301}|a.{200})*[ef]")'],
] as const

interface Subscription {
  readonly tenant: string
  readonly state: string
  readonly lastError: string | null
  readonly doneSequence: number
}

describe('a serving process with predicates that would take hours', () => {
  let terminal: Terminal
  beforeEach(() => {
    terminal = new Terminal()
    terminal.write('lines.py', SCRIPT)
  })
  afterEach(() => terminal[Symbol.asyncDispose]())

  const start = () => terminal.start(['serve', 'lines.py', '--db', 'jobs.db'])
  const subscriptions = async (http: ServedHttp): Promise<readonly Subscription[]> =>
    (await http.get('/subscriptions')).items
  const named = async (http: ServedHttp, tenant: string) =>
    (await subscriptions(http)).find((each) => each.tenant === tenant)

  it('answers, starts the workflows of other predicates, and degrades predicates over their budget', async () => {
    const http = await ServedHttp.of(start())
    const subscribe = (tenant: string, when: string) =>
      http.post('/subscriptions', { reactor: 'lines', workflow: 'note', tenant, when })
    await subscribe('harmless', HARMLESS)
    for (const [tenant, when] of ATTACKS) await subscribe(tenant, when)
    const text = `${'a'.repeat(1_000_000)}!`
    const part = `${'a'.repeat(200_000)}b${'a'.repeat(200_000)}`

    await http.post('/sources/line/events', { xs: Array.from({ length: 1_000 }, (_, index) => index), text, part })
    await within(
      'the harmless one has started its workflow',
      async () => (await http.get('/executions')).items.length > 0 || null,
    )

    expect((await fetch(`${http.url}/healthz`)).status).toBe(200)
    await within('it is degraded', async () => (await named(http, 'nested loops'))?.state === 'degraded' || null)
    expect((await named(http, 'nested loops'))?.lastError).toMatch(/100000 steps|10 ms/)
    // The machine decides whether these predicates exceed 10 ms of computing time. Repeated matches of a pattern are
    // three times as fast.
    for (const tenant of ['backtracking', 'slow search', 'large state machine']) {
      const { lastError } = await within(`${tenant}: an answer`, async () => {
        const subscription = await named(http, tenant)
        return subscription?.doneSequence === 1 ? subscription : null
      })
      if (lastError !== null) expect(lastError).toMatch(/the worker thread did not answer within \d+ s|takes more/)
    }
    expect((await fetch(`${http.url}/healthz`)).status).toBe(200)
  })

  it('answers after a restart, with the event and the predicate stored', async () => {
    const serving = start()
    const first = await ServedHttp.of(serving)
    await first.post('/sources/line/events', { xs: Array.from({ length: 1_000 }, (_, index) => index) })
    await first.post('/subscriptions', { reactor: 'lines', workflow: 'note', when: NESTED })
    await within('it has failed', async () => (await subscriptions(first))[0]?.lastError !== null || null)
    serving.kill('SIGKILL')
    await serving.ended

    const again = await ServedHttp.of(start())
    await within('it is degraded', async () => (await subscriptions(again))[0]?.state === 'degraded' || null)

    expect((await fetch(`${again.url}/healthz`)).status).toBe(200)
  })
})
