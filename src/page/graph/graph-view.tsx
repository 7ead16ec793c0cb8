/** A graph of tasks: nodes are buttons in layers, edges are lines under them. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { type State, stateTone } from '../parts/states.tsx'
import { useSize } from '../rows/size.ts'
import { layoutGraph } from './graph-layout.ts'
import { type GraphShape, NODE_SIZE, type PlacedGraph } from './layout.ts'

interface GraphViewProps {
  readonly shape: GraphShape
  /** Returns the state of a node, or null. */
  stateOf(node: string): State | null
  /** Returns the text next to the name of a node. */
  detailOf?(node: string): string
  /** Returns the name that is shown for a node. */
  nameOf?(node: string): string
  /** Returns the label of an edge. */
  edgeLabelOf?(from: string, to: string): string
  /** Name of the graph for screen readers. */
  readonly label?: string
  readonly chosen: string | null
  onChoose(node: string): void
}

export function GraphView(props: GraphViewProps) {
  const { shape } = props
  const [graph, setGraph] = useState<PlacedGraph | string | null>(null)
  const [isWhole, setWhole] = useState(false)
  const key = JSON.stringify(shape)
  useEffect(() => {
    let isCurrent = true
    void layoutGraph(shape).then((found) => isCurrent && setGraph(found))
    return () => {
      isCurrent = false
    }
  }, [key])
  if (graph === null) return <p class="loading">Laying out {shape.nodes.length} tasks …</p>
  if (typeof graph === 'string')
    return <p class="loading">Could not draw the graph: {graph}. Use the list of tasks instead.</p>
  if (graph.nodes.length !== shape.nodes.length) return <p class="loading">Laying out …</p>
  return <Drawn {...props} graph={graph} isWhole={isWhole} onWhole={() => setWhole(!isWhole)} />
}

interface DrawnProps extends GraphViewProps {
  readonly graph: PlacedGraph
  readonly isWhole: boolean
  onWhole(): void
}

function Drawn(props: DrawnProps) {
  const { graph, shape, stateOf, detailOf, nameOf, chosen, onChoose, isWhole, onWhole } = props
  const box = useRef<HTMLDivElement>(null)
  const { widthPx } = useSize(box, { widthPx: 0, heightPx: 0 })
  const scale = isWhole && widthPx > 0 ? Math.min(1, widthPx / graph.width) : 1
  const isWider = widthPx > 0 && graph.width > widthPx
  return (
    <div class="graph-view">
      {(isWider || isWhole) && (
        <button type="button" class="small graph-fit" onClick={onWhole}>
          {isWhole ? 'Full size' : 'Fit'}
        </button>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: visitors without a mouse scroll it */}
      <section class="graph" ref={box} aria-label={props.label ?? 'Task graph'} tabIndex={0}>
        <div style={{ width: `${graph.width * scale}px`, height: `${graph.height * scale}px` }}>
          <div
            class="graph-plane"
            style={{ width: `${graph.width}px`, height: `${graph.height}px`, transform: `scale(${scale})` }}
          >
            <svg width={graph.width} height={graph.height} aria-hidden="true">
              <title>Edges</title>
              {graph.edges.map((points, index) => (
                <path key={index} d={pathOf(points)} />
              ))}
            </svg>
            <EdgeLabels {...props} />
            {shape.nodes.map((node, index) => (
              <Node
                key={node}
                id={node}
                name={nameOf?.(node) ?? node}
                spot={graph.nodes[index] ?? { x: 0, y: 0 }}
                state={stateOf(node)}
                detail={detailOf?.(node) ?? ''}
                isChosen={chosen === node}
                onChoose={onChoose}
              />
            ))}
          </div>
        </div>
      </section>
    </div>
  )
}

/** Labels of edges. If a node has several edges out, they are at the other ends, so that they do not overlap. */
function EdgeLabels({ graph, shape: { edges, gapPx = 0 }, edgeLabelOf }: DrawnProps) {
  if (edgeLabelOf === undefined) return null
  return (
    <>
      {edges.map(({ from, to }, index) => {
        const text = edgeLabelOf(from, to)
        const points = graph.edges[index] ?? []
        const isAtEnd = edges.filter((edge) => edge.from === from).length > 1
        const point = isAtEnd ? points.at(-1) : points[0]
        if (text === '' || point === undefined) return null
        const rises = (points.at(-1)?.y ?? 0) < (points[0]?.y ?? 0)
        const isBelow = isAtEnd ? !rises && points[0]?.y !== point.y : rises
        const left = isAtEnd ? point.x - gapPx + 24 : point.x + 6
        return (
          <span
            key={`${from} ${to}`}
            class="edge-label"
            title={text}
            style={{ left: `${left}px`, top: `${point.y + (isBelow ? 3 : -17)}px`, width: `${gapPx - 30}px` }}
          >
            {text}
          </span>
        )
      })}
    </>
  )
}

interface NodeProps {
  readonly id: string
  readonly name: string
  readonly spot: PlacedGraph['nodes'][number]
  readonly state: State | null
  readonly detail: string
  readonly isChosen: boolean
  onChoose(node: string): void
}

function Node({ id, name, spot: { x, y }, state, detail, isChosen, onChoose }: NodeProps) {
  return (
    <button
      type="button"
      class={classOf(id, name, state)}
      title={[name, state ?? '', detail].filter(Boolean).join(' · ')}
      aria-pressed={isChosen}
      style={{ left: `${x}px`, top: `${y}px`, width: `${NODE_SIZE.width}px`, height: `${NODE_SIZE.height}px` }}
      onClick={() => onChoose(id)}
    >
      <span class="ellipsis">{name}</span>
      {detail !== '' && <span class="faint small ellipsis">{detail}</span>}
    </button>
  )
}

/** Returns the classes of a node. A node under another name is not part of the graph: it feeds it. */
function classOf(id: string, name: string, state: State | null): string {
  const tone = state === null ? '' : ` is-${stateTone(state)}`
  return `node${tone}${id === name ? '' : ' is-source'}`
}

/** Returns a path through the points of an edge that is level at each of them. */
function pathOf(points: PlacedGraph['edges'][number]): string {
  return points
    .map((point, index) => {
      const before = points[index - 1]
      if (before === undefined) return `M${spot(point)}`
      const middle = (before.x + point.x) / 2
      return `C${spot({ x: middle, y: before.y })} ${spot({ x: middle, y: point.y })} ${spot(point)}`
    })
    .join('')
}

function spot({ x, y }: { readonly x: number; readonly y: number }): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`
}
