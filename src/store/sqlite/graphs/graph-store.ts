/** The part `graphs` of the store: a step for each method of the port, in its order. */

import type { GraphStore } from '../../../engine/ports.ts'
import type { Declarations } from '../../declarations.ts'
import { declaredNames } from '../../graphs/declared-names.ts'
import { membersOf } from '../../graphs/members.ts'
import type { AddStep } from '../../steps.ts'
import type { Connection } from '../file/connection.ts'
import type { SqliteSession } from '../file/session.ts'
import { markUndeclared, saveDeclared } from './declared-graphs.ts'
import { deliver, fire } from './delivery-steps.ts'
import * as graphs from './graph-steps.ts'
import * as sources from './source-steps.ts'
import * as subscriptions from './subscription-steps.ts'

type DeadSeqs = (instanceId: string) => readonly number[]

export function graphStore(step: AddStep<Connection>, declarations: Declarations, deadSeqs: DeadSeqs): GraphStore {
  return {
    ...declaring(step, declarations, deadSeqs),
    accept: (events) => step('accept', (connection) => sources.accept(connection, events)),
    refuse: (source, events) => step('write', (connection) => sources.refuse(connection, source, events)),
    positions: (source) => step('read', (connection) => sources.positions(connection, source)),
    eventsAfter: (source, sequence, limits) =>
      step('read', (connection) => sources.eventsAfter(connection, source, sequence, limits)),
    deliver: (delivery) =>
      // What no reactor gets may be done again.
      step(delivery.values.length === 0 ? 'write' : 'accept', (connection) => deliver(connection, delivery)),
    recordPolls: (source, polls) => step('write', (connection) => sources.recordPolls(connection, source, polls)),
    listPolls: (source, page) => step('read', (connection) => sources.listPolls(connection, source, page)),
    claimRuns: (names, limit) => step('accept', (connection) => graphs.claimRuns(connection, names, limit)),
    recordRuns: (runs) => step('write', (connection) => graphs.recordRuns(connection, runs)),
    fire: async (reactor, payloadText, by, at) => {
      const values = payloadText === null ? new Map<string, string>() : membersOf(payloadText)
      return await step('accept', (connection) => fire(connection, reactor, values, by, at))
    },
    ...subscribing(step),
    listSources: () => step('read', sources.listSources),
    getSource: (name) => step('read', (connection) => sources.getSource(connection, name)),
    listEvents: (source, page) => step('read', (connection) => sources.listEvents(connection, source, page)),
    listReactors: () => step('read', graphs.listReactors),
    getReactor: (name) => step('read', (connection) => graphs.getReactor(connection, name)),
    listReactorFirings: (reactor, page) =>
      step('read', (connection) => graphs.listReactorFirings(connection, reactor, page)),
    getFiring: (id) => step('read', (connection) => graphs.getFiring(connection, id)),
    firingsOf: (source, sequence, limit) =>
      step('read', (connection) => graphs.firingsOf(connection, source, sequence, limit)),
    listGraphs: () => step('read', graphs.listGraphs),
    getGraph: (name) => step('read', (connection) => graphs.getGraph(connection, name)),
  }
}

function declaring(
  step: AddStep<Connection>,
  declarations: Declarations,
  deadSeqs: DeadSeqs,
): Pick<GraphStore, 'declare' | 'leaseSources' | 'releaseSources'> {
  return {
    declare: (instanceId, declared, at) => {
      const names = declaredNames(declared)
      // One that has nothing to do with graphs, and had not before, says nothing of those of others.
      const isEmpty = names.length === 0
      const hasSomething = declarations.keep(instanceId, 'graphs', isEmpty, function* (session, at, dead) {
        if (!isEmpty) markUndeclared((session as SqliteSession).connection, instanceId, names, at, dead)
      })
      return step('write', (connection) => {
        if (!hasSomething) return
        saveDeclared(connection, declared, at)
        markUndeclared(connection, instanceId, names, at, deadSeqs(instanceId))
      })
    },
    leaseSources: (instanceId, names) =>
      step('write', (connection) => sources.leaseSources(connection, instanceId, names, deadSeqs(instanceId))),
    releaseSources: (instanceId, names) =>
      step('write', (connection) => sources.releaseSources(connection, instanceId, names)),
  }
}

function subscribing(
  step: AddStep<Connection>,
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
    subscribe: (added) => step('accept', (connection) => subscriptions.subscribe(connection, added)),
    unsubscribe: (reactor, workflow, tenant) =>
      step('accept', (connection) => subscriptions.unsubscribe(connection, reactor, workflow, tenant)),
    listSubscriptions: (filter) => step('read', (connection) => subscriptions.listSubscriptions(connection, filter)),
    getSubscription: (id) => step('read', (connection) => subscriptions.getSubscription(connection, id)),
    setSubscriptionEnabled: (id, isEnabled, at) =>
      step('accept', (connection) => subscriptions.setSubscriptionEnabled(connection, id, isEnabled, at)),
    replay: (id, fromSequence, at) =>
      step('accept', (connection) => subscriptions.replay(connection, id, fromSequence, at)),
    pendingSubscriptions: (workflows, limit) =>
      step('read', (connection) => subscriptions.pendingSubscriptions(connection, workflows, limit)),
    advance: (taken) =>
      step(taken.executions.length === 0 ? 'write' : 'accept', (connection) =>
        subscriptions.advance(connection, taken),
      ),
  }
}
