/** Several processes on one database: recovery after a kill, and exclusive claims of firings and executions. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isServed } from '../../src/engine/actions/action-requests.ts'
import type { Store } from '../../src/engine/store.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { ManualClock } from '../support/manual-clock.ts'
import {
  alertFacts,
  completed,
  cronClaim,
  declaration,
  FIRST_PAGE,
  incidentReport,
  newCron,
  newExecution,
  START,
  settlement,
} from '../support/store-builders.ts'
import { startStoreProcess } from '../support/store-process.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

let folder: TemporaryFolder
let path: string
let store: Store

beforeEach(async () => {
  folder = temporaryFolder()
  path = folder.file('workflows.db')
  store = await openSqliteStore({ path, durability: 'full', clock: new ManualClock(START) })
})
afterEach(async () => {
  await store.close()
  folder[Symbol.dispose]()
})

/** Waits until a process has printed `count` ids, and returns them. */
async function ids(process: { readonly lines: AsyncIterator<string> }, count: number): Promise<readonly string[]> {
  const said: string[] = []
  while (said.length < count) {
    const line = await process.lines.next()
    if (line.done === true) throw new Error(`the process ended after ${said.length} lines`)
    said.push(line.value)
  }
  return said
}

function integrity(): unknown {
  const connection = new Connection(path)
  try {
    return [connection.one('PRAGMA integrity_check'), connection.all('PRAGMA foreign_key_check')]
  } finally {
    connection.close()
  }
}

describe('a process killed in the middle of its writes', () => {
  test.each(['full', 'normal'] as const)(
    'loses no execution that was accepted, with durability %s',
    { tags: ['proof'] },
    async (durability) => {
      await using victim = startStoreProcess(
        path,
        `const store = await open('${durability}')
       const one = async () => {
         const execution = builders.newExecution({ inputText: JSON.stringify({ text: 'x'.repeat(3000) }) })
         await store.createExecution(execution, { kind: 'call' }, 1)
         await say(execution.id)
       }
       for (;;) await Promise.all([one(), one(), one()])`,
      )

      const accepted = await ids(victim, 60)
      await victim.kill()

      const found = await Promise.all(accepted.map((id) => store.getExecution(id)))
      expect(found.filter((execution) => execution === null)).toEqual([])
      expect(integrity()).toEqual([{ integrity_check: 'ok' }, []])
    },
  )

  test('leaves no firing without its execution, and no execution without its firing', { tags: ['proof'] }, async () => {
    await store.saveTriggers([declaration({ allowConcurrent: true })], START)
    await using victim = startStoreProcess(
      path,
      `const store = await open('normal')
       for (let at = 1; ; at++) {
         const ticks = [1, 2, 3].map(() => builders.firedTick({ at, allowConcurrent: true }))
         await Promise.all(ticks.map((tick) => store.recordFired(tick)))
         store.noteSkip(builders.skippedTick({ at }))
         for (const tick of ticks) await say(tick.firingId)
       }`,
    )

    const accepted = await ids(victim, 60)
    await victim.kill()

    const everything = { limit: 1_000_000, offset: 0 }
    const firings = await store.listFirings('inbox', everything)
    const executions = await store.listExecutions(everything)
    expect(firings.map((firing) => firing.id)).toEqual(expect.arrayContaining([...accepted]))
    expect(new Set(firings.map((firing) => firing.executionId))).toEqual(new Set(executions.map(({ id }) => id)))
    const fired = (await store.listTicks('inbox', everything)).filter((tick) => tick.outcome === 'fired')
    expect(fired).toHaveLength(firings.length)
  })

  test('loses its triggers and executions immediately to an engine on the same machine', async () => {
    await store.saveTriggers([declaration()], START)
    const execution = newExecution({ tasks: ['done', 'running'] })
    await store.createExecution(execution, { kind: 'call' }, START)
    await using victim = startStoreProcess(
      path,
      `const store = await open()
       await store.openInstance('victim', ${START})
       await store.leaseTriggers('victim', ['inbox'])
       await store.acquireExecutions(
         { instanceId: 'victim', workflows: ['ingest'], at: ${START}, limit: 1, recover: false })
       await store.settle(builders.settlement('${execution.id}', {
         changes: [builders.completed('done'), builders.change('running')],
       }))
       await say('working')
       setInterval(() => {}, 1000)`,
    )
    await ids(victim, 1)
    await store.openInstance('heir', START)
    const acquire = () =>
      store.acquireExecutions({ instanceId: 'heir', workflows: ['ingest'], at: START + 1, limit: 9, recover: true })

    const whileAlive = [await store.leaseTriggers('heir', ['inbox']), await acquire()]
    await store.closeInstance('heir', START)
    const isServedWhileAlive = await isServed(store, START)
    await victim.kill()
    const isServedAfterwards = await isServed(store, START)
    await store.openInstance('heir', START)
    const afterwards = await store.leaseTriggers('heir', ['inbox'])
    const [taken] = await acquire()

    expect(whileAlive).toEqual([{ held: [], surplus: [] }, []])
    expect([isServedWhileAlive, isServedAfterwards]).toEqual([true, false])
    expect(afterwards.held).toEqual([{ trigger: 'inbox', number: 2 }])
    expect(taken?.tasks).toMatchObject([
      { taskId: 'done', status: 'Completed', recoveries: 0 },
      { taskId: 'running', status: 'Ready', recoveries: 1 },
    ])
  })
})

test('a killed process is reported once as a lost engine, by the process that starts next', async () => {
  await using victim = startStoreProcess(
    path,
    `const store = await open()
     await store.openInstance('victim', ${START})
     await say(String(process.pid))
     setInterval(() => {}, 1000)`,
  )
  const [pid] = await ids(victim, 1)
  await store.openInstance('heir', START, ({ id, pid }) => {
    const facts = alertFacts({ subject: id, message: `Engine "${id}" (process ${pid}) is lost.` })
    return incidentReport({ kind: 'engine-lost', subject: id, facts, isMoment: true })
  })
  const acquisition = { instanceId: 'heir', workflows: ['ingest'], at: START + 1, limit: 9, recover: true }
  await store.acquireExecutions(acquisition)
  const whileAlive = await store.incidents.listAlerts(FIRST_PAGE)
  await victim.kill()
  await store.acquireExecutions(acquisition)
  await store.heartbeat('heir', START + 2)

  expect(whileAlive).toEqual([])
  expect(await store.incidents.listAlerts(FIRST_PAGE)).toMatchObject([
    { kind: 'engine-lost', state: 'opened', message: `Engine "victim" (process ${pid}) is lost.` },
  ])
  expect((await store.listInstances(START)).map(({ id }) => id)).toEqual(['heir'])
})

describe('several processes on one database', () => {
  test('a due time of a cron schedule is claimed by exactly one process', { tags: ['proof'] }, async () => {
    const schedule = newCron()
    await store.createCron(schedule)
    const claim = JSON.stringify(cronClaim(schedule))
    const claimers = Array.from({ length: 3 }, () =>
      startStoreProcess(
        path,
        `const store = await open()
         const execution = builders.newExecution()
         const claim = { ...${claim}, execution, firingId: execution.id }
         await say(String(await store.claimCron(claim)))
         await store.close()`,
      ),
    )

    const answers = (await Promise.all(claimers.map((claimer) => ids(claimer, 1)))).flat()
    await Promise.all(claimers.map((claimer) => claimer.ended()))

    expect(answers.toSorted()).toEqual(['claimed', 'lost', 'lost'])
    expect(await store.listCronFirings(schedule.id, FIRST_PAGE)).toHaveLength(1)
  })

  test('an execution that several processes request is given to exactly one of them', { tags: ['proof'] }, async () => {
    const waiting = Array.from({ length: 30 }, () => newExecution())
    await Promise.all(waiting.map((execution) => store.createExecution(execution, { kind: 'call' }, START)))
    const runners = [1, 2, 3].map((number) =>
      startStoreProcess(
        path,
        `const store = await open()
         await store.openInstance('${number}', Date.now())
         for (;;) {
           const taken = await store.acquireExecutions(
             { instanceId: '${number}', workflows: ['ingest'], at: Date.now(), limit: 2, recover: true })
           if (taken.length === 0) break
           for (const { id, ownerNumber } of taken) {
             await store.settle(builders.settlement(id, { ownerNumber, changes: [builders.completed('only')],
               end: { status: 'Completed', endedAt: 1, finalText: '{}', errorMessage: null } }))
           }
         }
         await store.closeInstance('${number}', Date.now())
         await store.close()`,
      ),
    )

    const codes = await Promise.all(runners.map((runner) => runner.ended()))

    // A second settlement of an execution would have failed, and ended its process with an error.
    expect(codes).toEqual([0, 0, 0])
    expect(await store.listExecutions({ ...FIRST_PAGE, status: 'Completed' })).toHaveLength(30)
  })

  test('a killed process does not keep the others from writing', async () => {
    await using victim = startStoreProcess(
      path,
      `const store = await open('normal')
       for (;;) {
         await Promise.all([1, 2, 3].map(() => store.createExecution(builders.newExecution(), { kind: 'call' }, 1)))
         await say('.')
       }`,
    )
    await ids(victim, 20)

    await victim.kill()

    await store.openInstance('heir', START)
    const execution = newExecution({ workflow: 'other' })
    await store.createExecution(execution, { kind: 'call' }, START)
    await store.acquireExecutions({ instanceId: 'heir', workflows: ['other'], at: START, limit: 1, recover: true })
    const end = { status: 'Completed', endedAt: START, finalText: '{}', errorMessage: null } as const
    await store.settle(settlement(execution.id, { changes: [completed('only')], end }))
    expect((await store.getExecution(execution.id))?.status).toBe('Completed')
  })
})

describe('trigger leases that an engine requests again', () => {
  const names = ['a', 'b', 'c']
  const leased = async (of: readonly string[]) => (await store.leaseTriggers('first', of)).held
  const change = (sql: string) => {
    const connection = new Connection(path)
    connection.run(sql)
    connection.close()
  }

  beforeEach(async () => {
    await store.saveTriggers(
      names.map((name) => declaration({ name })),
      START,
    )
    await store.openInstance('first', START)
  })

  test('stay the same while nothing has changed, also for a subset of the triggers', async () => {
    const leases = await leased(names)

    expect(await leased(names)).toEqual(leases)
    expect(await leased(['c', 'a'])).toEqual([leases[2], leases[0]])
    expect((await leased(names)).map(({ trigger }) => trigger)).toEqual(names)
  })

  test.each([
    ['was released', "UPDATE triggers SET lease_seq = NULL WHERE name = 'b'"],
    ['went to another engine and came back', "UPDATE triggers SET lease_number = lease_number + 1 WHERE name = 'b'"],
  ])('get a new number for a trigger whose lease %s', async (_, sql) => {
    const [, before] = await leased(names)

    change(sql)
    const [first, after, last] = await leased(names)

    expect(after?.number).toBe(Number(before?.number) + 1)
    expect([first?.trigger, last?.trigger]).toEqual(['a', 'c'])
  })

  test('are shared with a new engine, even after a request that found no change', async () => {
    await leased(names)
    await leased(names)
    await store.openInstance('second', START)
    await store.announce('second', { isPolling: true, polled: names, crons: [], workflows: [] }, START)

    const { held, surplus } = await store.leaseTriggers('first', names)
    await store.releaseTriggers('first', surplus)

    expect(held.map(({ trigger }) => trigger)).toEqual(names)
    expect(surplus).not.toEqual([])
    expect((await leased(names)).length).toBe(names.length - surplus.length)
  })
})
