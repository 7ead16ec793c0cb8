/** Selection of executions for actions on all of them. The beginnings of their ids are in the URL (`sel`). */

import { computed } from '@preact/signals'
import { shortId } from '../parts/states.tsx'
import { query, setQuery } from '../routing/location.ts'

const AT_MOST = 200

export const selected = computed(() => new Set((query.value.get('sel') ?? '').split(',').filter(Boolean)))

export function select(ids: readonly string[], isChosen: boolean): void {
  const next = new Set(selected.value)
  for (const id of ids.map(shortId)) {
    if (isChosen && next.size < AT_MOST) next.add(id)
    else if (!isChosen) next.delete(id)
  }
  setQuery({ sel: [...next].join(',') }, { keep: true })
}

export function clearSelection(): void {
  setQuery({ sel: null }, { keep: true })
}
