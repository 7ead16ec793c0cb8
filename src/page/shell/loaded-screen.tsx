/** Loads the code of a screen, and shows the screen. The code of an opened screen stays in memory. */

import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { ScreenProps } from '../routing/screen-props.ts'
import type { Screen } from '../routing/screens.ts'

type Loaded =
  | { readonly state: 'loading' }
  | { readonly state: 'failed' }
  | { readonly state: 'loaded'; readonly Component: ComponentType<ScreenProps> }

const components = new Map<Screen, ComponentType<ScreenProps>>()

interface LoadedScreenProps extends ScreenProps {
  readonly screen: Screen
}

export function LoadedScreen({ screen, params }: LoadedScreenProps) {
  const [loaded, setLoaded] = useState<Loaded>(() => known(screen))
  useEffect(() => {
    if (loaded.state === 'loaded') return
    let isShown = true
    const show = (next: Loaded) => isShown && setLoaded(next)
    void load(screen).then(show)
    return () => {
      isShown = false
    }
  }, [])
  if (loaded.state === 'loaded') return <loaded.Component params={params} />
  return <main aria-busy={loaded.state === 'loading'}>{loaded.state === 'failed' && <NotLoaded />}</main>
}

function known(screen: Screen): Loaded {
  const Component = components.get(screen)
  return Component === undefined ? { state: 'loading' } : { state: 'loaded', Component }
}

async function load(screen: Screen): Promise<Loaded> {
  try {
    components.set(screen, await screen.load())
  } catch {
    // Ignored: the browser reports the address of the file, and the page offers to load everything again.
    return { state: 'failed' }
  }
  return known(screen)
}

/** A new version of cloaca has other files, so a page that was opened before it must be loaded again. */
function NotLoaded() {
  return (
    <div class="empty" role="alert">
      <h2>This screen could not be loaded</h2>
      <p>cloaca does not answer, or was updated after you opened the page.</p>
      <button type="button" onClick={() => location.reload()}>
        Load the page again
      </button>
    </div>
  )
}
