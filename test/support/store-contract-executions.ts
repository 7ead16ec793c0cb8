/** Store contract tests for executions and their tasks. Called by `describeStoreContract`. */
import { describe, expect, test } from 'vitest'
import type { NewExecution } from '../../src/engine/starts/new-executions.ts'
import type { Acquisition, ExecutionEnd } from '../../src/engine/store-ports.ts'
import { change, completed, FAULT, FIRST_PAGE, newExecution, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const COMPLETED: ExecutionEnd = { status: 'Completed', endedAt: START + 20, finalText: '{}', errorMessage: null }

export function describeExecutionContract(context: ContractContext): void {
  const acquire = (given: Partial<Acquisition> = {}) =>
    context.store.acquireExecutions({
      instanceId: 'instance',
      workflows: ['ingest'],
      at: START + 1,
      limit: 10,
      recover: false,
      ...given,
    })

  /** Stores an execution that the instance acquires, and returns its id. */
  const start = async (given: Parameters<typeof newExecution>[0] = {}): Promise<string> => {
    const execution = newExecution(given)
    await context.store.openInstance('instance', START)
    await context.store.createExecution(execution, { kind: 'call' }, START)
    await acquire()
    return execution.id
  }

  describe('executions', () => {
    test('a new execution is pending, and its tasks are in workflow order and not started', async () => {
      const execution = newExecution({ tasks: ['z', 'a'], inputText: '{"order": 7}' })

      await context.store.createExecution(execution, { kind: 'call' }, START)

      const untouched = {
        status: 'NotStarted',
        attempts: 0,
        recoveries: 0,
        notBeforeAt: null,
        startedAt: null,
        endedAt: null,
        finishedOrder: null,
        outputText: null,
        error: null,
      }
      expect(await context.store.getExecution(execution.id)).toEqual({
        id: execution.id,
        workflow: 'ingest',
        version: '0123456789abcdef',
        status: 'Pending',
        origin: { kind: 'call' },
        priority: 0,
        inputText: '{"order": 7}',
        createdAt: START,
        startedAt: null,
        endedAt: null,
        finalText: null,
        errorMessage: null,
        cause: null,
        retryOf: null,
        pausedAt: null,
        cancelRequestedAt: null,
        tasks: [
          { taskId: 'z', fullName: 'public::embedded::ingest::z', ...untouched },
          { taskId: 'a', fullName: 'public::embedded::ingest::a', ...untouched },
        ],
      })
    })

    test('returns null for an unknown execution', async () => {
      expect(await context.store.getExecution('00000000-0000-4000-8000-000000000000')).toBeNull()
    })

    test('rejects a second execution with the same id', async () => {
      const execution = newExecution()
      await context.store.createExecution(execution, { kind: 'call' }, START)

      const again = context.store.createExecution(execution, { kind: 'call' }, START)

      await expect(again).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    })

    test('calls take effect in their order even if the caller does not await each one', async () => {
      const execution = newExecution()

      const before = context.store.getExecution(execution.id)
      const created = context.store.createExecution(execution, { kind: 'call' }, START)
      const after = context.store.getExecution(execution.id)

      expect(await before).toBeNull()
      await created
      expect((await after)?.id).toBe(execution.id)
    })

    test('notUnderWay returns ended and unknown executions, but no running ones', async () => {
      const [running, ended] = [newExecution(), newExecution()]
      await context.store.openInstance('instance', START)
      for (const each of [running, ended]) await context.store.createExecution(each, { kind: 'call' }, START)
      await context.store.acquireExecutions({
        instanceId: 'instance',
        workflows: ['ingest'],
        at: START,
        limit: 10,
        recover: false,
      })
      await context.store.settle(
        settlement(ended.id, { end: { status: 'Failed', endedAt: START, finalText: '{}', errorMessage: null } }),
      )

      const over = await context.store.notUnderWay([running.id, 'nobody', ended.id])

      expect([...over.keys()]).toEqual(['nobody', ended.id])
      expect(over.get('nobody')).toBeNull()
      expect(over.get(ended.id)).toEqual(await context.store.getExecution(ended.id))
      expect(await context.store.notUnderWay([])).toEqual(new Map())
    })

    test('a released execution keeps its results, and another engine acquires it without a recovery', async () => {
      const execution = newExecution({ tasks: ['first', 'second'] })
      await context.store.createExecution(execution, { kind: 'call' }, START)
      const ask = (instanceId: string) =>
        context.store.acquireExecutions({ instanceId, workflows: ['ingest'], at: START, limit: 10, recover: false })
      for (const id of ['instance', 'other']) await context.store.openInstance(id, START)
      await ask('instance')
      const ready = change('second', { status: 'Ready' })
      const changes = [completed('first'), ready]

      await context.store.settle(settlement(execution.id, { changes, givenBack: 'unserved' }))

      expect(await context.store.getExecution(execution.id)).toMatchObject({ status: 'Running' })
      expect(await context.store.listInstances(START)).toMatchObject([{ executions: 0 }, { executions: 0 }])
      await expect(context.store.settle(settlement(execution.id, { changes }))).rejects.toMatchObject({
        code: 'EXECUTION_NOT_OWNED',
      })
      const tasks = [{ status: 'Completed' }, { status: 'Ready', recoveries: 0 }]
      expect(await ask('other')).toMatchObject([{ id: execution.id, tasks }])
    })

    test('a failed call does not undo other calls made at the same time', async () => {
      const [first, taken, last] = [newExecution(), newExecution(), newExecution()]
      await context.store.createExecution(taken, { kind: 'call' }, START)

      const results = await Promise.allSettled(
        [first, taken, last].map((execution) => context.store.createExecution(execution, { kind: 'call' }, START)),
      )

      expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(3)
    })

    test('filters executions by trigger, status, workflow, creation time and preceding execution', async () => {
      const listed = [
        { status: 'Completed', at: START, trigger: 'inbox' },
        { status: 'Failed', at: START, trigger: 'inbox' },
        { status: 'Completed', at: START + 1, trigger: 'other' },
        { status: 'Completed', at: START + 2, trigger: 'inbox' },
      ] as const
      await context.store.openInstance('instance', START)
      for (const [index, { status, at, trigger }] of listed.entries()) {
        const execution = newExecution({ id: `e-${index}` })
        const origin = { kind: 'trigger', trigger, firingId: `f-${index}` } as const
        await context.store.createExecution(execution, origin, at)
        await acquire({ limit: 1 })
        const end = { status, endedAt: at, finalText: '{}', errorMessage: null }
        await context.store.settle(settlement(execution.id, { end }))
      }
      const ids = async (given: Partial<Parameters<typeof context.store.listExecutions>[0]>) =>
        (await context.store.listExecutions({ ...FIRST_PAGE, ...given })).map((execution) => execution.id)

      expect(await ids({ trigger: 'inbox' })).toEqual(['e-3', 'e-1', 'e-0'])
      expect(await ids({ trigger: 'inbox', status: 'Completed' })).toEqual(['e-3', 'e-0'])
      expect(await ids({ trigger: 'inbox', status: 'Failed', workflow: 'ingest' })).toEqual(['e-1'])
      expect(await ids({ sinceAt: START + 1 })).toEqual(['e-3', 'e-2'])
      expect(await ids({ after: 'e-2' })).toEqual(['e-1', 'e-0'])
      expect(await ids({ after: 'e-1', status: 'Completed' })).toEqual(['e-0'])
      expect(await ids({ after: 'none' })).toEqual([])
    })

    test('executions are listed newest first, by workflow and by status, a page at a time', async () => {
      await context.store.openInstance('instance', START)
      const made = ['ingest', 'report', 'ingest'].map((workflow) => newExecution({ workflow }))
      for (const [offset, execution] of made.entries()) {
        await context.store.createExecution(execution, { kind: 'call' }, START + offset)
      }
      await acquire({ limit: 1 })
      const [first, second, third] = made.map((execution) => execution.id)
      const ids = async (given: Parameters<typeof context.store.listExecutions>[0]) =>
        (await context.store.listExecutions(given)).map((execution) => execution.id)

      expect(await ids(FIRST_PAGE)).toEqual([third, second, first])
      expect(await ids({ limit: 1, offset: 1 })).toEqual([second])
      expect(await ids({ ...FIRST_PAGE, workflow: 'ingest' })).toEqual([third, first])
      expect(await ids({ ...FIRST_PAGE, status: 'Pending' })).toEqual([third, second])
      expect(await ids({ ...FIRST_PAGE, workflow: 'ingest', status: 'Running' })).toEqual([first])
      expect(await context.store.listExecutions({ limit: 1, offset: 2 })).toEqual([
        {
          id: first,
          workflow: 'ingest',
          version: '0123456789abcdef',
          status: 'Running',
          origin: { kind: 'call' },
          priority: 0,
          createdAt: START,
          startedAt: START + 1,
          endedAt: null,
          errorMessage: null,
          cause: null,
          retryOf: null,
          pausedAt: null,
          cancelRequestedAt: null,
        },
      ])
    })
  })

  describe('acquiring', () => {
    test('acquires executions of a workflow with an empty name', async () => {
      const execution = newExecution({ workflow: '' })
      await context.store.openInstance('instance', START)
      await context.store.createExecution(execution, { kind: 'call' }, START)

      expect((await acquire({ workflows: [''] })).map(({ id }) => id)).toEqual([execution.id])
    })

    test('acquires the oldest executions of known workflows, up to the limit, and marks them as running', async () => {
      await context.store.openInstance('instance', START)
      const made = ['unknown', 'ingest', 'ingest', 'ingest'].map((workflow) => newExecution({ workflow }))
      for (const [offset, execution] of made.entries()) {
        await context.store.createExecution(execution, { kind: 'call' }, START + offset)
      }

      const taken = await acquire({ limit: 2, at: START + 50 })
      const rest = await acquire({ limit: 2, at: START + 60 })

      expect(taken.map((execution) => execution.id)).toEqual([made[1]?.id, made[2]?.id])
      expect(rest.map((execution) => execution.id)).toEqual([made[3]?.id])
      expect(taken[0]).toMatchObject({ status: 'Running', startedAt: START + 50 })
      expect(taken[0]).toEqual({
        ...(await context.store.getExecution(taken[0]?.id ?? '')),
        ownerNumber: 1,
        cancel: null,
        chainId: made[1]?.id,
        waits: [],
      })
    })

    test('gives an execution to only one of two engines', async () => {
      await context.store.openInstance('instance', START)
      await context.store.openInstance('other', START)
      await context.store.createExecution(newExecution(), { kind: 'call' }, START)

      const [one, other] = await Promise.all([acquire(), acquire({ instanceId: 'other' })])

      expect(one).toHaveLength(1)
      expect(other).toEqual([])
    })

    test('acquires only requested executions that have no owner and belong to a known workflow', async () => {
      const [one, other, owned, foreign] = [1, 2, 3, 4].map((at) =>
        newExecution({ workflow: at === 4 ? 'other' : 'ingest' }),
      ) as [NewExecution, NewExecution, NewExecution, NewExecution]
      await context.store.openInstance('instance', START)
      await context.store.openInstance('another', START)
      await context.store.createExecution(owned, { kind: 'call' }, START)
      await acquire({ instanceId: 'another' })
      for (const added of [one, other, foreign]) await context.store.createExecution(added, { kind: 'call' }, START)

      const taken = await acquire({ executionIds: [other.id, owned.id, foreign.id, 'unknown'] })

      expect(taken.map(({ id }) => id)).toEqual([other.id])
      expect((await acquire()).map(({ id }) => id)).toEqual([one.id])
    })

    test('does not acquire an ended execution', async () => {
      const id = await start()
      await context.store.settle(settlement(id, { changes: [completed('only')], end: COMPLETED }))
      await context.store.closeInstance('instance', START + 30)
      await context.store.openInstance('instance', START + 31)

      expect(await acquire()).toEqual([])
    })
  })

  describe('settling', () => {
    test('stores every field of a changed task, including its error', async () => {
      const id = await start({ tasks: ['failing', 'next'] })
      const failing = change('failing', {
        status: 'Failed',
        attempts: 3,
        recoveries: 2,
        startedAt: START + 4,
        endedAt: START + 5,
        finishedOrder: 1,
        error: FAULT,
      })
      const next = change('next', { status: 'Ready', attempts: 0, startedAt: null, notBeforeAt: START + 9 })

      await context.store.settle(settlement(id, { changes: [failing, next] }))

      const execution = await context.store.getExecution(id)
      expect(execution).toMatchObject({ status: 'Running', endedAt: null, finalText: null })
      expect(execution?.tasks).toEqual([
        { ...failing, fullName: 'public::embedded::ingest::failing' },
        { ...next, fullName: 'public::embedded::ingest::next' },
      ])
    })

    test('a change replaces all stored fields of its task', async () => {
      const id = await start({ tasks: ['again', 'ended'] })
      const stale = { notBeforeAt: START + 9, recoveries: 1, error: FAULT }
      const before = [
        change('again', { ...stale, status: 'Ready', attempts: 0, startedAt: null }),
        change('ended', { ...stale, status: 'Ready', attempts: 0, startedAt: null }),
      ]
      await context.store.settle(settlement(id, { changes: before }))
      const after = [change('again'), completed('ended', { outputText: '{}' })]

      await context.store.settle(settlement(id, { changes: after }))

      expect((await context.store.getExecution(id))?.tasks).toEqual([
        { ...after[0], fullName: 'public::embedded::ingest::again' },
        { ...after[1], fullName: 'public::embedded::ingest::ended' },
      ])
    })

    test('ends an execution together with the last changes of its tasks', async () => {
      const id = await start({ tasks: ['good', 'bad'] })
      const message = '1 task(s) failed, 1 completed, 0 skipped'

      await context.store.settle(
        settlement(id, {
          changes: [
            completed('good', { outputText: '{"n": 1}' }),
            change('bad', { status: 'Failed', finishedOrder: 2, error: FAULT }),
          ],
          end: { status: 'Failed', endedAt: START + 20, finalText: '{"n": 1}', errorMessage: message },
        }),
      )

      expect(await context.store.getExecution(id)).toMatchObject({
        status: 'Failed',
        endedAt: START + 20,
        finalText: '{"n": 1}',
        errorMessage: message,
        tasks: [{ status: 'Completed', outputText: '{"n": 1}' }, { status: 'Failed' }],
      })
    })

    test('accepts the input of the execution as its final context', async () => {
      const id = await start({ tasks: ['early', 'late'], inputText: '{"given": true}' })
      await context.store.settle(settlement(id, { changes: [completed('early', { outputText: '{"early": 1}' })] }))

      await context.store.settle(
        settlement(id, {
          changes: [change('late', { status: 'Skipped', finishedOrder: 2 })],
          end: { ...COMPLETED, finalText: '{"given": true}' },
        }),
      )

      expect((await context.store.getExecution(id))?.finalText).toBe('{"given": true}')
    })

    test('a context keeps every character: floats, long integers, spaces and letters of all alphabets', async () => {
      const text = '{ "f": 1.0, "n": 123456789012345678901234567890, "t": "žluťoučký 🐎 \\u0000\\ud800", "e": 1E+2 }'
      const id = await start({ inputText: text })

      await context.store.settle(
        settlement(id, { changes: [completed('only', { outputText: text })], end: { ...COMPLETED, finalText: text } }),
      )

      const execution = await context.store.getExecution(id)
      expect(execution?.inputText).toBe(text)
      expect(execution?.tasks[0]?.outputText).toBe(text)
      expect(execution?.finalText).toBe(text)
    })

    test('rejects a settlement with an unknown task, and stores none of its changes', async () => {
      const id = await start()

      const wrong = context.store.settle(settlement(id, { changes: [completed('only'), completed('nobody')] }))

      await expect(wrong).rejects.toMatchObject({ code: 'EXECUTION_NOT_OWNED', facts: { executionId: id } })
      expect((await context.store.getExecution(id))?.tasks).toMatchObject([{ status: 'NotStarted' }])
    })

    test('rejects a settlement of an unknown, pending or ended execution', async () => {
      const ended = await start()
      await context.store.settle(settlement(ended, { changes: [completed('only')], end: COMPLETED }))
      const pending = newExecution()
      await context.store.createExecution(pending, { kind: 'call' }, START)

      for (const executionId of [ended, pending.id, 'unknown']) {
        const late = context.store.settle(settlement(executionId, { changes: [change('only')] }))
        await expect(late).rejects.toMatchObject({ code: 'EXECUTION_NOT_OWNED', facts: { executionId } })
      }
      expect((await context.store.getExecution(ended))?.tasks).toMatchObject([{ status: 'Completed' }])
    })
  })
}
