/** Who serves the database, and how it goes. */

import { read } from '../api/client.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Time } from '../parts/time.tsx'

export function SystemScreen() {
  const status = useResource('status', {
    load: (signal) => read('/status', { signal }),
    concerns: ({ name }) => name !== 'skips' && name !== 'tick',
  })
  return (
    <main>
      <h1>System</h1>
      <Loaded resource={status} what="the state of the system">
        {({ instances }) => (
          <div class="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">Instance</th>
                  <th scope="col">State</th>
                  <th scope="col" class="number">
                    Triggers
                  </th>
                  <th scope="col" class="number">
                    Executions
                  </th>
                  <th scope="col">Opened</th>
                  <th scope="col">Heartbeat</th>
                </tr>
              </thead>
              <tbody>
                {instances.map(({ id, host, pid, state, triggers, executions, openedAt, heartbeatAt }) => (
                  <tr key={id}>
                    <th scope="row">
                      {host} <span class="faint">process {pid}</span>
                    </th>
                    <td>{state}</td>
                    <td class="number">{triggers}</td>
                    <td class="number">{executions}</td>
                    <td>
                      <Time at={openedAt} />
                    </td>
                    <td>
                      <Time at={heartbeatAt} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
    </main>
  )
}
