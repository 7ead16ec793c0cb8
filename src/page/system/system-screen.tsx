/** Who serves the database, how the process does that answers, and what needs to be looked at. */

import { read } from '../api/client.ts'
import { OTHERS_EVERY_MS, useReadingAgain } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Instances } from './instances.tsx'
import { Process } from './process.tsx'
import { Troubles } from './troubles.tsx'

export function SystemScreen() {
  const status = useResource('status', {
    load: (signal) => read('/status', { signal }),
    concerns: ({ name }) => /^(executionFinished|triggerFailed|warning|stopped)$/.test(name),
  })
  useReadingAgain(status, OTHERS_EVERY_MS)
  return (
    <main>
      <h1>System</h1>
      <Loaded resource={status} what="the system">
        {(value) => (
          <>
            <Troubles status={value} />
            <div class="section-row">
              <h2>Engines</h2>
            </div>
            <Instances instances={value.instances} />
          </>
        )}
      </Loaded>
      <Process />
    </main>
  )
}
