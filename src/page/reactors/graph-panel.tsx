/** One computation graph: how it is made, and what went along its edges in its last run. */

import type { ComputationGraph, ReactorInput } from '../api/answers.ts'
import { GraphView } from '../graph/graph.tsx'
import { now } from '../live/clock.ts'
import { relative, Time } from '../parts/time.tsx'
import { addressFor, goTo, query, setQuery } from '../routing/location.ts'
import { drawnGraph, sourceIn } from './drawn-graph.ts'

interface GraphPanelProps {
  readonly graph: ComputationGraph
  /** What its reactor has of its sources. */
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

function Values({ values, graph: { nodes, lastRun }, chosen }: ValuesProps) {
  return (
    <div class="scroll">
      <table class="values">
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col">Returned</th>
          </tr>
        </thead>
        <tbody>
          {nodes.map(({ id }) => (
            <tr key={id} class={id === chosen ? 'chosen' : ''}>
              <th scope="row">{id}</th>
              <td>{values.has(id) ? <code>{values.get(id)}</code> : <span class="faint">did not run</span>}</td>
            </tr>
          ))}
          {lastRun?.resultText != null && (
            <tr>
              <th scope="row">Result</th>
              <td>
                <code>{lastRun.resultText}</code>
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  )
}

function ageOf(inputs: readonly ReactorInput[], source: string | null): string {
  if (source === null) return ''
  const at = inputs.find((input) => input.source === source)?.valueAt
  return at == null ? 'never' : relative(Date.parse(at), now.value)
}
