/** The topology of a computation graph as text, for terminals and for Mermaid. Pure. */

import type { GraphNode } from '../../index.ts'
import { escapeMermaid } from '../workflow/workflow-diagram.ts'

/** Returns a line per node, indented by its longest path, with its inputs and the targets of its value. */
export function topologyLines(nodes: readonly GraphNode[]): readonly string[] {
  const depths = depthsOf(nodes)
  return inOrder(nodes, depths).map((node) => {
    const takes = node.inputs.length === 0 ? '' : `  takes ${node.inputs.join(', ')}`
    return `${'  '.repeat(depths.get(node.id) ?? 0)}${node.id}${takes}${goesTo(node)}`
  })
}

function goesTo({ next, routes }: GraphNode): string {
  if (routes !== null) return `  routes ${routes.map(([variant, node]) => `${variant} to ${node}`).join(', ')}`
  return next === null ? '' : `  then ${next}`
}

/** Returns a Mermaid flowchart, in which sources are rounded. */
export function topologyMermaid(nodes: readonly GraphNode[]): readonly string[] {
  const sources = [...new Set(nodes.flatMap(({ inputs }) => inputs))]
  const sourceIds = new Map(sources.map((source, index) => [source, `s${index}`]))
  const nodeIds = new Map(nodes.map(({ id }, index) => [id, `n${index}`]))
  const lines = [
    ...sources.map((source) => `  ${sourceIds.get(source)}(["${escapeMermaid(source)}"])`),
    ...nodes.map(({ id }) => `  ${nodeIds.get(id)}["${escapeMermaid(id)}"]`),
  ]
  for (const { id, inputs, next, routes } of nodes) {
    const from = nodeIds.get(id)
    for (const source of inputs) lines.push(`  ${sourceIds.get(source)} --> ${from}`)
    if (routes === null && next !== null) lines.push(`  ${from} --> ${nodeIds.get(next)}`)
    for (const [variant, node] of routes ?? [])
      lines.push(`  ${from} -->|"${escapeMermaid(variant)}"| ${nodeIds.get(node)}`)
  }
  return ['flowchart TD', ...lines]
}

function targetsOf({ next, routes }: GraphNode): readonly string[] {
  if (routes !== null) return routes.map(([, node]) => node)
  return next === null ? [] : [next]
}

/** Requires a graph without cycles, which declared graphs are. */
function depthsOf(nodes: readonly GraphNode[]): ReadonlyMap<string, number> {
  const depths = new Map(nodes.map(({ id }) => [id, 0]))
  for (let round = 0, isSettled = false; !isSettled && round < nodes.length; round += 1) {
    isSettled = true
    for (const node of nodes) {
      const below = (depths.get(node.id) ?? 0) + 1
      for (const target of targetsOf(node)) {
        if ((depths.get(target) ?? 0) >= below) continue
        depths.set(target, below)
        isSettled = false
      }
    }
  }
  return depths
}

/** Sorts dependencies first, otherwise by declaration. */
function inOrder(nodes: readonly GraphNode[], depths: ReadonlyMap<string, number>): readonly GraphNode[] {
  return nodes.toSorted((one, other) => (depths.get(one.id) ?? 0) - (depths.get(other.id) ?? 0))
}
