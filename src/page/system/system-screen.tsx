/** Problems, engines and limits of the database, and the state of the process that answers. */

import { read } from '../api/client.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { InstanceTable } from './instance-table.tsx'
import { LimitTable } from './limit-table.tsx'
import { Process } from './process-facts.tsx'
import { SystemProblems } from './troubles.tsx'

export function SystemScreen() {
  const status = useResource('status', {
    load: (signal) => read('/status', { signal }),
    concerns: ({ name }) => /^(executionFinished|triggerFailed|warning|stopped)$/.test(name),
  })
  usePolling(status, OTHERS_EVERY_MS)
  return (
    <main>
      <h1>System</h1>
      <Loaded resource={status} what="the system">
        {(value) => (
          <>
            <SystemProblems status={value} />
            <div class="section-row">
              <h2>Engines</h2>
            </div>
            <InstanceTable instances={value.instances} />
          </>
        )}
      </Loaded>
      <LimitTable />
      <Process />
    </main>
  )
}
