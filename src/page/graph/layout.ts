/** Where the nodes of a graph stand, in layers from left to right. Pure; runs in the page or in a worker. */

import { Graph, layout } from '@dagrejs/dagre'

export interface GraphShape {
  readonly nodes: readonly string[]
  readonly edges: readonly { readonly from: string; readonly to: string }[]
  /** Between layers. */
  readonly gapPx?: number
}

export interface PlacedGraph {
  readonly width: number
  readonly height: number
  /** The upper left corner of each node, in the order given. */
  readonly nodes: readonly { readonly x: number; readonly y: number }[]
  /** The points of each edge. */
  readonly edges: readonly (readonly { readonly x: number; readonly y: number }[])[]
}

export const NODE = { width: 168, height: 36 }
const MARGIN = 12

export function placed({ nodes, edges, gapPx = 48 }: GraphShape): PlacedGraph {
  const graph = new Graph()
  graph.setGraph({
    rankdir: 'LR',
    nodesep: 14,
    ranksep: gapPx,
    ranker: rankerFor(nodes.length),
    marginx: MARGIN,
    marginy: MARGIN,
  })
  graph.setDefaultEdgeLabel(() => ({}))
  const known = new Set(nodes)
  for (const node of nodes) graph.setNode(node, { ...NODE })
  const shown = edges.filter(({ from, to }) => known.has(from) && known.has(to))
  for (const { from, to } of shown) graph.setEdge(from, to)
  layout(graph)
  const size = graph.graph() as { readonly width?: number; readonly height?: number }
  const height = finite(size.height)
  const centers = nodes.map((name) => graph.node(name) as Point)
  const isTurned = isUpsideDown(centers)
  const upright = ({ x, y }: Point): Point => ({ x, y: isTurned ? height - y : y })
  return {
    width: finite(size.width),
    height,
    nodes: centers.map(upright).map(({ x, y }) => ({ x: x - NODE.width / 2, y: y - NODE.height / 2 })),
    edges: shown.map(({ from, to }) => pointsOf(graph, from, to).map(upright)),
  }
}

/** Whether most nodes of a layer stand above those that are named before them: where edges leave it open, dagre begins with the last. */
function isUpsideDown(centers: readonly Point[]): boolean {
  const lastOfLayer = new Map<number, number>()
  let downwards = 0
  for (const { x, y } of centers) {
    downwards += Math.sign(y - (lastOfLayer.get(x) ?? y))
    lastOfLayer.set(x, y)
  }
  return downwards < 0
}

interface Point {
  readonly x: number
  readonly y: number
}

/** From the right side of one to the left side of the other; between them where it goes around the layers that lie there. */
function pointsOf(graph: Graph, from: string, to: string): readonly Point[] {
  const [start, end] = [graph.node(from) as Point, graph.node(to) as Point]
  const { points } = graph.edge(from, to) as { readonly points: readonly Point[] }
  const between = points.slice(1, -1).filter(({ x }) => x > start.x + NODE.width / 2 && x < end.x - NODE.width / 2)
  const first = { x: start.x + NODE.width / 2, y: start.y }
  const last = { x: end.x - NODE.width / 2, y: end.y }
  // One layer further there is nothing to go around.
  return between.length <= 1 ? [first, last] : [first, ...between, last]
}

/** The best one takes seconds for some hundred nodes. */
function rankerFor(nodes: number): 'network-simplex' | 'tight-tree' {
  return nodes > 60 ? 'tight-tree' : 'network-simplex'
}

function finite(value: number | undefined): number {
  return value === undefined || !Number.isFinite(value) ? 2 * MARGIN : value
}
