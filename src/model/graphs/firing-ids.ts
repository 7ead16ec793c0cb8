/**
 * Ids of firings: UUIDs of the sequence of the firing and a random key of its reactor. So a firing is found by its id
 * without an index, which each batch of firings would update in random order.
 */

const SEQUENCE_DIGITS = 12
const LOW_DIGITS = 8
const LOW = 2 ** 32

const FORM = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/

interface FiringPlace {
  readonly key: string
  readonly sequence: number
}

/** Returns the last three groups of a UUID. 74 of their bits are random. */
export function newReactorKey(newId: () => string): string {
  return newId().slice(SEQUENCE_DIGITS + 2)
}

/** Puts the digits that differ most first, since people read the beginning. */
export function firingId({ key, sequence }: FiringPlace): string {
  const low = (sequence % LOW).toString(16).padStart(LOW_DIGITS, '0')
  const high = Math.floor(sequence / LOW)
    .toString(16)
    .padStart(SEQUENCE_DIGITS - LOW_DIGITS, '0')
  return `${low}-${high}-${key}`
}

/** Returns null for a text that is not the id of a firing. */
export function firingPlace(id: string): FiringPlace | null {
  const [, low, high, key] = FORM.exec(id) ?? []
  if (low === undefined || high === undefined || key === undefined) return null
  return { key, sequence: Number.parseInt(high, 16) * LOW + Number.parseInt(low, 16) }
}
