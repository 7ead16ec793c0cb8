/** Commands `cloaca limit …`, and `cloaca workflow run --priority`. */

import { describe, expect, it } from 'vitest'
import type { LimitDefinition } from '../../src/model/limits/limits.ts'
import type { ProcessEnd } from '../support/cloaca-process.ts'
import { workflow } from '../support/declared.ts'
import { steeredDatabases } from '../support/steered-database.ts'

const PER_MINUTE = { count: 100, windowMs: 60_000 }
const limit = (name: string, given: Partial<LimitDefinition> = {}): LimitDefinition => {
  return { name, maxActive: 3, rate: null, per: null, script: 'crm.py', place: null, ...given }
}
const CRM = limit('crm', { rate: PER_MINUTE, per: 'tenant' })
const MAIL = limit('mail', { maxActive: 2 })

const database = steeredDatabases()
const run = (...words: string[]) => database().run(...words)
const json = ({ stdout, stderr }: ProcessEnd) => {
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}
const lines = ({ stdout }: ProcessEnd) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ {2,}/g, '  ').trimEnd())

async function declared(...limits: LimitDefinition[]): Promise<void> {
  const { store, clock } = database()
  await store.openInstance('engine-1', clock.now())
  await store.limits.declare('engine-1', limits, clock.now())
}

describe('cloaca limit list and show', () => {
  it('print the limits of a database with their numbers', async () => {
    await declared(CRM, MAIL)

    const table = await run('limit', 'list')

    expect(lines(table).slice(1)).toEqual(['crm  3  100/1m  tenant  0  0', 'mail  2  0  0'])
    expect(json(await run('limit', 'list', '--json'))).toMatchObject([
      { name: 'crm', maxActive: 3, rate: '100/1m', per: 'tenant', used: 0, waiting: 0, isClosed: false },
      { name: 'mail', maxActive: 2, rate: null, per: null, workflow: null, closedUntil: null },
    ])
  })

  it('print that there is no limit', async () => {
    expect((await run('limit', 'list')).stdout).toBe('There are no limits in this database.\n')
  })

  it('show that engines have different code, and which values apply', async () => {
    await declared(CRM)
    const { store, clock } = database()
    await store.openInstance('engine-2', clock.now())
    await store.limits.declare('engine-2', [{ ...CRM, maxActive: 8 }], clock.now() + 1)

    const shown = await run('limit', 'show', 'crm')

    expect(lines(shown)).toContain('max active  8')
    expect(lines(shown)).toContain('engines  differ: not all of them have the newest values, which apply')
    expect(json(await run('limit', 'show', 'crm', '--json'))).toMatchObject({ differs: true, maxActive: 8, values: [] })
  })

  it('refuse an unknown limit, and suggest the nearest name', async () => {
    await declared(CRM)

    for (const words of [['show'], ['close'], ['open'], ['set', '--max-active', '1']]) {
      const [verb = '', ...rest] = words
      const refused = await run('limit', verb, 'cmr', ...rest)
      expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
      expect(refused.stderr).toContain('Limit "cmr" not found in this database. Did you mean "crm"?')
    }
  })
})

describe('cloaca limit set', () => {
  it('overrides values, adds to earlier overrides, and resets them', async () => {
    await declared(CRM)

    const updated = await run('limit', 'set', 'crm', '--max-active', '5', '--note', 'sale')
    expect(updated.stdout).toMatch(/^Limit "crm" updated\..*cloaca limit set crm --reset\n$/)
    await run('limit', 'set', 'crm', '--rate', '20/1s')

    expect(json(await run('limit', 'show', 'crm', '--json'))).toMatchObject({
      maxActive: 5,
      rate: '20/1s',
      declared: { maxActive: 3, rate: '100/1m', per: 'tenant' },
      overrides: { maxActive: 5, rate: '20/1s' },
    })
    expect(lines(await run('limit', 'show', 'crm'))).toContain('max active  5 (overridden; declared: 3)')
    expect((await run('limit', 'set', 'crm', '--reset')).stdout).toBe('Limit "crm" reset to its declared values.\n')
    expect(json(await run('limit', 'show', 'crm', '--json'))).toMatchObject({ maxActive: 3, overrides: {} })
    const actions = json(await run('action', 'list', '--json'))
    expect(actions.map(({ kind, target, note }: never) => [kind, target, note])).toEqual([
      ['set', 'limit crm', null],
      ['set', 'limit crm', null],
      ['set', 'limit crm', 'sale'],
    ])
  })

  it('removes a maximum or a rate, but not both', async () => {
    await declared(CRM)

    expect(json(await run('limit', 'set', 'crm', '--max-active', 'none', '--json'))).toMatchObject({ maxActive: null })
    const refused = await run('limit', 'set', 'crm', '--rate', 'none')

    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('at least one') })
    expect(json(await run('limit', 'show', 'crm', '--json'))).toMatchObject({ rate: '100/1m' })
  })

  it.each([
    [['--max-active', '0']],
    [['--max-active', 'many']],
    [['--rate', '0/1m']],
    [['--rate', '5']],
    [['--reset', '--max-active', '3']],
    [[]],
  ])('refuses %j as wrong usage', async (words) => {
    await declared(CRM)

    expect(await run('limit', 'set', 'crm', ...words)).toMatchObject({ exitCode: 2, stdout: '' })
  })

  it('refuses a rate of a workflow', async () => {
    await declared(limit('workflow:sync', { maxActive: 1 }))

    expect(await run('limit', 'set', 'workflow:sync', '--rate', '1/1m')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Limit "workflow:sync" limits executions, which have no rate'),
    })
    expect(json(await run('limit', 'set', 'workflow:sync', '--max-active', '4', '--json'))).toMatchObject({
      workflow: 'sync',
      maxActive: 4,
    })
  })
})

describe('cloaca limit close and open', () => {
  it('close all slots until they are opened', async () => {
    await declared(MAIL)

    const closed = await run('limit', 'close', 'mail', '--note', 'broken')

    expect(closed.stdout).toBe('Limit "mail" closed until you open it with: cloaca limit open mail\n')
    expect(json(await run('limit', 'show', 'mail', '--json'))).toMatchObject({ isClosed: true, closedUntil: null })
    expect(lines(await run('limit', 'show', 'mail'))).toContain('closed  until it is opened')
    expect((await run('limit', 'open', 'mail')).stdout).toBe('Limit "mail" opened.\n')
    expect(json(await run('limit', 'show', 'mail', '--json'))).toMatchObject({ isClosed: false })
    const actions = json(await run('action', 'list', '--json'))
    expect(actions.map(({ kind, note }: never) => [kind, note])).toEqual([
      ['open', null],
      ['close', 'broken'],
    ])
  })

  it('close the slots of one value for a time', async () => {
    await declared(CRM)
    const now = Date.now()

    const closed = await run('limit', 'close', 'crm', '--value', 'acme', '--for', '10m')
    await run('limit', 'close', 'crm', '--value', '7', '--for', '1h')
    await run('limit', 'close', 'crm', '--value', '"7"', '--for', '1h')

    expect(closed.stdout).toBe('Limit "crm" for value "acme" closed for 10m.\n')
    const { isClosed, values } = json(await run('limit', 'show', 'crm', '--json'))
    expect(isClosed).toBe(false)
    expect(values.map(({ valueText }: never) => valueText)).toEqual(['"7"', '"acme"', '7'])
    const acme = values.find(({ value }: { value: unknown }) => value === 'acme')
    expect(Date.parse(acme.closedUntil) - now).toBeGreaterThan(590_000)
    expect(Date.parse(acme.closedUntil) - now).toBeLessThan(660_000)
    await run('limit', 'open', 'crm', '--value', 'acme')
    const after = json(await run('limit', 'show', 'crm', '--json')).values
    expect(after.map(({ valueText }: never) => valueText)).toEqual(['"7"', '7'])
  })

  it.each([
    ['a value of a limit without per', ['mail', '--value', 'acme'], 'same slots for all values'],
    ['a list as a value', ['crm', '--value', '[1]'], '"value"'],
    ['a value of more than 200 bytes', ['crm', '--value', 'x'.repeat(199)], '200 bytes'],
    ['a time of zero', ['mail', '--for', '0s'], '--for'],
    ['a time without a unit', ['mail', '--for', '10'], '--for'],
  ])('refuse %s', async (_, words, message) => {
    await declared(CRM, MAIL)

    expect(await run('limit', 'close', ...words)).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    })
  })
})

describe('cloaca workflow run --priority', () => {
  it('stores the priority, which execution show prints', async () => {
    const { store, clock } = database()
    await store.saveWorkflows([workflow('etl', { read: {} })], clock.now())

    const { id } = json(await run('workflow', 'run', 'etl', '--priority', '-7', '--json'))

    expect(json(await run('execution', 'show', id, '--json'))).toMatchObject({ priority: -7 })
    expect(lines(await run('execution', 'show', id))).toContain('priority  -7')
    expect(json(await run('execution', 'list', '--json'))).toMatchObject([{ priority: -7 }])
  })

  it.each(['101', '-101', '1.5', 'high'])('refuses %s', async (priority) => {
    const refused = await run('workflow', 'run', 'etl', '--priority', priority)

    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--priority') })
  })
})
