/** A field that filters a list. Its words are in the URL (`q`). */

import { useRef } from 'preact/hooks'
import { useKeys } from '../keyboard/keys.ts'
import { query, setQuery } from '../routing/location.ts'

export function Search({ what }: { readonly what: string }) {
  const field = useRef<HTMLInputElement>(null)
  useKeys([{ key: 'f', does: `filter ${what}`, press: () => field.current?.focus() }])
  const leave = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return
    setQuery({ q: null }, { keep: true })
    field.current?.blur()
  }
  return (
    <input
      ref={field}
      type="search"
      aria-label={`Filter ${what}`}
      placeholder={`Filter ${what}`}
      value={query.value.get('q') ?? ''}
      onInput={({ currentTarget }) => setQuery({ q: currentTarget.value }, { keep: true })}
      onKeyDown={leave}
    />
  )
}

/** Returns true if a text contains all words of the field. */
export function matchesSearch(text: string): boolean {
  const words = (query.value.get('q') ?? '').toLowerCase().split(/\s+/)
  return words.every((word) => text.toLowerCase().includes(word))
}
