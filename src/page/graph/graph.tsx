/** A graph of tasks: nodes are buttons in layers, edges are lines under them. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { type State, toneOf } from '../parts/states.tsx'
import { type GraphShape, NODE, type PlacedGraph } from './layout.ts'
import { place } from './place.ts'

interface GraphViewProps {
  readonly shape: GraphShape
  /** The state of a node; null where it has none. */
  stateOf(node: string): State | null
  /** What stands beside its name. */
  detailOf?(node: string): string
  readonly chosen: string | null
  onChoose(node: string): void
}

export function GraphView(props: GraphViewProps) {
  const { shape } = props
  const [graph, setGraph] = useState<PlacedGraph | 'placing' | 'failed'>('placing')
  const [isWhole, setWhole] = useState(false)
  const key = JSON.stringify(shape)
  useEffect(() => {
    let isCurrent = true
    void place(shape).then((found) => isCurrent && setGraph(found ?? 'failed'))
    return () => {
      isCurrent = false
    }
  }, [key])
  if (graph === 'placing') return <p class="loading">Laying out {shape.nodes.length} tasks …</p>
  if (graph === 'failed') return <p class="loading">The graph could not be laid out. The tasks stand in the list.</p>
  // Of another shape: the new one is on its way.
  if (graph.nodes.length !== shape.nodes.length) return <p class="loading">Laying out …</p>
  return <Drawn {...props} graph={graph} isWhole={isWhole} onWhole={() => setWhole(!isWhole)} />
}

interface DrawnProps extends GraphViewProps {
  readonly graph: PlacedGraph
  readonly isWhole: boolean
  onWhole(): void
}

function Drawn({ graph, shape, stateOf, detailOf, chosen, onChoose, isWhole, onWhole }: DrawnProps) {
  const box = useRef<HTMLDivElement>(null)
  const [widthPx, setWidth] = useState(0)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const scale = isWhole && widthPx > 0 ? Math.min(1, widthPx / graph.width) : 1
  const isWider = widthPx > 0 && graph.width > widthPx
  return (
    <div class="graph-view">
      {(isWider || isWhole) && (
        <button type="button" class="quiet small graph-fit" onClick={onWhole}>
          {isWhole ? 'Full size' : 'Fit'}
        </button>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it */}
      <section class="graph" ref={box} aria-label="Graph of the tasks" tabIndex={0}>
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
            {shape.nodes.map((node, index) => {
              const spot = graph.nodes[index]
              const state = stateOf(node)
              const detail = detailOf?.(node) ?? ''
              const tone = state === null ? '' : `is-${toneOf(state)}`
              return (
                <button
                  key={node}
                  type="button"
                  class={`node ${tone}`}
                  title={[node, state ?? '', detail].filter(Boolean).join(' · ')}
                  aria-pressed={chosen === node}
                  style={{
                    left: `${spot?.x ?? 0}px`,
                    top: `${spot?.y ?? 0}px`,
                    width: `${NODE.width}px`,
                    height: `${NODE.height}px`,
                  }}
                  onClick={() => onChoose(node)}
                >
                  <span class="ellipsis">{node}</span>
                  {detail !== '' && <span class="faint small">{detail}</span>}
                </button>
              )
            })}
          </div>
        </div>
      </section>
    </div>
  )
}

/** Through its points, level at each of them. */
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
