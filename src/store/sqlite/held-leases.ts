/**
 * The leases that an instance was given last. It asks for them again every few seconds, and nearly always nothing has changed: then
 * one look at their sums says so, and ten thousand triggers are not gone through. Held by `sqlite-store.ts`.
 */

import type { TriggerLease } from '../../engine/ports.ts'
import type { Connection } from './file/connection.ts'

const SUM_LEASES = 'SELECT count(*) AS count, sum(lease_number) AS numbers FROM triggers WHERE lease_seq = ?'

interface Given {
  readonly holder: number
  readonly leases: readonly TriggerLease[]
  readonly numbers: number
}

interface Sums {
  readonly count: number
  readonly numbers: number
}

export class HeldLeases {
  #given: Given | null = null

  /**
   * What is held of these triggers, when it is what was given last; else null. To be asked while no other instance has code: others
   * only take leases away then, and a number only grows, so the same sums are the same leases.
   */
  unchanged(connection: Connection, holder: number, names: readonly string[]): readonly TriggerLease[] | null {
    const given = this.#given
    if (given === null || given.holder !== holder || given.leases.length !== names.length) return null
    if (!names.every((name, index) => given.leases[index]?.trigger === name)) return null
    const sums = connection.one<Sums>(SUM_LEASES, holder)
    return sums?.count === names.length && sums.numbers === given.numbers ? given.leases : null
  }

  /** Another database is open, in which others may be held. */
  forget(): void {
    this.#given = null
  }

  given(holder: number, leases: readonly TriggerLease[]): void {
    this.#given = { holder, leases, numbers: leases.reduce((sum, { number }) => sum + number, 0) }
  }
}
