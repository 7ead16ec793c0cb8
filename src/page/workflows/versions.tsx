/** Which versions of a workflow have run, among its newest executions. */

import type { WorkflowStats } from '../api/answers.ts'
import { Time } from '../parts/time.tsx'

export function Versions({ stats, current }: { readonly stats: WorkflowStats; readonly current: string }) {
  return (
    <>
      <h2>Versions</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it */}
      <section class="scroll" aria-label="Versions" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col" class="number">
                Executions
              </th>
              <th scope="col">First</th>
              <th scope="col">Last</th>
            </tr>
          </thead>
          <tbody>
            {stats.versions.map(({ version, executions, firstAt, lastAt }) => (
              <tr key={version}>
                <th scope="row">
                  <code title={version}>{version.slice(0, 8)}</code>
                  {version === current && <span class="faint small"> newest</span>}
                </th>
                <td class="number">{executions}</td>
                <td>
                  <Time at={firstAt} />
                </td>
                <td>
                  <Time at={lastAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  )
}
