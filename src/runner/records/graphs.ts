/** Computation graphs as JSON: contracts, whose fields `docs/command-line.md` lists. Instants are RFC 3339. */

import { shownFault } from '../../model/fault.ts'
import type { GraphRow } from '../../model/graphs/rows.ts'
import { formatInstant } from '../../model/time/instant.ts'
import { instant } from './instants.ts'

/** A row of a list. */
export function listedGraph(row: GraphRow) {
  return { ...graphRecord(row), lastError: shownFault(row.lastError) }
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
    lastErrorAt: instant(row.lastErrorAt),
    undeclaredAt: instant(row.undeclaredAt),
    createdAt: formatInstant(row.createdAt),
  }
}
