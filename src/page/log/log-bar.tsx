/** What of the log is shown: words, level, the task that is chosen; and whether it follows. All of it stands in the URL. */

import { Search } from '../parts/search.tsx'
import { setQuery } from '../routing/location.ts'
import { LEAST, type Least } from './log-lines.ts'

const WORDS: Readonly<Record<Least, string>> = {
  all: 'Everything',
  INFO: 'Output, INFO and above',
  WARNING: 'stderr, WARNING and above',
  ERROR: 'ERROR and above',
}

interface LogBarProps {
  readonly least: Least
  /** The task that is chosen; null for none. */
  readonly task: string | null
  readonly isOfTask: boolean
  readonly isRunning: boolean
  readonly follows: boolean
}

export function LogBar({ least, task, isOfTask, isRunning, follows }: LogBarProps) {
  const setLeast = (value: string): void => setQuery({ level: value === 'all' ? null : value })
  return (
    <div class="section-head">
      <h2>Log</h2>
      <Search what="the log" />
      <select aria-label="Minimum level" value={least} onChange={({ currentTarget }) => setLeast(currentTarget.value)}>
        {LEAST.map((each) => (
          <option key={each} value={each}>
            {WORDS[each]}
          </option>
        ))}
      </select>
      {task !== null && (
        <Check isOn={isOfTask} onChange={(isOn) => setQuery({ log: isOn ? null : 'all' })}>
          Only {task}
        </Check>
      )}
      {isRunning && (
        <Check isOn={follows} onChange={(isOn) => setQuery({ follow: isOn ? null : 'no' }, { keep: true })}>
          Follow
        </Check>
      )}
    </div>
  )
}

interface CheckProps {
  readonly isOn: boolean
  readonly children: preact.ComponentChildren
  onChange(isOn: boolean): void
}

function Check({ isOn, children, onChange }: CheckProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={isOn} onChange={({ currentTarget }) => onChange(currentTarget.checked)} />
      <span class="ellipsis">{children}</span>
    </label>
  )
}
