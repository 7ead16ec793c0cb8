/** Computation graphs as JSON. The fields are a contract, listed in `docs/command-line.md`. Times are RFC 3339. */

import { formatFault } from '../../model/fault.ts'
import type { GraphRow } from '../../model/graphs/graph-model-rows.ts'
import { formatInstant, formatInstantOrNull } from '../../model/time/instant.ts'

export function graphListRecord(row: GraphRow) {
  return { ...graphRecord(row), lastError: formatFault(row.lastError) }
}

export function graphRecord(row: GraphRow) {
  const { name, reactor, nodes, description, script, place } = row.definition
  return {
    name,
    reactor,
    nodes: nodes.map(({ id, inputs, next, routes }) => {
      return { id, inputs, next, routes: routes?.map(([variant, node]) => ({ variant, node })) ?? null }
    }),
    description,
    script,
    place,
    doneSequence: row.doneSequence,
    runs: row.runs,
    failures: row.failures,
    lastRun: row.lastRun === null ? null : { ...row.lastRun, at: formatInstant(row.lastRun.at) },
    lastError: row.lastError,
    lastErrorAt: formatInstantOrNull(row.lastErrorAt),
    undeclaredAt: formatInstantOrNull(row.undeclaredAt),
    createdAt: formatInstant(row.createdAt),
  }
}
