/** The tasks of an execution: in time, or as a graph. Which of the two stands in the URL (`view`). */

import { useMemo } from 'preact/hooks'
import type { Execution, Workflow } from '../api/answers.ts'
import { GraphView } from '../graph/graph.tsx'
import { useKeys } from '../keyboard/keys.ts'
import { EXECUTION_STATUSES, type State, toneOf } from '../parts/states.tsx'
import { query, setQuery } from '../routing/location.ts'
import { Gantt } from './gantt.tsx'

interface TasksProps {
  readonly execution: Execution
  /** Null: there is no graph to show. */
  readonly workflow: Workflow | null
  readonly chosen: string | null
}

export function Tasks({ execution, workflow, chosen }: TasksProps) {
  const isGraph = query.value.get('view') === 'graph'
  const show = (view: string | null) => () => setQuery({ view })
  const choose = (task: string): void => setQuery({ task: task === chosen ? null : task })
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
        <ExecutionGraph execution={execution} workflow={workflow} chosen={chosen} onChoose={choose} />
      ) : (
        <Gantt execution={execution} chosen={chosen} onChoose={choose} />
      )}
    </section>
  )
}

/** How many tasks are in each state. */
function Progress({ execution }: { readonly execution: Execution }) {
  const counts = new Map<State, number>()
  for (const { status } of execution.tasks) counts.set(status, (counts.get(status) ?? 0) + 1)
  const order: readonly State[] = [...EXECUTION_STATUSES, 'Skipped', 'Ready', 'NotStarted']
  return (
    <span class="progress small">
      {order.flatMap((state) => {
        const count = counts.get(state)
        if (count === undefined) return []
        return (
          <span key={state}>
            <span class={`dot ${toneOf(state)}`} />
            {count} {state === 'NotStarted' ? 'not started' : state.toLowerCase()}
          </span>
        )
      })}
    </span>
  )
}

interface ExecutionGraphProps extends TasksProps {
  onChoose(task: string): void
}

function ExecutionGraph({ execution, workflow, chosen, onChoose }: ExecutionGraphProps) {
  const { tasks, version } = execution
  const names = tasks.map(({ id }) => id).join('\n')
  const shape = useMemo(() => {
    const ids = new Set(tasks.map(({ id }) => id))
    const edges = workflow?.graph.edges.filter(({ from, to }) => ids.has(from) && ids.has(to)) ?? []
    return { nodes: [...ids], edges }
  }, [workflow, names])
  const states = new Map(tasks.map(({ id, status }) => [id, status]))
  return (
    <>
      {workflow !== null && workflow.version !== version && (
        <p class="banner">
          The workflow has changed since this execution. The graph shows the dependencies of its newest version.
        </p>
      )}
      <GraphView shape={shape} stateOf={(node) => states.get(node) ?? null} chosen={chosen} onChoose={onChoose} />
    </>
  )
}
