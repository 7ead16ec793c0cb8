/** Loads the code of the search when it is opened for the first time. */

import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { showProblem } from '../overlays/toasts.tsx'
import { SECTIONS } from '../routing/screens.ts'

type Palette = typeof import('../search/search-palette.tsx')['SearchPalette']

interface SearchDialogProps {
  readonly text: string
  onClose(): void
}

let loaded: Palette | null = null

export function SearchDialog({ text, onClose }: SearchDialogProps) {
  const [Palette, setPalette] = useState<{ readonly of: ComponentType<Parameters<Palette>[0]> } | null>(
    loaded === null ? null : { of: loaded },
  )
  useEffect(() => {
    if (loaded !== null) return
    import('../search/search-palette.tsx')
      .then(({ SearchPalette }) => {
        loaded = SearchPalette
        setPalette({ of: SearchPalette })
      })
      .catch((thrown: unknown) => {
        showProblem('Could not load the search', thrown)
        onClose()
      })
  }, [])
  return Palette === null ? null : <Palette.of screens={SECTIONS} text={text} onClose={onClose} />
}
