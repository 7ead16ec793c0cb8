/** Store contract tests for search and for the counts of the navigation. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import { declared, graph, reactor, source } from './graph-builders.ts'
import { declaration, incidentReport, newCron, newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'
import { definition } from './store-contract-workflows.ts'

const NOTHING = { openApprovals: 0, openIncidents: 0, reactors: 0, sources: 0, graphs: 0 }

export function describeSearchContract(context: ContractContext): void {
  const saveTriggers = (...names: readonly string[]) =>
    context.store.saveTriggers(
      names.map((name) => declaration({ name, workflow: 'ingest' })),
      START,
    )
  const titles = async (text: string, limit = 20) =>
    (await context.store.search.findNames(text.split(' '), limit)).map(({ title }) => title)

  describe('search', () => {
    test('finds names of each kind, with the id or name of the address and the workflow', async () => {
      const schedule = newCron({ workflow: 'report', instanceName: 'find me eu' })
      const unnamed = newCron({ workflow: 'find me nightly' })
      const { sources, reactors, graphs } = declared({
        sources: [source('find me source')],
        reactors: [reactor('find me reactor', ['find me source'])],
        graphs: [graph('find me graph', 'find me reactor')],
      })
      await context.store.openInstance('one', START)
      await saveTriggers('find me trigger')
      await context.store.saveTriggerCrons([
        { ...newCron({ workflow: 'report', triggerName: 'find me cron' }), triggerName: 'find me cron' },
      ])
      for (const cron of [schedule, unnamed]) await context.store.createCron(cron)
      await context.store.saveWorkflows([definition({ key: 'find me workflow' })], START)
      await context.store.graphs.declare('one', { sources, reactors, graphs }, START)

      const found = await context.store.search.findNames(['find', 'me'], 20)

      const of = (kind: string, id: unknown, title: string, workflow: string | null) => {
        return { kind, id, title, workflow, status: null, createdAt: null }
      }
      expect(found).toEqual([
        of('schedule', schedule.id, 'find me eu', 'report'),
        of('cron trigger', expect.any(String), 'find me cron', 'report'),
        of('graph', 'find me graph', 'find me graph', null),
        of('source', 'find me source', 'find me source', null),
        of('schedule', unnamed.id, 'find me nightly', 'find me nightly'),
        of('reactor', 'find me reactor', 'find me reactor', null),
        of('trigger', 'find me trigger', 'find me trigger', 'ingest'),
        of('workflow', 'find me workflow', 'find me workflow', null),
      ])
    })

    test('lists equal names first, then names that begin with the text, and shorter ones first', async () => {
      await saveTriggers('my_inbox', 'inbox_of_mail', 'Inbox', 'inbox_b', 'inbox_a', 'other')

      expect(await titles('inbox')).toEqual(['Inbox', 'inbox_a', 'inbox_b', 'inbox_of_mail', 'my_inbox'])
      expect(await titles('inbox', 2)).toEqual(['Inbox', 'inbox_a'])
    })

    test('needs all words in their order, and ignores the case of ASCII letters only', async () => {
      await saveTriggers('Load-Daily-Orders', 'orders daily', 'ÄRA')

      expect(await titles('daily orders')).toEqual(['Load-Daily-Orders'])
      expect(await titles('Ära')).toEqual(['ÄRA'])
      expect(await titles('ära')).toEqual([])
    })

    test('takes wildcards of SQL literally', async () => {
      await saveTriggers('a%b', 'a_c', 'a!d', 'axe')

      expect(await titles('a%b')).toEqual(['a%b'])
      expect(await titles('a_')).toEqual(['a_c'])
      expect(await titles('!')).toEqual(['a!d'])
      expect(await titles('%')).toEqual(['a%b'])
    })

    test('finds executions and schedules by the beginning of their id', async () => {
      const ids = ['0b1c0000-0000-4000-8000-000000000001', '0b1d0000-0000-4000-8000-000000000002']
      for (const id of ids) await context.store.createExecution(newExecution({ id }), { kind: 'call' }, START)
      const schedule = newCron({ id: '0b1c0000-0000-4000-8000-000000000003', workflow: 'report' })
      await context.store.createCron(schedule)

      const found = await context.store.search.findIds('0b1c', 10)

      expect(found).toEqual([
        { kind: 'execution', id: ids[0], title: 'ingest', workflow: 'ingest', status: 'Pending', createdAt: START },
        { kind: 'schedule', id: schedule.id, title: 'report', workflow: 'report', status: null, createdAt: null },
      ])
      expect(await context.store.search.findIds('0b1e', 10)).toEqual([])
      expect(await context.store.search.findIds('0b1', 1)).toHaveLength(2)
    })

    test('counts open incidents, reactors, sources and graphs', async () => {
      expect(await context.store.search.counts(START)).toEqual(NOTHING)
      await context.store.incidents.report(incidentReport({ at: START, subject: 'a' }))
      await context.store.incidents.report(incidentReport({ at: START, subject: 'b' }))
      await context.store.incidents.end(['execution-failed'], 'a', START + 1)
      await context.store.openInstance('one', START)
      const parts = declared({
        sources: [source('prices'), source('rates')],
        reactors: [reactor('alarm', ['prices'])],
        graphs: [graph('judge', 'alarm')],
      })
      await context.store.graphs.declare('one', parts, START)

      expect(await context.store.search.counts(START)).toEqual({
        ...NOTHING,
        ...{ openIncidents: 1, reactors: 1, sources: 2, graphs: 1 },
      })
    })

    test('lists only open incidents on request, by their last failure, newest first', async () => {
      for (const [subject, at] of [
        ['a', 1],
        ['b', 3],
        ['c', 2],
        ['d', 4],
      ] as const) {
        await context.store.incidents.report(incidentReport({ at: START + at, subject }))
      }
      await context.store.incidents.end(['execution-failed'], 'd', START + 5)
      const open = (page: object) => context.store.incidents.listIncidents({ limit: 2, offset: 0, ...page }, true)

      const [first, last] = await open({})

      expect([first?.subject, last?.subject]).toEqual(['b', 'c'])
      expect(await open({ after: last?.id })).toMatchObject([{ subject: 'a' }])
    })
  })
}
