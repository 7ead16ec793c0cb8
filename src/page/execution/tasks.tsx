/** The tasks of an execution, as a gantt chart or as a graph. The choice is in the URL (`view`). */

import { useMemo } from 'preact/hooks'
import { waitedFor } from '../../runner/records/wait-words.ts'
import type { Execution, Workflow } from '../api/answer-types.ts'
import { GraphView } from '../graph/graph-view.tsx'
import { useKeys } from '../keyboard/keys.ts'
import { EXECUTION_STATUSES, type State, stateTone } from '../parts/states.tsx'
import { query, setQuery } from '../routing/location.ts'
import { Gantt } from './gantt.tsx'

interface TasksProps {
  readonly execution: Execution
  /** Null if there is no graph to show. */
  readonly workflow: Workflow | null
  /** Maximum number of attempts by task. */
  readonly limits: ReadonlyMap<string, number>
  readonly chosen: string | null
  onChoose(task: string): void
}

export function Tasks(props: TasksProps) {
  const { execution, limits, chosen, onChoose } = props
  const isGraph = query.value.get('view') === 'graph'
  const show = (view: string | null) => () => setQuery({ view })
  useKeys([
    {
      key: 'g',
      does: isGraph ? 'show tasks as a timeline' : 'show tasks as a graph',
      press: show(isGraph ? null : 'graph'),
    },
  ])
  return (
    <section class="tasks" aria-label="Tasks">
      <div class="section-head">
        <h2>Tasks</h2>
        <div class="tabs">
          <button type="button" aria-pressed={!isGraph} onClick={show(null)}>
            Timeline
          </button>
          <button type="button" aria-pressed={isGraph} onClick={show('graph')}>
            Graph
          </button>
        </div>
        <Progress execution={execution} />
      </div>
      {isGraph ? (
        <ExecutionGraph {...props} />
      ) : (
        <Gantt execution={execution} limits={limits} chosen={chosen} onChoose={onChoose} />
      )}
    </section>
  )
}

function Progress({ execution }: { readonly execution: Execution }) {
  const counts = new Map<State, number>()
  for (const { status } of execution.tasks) counts.set(status, (counts.get(status) ?? 0) + 1)
  const order: readonly State[] = [...EXECUTION_STATUSES, 'Skipped', 'Waiting', 'Ready', 'NotStarted']
  return (
    <span class="progress small">
      {order.flatMap((state) => {
        const count = counts.get(state)
        if (count === undefined) return []
        return (
          <span key={state}>
            <span class={`dot ${stateTone(state)}`} />
            {count} {state === 'NotStarted' ? 'not started' : state.toLowerCase()}
          </span>
        )
      })}
    </span>
  )
}

function ExecutionGraph({ execution, workflow, chosen, onChoose }: TasksProps) {
  const { tasks, version } = execution
  const names = tasks.map(({ id }) => id).join('\n')
  const shape = useMemo(() => {
    const ids = new Set(tasks.map(({ id }) => id))
    const edges = workflow?.graph.edges.filter(({ from, to }) => ids.has(from) && ids.has(to)) ?? []
    return { nodes: [...ids], edges }
  }, [workflow, names])
  const states = new Map(tasks.map(({ id, status }) => [id, status]))
  const waits = new Map(tasks.map(({ id, waitingFor }) => [id, waitingFor]))
  const waitOf = (node: string): string => {
    const wait = waits.get(node) ?? null
    return wait === null ? '' : waitedFor(wait)
  }
  return (
    <>
      {workflow !== null && workflow.version !== version && (
        <p class="banner">
          The workflow has changed since this execution. The graph shows the dependencies of its newest version.
        </p>
      )}
      <GraphView
        shape={shape}
        stateOf={(node) => states.get(node) ?? null}
        detailOf={waitOf}
        chosen={chosen}
        onChoose={onChoose}
      />
    </>
  )
}
