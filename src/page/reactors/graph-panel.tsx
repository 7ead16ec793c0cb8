/** One computation graph: its structure, and the values on its edges in the last run. */

import type { ComputationGraph, ReactorInput } from '../api/answer-types.ts'
import { GraphView } from '../graph/graph-view.tsx'
import { now } from '../live/live-clock.ts'
import { relativeTime, Time } from '../parts/time.tsx'
import { addressFor, goTo, query, setQuery } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'
import { drawnGraph, sourceIn } from './drawn-graph.ts'

interface GraphPanelProps {
  readonly graph: ComputationGraph
  readonly inputs: readonly ReactorInput[]
}

export function GraphPanel({ graph, inputs }: GraphPanelProps) {
  const { name, description, lastRun, lastError, lastErrorAt } = graph
  const drawn = drawnGraph(graph, inputs)
  const chosen = query.value.get('node')
  const choose = (node: string): void => {
    const source = sourceIn(node)
    if (source === null) setQuery({ node: node === chosen ? null : node }, { keep: true })
    else goTo(addressFor('sources', source))
  }
  return (
    <section class="panel" aria-label={`Graph ${name}`}>
      <h2>Graph {name}</h2>
      {description !== '' && <p class="description">{description}</p>}
      <Runs graph={graph} />
      <GraphView
        shape={drawn.shape}
        label={`Nodes of ${name}`}
        nameOf={(node) => sourceIn(node) ?? node}
        stateOf={drawn.stateOf}
        detailOf={(node) => ageOf(inputs, sourceIn(node))}
        edgeLabelOf={drawn.edgeLabelOf}
        chosen={chosen}
        onChoose={choose}
      />
      {lastRun !== null && <Values values={drawn.values} graph={graph} chosen={chosen} />}
      {lastError !== null && (
        <details class="error">
          <summary class="bad-ink">
            Failed <Time at={lastErrorAt} />: {lastError.type}: {lastError.message}
          </summary>
          <pre class="value">{lastError.traceback}</pre>
        </details>
      )}
    </section>
  )
}

function Runs({ graph: { reactor, runs, failures, lastRun } }: { readonly graph: ComputationGraph }) {
  if (reactor === null)
    return <p class="faint small">This graph runs as part of tasks, so its runs are not counted separately.</p>
  return (
    <p class="facts faint small">
      <span>{runs.toLocaleString('en')} runs</span>
      <span class={failures > 0 ? 'bad-ink' : ''}>{failures.toLocaleString('en')} failed</span>
      {lastRun !== null && (
        <span>
          last run for firing {lastRun.firingSequence}, <Time at={lastRun.at} />
        </span>
      )}
    </p>
  )
}

interface ValuesProps {
  readonly values: ReadonlyMap<string, string>
  readonly graph: ComputationGraph
  readonly chosen: string | null
}

interface Value {
  readonly name: string
  /** Null if the node did not run. */
  readonly text: string | null
}

const COLUMNS: readonly Column<Value>[] = [
  { title: 'Node', isName: true, cell: ({ name }) => name },
  {
    title: 'Returned',
    cell: ({ text }) => (text === null ? <span class="faint">did not run</span> : <code>{text}</code>),
  },
]

function Values({ values, graph: { nodes, lastRun }, chosen }: ValuesProps) {
  const ofNodes = nodes.map(({ id }) => ({ name: id, text: values.get(id) ?? null }))
  const result = lastRun?.resultText == null ? [] : [{ name: 'Result', text: lastRun.resultText }]
  return (
    <Table
      class="values"
      items={[...ofNodes, ...result]}
      columns={COLUMNS}
      keyOf={({ name }) => name}
      rowClass={({ name }) => (name === chosen ? 'chosen' : '')}
    />
  )
}

function ageOf(inputs: readonly ReactorInput[], source: string | null): string {
  if (source === null) return ''
  const at = inputs.find((input) => input.source === source)?.valueAt
  return at == null ? 'never' : relativeTime(Date.parse(at), now.value)
}
