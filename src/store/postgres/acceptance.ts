/** Acceptance of events on PostgreSQL: steps that accept events share a transaction with no other steps. */

import type { AcceptedEvents, NewEvents } from '../../engine/ports.ts'
import { accept } from '../steps/graphs/sources.ts'
import type { Alike } from './session/write-queue.ts'
import type { Steps } from './steps.ts'

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
    key: (events) => events,
    run: (connection, added) => connection.carryOut((session) => accept(session, added, isOwn)),
  }
  return (events) => steps.alike(acceptance, events)
}
