/** Calls each method of a graph store once, for tests that observe the store. */

import type { Store } from '../../src/engine/store.ts'
import type { Retention } from '../../src/model/retention-limits.ts'
import { declared, delivery, newEvents, passOn, poll, reactor, source, subscription } from './graph-builders.ts'
import { FAULT, FIRST_PAGE, START } from './store-builders.ts'

const REMOVE_ALL: Partial<Retention> = { skippedMs: 0, failedMs: 0, endedMs: 0, firingsMs: 0 }

export async function askEverything(store: Store): Promise<void> {
  const { graphs } = store
  await store.openInstance('one', START)
  const stream = { kind: 'stream', type: 'kafka', topic: 'quotes', group: null } as const
  const given = declared({
    sources: [source('prices', stream)],
    reactors: [reactor(), reactor('both', ['prices', 'news'], 'when_all')],
  })
  await graphs.declare('one', given, START)
  await graphs.declare('one', { ...given, sources: [source('prices', { ...stream, topic: 'trades' })] }, START)
  const [lease] = await graphs.leaseSources('one', ['prices', 'news'])
  const position = { partition: '0', offset: 1 }
  await graphs.accept(newEvents([], { events: [{ eventText: '1', position }], poll: poll({ outcome: 'emitted' }) }))
  await graphs.accept(newEvents(['2', '3']))
  await graphs.accept(newEvents(['2'], { source: 'news' }))
  await graphs.refuse('prices', 1)
  await graphs.positions('prices')
  await graphs.recordPolls('prices', [poll(), poll(), poll({ outcome: 'failed', error: FAULT }), poll()])
  await graphs.recordPolls('prices', [poll()])
  await graphs.listPolls('prices', FIRST_PAGE)
  await graphs.eventsAfter('prices', 0, { events: 9, maxChars: 9 })
  await graphs.listEvents('prices', FIRST_PAGE)
  const failures = [{ sequence: 1, error: FAULT }]
  const values = [2, 3].map((sequence) => ({ firstSequence: sequence, lastSequence: sequence, valueText: '9' }))
  const of = { lease: lease?.number ?? 0, capacity: 1 }
  await graphs.deliver(delivery({ ...of, upToSequence: 2, values: values.slice(0, 1), failures }))
  await graphs.deliver(delivery({ ...of, upToSequence: 3, values: values.slice(1) }))
  const news = [{ firstSequence: 1, lastSequence: 1, valueText: '9' }]
  await graphs.deliver(delivery({ ...of, source: 'news', upToSequence: 1, values: news, capacity: null }))
  await graphs.fire({ reactor: 'alarm', payloadText: null, by: 'ada', at: START })
  await graphs.claimRuns(['judge'], 9)
  const lastRun = { at: START, firingSequence: 1, resultText: '1', nodesText: '{}' }
  await graphs.recordRuns([{ graph: 'judge', runs: 1, failures: 0, lastRun, error: null }])
  const id = await graphs.subscribe(subscription())
  const [pending] = await graphs.pendingSubscriptions(['ingest'], 9)
  await graphs.advance(passOn(id, pending?.firings ?? []))
  await graphs.setSubscriptionEnabled(id, true, START)
  await graphs.replay(id, 1, START)
  await graphs.listSubscriptions({ enabledOnly: true })
  await graphs.getFiring(pending?.firings[0]?.id ?? '')
  await graphs.listReactorFirings('alarm', { ...FIRST_PAGE, after: pending?.firings[0]?.id ?? '' })
  await graphs.firingsOf('prices', 2, 9)
  await Promise.all([
    graphs.listSources(),
    graphs.getSource('prices'),
    graphs.listReactors(),
    graphs.getReactor('alarm'),
  ])
  await Promise.all([graphs.listGraphs(), graphs.getGraph('judge')])
  await store.heartbeat('one', START)
  while ((await store.prune(REMOVE_ALL, START + 1_000_000)) > 0);
  await graphs.unsubscribe('alarm', 'ingest', 'public')
  await graphs.releaseSources('one', ['prices'])
  await store.closeInstance('one', START)
}
