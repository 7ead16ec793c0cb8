/** Workflows with marks of their newest executions. */

import type { ReadResponses } from '../api/answer-types.ts'
import { Link } from '../routing/link.tsx'
import { WorkflowTable } from '../runs/workflow-table.tsx'

/** Number of workflows in the panel. The screen of workflows has all. */
export const PANEL_WORKFLOWS = 30

export function WorkflowPanel({ items, nextCursor }: ReadResponses['/workflow-summaries']) {
  return (
    <>
      <WorkflowTable workflows={items} />
      {items.every(({ executions }) => executions === 0) && nextCursor === null && (
        <p class="panel-more">
          Nothing has run yet. Open a workflow and select <em>Run</em>, or start one on the command line:{' '}
          <code>cloaca workflow run {items[0]?.key}</code>
        </p>
      )}
      {nextCursor !== null && (
        <p class="panel-more">
          The first {items.length} workflows by name. <Link to="/workflows">All workflows</Link>
        </p>
      )}
    </>
  )
}
