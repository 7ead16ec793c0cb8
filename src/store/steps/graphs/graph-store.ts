/** The part `graphs` of the store: a step for each method of the port, in its order. */

import type { AcceptedEvents, GraphStore, NewEvents } from '../../../engine/ports.ts'
import type { Database, StepGroup } from '../../database.ts'
import { declaredNames } from '../../graphs/declared-names.ts'
import { membersOf } from '../../graphs/members.ts'
import type { RunStep } from '../../session.ts'
import type { Declarations } from '../declarations.ts'
import { deadSeqs } from '../liveness.ts'
import { markUndeclared, saveDeclared } from './declared-graphs.ts'
import { deliver, fire } from './deliveries.ts'
import * as reactors from './reactors.ts'
import * as sources from './sources.ts'
import * as subscriptions from './subscriptions.ts'

export function graphStore(database: Database, declarations: Declarations): GraphStore {
  const { run } = database
  const acceptance: StepGroup<NewEvents, AcceptedEvents> = {
    isAlone: true,
    run: (session, calls) => sources.accept(session, calls, (instanceId) => database.instances.has(instanceId)),
  }
  return {
    ...declaring(database, declarations),
    accept: (events) => database.group('accept', acceptance, events),
    refuse: (source, events) => run('write', (session) => sources.refuse(session, source, events), 'quiet'),
    positions: (source) => run('read', (session) => sources.positions(session, source)),
    eventsAfter: (source, sequence, limits) =>
      run('read', (session) => sources.eventsAfter(session, source, sequence, limits)),
    deliver: (delivery) =>
      // A delivery without values may be repeated.
      run(delivery.values.length === 0 ? 'write' : 'accept', (session) => deliver(session, delivery), 'alone'),
    recordPolls: (source, polls) => run('write', (session) => sources.recordPolls(session, source, polls), 'quiet'),
    listPolls: (source, page) => run('read', (session) => sources.listPolls(session, source, page)),
    claimRuns: (names, limit) => run('accept', (session) => reactors.claimRuns(session, names, limit), 'alone'),
    recordRuns: (runs) => run('write', (session) => reactors.recordRuns(session, runs), 'alone'),
    fire: async (reactor, payloadText, by, at) => {
      const values = payloadText === null ? new Map<string, string>() : membersOf(payloadText)
      return await run('accept', (session) => fire(session, reactor, values, by, at), 'alone')
    },
    ...subscribing(run),
    listSources: () => run('read', sources.listSources),
    getSource: (name) => run('read', (session) => sources.getSource(session, name)),
    listEvents: (source, page) => run('read', (session) => sources.listEvents(session, source, page)),
    listReactors: () => run('read', reactors.listReactors),
    getReactor: (name) => run('read', (session) => reactors.getReactor(session, name)),
    listReactorFirings: (reactor, page) =>
      run('read', (session) => reactors.listReactorFirings(session, reactor, page)),
    getFiring: (id) => run('read', (session) => reactors.getFiring(session, id)),
    firingsOf: (source, sequence, limit) =>
      run('read', (session) => reactors.firingsOf(session, source, sequence, limit)),
    listGraphs: () => run('read', reactors.listGraphs),
    getGraph: (name) => run('read', (session) => reactors.getGraph(session, name)),
  }
}

function declaring(
  { run, liveness }: Database,
  declarations: Declarations,
): Pick<GraphStore, 'declare' | 'leaseSources' | 'releaseSources'> {
  return {
    declare: (instanceId, declared, at) => {
      const names = declaredNames(declared)
      const isEmpty = names.length === 0
      const isDeclaring = declarations.keep(instanceId, 'graphs', isEmpty, function* (session, at, dead) {
        if (!isEmpty) markUndeclared(session, instanceId, names, at, dead)
      })
      return run(
        'write',
        function* (session) {
          if (!isDeclaring) return
          session.notifyEngines()
          yield* saveDeclared(session, declared, at)
          markUndeclared(session, instanceId, names, at, yield* deadSeqs(session, liveness, instanceId))
        },
        'alone',
      )
    },
    leaseSources: (instanceId, names) =>
      run(
        'write',
        function* (session) {
          const dead = yield* deadSeqs(session, liveness, instanceId)
          return yield* sources.leaseSources(session, instanceId, names, dead)
        },
        'alone',
      ),
    releaseSources: (instanceId, names) =>
      run('write', (session) => sources.releaseSources(session, instanceId, names), 'alone'),
  }
}

function subscribing(
  run: RunStep,
): Pick<
  GraphStore,
  | 'subscribe'
  | 'unsubscribe'
  | 'listSubscriptions'
  | 'getSubscription'
  | 'setSubscriptionEnabled'
  | 'replay'
  | 'pendingSubscriptions'
  | 'advance'
> {
  return {
    subscribe: (added) => run('accept', (session) => subscriptions.subscribe(session, added)),
    unsubscribe: (reactor, workflow, tenant) =>
      run('accept', (session) => subscriptions.unsubscribe(session, reactor, workflow, tenant)),
    listSubscriptions: (filter) => run('read', (session) => subscriptions.listSubscriptions(session, filter)),
    getSubscription: (id) => run('read', (session) => subscriptions.getSubscription(session, id)),
    setSubscriptionEnabled: (id, isEnabled, at) =>
      run('accept', (session) => subscriptions.setSubscriptionEnabled(session, id, isEnabled, at)),
    replay: (id, fromSequence, at) => run('accept', (session) => subscriptions.replay(session, id, fromSequence, at)),
    pendingSubscriptions: (workflows, limit) =>
      run('read', (session) => subscriptions.pendingSubscriptions(session, workflows, limit)),
    advance: (step) =>
      run(
        step.executions.length === 0 ? 'write' : 'accept',
        (session) => subscriptions.advance(session, step),
        'quiet',
      ),
  }
}
