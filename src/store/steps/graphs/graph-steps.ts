/** The part `graphs` of the store: a step for each method of the port, in its order. */

import type { AcceptedEvents, DeclaredGraphs, GraphStore, NewEvents } from '../../../engine/graphs/graph-store.ts'
import { jsonMembers } from '../../../model/graphs/json-members.ts'
import type { Database, StepGroup } from '../../store-database.ts'
import { type RunStep, stepMethod } from '../../store-session.ts'
import type { LiveDeclarations } from '../declaration-steps.ts'
import { deadSeqs } from '../instance-steps.ts'
import { declaredNames, markUndeclared, saveDeclared } from './declared-graph-steps.ts'
import { deliver, fireByHand } from './delivery-steps.ts'
import * as reactors from './reactor-steps.ts'
import * as sources from './source-steps.ts'
import { subscriptionStore } from './subscription-steps.ts'

export function graphStore(database: Database, declarations: LiveDeclarations): GraphStore {
  const { run } = database
  const acceptance: StepGroup<NewEvents, AcceptedEvents> = {
    isAlone: true,
    run: (session, calls) => sources.acceptEvents(session, calls, (instanceId) => database.instances.has(instanceId)),
  }
  return {
    declare: (instanceId, declared, at) => declare(run, declarations, instanceId, declared, at),
    leaseSources: stepMethod(
      run,
      'write',
      function* (session, instanceId: string, names: readonly string[]) {
        const dead = yield* deadSeqs(session, instanceId)
        return yield* sources.leaseSources(session, instanceId, names, dead)
      },
      'alone',
    ),
    releaseSources: stepMethod(run, 'write', sources.releaseSources, 'alone'),
    accept: (events) => database.group('accept', acceptance, events),
    refuse: stepMethod(run, 'write', sources.refuseEvents, 'quiet'),
    positions: stepMethod(run, 'read', sources.readPositions),
    eventsAfter: stepMethod(run, 'read', sources.eventsAfter),
    // A delivery without values may be repeated.
    deliver: (delivery) =>
      run(delivery.values.length === 0 ? 'write' : 'accept', (session) => deliver(session, delivery), 'alone'),
    recordPolls: stepMethod(run, 'write', sources.recordPolls, 'quiet'),
    listPolls: stepMethod(run, 'read', sources.listPolls),
    claimRuns: stepMethod(run, 'accept', reactors.claimRuns, 'alone'),
    recordRuns: stepMethod(run, 'write', reactors.recordRuns, 'alone'),
    fire: async (firing, action) => {
      const values = firing.payloadText === null ? new Map<string, string>() : jsonMembers(firing.payloadText)
      return await run('accept', (session) => fireByHand(session, firing, values, action), 'alone')
    },
    ...subscriptionStore(run),
    listSources: stepMethod(run, 'read', sources.listSources),
    getSource: stepMethod(run, 'read', sources.getSource),
    listEvents: stepMethod(run, 'read', sources.listEvents),
    listReactors: stepMethod(run, 'read', reactors.listReactors),
    getReactor: stepMethod(run, 'read', reactors.getReactor),
    listReactorFirings: stepMethod(run, 'read', reactors.listReactorFirings),
    getFiring: stepMethod(run, 'read', reactors.getFiring),
    firingsOf: stepMethod(run, 'read', reactors.readFirings),
    listGraphs: stepMethod(run, 'read', reactors.listGraphs),
    getGraph: stepMethod(run, 'read', reactors.getGraph),
  }
}

function declare(
  run: RunStep,
  declarations: LiveDeclarations,
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
      markUndeclared(session, instanceId, names, at, yield* deadSeqs(session, instanceId))
    },
    'alone',
  )
}
