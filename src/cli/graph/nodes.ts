/** Prints the results of the nodes of a graph as a table. */

import { printTable } from '../print.ts'

/** `order`: of the topology; other nodes come last. */
export function printNodes(nodesText: string, order: readonly string[]): void {
  const values = JSON.parse(nodesText) as Readonly<Record<string, unknown>>
  const names = [...order.filter((id) => id in values), ...Object.keys(values).filter((id) => !order.includes(id))]
  printTable(
    ['NODE', 'RETURNED'],
    names.map((name) => [name, JSON.stringify(values[name])]),
    'No node has completed.',
  )
}
