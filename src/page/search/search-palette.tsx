/**
 * Search over names and ids from every screen, with the screens as further results. The keys ↑ and ↓ choose a result,
 * Enter opens it, and Escape closes the dialog. An Enter before the results are there opens the first one.
 */

import { useEffect, useRef, useState } from 'preact/hooks'
import type { SearchResult } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { asProblem, type Problem } from '../api/problem.ts'
import { delay } from '../live/live-clock.ts'
import { type State, StateBadge, shortId } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { goTo } from '../routing/location.ts'
import { addressOfHit } from './hit-addresses.ts'

/** Pause after a typed letter before the request is sent. */
const TYPED_MS = 120
const MAX_HITS = 20

interface SearchPaletteProps {
  /** Screens of the navigation. */
  readonly screens: readonly { readonly to: string; readonly title: string }[]
  readonly text?: string
  onClose(): void
}

interface Choice {
  readonly to: string
  readonly title: string
  readonly kind: string
  readonly hit: SearchResult | null
}

interface Results {
  readonly text: string
  readonly hits: readonly SearchResult[]
  readonly problem: Problem | null
}

const NOTHING: Results = { text: '', hits: [], problem: null }

export function SearchPalette({ screens, text: given = '', onClose }: SearchPaletteProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [text, setText] = useState(given)
  const [active, setActive] = useState(0)
  const opensFirst = useRef(false)
  useEffect(() => dialog.current?.showModal(), [])
  const results = useResults(text.trim())
  const isCurrent = results.text === text.trim()
  const choices = choicesOf(results.hits, screens, text.trim())
  const at = Math.max(0, Math.min(active, choices.length - 1))
  const open = (choice: Choice | undefined): void => {
    if (choice === undefined) return
    dialog.current?.close()
    goTo(choice.to)
  }
  useEffect(() => {
    if (opensFirst.current && isCurrent) open(choices[0])
    opensFirst.current = false
  }, [results])
  useEffect(() => document.getElementById(`found-${at}`)?.scrollIntoView({ block: 'nearest' }), [at])
  const press = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step === 0 && event.key !== 'Enter') return
    event.preventDefault()
    if (step !== 0) setActive((at + step + choices.length) % Math.max(1, choices.length))
    else if (isCurrent) open(choices[at])
    else opensFirst.current = true
  }
  const closeOutside = ({ target }: Event): void => void (target === dialog.current && dialog.current?.close())
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same, by the browser
    <dialog ref={dialog} class="palette" aria-label="Search" onClose={onClose} onClick={closeOutside}>
      <SearchField
        text={text}
        active={choices.length === 0 ? undefined : `found-${at}`}
        onText={(value) => {
          setText(value)
          setActive(0)
        }}
        onPress={press}
      />
      <p class="palette-status small faint" role="status">
        {statusOf(text.trim(), results, isCurrent)}
      </p>
      <div id="found" role="listbox" aria-label="Results" class="palette-list">
        {choices.map((choice, index) => (
          <Option
            key={`${choice.kind} ${choice.to}`}
            choice={choice}
            index={index}
            isActive={index === at}
            onPoint={() => setActive(index)}
            onOpen={() => open(choice)}
          />
        ))}
      </div>
    </dialog>
  )
}

interface SearchFieldProps {
  readonly text: string
  /** Id of the active result. */
  readonly active: string | undefined
  onText(text: string): void
  onPress(event: KeyboardEvent): void
}

function SearchField({ text, active, onText, onPress }: SearchFieldProps) {
  return (
    <input
      type="text"
      role="combobox"
      aria-label="Search names and ids"
      aria-expanded="true"
      aria-controls="found"
      aria-autocomplete="list"
      aria-activedescendant={active}
      autocomplete="off"
      spellcheck={false}
      maxLength={200}
      placeholder="Name of a trigger, workflow, schedule …, or id of an execution"
      value={text}
      onInput={({ currentTarget: { value } }) => onText(value)}
      onKeyDown={onPress}
    />
  )
}

/** Reads the results of a text after a pause. The results of the previous text stay until then. */
function useResults(text: string): Results {
  const [results, setResults] = useState(NOTHING)
  useEffect(() => {
    if (text === '') {
      setResults(NOTHING)
      return
    }
    const stopping = new AbortController()
    void find(text, stopping.signal).then((found) => {
      if (!stopping.signal.aborted) setResults(found)
    })
    return () => stopping.abort()
  }, [text])
  return results
}

async function find(text: string, signal: AbortSignal): Promise<Results> {
  await delay(TYPED_MS, signal)
  if (signal.aborted) return NOTHING
  try {
    const { items } = await read('/search', { query: { q: text, limit: MAX_HITS }, signal })
    return { text, hits: items, problem: null }
  } catch (thrown) {
    return { text, hits: [], problem: asProblem(thrown) }
  }
}

function choicesOf(
  hits: readonly SearchResult[],
  screens: SearchPaletteProps['screens'],
  text: string,
): readonly Choice[] {
  const found = hits.map((hit) => ({ to: addressOfHit(hit), title: titleOf(hit), kind: hit.kind, hit }))
  const matching = screens.filter(({ title }) => title.toLowerCase().includes(text.toLowerCase()))
  return [...found, ...matching.map((screen) => ({ ...screen, kind: 'screen', hit: null }))]
}

function titleOf({ kind, id, title }: SearchResult): string {
  return kind === 'execution' ? `${title} ${shortId(id)}` : title
}

function statusOf(text: string, { hits, problem }: Results, isCurrent: boolean): string {
  if (text === '') return 'Type to search. ↑ and ↓ choose, Enter opens, Escape closes.'
  if (!isCurrent) return 'Searching …'
  if (problem !== null) return `Could not search: ${problem.message}`
  if (hits.length === 0) return `No name contains “${text}”, and no id begins with it.`
  if (hits.length === MAX_HITS) return `The first ${MAX_HITS} results. Type more to see fewer.`
  return hits.length === 1 ? '1 result' : `${hits.length} results`
}

interface OptionProps {
  readonly choice: Choice
  readonly index: number
  readonly isActive: boolean
  onPoint(): void
  onOpen(): void
}

function Option({ choice: { title, kind, hit }, index, isActive, onPoint, onOpen }: OptionProps) {
  const workflow = hit !== null && hit.kind !== 'execution' && hit.workflow !== title ? hit.workflow : null
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field, which keeps the focus, has the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the field refers to the active option
    <div
      id={`found-${index}`}
      role="option"
      aria-selected={isActive}
      class="palette-row"
      onMouseMove={isActive ? undefined : onPoint}
      onClick={onOpen}
    >
      <span class="small faint">{kind}</span>
      <span class="ellipsis" title={hit?.id ?? title}>
        {title}
        {workflow !== null && <span class="small faint"> {workflow}</span>}
      </span>
      <span class="small faint nowrap">
        {hit?.status != null && <StateBadge state={hit.status as State} />}{' '}
        {hit?.createdAt != null && <Time at={hit.createdAt} />}
      </span>
    </div>
  )
}
