/** Commands that read and change a database, with their text and JSON output. */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ProcessEnd, Terminal } from '../support/cloaca-process.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SHOP = fileURLToPath(new URL('./scripts/shop.py', import.meta.url))
const INSTANT = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d/g
const DURATION = /\b\d+(\.\d)? m?s\b/g
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g

describe('on a database that an engine has served, cloaca', () => {
  let terminal: Terminal
  let executionId: string
  const cloaca = (...words: readonly string[]): Promise<ProcessEnd> =>
    terminal.run(words, { env: { CLOACA_DATABASE_URL: 'sqlite://shop.db' } })
  /** Returns the printed lines with placeholders for timestamps and ids, and two spaces between columns. */
  const lines = ({ stdout }: ProcessEnd) =>
    stdout
      .replace(INSTANT, 'INSTANT')
      .replace(DURATION, 'DURATION')
      .replace(UUID, 'ID')
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/ {2,}/g, '  '))

  beforeAll(async () => {
    terminal = new Terminal()
    await using served = await ObservedRunner.open({ database: join(terminal.folder, 'shop.db') })
    await served.runner.load(SHOP)
    await served.runner.start()
    const [run] = await served.runsOf('new_order')
    await served.until('tick', ({ trigger }) => trigger === 'unreachable')
    executionId = String(run?.id)
  })
  afterAll(() => terminal?.[Symbol.asyncDispose]())

  it('trigger list prints each trigger, the newest first', async () => {
    const end = await cloaca('trigger', 'list')

    expect(end).toMatchObject({ exitCode: 0, stderr: '' })
    expect(lines(end)).toEqual([
      'TRIGGER  KIND  WORKFLOW  EVERY  ENABLED  LAST',
      'unreachable  poll  order  2h  yes, 1 failed in a row  all failed',
      'quiet  poll  order  2h  yes  INSTANT',
      'new_order  poll  order  50ms  yes  INSTANT',
      'stock_night  cron  count_stock  0 2 * * * Europe/Berlin  yes  never',
    ])
  })

  it('trigger show prints the same facts as text and as JSON', async () => {
    const [text, json] = await Promise.all([
      cloaca('trigger', 'show', 'quiet'),
      cloaca('trigger', 'show', 'quiet', '--json'),
    ])

    expect(lines(text)).toEqual([
      'trigger  quiet',
      'workflow  order',
      'every  2h',
      'enabled  yes',
      'runs overlap  yes',
      'last poll  INSTANT',
      'created  INSTANT',
      'id  ID',
    ])
    expect(JSON.parse(json.stdout)).toMatchObject({
      name: 'quiet',
      workflow: 'order',
      pollIntervalMs: 7_200_000,
      allowConcurrent: true,
      enabled: true,
    })
  })

  it('trigger disable and trigger enable change the trigger and confirm the change', async () => {
    const disabled = await cloaca('trigger', 'disable', 'quiet')
    const shown = await cloaca('trigger', 'list', '--json')
    const enabled = await cloaca('trigger', 'enable', 'quiet', '--json')

    expect(disabled).toMatchObject({ exitCode: 0, stdout: 'Trigger "quiet" disabled.\n' })
    const rows = JSON.parse(shown.stdout) as readonly { readonly name: string; readonly enabled: boolean }[]
    expect(rows.filter((row) => !row.enabled).map(({ name }) => name)).toEqual(['quiet'])
    expect(JSON.parse(enabled.stdout)).toEqual({ trigger: 'quiet', enabled: true, note: null })
  })

  it('trigger history prints the firings, or the outcome of each poll with --ticks', async () => {
    const [firings, ticks, skips, none, fired] = await Promise.all([
      cloaca('trigger', 'history', 'new_order'),
      cloaca('trigger', 'history', 'unreachable', '--ticks', '--limit', '5'),
      cloaca('trigger', 'history', 'quiet', '--ticks', '--json'),
      cloaca('trigger', 'history', 'quiet'),
      cloaca('trigger', 'history', 'new_order', '--outcome', 'fired', '--since', '1h', '--json'),
    ])

    expect(lines(firings)[0]).toBe('FIRED  ENDED  CONTEXT HASH  EXECUTION')
    expect(lines(firings)[1]).toMatch(/^INSTANT {2}INSTANT {2}[0-9a-f]{16} {2}ID$/)
    expect(firings.stdout).toContain(executionId)
    expect(lines(ticks).map((line) => line.replace(/\d+(ms|s)(?= )/g, 'DURATION'))).toEqual([
      'LAST  OUTCOME  COUNT  LATE  TOOK  LOG  EXECUTION  REASON OR ERROR',
      "INSTANT  failed  1  DURATION  DURATION  trigger 'unreachable' raised exception: " +
        'ConnectionError: the shop does not answer',
    ])
    expect(JSON.parse(skips.stdout)).toMatchObject([{ outcome: 'skipped', count: 1, reason: 'nobody über-ordered' }])
    expect(none.stdout).toBe('Trigger "quiet" has not fired yet.\n')
    expect(JSON.parse(fired.stdout)).toMatchObject([{ outcome: 'fired', executionId }])
  })

  it('workflow list prints each workflow that was served', async () => {
    const [text, json] = await Promise.all([cloaca('workflow', 'list'), cloaca('workflow', 'list', '--json')])

    expect(lines(text).map((line) => line.replace(/[0-9a-f]{16}/, 'VERSION'))).toEqual([
      'WORKFLOW  TASKS  VERSION  DESCRIPTION  SCRIPT',
      `count_stock  1  VERSION  ${SHOP}`,
      `order  1  VERSION  Ships an order  ${SHOP}`,
      `refund  1  VERSION  ${SHOP}`,
    ])
    expect(JSON.parse(json.stdout)).toMatchObject([{ key: 'count_stock' }, { key: 'order' }, { key: 'refund' }])
  })

  it('execution list and execution show print executions with their contexts and tasks', async () => {
    const [list, show, json] = await Promise.all([
      cloaca('execution', 'list', '--limit', '1'),
      cloaca('execution', 'show', executionId),
      cloaca('execution', 'show', executionId, '--json'),
    ])

    expect(lines(list)).toEqual([
      'STARTED  DURATION  WORKFLOW  STATUS  STARTED BY  ID  ERROR',
      'INSTANT  DURATION  order  Completed  trigger new_order  ID',
    ])
    expect(lines(show)).toEqual([
      'execution  ID',
      'workflow  order',
      'status  Completed',
      'started by  trigger new_order',
      'created  INSTANT',
      'started  INSTANT',
      'ended  INSTANT',
      'duration  DURATION',
      expect.stringMatching(/^context {2}\{.*"total":1\.0.*"shipped":true.*\}$/),
      '',
      'TASK  STATUS  STARTED  DURATION  ATTEMPTS  ERROR',
      'ship  Completed  INSTANT  DURATION  1',
    ])
    expect(JSON.parse(json.stdout)).toMatchObject({ id: executionId, context: { order: 7, shipped: true } })
  })

  it.each([
    [['trigger', 'show', 'new_orders'], 'Trigger "new_orders" not found in this database. Did you mean "new_order"?'],
    [['trigger', 'disable', 'nothing_like_it'], 'Trigger "nothing_like_it" not found in this database.'],
    [['workflow', 'run', 'refunds'], 'Workflow "refunds" not found in this database. Did you mean "refund"?'],
    [['execution', 'show', 'x'], 'Execution "x" not found in this database.'],
    [['workflow', 'show', 'refunds'], 'Workflow "refunds" not found in this database. Did you mean "refund"?'],
    ...['constructor', '__proto__', 'toString'].flatMap((name): [string[], string][] =>
      ['trigger', 'workflow', 'execution'].map((noun) => [
        [noun, 'show', name],
        `${noun[0]?.toUpperCase()}${noun.slice(1)} "${name}" not found in this database.`,
      ]),
    ),
    [['workflow', 'run', 'constructor'], 'Workflow "constructor" not found in this database.'],
  ])('%s reports that the name is not found, and suggests a similar name', async (words, message) => {
    const end = await cloaca(...words)

    expect(end).toMatchObject({ exitCode: 1, stdout: '', stderr: `cloaca: ${message}\n` })
  })
})

describe('without a database, cloaca', () => {
  it('creates no database for a command that only reads, and names the missing file', async () => {
    await using terminal = new Terminal()

    const end = await terminal.run(['trigger', 'list', '--db', 'sqlite://jobs.db'])

    expect(end).toMatchObject({ exitCode: 1, stdout: '' })
    expect(end.stderr).toMatch(/^cloaca: Database ".*jobs\.db" does not exist\. .*\n$/)
  })
})
