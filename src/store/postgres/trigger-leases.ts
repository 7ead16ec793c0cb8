/** How an engine takes and releases the leases of triggers. Each function is the body of one step and runs in its transaction. */

import type { LeasedTriggers, TriggerLease } from '../../engine/ports.ts'
import { movesOf } from '../trigger-shares.ts'
import { DECLARE_DEAD, LIST_ANNOUNCED_TRIGGERS } from './instance-queries.ts'
import { instanceSeqOrThrow } from './instance-steps.ts'
import type { Session } from './session/session.ts'

/** Takes those that nobody or only the dead hold. Always in the same order, so that two that take do not wait for each other in a ring. */
const LEASE_TRIGGERS = `
WITH free AS (
  SELECT seq FROM triggers
  WHERE name = ANY ($1::text[]) AND (lease_seq IS NULL OR lease_seq = ANY ($2::bigint[])) ORDER BY seq FOR UPDATE SKIP LOCKED
)
UPDATE triggers SET lease_seq = $3, lease_number = lease_number + 1 FROM free WHERE triggers.seq = free.seq`

const RELEASE_TRIGGERS = `
UPDATE triggers SET lease_seq = NULL WHERE name = ANY ($1::text[]) AND lease_seq = $2`

const LIST_LEASES = 'SELECT name, lease_seq FROM triggers'

const LIST_OWN_LEASES = 'SELECT name AS "trigger", lease_number AS number FROM triggers WHERE lease_seq = $1'

interface HeldRecord {
  readonly name: string
  readonly lease_seq: number | null
}

interface AnnouncedRecord {
  readonly instance_seq: number
  readonly name: string
}

/** The leases that the instance holds after taking those of its share; see the port. */
export async function leaseTriggers(
  session: Session,
  instanceId: string,
  names: readonly string[],
  deadSeqs: readonly number[],
): Promise<LeasedTriggers> {
  const own = await instanceSeqOrThrow(session, instanceId)
  const dead = new Set(deadSeqs)
  const [held, others] = await Promise.all([
    session.all<HeldRecord>(LIST_LEASES),
    session.all<AnnouncedRecord>(LIST_ANNOUNCED_TRIGGERS, own, deadSeqs),
  ])
  const namesOf = Map.groupBy(others, ({ instance_seq }) => instance_seq)
  const instances = [
    { seq: own, names: new Set(names) },
    ...[...namesOf].map(([seq, records]) => ({ seq, names: new Set(records.map(({ name }) => name)) })),
  ]
  const shared = held.map(({ name, lease_seq }) => {
    return { name, holder: lease_seq === null || dead.has(lease_seq) ? null : lease_seq }
  })
  const { take, surplus } = movesOf(own, shared, instances)
  const taken = take.length > 0 && session.run(LEASE_TRIGGERS, take, deadSeqs, own)
  const formers = held.flatMap(({ name, lease_seq }) => (lease_seq !== null && take.includes(name) ? lease_seq : []))
  if (formers.length > 0) await session.run(DECLARE_DEAD, formers)
  const [leases] = await Promise.all([session.all<TriggerLease>(LIST_OWN_LEASES, own), taken])
  const byName = new Map(leases.map((lease) => [lease.trigger, lease]))
  return { held: names.flatMap((name) => byName.get(name) ?? []), surplus }
}

/** Other engines wait for them. */
export async function releaseTriggers(session: Session, instanceId: string, names: readonly string[]): Promise<void> {
  await session.run(RELEASE_TRIGGERS, names, await instanceSeqOrThrow(session, instanceId))
  session.tell()
}
