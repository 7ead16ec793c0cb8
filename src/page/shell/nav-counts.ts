/** Counts that the navigation shows, and whether the database has reactors. One request serves all of them. */

import type { NavCounts } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { SECTIONS, type Section } from '../routing/screens.ts'

/** The browser stores it, so that the entries do not move when the counts arrive. */
const HAD_REACTORS = 'cloaca-has-reactors'

interface NavEntry extends Section {
  /** Number next to the title, or 0. */
  readonly count: number
}

/** Returns the entries of the navigation. Reactors are among them only if there are any, or if they are shown. */
export function useNavEntries(current: string | undefined): readonly NavEntry[] {
  const resource = useResource('counts', {
    load: async (signal) => {
      const counts = await read('/counts', { signal })
      localStorage.setItem(HAD_REACTORS, String(hasReactors(counts)))
      return counts
    },
    concerns: ({ name }) => /^(waitOpened|waitEnded|executionFinished|triggerFailed|warning)$/.test(name),
  })
  usePolling(resource, OTHERS_EVERY_MS)
  const counts = resource.value.value
  const areThere = counts === null ? localStorage.getItem(HAD_REACTORS) === 'true' : hasReactors(counts)
  return SECTIONS.filter(({ to }) => to !== '/reactors' || areThere || to === current).map((section) => {
    return { ...section, count: counts === null || section.counted === undefined ? 0 : counts[section.counted] }
  })
}

function hasReactors({ reactors, sources, graphs }: NavCounts): boolean {
  return reactors + sources + graphs > 0
}
