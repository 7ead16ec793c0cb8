/** Starts of pages. Lists are newest first, by time and `seq`. */

import type { Session, Step } from '../store-session.ts'

export interface RowPlace {
  readonly at: number
  readonly seq: number
}

/** A place before all rows, so that one statement lists the first page and the pages after it. */
export const FIRST_PLACE: RowPlace = { at: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER }

/** Returns the place of the row with this id, the start if no id is given, or null if no row has the id. */
export function* placeAfter(session: Session, findPlace: string, id: string | undefined): Step<RowPlace | null> {
  if (id === undefined) return FIRST_PLACE
  return (yield* session.one<RowPlace>(findPlace, id)) ?? null
}
