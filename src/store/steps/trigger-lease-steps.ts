/** Steps in which an engine takes and releases the leases of triggers. */

import type { LeasedTriggers, TriggerLease } from '../../engine/store-ports.ts'
import { type SharedTrigger, type SharingEngine, shareMoves } from '../../model/triggers/trigger-shares.ts'
import { FIND_INSTANCE } from '../sql/instance-sql.ts'
import type { Session, Step } from '../store-session.ts'
import { deadSeqs, declareDead, requireSeq } from './instance-steps.ts'

const SUM_LEASES = `
SELECT count(*) AS count, CAST(sum(lease_number) AS bigint) AS numbers FROM triggers WHERE lease_seq = $1`

const LIST_OWN_LEASES = 'SELECT name AS "trigger", lease_number AS number FROM triggers WHERE lease_seq = $1'

interface AnnouncedRecord {
  readonly seq: number
  readonly name: string
}

interface Sums {
  readonly count: number
  readonly numbers: number | null
}

/** Leases that an engine was given last. It asks every few seconds, and mostly one query of sums shows no change. */
export class HeldLeases {
  #given: { readonly holder: number; readonly leases: readonly TriggerLease[]; readonly numbers: number } | null = null

  /**
   * Returns the leases that were given last if the engine still holds them, and holds no others. Without other engines
   * that have code, others can only take leases away, and a number only grows: the same sums are the same leases.
   */
  unchanged(holder: number, names: readonly string[], sums: Sums | undefined): readonly TriggerLease[] | null {
    const given = this.#given
    if (given === null || given.holder !== holder || given.leases.length !== names.length) return null
    if (sums?.count !== names.length || (sums.numbers ?? 0) !== given.numbers) return null
    return names.every((name, index) => given.leases[index]?.trigger === name) ? given.leases : null
  }

  given(holder: number, leases: readonly TriggerLease[]): void {
    this.#given = { holder, leases, numbers: leases.reduce((sum, { number }) => sum + number, 0) }
  }

  forget(): void {
    this.#given = null
  }
}

export function* leaseTriggers(
  session: Session,
  held: HeldLeases,
  instanceId: string,
  names: readonly string[],
): Step<LeasedTriggers> {
  const { listAnnounced, lease } = session.sql.triggerLeases
  const found = session.one<{ readonly seq: number }>(FIND_INSTANCE, instanceId)
  const dead = yield* deadSeqs(session, instanceId)
  const own = requireSeq(yield* found, instanceId)
  const announced = session.all<AnnouncedRecord>(listAnnounced, own)
  const summed = session.one<Sums>(SUM_LEASES, own)
  const others = withCode(yield* announced, new Set(dead))
  const unchanged = held.unchanged(own, names, yield* summed)
  if (others.length === 0 && unchanged !== null) return { held: unchanged, surplus: [] }
  const triggers = yield* session.all<SharedTrigger>('SELECT name, lease_seq AS holder FROM triggers')
  const shared = triggers.map(({ name, holder }) => ({
    name,
    holder: holder !== null && dead.includes(holder) ? null : holder,
  }))
  const { take, surplus } = shareMoves(own, shared, [{ seq: own, names: new Set(names) }, ...others])
  const taken = new Set(take)
  const holders = triggers.flatMap(({ name, holder }) => (taken.has(name) ? (holder ?? []) : []))
  declareDead(session, holders)
  if (take.length > 0) session.run(lease, take, dead, own)
  const leases = yield* session.all<TriggerLease>(LIST_OWN_LEASES, own)
  const leaseOf = new Map(leases.map((each) => [each.trigger, each]))
  const given = names.flatMap((name) => leaseOf.get(name) ?? [])
  held.given(own, given)
  return { held: given, surplus }
}

/** Notifies other engines, which wait for the leases. */
export function* releaseTriggers(session: Session, instanceId: string, names: readonly string[]): Step<void> {
  const own = requireSeq(yield* session.one(FIND_INSTANCE, instanceId), instanceId)
  session.run(session.sql.triggerLeases.release, names, own)
  session.notifyEngines()
}

function withCode(announced: readonly AnnouncedRecord[], dead: ReadonlySet<number>): readonly SharingEngine[] {
  const living = announced.filter(({ seq }) => !dead.has(seq))
  const namesOf = Map.groupBy(living, ({ seq }) => seq)
  return [...namesOf].map(([seq, records]) => ({ seq, names: new Set(records.map(({ name }) => name)) }))
}
