/** Parts of the store of graphs on PostgreSQL: liveness, declarations, and the acceptance of events. */

import type { AcceptedEvents, NewEvents } from '../../../engine/ports.ts'
import type { GraphHosting } from '../../steps/graphs.ts'
import { accept } from '../../steps/sources.ts'
import type { Liveness } from '../instance-steps.ts'
import { carryOut, type PostgresSession, type SessionParts } from '../session/step-session.ts'
import type { Alike } from '../session/write-queue.ts'
import type { Steps } from '../steps.ts'
import type { GraphDeclarations } from './declarations.ts'

export interface HostingParts {
  readonly steps: Steps
  readonly liveness: Liveness
  readonly declarations: GraphDeclarations
  /** Whether the store opened an engine. */
  readonly isOwn: (instanceId: string) => boolean
}

let calls = 0

export function graphHosting(
  { steps, liveness, declarations, isOwn }: HostingParts,
  parts: SessionParts,
): GraphHosting {
  const acceptance: Alike<NewEvents, AcceptedEvents> = {
    need: 'accept',
    isPatient: false,
    isAlone: true,
    // Any calls may share a statement.
    key: () => String(calls++),
    run: (connection, added) => carryOut(connection, (session) => accept(session, added, isOwn), parts),
  }
  return {
    accept: (events) => steps.alike(acceptance, events),
    deadSeqs: function* (session, instanceId) {
      const { connection } = session as PostgresSession
      return (yield liveness.deadSeqs(connection, instanceId)) as readonly number[]
    },
    keepDeclared: (instanceId, names) => declarations.keep(instanceId, names),
  }
}
