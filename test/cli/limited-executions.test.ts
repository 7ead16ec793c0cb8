/** Reasons of executions that wait for a slot, in `execution show` and `trigger show`. */

import { describe, expect, it } from 'vitest'
import type { ProcessEnd } from '../support/cloaca-process.ts'
import { cronTrigger, trigger, workflow } from '../support/declared.ts'
import { settle } from '../support/manual-clock.ts'
import { steeredDatabases } from '../support/steered-database.ts'

const wait = { kind: 'signal', signal: 'go', key: '', timeoutMs: null, onTimeout: 'fail' } as const
const parts = {
  workflows: [
    { ...workflow('sync', { gate: { wait } }), limit: { maxActive: 1, per: 'customer', overflow: 'queue' } as const },
  ],
  triggers: [trigger('rows', { workflow: 'sync' })],
}

const database = steeredDatabases()
const run = (...words: string[]) => database().run(...words)
const lines = ({ stdout }: ProcessEnd) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ {2,}/g, '  ').trim())
const fired = async (context: object): Promise<string> =>
  JSON.parse((await run('trigger', 'fire', 'rows', '--context', JSON.stringify(context), '--json')).stdout).executionId

describe('executions above the limit of their workflow', () => {
  it('have their reason in execution show and trigger show', async () => {
    await using engine = await database().serve(parts)
    const first = await fired({ customer: 7, n: 1 })
    const [second] = [await fired({ customer: 7, n: 2 }), await fired({ customer: 7, n: 3 })]
    await database().clock.advance(1_000)
    await settle()

    const reason = `waiting for a slot of workflow sync for 7 (1 slot, used by ${first})`
    expect(lines(await run('execution', 'show', String(second)))).toContain(`status  Pending, ${reason}`)
    expect(lines(await run('trigger', 'show', 'rows'))).toContain(`limited  2 executions are ${reason}`)
    const { values } = JSON.parse((await run('limit', 'show', 'workflow:sync', '--json')).stdout)
    expect(values).toMatchObject([{ value: 7, used: 1, waiting: 2, heldBy: [first] }])
    expect(lines(await run('limit', 'show', 'workflow:sync'))).toContain(`7  1  2  ${first}`)
    await engine.engine.stop({ graceMs: 0 })
  })

  it('begin when a person raises the limit', async () => {
    await using engine = await database().serve(parts)
    await fired({ customer: 7, n: 1 })
    const second = await fired({ customer: 7, n: 2 })

    await run('limit', 'set', 'workflow:sync', '--max-active', '2')
    await database().clock.advance(2_000)
    await settle()

    const shown = JSON.parse((await run('execution', 'show', second, '--json')).stdout)
    expect(shown).toMatchObject({ status: 'Running', waitingFor: { kind: 'signal' } })
    expect(lines(await run('trigger', 'show', 'rows')).some((line) => line.startsWith('limited'))).toBe(false)
    await engine.engine.stop({ graceMs: 0 })
  })

  it('that a schedule could not start are in the history of its trigger', async () => {
    const limit = { maxActive: 1, per: null, overflow: 'drop' } as const
    await using engine = await database().serve({
      workflows: [{ ...workflow('nightly', { gate: { wait } }), limit }],
      triggers: [cronTrigger('midnight', '0 0 * * *', { workflow: 'nightly' })],
    })
    await engine.engine.submit('nightly', '{}')

    await database().clock.advance(24 * 3_600_000)
    await settle()

    expect(lines(await run('trigger', 'history', 'midnight', '--utc')).at(-1)).toMatch(/ limited$/)
    await engine.engine.stop({ graceMs: 0 })
  })
})
