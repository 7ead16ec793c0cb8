/** How an engine takes and releases the leases of triggers. Each function is the body of one step and runs in its transaction. */

import type { LeasedTriggers } from '../../engine/ports.ts'
import { type Instance, movesOf } from '../trigger-shares.ts'
import type { Connection } from './file/connection.ts'
import type { HeldLeases } from './held-leases.ts'
import { DECLARE_DEAD, LIST_ANNOUNCED_TRIGGERS } from './instance-queries.ts'
import { instanceSeqOrThrow } from './instance-steps.ts'

const LIST_LEASES = 'SELECT seq, name, lease_seq, lease_number FROM triggers'

const RELEASE_TRIGGER = 'UPDATE triggers SET lease_seq = NULL WHERE name = ? AND lease_seq = ?'

const LEASE_TRIGGER = 'UPDATE triggers SET lease_seq = ?, lease_number = lease_number + 1 WHERE seq = ?'

interface LeaseRecord {
  readonly seq: number
  readonly name: string
  lease_seq: number | null
  lease_number: number
}

interface AnnouncedRecord {
  readonly instance_seq: number
  readonly name: string
}

/** The leases that the instance holds after taking those of its share; see the port. */
export function leaseTriggers(
  connection: Connection,
  instanceId: string,
  names: readonly string[],
  deadSeqs: readonly number[],
  held: HeldLeases,
): LeasedTriggers {
  const own = instanceSeqOrThrow(connection, instanceId)
  const dead = new Set(deadSeqs)
  const others = othersWithCode(connection, own, dead)
  const unchanged = others.length === 0 ? held.unchanged(connection, own, names) : null
  if (unchanged !== null) return { held: unchanged, surplus: [] }
  const instances = [{ seq: own, names: new Set(names) }, ...others]
  const leases = new Map(connection.all<LeaseRecord>(LIST_LEASES).map((lease) => [lease.name, { ...lease }]))
  const shared = [...leases.values()].map(({ name, lease_seq }) => {
    return { name, holder: lease_seq === null || dead.has(lease_seq) ? null : lease_seq }
  })
  const { take, surplus } = movesOf(own, shared, instances)
  for (const name of take) {
    const lease = leases.get(name)
    if (lease === undefined) continue
    if (lease.lease_seq !== null) connection.run(DECLARE_DEAD, lease.lease_seq)
    connection.run(LEASE_TRIGGER, own, lease.seq)
    lease.lease_seq = own
    lease.lease_number += 1
  }
  const given = names.flatMap((trigger) => {
    const lease = leases.get(trigger)
    return lease?.lease_seq === own ? { trigger, number: lease.lease_number } : []
  })
  held.given(own, given)
  return { held: given, surplus }
}

export function releaseTriggers(connection: Connection, instanceId: string, names: readonly string[]): void {
  const own = instanceSeqOrThrow(connection, instanceId)
  for (const name of names) connection.run(RELEASE_TRIGGER, name, own)
}

function othersWithCode(connection: Connection, own: number, dead: ReadonlySet<number>): readonly Instance[] {
  const others = new Map<number, Set<string>>()
  for (const { instance_seq: seq, name } of connection.all<AnnouncedRecord>(LIST_ANNOUNCED_TRIGGERS, own)) {
    if (dead.has(seq)) continue
    const names = others.get(seq)
    if (names === undefined) others.set(seq, new Set([name]))
    else names.add(name)
  }
  return [...others].map(([seq, names]) => ({ seq, names }))
}
