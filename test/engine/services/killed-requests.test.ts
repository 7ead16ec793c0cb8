/** Atomicity of user requests: a killed process leaves both the change and its action record, or neither. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Connection } from '../../../src/store/sqlite/file/sqlite-connection.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { declared, subscription } from '../../support/graph-builders.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { completed, declaration, newCron, newExecution, START, settlement } from '../../support/store-builders.ts'
import { startStoreProcess } from '../../support/store-process.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/store-sites.ts'

const SCHEDULE = '11111111-1111-4111-8111-111111111111'
const TABLES = ['crons', 'triggers', 'ticks', 'firings', 'subscriptions', 'reactor_firings', 'executions']

/** Requests and their calls of engine services. If a poll outcome is given, the engine serves a trigger with it. */
const REQUESTS: readonly (readonly [name: string, call: string, outcome?: string])[] = [
  ['creates a schedule', `schedules.register('ingest', '0 3 * * *')`],
  ['changes a schedule', `schedules.update('${SCHEDULE}', '0 4 * * *')`],
  ['disables a schedule', `schedules.setEnabled('${SCHEDULE}', false)`],
  ['deletes a schedule', `schedules.delete('${SCHEDULE}')`],
  ['disables a trigger', `triggers.setEnabled('inbox', false)`],
  ['changes the settings of a trigger', `triggers.set('inbox', { timeoutMs: 5000 })`],
  ['deletes a trigger', `triggers.delete('inbox')`],
  ['fires a reactor', `reactors.fire('alarm')`],
  ['subscribes a workflow', `reactors.subscribe('alarm', 'report', { allowMissing: true })`],
  ['pauses a subscription', `reactors.pause('s-1')`],
  ['replays firings', `reactors.replay('s-1', 1)`],
  ['removes a subscription', `reactors.unsubscribe('alarm', 'ingest')`],
  ['prunes executions', `executions.prune({ olderThanMs: 0 })`],
  ['polls a trigger that skips', `triggers.poll('inbox')`, `{ kind: 'skipped', reason: 'empty' }`],
  [
    'polls a trigger that fires',
    `triggers.poll('inbox')`,
    `{ kind: 'fired', firings: [{ contextText: '{"n":1}' }], isList: false }`,
  ],
  ['polls a trigger that fails', `triggers.poll('inbox')`, `{ kind: 'failed', error: builders.FAULT }`],
]

let folder: TemporaryFolder
let path: string

beforeEach(async () => {
  folder = temporaryFolder()
  path = folder.file('killed.db')
  const store = await openSqliteStore({ path, durability: 'normal', clock: new ManualClock(START) })
  await store.createCron(newCron({ id: SCHEDULE }))
  await store.saveTriggers([declaration()], START)
  await store.openInstance('i-1', START)
  await store.graphs.declare('i-1', declared(), START)
  await store.graphs.subscribe(subscription({ id: 's-1', reactor: 'alarm', workflow: 'ingest' }))
  const execution = newExecution({ tasks: ['go'] })
  await store.createExecution(execution, { kind: 'call' }, START - 2)
  const acquisition = { instanceId: 'i-1', workflows: ['ingest'], at: START, limit: 1, recover: false }
  await store.acquireExecutions(acquisition)
  const end = { status: 'Completed', endedAt: START - 1, finalText: '{}', errorMessage: null } as const
  await store.settle(settlement(execution.id, { changes: [completed('go')], end }))
  await store.closeInstance('i-1', START)
  await store.close()
})
afterEach(() => folder[Symbol.dispose]())

/** Makes the request in a child process that kills itself before it stores the action, or after the commit. */
async function requestAndDie(
  call: string,
  outcome: string | null,
  at: 'storing the action' | 'after the commit',
): Promise<void> {
  const served = `triggers: [trigger('inbox', { workflow: 'ingest', everyMs: 5_000 })],
    python: (host) => host.trigger('inbox', () => (${outcome})),`
  await using victim = startStoreProcess(
    path,
    `import { writeSync } from 'node:fs'
     import { RunningEngine } from ${JSON.stringify(import.meta.resolve('../../support/running-engine.ts'))}
     import { ManualClock } from ${JSON.stringify(import.meta.resolve('../../support/manual-clock.ts'))}
     import { trigger } from ${JSON.stringify(import.meta.resolve('../../support/declared.ts'))}
     let isRequested = false
     const die = () => {
       writeSync(1, 'dying\\n')
       process.kill(process.pid, 'SIGKILL')
       for (;;);
     }
     const faults = {
       beforeBegin() {},
       beforeWrite(sql) {
         if (${at === 'storing the action'} && sql.includes('INSERT INTO actions')) die()
       },
       afterCommit() {
         if (isRequested) die()
       },
     }
     const store = await openSqliteStore({ path: process.argv[1], durability: 'normal', clock, faults })
     const parts = { store, clock: new ManualClock(${START}), ${outcome === null ? 'isIdle: true' : served} }
     const running = await RunningEngine.start(parts)
     const { executions, reactors, schedules, triggers } = running.engine.services
     isRequested = true
     await ${call}
     await say('done')`,
  )
  expect((await victim.lines.next()).value).toBe('dying')
  await victim.ended()
}

/** Returns the rows that the requests change, without lease columns, and the number of actions. */
function stored(): { readonly rows: unknown; readonly actions: number } {
  const connection = new Connection(path)
  try {
    const rows = TABLES.map((table) =>
      connection
        .all<Record<string, unknown>>(`SELECT * FROM ${table}`)
        .map(({ lease_seq, lease_number, ...row }) => row),
    )
    return { rows, actions: connection.all('SELECT * FROM actions').length }
  } finally {
    connection.close()
  }
}

const CASES = REQUESTS.map(([name, call, outcome = null]) => [name, call, outcome] as const)

describe.each(CASES)('a process that %s', (_name, call, outcome) => {
  it('leaves neither the change nor the action if it dies between the two writes', async () => {
    const before = stored()

    await requestAndDie(call, outcome, 'storing the action')

    expect(stored()).toEqual(before)
  })

  it('leaves the change and the action if it dies after the commit', async () => {
    const before = stored()

    await requestAndDie(call, outcome, 'after the commit')

    const after = stored()
    expect(after.actions).toBe(1)
    expect(after.rows).not.toEqual(before.rows)
  })
})
