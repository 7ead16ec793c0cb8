/** Filters of the log, and whether it follows new lines. All choices are in the URL. */

import { Check } from '../fields/field.tsx'
import { Search } from '../fields/search.tsx'
import { setQuery } from '../routing/location.ts'
import type { MIN_LEVELS, STREAMS, StoredFilter } from './log-view-lines.ts'

const LEVEL_WORDS: Readonly<Record<(typeof MIN_LEVELS)[number], string>> = {
  INFO: 'Output, INFO and above',
  WARNING: 'stderr, WARNING and above',
  ERROR: 'ERROR and above',
}

const STREAM_WORDS: Readonly<Record<(typeof STREAMS)[number], string>> = {
  stdout: 'stdout',
  stderr: 'stderr',
  log: 'Log records',
}

interface LogBarProps {
  readonly filter: StoredFilter
  readonly task: string | null
  readonly isRunning: boolean
  readonly follows: boolean
}

export function LogBar({ filter, task, isRunning, follows }: LogBarProps) {
  const choose = (name: 'stream' | 'level') => (value: string) => setQuery({ [name]: value, line: null })
  return (
    <div class="section-head">
      <h2>Log</h2>
      <Search what="the log" />
      <Choice label="Stream" all="All streams" value={filter.stream} words={STREAM_WORDS} onChange={choose('stream')} />
      <Choice
        label="Minimum level"
        all="All levels"
        value={filter.level}
        words={LEVEL_WORDS}
        onChange={choose('level')}
      />
      {task !== null && (
        <Check isOn={filter.task !== undefined} onChange={(isOn) => setQuery({ log: isOn ? null : 'all', line: null })}>
          <span class="ellipsis">Only {task}</span>
        </Check>
      )}
      {isRunning && (
        <Check isOn={follows} onChange={(isOn) => setQuery({ follow: isOn ? null : 'no' }, { keep: true })}>
          <span class="ellipsis">Follow</span>
        </Check>
      )}
    </div>
  )
}

interface ChoiceProps {
  readonly label: string
  /** Words for no filter. */
  readonly all: string
  readonly value: string | undefined
  readonly words: Readonly<Record<string, string>>
  onChange(value: string): void
}

function Choice({ label, all, value = '', words, onChange }: ChoiceProps) {
  return (
    <select aria-label={label} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
      <option value="">{all}</option>
      {Object.entries(words).map(([each, text]) => (
        <option key={each} value={each}>
          {text}
        </option>
      ))}
    </select>
  )
}
