/** The part `graphs` of the store: a step for each method of the port, in its order. */

import type { GraphStore } from '../../../engine/ports.ts'
import type { Declarations } from '../../declarations.ts'
import { declaredNames } from '../../graphs/declared-names.ts'
import { membersOf } from '../../graphs/members.ts'
import type { Session } from '../session/session.ts'
import type { PostgresSession } from '../session/step-session.ts'
import type { Steps } from '../steps.ts'
import { markUndeclared, saveDeclared } from './declared-graphs.ts'
import { deliver, fire } from './delivery-steps.ts'
import * as graphs from './graph-steps.ts'
import * as sources from './source-steps.ts'
import * as subscriptions from './subscription-steps.ts'

export interface GraphStoreParts {
  readonly steps: Steps
  readonly deadSeqs: (session: Session, instanceId: string) => Promise<readonly number[]>
  readonly declarations: Declarations
  /** Whether an instance was opened in this store. */
  readonly isOwn: (instanceId: string) => boolean
}

export function graphStore(parts: GraphStoreParts): GraphStore {
  const { steps, isOwn } = parts
  const acceptance = sources.acceptance(isOwn)
  return {
    ...declaring(parts),
    accept: (events) => steps.alike(acceptance, events),
    refuse: (source, events) => steps.addQuietly('write', (session) => sources.refuse(session, source, events)),
    positions: (source) => steps.add('read', (session) => sources.positions(session, source)),
    eventsAfter: (source, sequence, limits) =>
      steps.add('read', (session) => sources.eventsAfter(session, source, sequence, limits)),
    deliver: (delivery) =>
      // What no reactor gets may be done again.
      steps.addAlone(delivery.values.length === 0 ? 'write' : 'accept', (session) => deliver(session, delivery)),
    recordPolls: (source, polls) => steps.addQuietly('write', (session) => sources.recordPolls(session, source, polls)),
    listPolls: (source, page) => steps.add('read', (session) => sources.listPolls(session, source, page)),
    claimRuns: (names, limit) => steps.addAlone('accept', (session) => graphs.claimRuns(session, names, limit)),
    recordRuns: (runs) => steps.addAlone('write', (session) => graphs.recordRuns(session, runs)),
    fire: async (reactor, payloadText, by, at) => {
      const values = payloadText === null ? new Map<string, string>() : membersOf(payloadText)
      return await steps.addAlone('accept', (session) => {
        session.tell()
        return fire(session, reactor, values, by, at)
      })
    },
    ...subscribing(steps),
    listSources: () => steps.add('read', sources.listSources),
    getSource: (name) => steps.add('read', (session) => sources.getSource(session, name)),
    listEvents: (source, page) => steps.add('read', (session) => sources.listEvents(session, source, page)),
    listReactors: () => steps.add('read', graphs.listReactors),
    getReactor: (name) => steps.add('read', (session) => graphs.getReactor(session, name)),
    listReactorFirings: (reactor, page) =>
      steps.add('read', (session) => graphs.listReactorFirings(session, reactor, page)),
    getFiring: (id) => steps.add('read', (session) => graphs.getFiring(session, id)),
    firingsOf: (source, sequence, limit) =>
      steps.add('read', (session) => graphs.firingsOf(session, source, sequence, limit)),
    listGraphs: () => steps.add('read', graphs.listGraphs),
    getGraph: (name) => steps.add('read', (session) => graphs.getGraph(session, name)),
  }
}

function declaring({
  steps,
  deadSeqs,
  declarations,
}: GraphStoreParts): Pick<GraphStore, 'declare' | 'leaseSources' | 'releaseSources'> {
  return {
    declare: (instanceId, declared, at) => {
      const names = declaredNames(declared)
      const isEmpty = names.length === 0
      const hasSomething = declarations.keep(instanceId, 'graphs', isEmpty, function* (session, at, dead) {
        if (!isEmpty) yield markUndeclared((session as PostgresSession).connection, instanceId, names, at, dead)
      })
      return steps.addAlone('write', async (session) => {
        if (!hasSomething) return
        session.tell()
        await saveDeclared(session, declared, at)
        await markUndeclared(session, instanceId, names, at, await deadSeqs(session, instanceId))
      })
    },
    leaseSources: (instanceId, names) =>
      steps.addAlone('write', async (session) => {
        const dead = await deadSeqs(session, instanceId)
        return await sources.leaseSources(session, instanceId, names, dead)
      }),
    releaseSources: (instanceId, names) =>
      steps.addAlone('write', (session) => sources.releaseSources(session, instanceId, names)),
  }
}

function subscribing(
  steps: Steps,
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
    subscribe: (added) => steps.add('accept', (session) => subscriptions.subscribe(session, added)),
    unsubscribe: (reactor, workflow, tenant) =>
      steps.add('accept', (session) => subscriptions.unsubscribe(session, reactor, workflow, tenant)),
    listSubscriptions: (filter) => steps.add('read', (session) => subscriptions.listSubscriptions(session, filter)),
    getSubscription: (id) => steps.add('read', (session) => subscriptions.getSubscription(session, id)),
    setSubscriptionEnabled: (id, isEnabled, at) =>
      steps.add('accept', (session) => subscriptions.setSubscriptionEnabled(session, id, isEnabled, at)),
    replay: (id, fromSequence, at) =>
      steps.add('accept', (session) => subscriptions.replay(session, id, fromSequence, at)),
    pendingSubscriptions: (workflows, limit) =>
      steps.add('read', (session) => subscriptions.pendingSubscriptions(session, workflows, limit)),
    advance: (taken) =>
      steps.addQuietly(taken.executions.length === 0 ? 'write' : 'accept', (session) =>
        subscriptions.advance(session, taken),
      ),
  }
}
