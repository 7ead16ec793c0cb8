/** The runners that are open on the database. */

import type { Instance } from '../api/answers.ts'
import { Time } from '../parts/time.tsx'

const TONES: Readonly<Record<Instance['state'], string>> = {
  serving: 'good',
  standby: 'busy',
  idle: 'quiet',
  dead: 'bad',
}

export function Instances({ instances }: { readonly instances: readonly Instance[] }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Host</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Triggers
            </th>
            <th scope="col" class="number medium-only">
              Sources
            </th>
            <th scope="col" class="number">
              Executions
            </th>
            <th scope="col" class="medium-only">
              Started
            </th>
            <th scope="col" class="medium-only">
              Heartbeat
            </th>
          </tr>
        </thead>
        <tbody>
          {instances.map(({ id, host, pid, state, triggers, sources, executions, openedAt, heartbeatAt }) => (
            <tr key={id}>
              <th scope="row">
                {host} <span class="faint">process {pid}</span>
              </th>
              <td>
                <span class={`state ${TONES[state]}`}>{state}</span>
              </td>
              <td class="number">{triggers}</td>
              <td class="number medium-only">{sources}</td>
              <td class="number">{executions}</td>
              <td class="medium-only">
                <Time at={openedAt} />
              </td>
              <td class="medium-only">
                <Time at={heartbeatAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
