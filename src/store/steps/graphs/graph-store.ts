/** The part `graphs` of the store: a step for each method of the port, in its order. */

import type { AcceptedEvents, DeclaredGraphs, GraphStore, NewEvents } from '../../../engine/ports.ts'
import type { Database, StepGroup } from '../../database.ts'
import { membersOf } from '../../graphs/members.ts'
import { method } from '../../session.ts'
import type { Declarations } from '../declarations.ts'
import { deadSeqs } from '../liveness.ts'
import { declaredNames, markUndeclared, saveDeclared } from './declared-graphs.ts'
import { deliver, fire } from './deliveries.ts'
import * as reactors from './reactors.ts'
import * as sources from './sources.ts'
import * as subscriptions from './subscriptions.ts'

export function graphStore(database: Database, declarations: Declarations): GraphStore {
  const { run, liveness } = database
  const acceptance: StepGroup<NewEvents, AcceptedEvents> = {
    isAlone: true,
    run: (session, calls) => sources.accept(session, calls, (instanceId) => database.instances.has(instanceId)),
  }
  return {
    declare: (instanceId, declared, at) => declare(database, declarations, instanceId, declared, at),
    leaseSources: method(
      run,
      'write',
      function* (session, instanceId: string, names: readonly string[]) {
        const dead = yield* deadSeqs(session, liveness, instanceId)
        return yield* sources.leaseSources(session, instanceId, names, dead)
      },
      'alone',
    ),
    releaseSources: method(run, 'write', sources.releaseSources, 'alone'),
    accept: (events) => database.group('accept', acceptance, events),
    refuse: method(run, 'write', sources.refuse, 'quiet'),
    positions: method(run, 'read', sources.positions),
    eventsAfter: method(run, 'read', sources.eventsAfter),
    // A delivery without values may be repeated.
    deliver: (delivery) =>
      run(delivery.values.length === 0 ? 'write' : 'accept', (session) => deliver(session, delivery), 'alone'),
    recordPolls: method(run, 'write', sources.recordPolls, 'quiet'),
    listPolls: method(run, 'read', sources.listPolls),
    claimRuns: method(run, 'accept', reactors.claimRuns, 'alone'),
    recordRuns: method(run, 'write', reactors.recordRuns, 'alone'),
    fire: async (reactor, payloadText, by, at) => {
      const values = payloadText === null ? new Map<string, string>() : membersOf(payloadText)
      return await run('accept', (session) => fire(session, reactor, values, by, at), 'alone')
    },
    subscribe: method(run, 'accept', subscriptions.subscribe),
    unsubscribe: method(run, 'accept', subscriptions.unsubscribe),
    listSubscriptions: method(run, 'read', subscriptions.listSubscriptions),
    getSubscription: method(run, 'read', subscriptions.getSubscription),
    setSubscriptionEnabled: method(run, 'accept', subscriptions.setSubscriptionEnabled),
    replay: method(run, 'accept', subscriptions.replay),
    pendingSubscriptions: method(run, 'read', subscriptions.pendingSubscriptions),
    advance: (step) =>
      run(
        step.executions.length === 0 ? 'write' : 'accept',
        (session) => subscriptions.advance(session, step),
        'quiet',
      ),
    listSources: method(run, 'read', sources.listSources),
    getSource: method(run, 'read', sources.getSource),
    listEvents: method(run, 'read', sources.listEvents),
    listReactors: method(run, 'read', reactors.listReactors),
    getReactor: method(run, 'read', reactors.getReactor),
    listReactorFirings: method(run, 'read', reactors.listReactorFirings),
    getFiring: method(run, 'read', reactors.getFiring),
    firingsOf: method(run, 'read', reactors.firingsOf),
    listGraphs: method(run, 'read', reactors.listGraphs),
    getGraph: method(run, 'read', reactors.getGraph),
  }
}

function declare(
  { run, liveness }: Database,
  declarations: Declarations,
  instanceId: string,
  declared: DeclaredGraphs,
  at: number,
): Promise<void> {
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
}
