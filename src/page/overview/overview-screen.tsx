/** The first screen: problems first, then workflows, then triggers. An empty database shows the first steps. */

import type { ComponentChildren } from 'preact'
import { read } from '../api/client.ts'
import { useRowKeys } from '../keyboard/row-keys.ts'
import type { ServerEvent } from '../live/event-reader.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Link } from '../routing/link.tsx'
import { concernsRuns } from '../runs/mark-events.ts'
import { AttentionList } from './attention.tsx'
import { readPanelTriggers, TriggerPanel } from './trigger-panel.tsx'
import { PANEL_WORKFLOWS, WorkflowPanel } from './workflow-panel.tsx'

const OF_TRIGGERS: ReadonlySet<string> = new Set(['tick', 'skips', 'triggerFired', 'cronFired', 'warning'])
const OF_PROBLEMS: ReadonlySet<string> = new Set([
  ...['executionFinished', 'executionWaiting', 'triggerFailed', 'waitOpened', 'waitEnded'],
  ...['scriptQuarantined', 'warning', 'trouble'],
])

const isOfTriggers = ({ name }: ServerEvent): boolean => OF_TRIGGERS.has(name)

export function OverviewScreen() {
  const attention = useResource('attention', {
    load: (signal) => read('/attention', { signal }),
    concerns: ({ name }) => OF_PROBLEMS.has(name),
  })
  const workflows = useResource('workflow panel', {
    load: (signal) => read('/workflow-summaries', { query: { limit: PANEL_WORKFLOWS }, signal }),
    concerns: concernsRuns,
  })
  const triggers = useResource('trigger panel', { load: readPanelTriggers, concerns: isOfTriggers })
  usePolling(attention, OTHERS_EVERY_MS)
  usePolling(workflows, OTHERS_EVERY_MS)
  usePolling(triggers, OTHERS_EVERY_MS)
  const rows = useRowKeys<HTMLElement>()
  const problems = attention.value.value?.items.length ?? 0
  const hasNoWorkflows = workflows.value.value?.items.length === 0
  const hasNoTriggers = triggers.value.value?.length === 0
  return (
    <main ref={rows} class="overview">
      <h1>Overview</h1>
      {hasNoWorkflows && hasNoTriggers && <FirstSteps />}
      {!(hasNoWorkflows && hasNoTriggers && problems === 0) && (
        <Panel title="Needs attention">
          <Loaded resource={attention} what="problems">
            {(value) => <AttentionList attention={value} />}
          </Loaded>
        </Panel>
      )}
      {!hasNoWorkflows && (
        <Panel title="Workflows" to="/workflows">
          <Loaded resource={workflows} what="workflows">
            {(value) => <WorkflowPanel {...value} />}
          </Loaded>
        </Panel>
      )}
      {!hasNoTriggers && (
        <Panel title="Triggers" to="/triggers">
          <Loaded resource={triggers} what="triggers">
            {(value) => <TriggerPanel triggers={value} />}
          </Loaded>
        </Panel>
      )}
    </main>
  )
}

interface PanelProps {
  readonly title: string
  /** Address of the screen that has more. */
  readonly to?: string
  readonly children: ComponentChildren
}

function Panel({ title, to, children }: PanelProps) {
  return (
    <section aria-label={title}>
      <h2>{to === undefined ? title : <Link to={to}>{title}</Link>}</h2>
      {children}
    </section>
  )
}

const EXAMPLE = `import cloaca

with cloaca.WorkflowBuilder("hello"):

    @cloaca.task()
    def greet(context):
        print("Hello")
        return context`

function FirstSteps() {
  return (
    <section class="first-steps" aria-label="First steps">
      <h2>No workflows yet</h2>
      <ol>
        <li>
          <p>
            Declare a workflow in a file, such as <code>jobs.py</code>:
          </p>
          <pre>{EXAMPLE}</pre>
        </li>
        <li>
          <p>Serve the file:</p>
          <pre>cloaca serve jobs.py</pre>
        </li>
        <li>
          <p>
            Start an execution with <em>Run</em> on the screen of the workflow, or on the command line:
          </p>
          <pre>cloaca workflow run hello</pre>
        </li>
      </ol>
    </section>
  )
}
