/** Computes the positions of the nodes of a graph, in layers from left to right. Pure; for page and worker. */

import { Graph, layout } from '@dagrejs/dagre'

export interface GraphShape {
  readonly nodes: readonly string[]
  readonly edges: readonly { readonly from: string; readonly to: string }[]
  /** Distance of two layers. */
  readonly gapPx?: number
}

export interface PlacedGraph {
  readonly width: number
  readonly height: number
  /** Upper left corner of each node, in the given order. */
  readonly nodes: readonly { readonly x: number; readonly y: number }[]
  readonly edges: readonly (readonly { readonly x: number; readonly y: number }[])[]
}

export const NODE_SIZE = { width: 168, height: 36 }
const MARGIN = 12

export function layoutNow({ nodes, edges, gapPx = 48 }: GraphShape): PlacedGraph {
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
  for (const node of nodes) graph.setNode(node, { ...NODE_SIZE })
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
    nodes: centers.map(upright).map(({ x, y }) => ({ x: x - NODE_SIZE.width / 2, y: y - NODE_SIZE.height / 2 })),
    edges: shown.map(({ from, to }) => pointsOf(graph, from, to).map(upright)),
  }
}

/** Whether most nodes of a layer are above nodes named earlier: without edges, dagre begins with the last one. */
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

/** Returns the points from the right side of one node to the left side of the other, around the layers between them. */
function pointsOf(graph: Graph, from: string, to: string): readonly Point[] {
  const [start, end] = [graph.node(from) as Point, graph.node(to) as Point]
  const { points } = graph.edge(from, to) as { readonly points: readonly Point[] }
  const between = points
    .slice(1, -1)
    .filter(({ x }) => x > start.x + NODE_SIZE.width / 2 && x < end.x - NODE_SIZE.width / 2)
  const first = { x: start.x + NODE_SIZE.width / 2, y: start.y }
  const last = { x: end.x - NODE_SIZE.width / 2, y: end.y }
  return between.length <= 1 ? [first, last] : [first, ...between, last]
}

/** Returns the ranker. The best one takes seconds for some hundred nodes. */
function rankerFor(nodes: number): 'network-simplex' | 'tight-tree' {
  return nodes > 60 ? 'tight-tree' : 'network-simplex'
}

function finite(value: number | undefined): number {
  return value === undefined || !Number.isFinite(value) ? 2 * MARGIN : value
}
