/** The drawing of a computation graph: sources at the left, nodes, and the last values on the edges. Pure. */

import type { ComputationGraph, ReactorInput } from '../api/answer-types.ts'
import type { GraphShape } from '../graph/layout.ts'

/** Distance of nodes, with room for the labels of edges. */
const GAP_PX = 130
/** The names of nodes contain no blanks, because they are names of functions. */
const SOURCE = 'source '

export interface DrawnGraph {
  readonly shape: GraphShape
  readonly sources: readonly string[]
  /** JSON results of the nodes that ran in the last run. */
  readonly values: ReadonlyMap<string, string>
  stateOf(node: string): 'Completed' | 'Skipped' | null
  edgeLabelOf(from: string, to: string): string
}

export function drawnGraph(graph: ComputationGraph, inputs: readonly ReactorInput[]): DrawnGraph {
  const { nodes, lastRun } = graph
  const sources = [...new Set(nodes.flatMap((node) => node.inputs))]
  const returned = JSON.parse(lastRun?.nodesText ?? '{}') as Readonly<Record<string, unknown>>
  const labels = new Map<string, string>()
  const edges: { readonly from: string; readonly to: string }[] = []
  const connect = (from: string, to: string, label: string): void => {
    const key = `${from}\n${to}`
    const before = labels.get(key)
    if (before === undefined) edges.push({ from, to })
    labels.set(key, [before, label].filter(Boolean).join(' or '))
  }
  for (const { id, inputs: taken } of nodes) {
    for (const source of taken) connect(`${SOURCE}${source}`, id, valueTextOf(inputs, source))
  }
  for (const { id, next, routes } of nodes) {
    const value = Object.hasOwn(returned, id) ? returned[id] : undefined
    if (routes === null) {
      if (next !== null) connect(id, next, value === undefined ? '' : JSON.stringify(value))
      continue
    }
    const [chosen, payload] = Array.isArray(value) ? (value as readonly unknown[]) : []
    for (const { variant, node } of routes)
      connect(id, node, variant === chosen ? `${variant}: ${JSON.stringify(payload)}` : variant)
  }
  return {
    shape: {
      nodes: [...sources.map((name) => `${SOURCE}${name}`), ...nodes.map(({ id }) => id)],
      edges,
      gapPx: GAP_PX,
    },
    sources,
    values: new Map(Object.entries(returned).map(([node, value]) => [node, JSON.stringify(value)])),
    stateOf: (node) => {
      if (lastRun === null || sourceIn(node) !== null) return null
      return Object.hasOwn(returned, node) ? 'Completed' : 'Skipped'
    },
    edgeLabelOf: (from, to) => labels.get(`${from}\n${to}`) ?? '',
  }
}

/** Returns the source of a node of the drawing; null for a node of the graph. */
export function sourceIn(node: string): string | null {
  return node.startsWith(SOURCE) ? node.slice(SOURCE.length) : null
}

function valueTextOf(inputs: readonly ReactorInput[], source: string): string {
  const input = inputs.find((each) => each.source === source)
  if (input === undefined || input.valueLength === null) return ''
  return input.valueText ?? `${input.valueLength.toLocaleString('en')} characters`
}
