/** The frame of every screen: the top bar, the state of the connection, and notices. */

import { useEffect, useState } from 'preact/hooks'
import { isTokenNeeded } from '../api/token.ts'
import { KeyboardHelp } from '../keyboard/keyboard-help.tsx'
import { useKeys } from '../keyboard/keys.ts'
import { connection } from '../live/event-connection.ts'
import { Toasts } from '../overlays/toasts.tsx'
import { path } from '../routing/location.ts'
import { SECTIONS, screenAt } from '../routing/screens.ts'
import { DefectBoundary } from './defect.tsx'
import { LoadedScreen } from './loaded-screen.tsx'
import { NotFound } from './not-found.tsx'
import { SearchDialog } from './search-dialog.tsx'
import { TokenDialog } from './token-dialog.tsx'
import { TopBar } from './top-bar.tsx'

export function Shell() {
  const [isHelpOpen, setHelpOpen] = useState(false)
  const [searched, setSearched] = useState<string | null>(null)
  useKeys([
    { key: '?', does: 'show keyboard shortcuts', press: () => setHelpOpen(true) },
    { key: '/', does: 'search names and ids, and go to a screen', press: () => setSearched('') },
  ])
  const found = screenAt(path.value)
  const section = found?.screen.section
  useEffect(() => {
    const title = SECTIONS.find(({ to }) => to === section)?.title
    document.title =
      title === undefined ? 'Page not found · cloaca' : `${[...(found?.params ?? []), title].join(' · ')} · cloaca`
  }, [path.value])
  return (
    <>
      <TopBar section={section} onSearch={() => setSearched('')} onHelp={() => setHelpOpen(true)} />
      {connection.value === 'lost' && (
        <p class="banner" role="alert">
          cloaca does not answer. The page shows the last known state, and continues when cloaca is back.
        </p>
      )}
      {found === null ? (
        <NotFound path={path.value} onSearch={setSearched} />
      ) : (
        <DefectBoundary key={path.value}>
          <LoadedScreen screen={found.screen} params={found.params} />
        </DefectBoundary>
      )}
      <Toasts />
      {searched !== null && <SearchDialog text={searched} onClose={() => setSearched(null)} />}
      {isHelpOpen && <KeyboardHelp onClose={() => setHelpOpen(false)} />}
      {isTokenNeeded.value && <TokenDialog />}
    </>
  )
}
