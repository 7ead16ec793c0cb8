/** A field that filters a list; what is in it stands in the URL (`q`). */

import { useRef } from 'preact/hooks'
import { useKeys } from '../keyboard/keys.ts'
import { query, setQuery } from '../routing/location.ts'

export function Search({ what }: { readonly what: string }) {
  const field = useRef<HTMLInputElement>(null)
  useKeys([{ key: '/', does: `search ${what}`, press: () => field.current?.focus() }])
  const leave = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return
    setQuery({ q: null }, { keep: true })
    field.current?.blur()
  }
  return (
    <input
      ref={field}
      type="search"
      aria-label={`Search ${what}`}
      placeholder={`Search ${what}`}
      value={query.value.get('q') ?? ''}
      onInput={({ currentTarget }) => setQuery({ q: currentTarget.value }, { keep: true })}
      onKeyDown={leave}
    />
  )
}

/** True where a text has all the words that are searched for. */
export function matches(text: string): boolean {
  const words = (query.value.get('q') ?? '').toLowerCase().split(/\s+/)
  return words.every((word) => text.toLowerCase().includes(word))
}
