/** The SQL of the leases of triggers. */

import type { Fragments } from './fragments.ts'

export function triggerLeaseSql({ elements, isIn, skipLocked }: Fragments) {
  return {
    /** Announced triggers of the engines other than this one. */
    listAnnounced: `
SELECT instances.seq, substr(element.value, 6) AS name FROM instances CROSS JOIN ${elements('instances.declared')}
WHERE is_polling AND substr(element.value, 1, 5) = 'poll ' AND instances.seq <> $1`,
    /**
     * Takes leases that no engine or a dead engine holds. Values: names, list of dead engines, the engine. The order is
     * always the same, so that two engines that take leases never wait for each other.
     */
    lease: `
WITH free AS (
  SELECT seq FROM triggers
  WHERE ${isIn('name', '$1', 'text')} AND (lease_seq IS NULL OR ${isIn('lease_seq', '$2', 'bigint')})
  ORDER BY seq ${skipLocked}
)
UPDATE triggers SET lease_seq = $3, lease_number = lease_number + 1 FROM free WHERE triggers.seq = free.seq`,
    /** Values: names, the engine. */
    release: `UPDATE triggers SET lease_seq = NULL WHERE ${isIn('name', '$1', 'text')} AND lease_seq = $2`,
  }
}
