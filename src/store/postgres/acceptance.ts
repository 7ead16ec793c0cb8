/** Acceptance of events on PostgreSQL: steps that accept events share a transaction with no other steps. */

import type { AcceptedEvents, NewEvents } from '../../engine/ports.ts'
import { accept } from '../steps/graphs/sources.ts'
import { carryOut } from './session/step-session.ts'
import type { Alike } from './session/write-queue.ts'
import { SQL } from './sql.ts'
import type { Steps } from './steps.ts'

let calls = 0

/** `isOwn`: whether the store opened an engine. */
export function graphAcceptance(
  steps: Steps,
  isOwn: (instanceId: string) => boolean,
): (events: NewEvents) => Promise<AcceptedEvents> {
  const acceptance: Alike<NewEvents, AcceptedEvents> = {
    need: 'accept',
    isPatient: false,
    isAlone: true,
    // Any calls may share a statement.
    key: () => String(calls++),
    run: (connection, added) => carryOut(connection, (session) => accept(session, added, isOwn), SQL),
  }
  return (events) => steps.alike(acceptance, events)
}
