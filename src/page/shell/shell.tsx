/** What is around every screen: the bar above, whether the engine answers, what was told. */

import { useEffect, useState } from 'preact/hooks'
import { isTokenNeeded } from '../api/token.ts'
import { KeyboardHelp } from '../keyboard/help.tsx'
import { useKeys } from '../keyboard/keys.ts'
import { connection } from '../live/connection.ts'
import { Toasts } from '../parts/toasts.tsx'
import { Link } from '../routing/link.tsx'
import { path } from '../routing/location.ts'
import { SECTIONS, screenAt } from '../routing/screens.ts'
import { WithoutDefects } from './defect.tsx'
import { TokenDialog } from './token-dialog.tsx'
import { TopBar } from './top-bar.tsx'

export function Shell() {
  const [isHelpOpen, setHelpOpen] = useState(false)
  useKeys([{ key: '?', does: 'show keyboard shortcuts', press: () => setHelpOpen(true) }])
  const found = screenAt(path.value)
  const section = found?.screen.section
  useEffect(() => {
    const title = SECTIONS.find(({ to }) => to === section)?.title
    document.title = title === undefined ? 'cloaca' : `${[...(found?.params ?? []), title].join(' · ')} · cloaca`
  }, [path.value])
  const Component = found?.screen.component
  return (
    <>
      <TopBar section={section} onHelp={() => setHelpOpen(true)} />
      {connection.value === 'lost' && (
        <p class="banner" role="alert">
          cloaca does not answer. The page shows the last known state, and continues when cloaca is back.
        </p>
      )}
      {Component === undefined ? (
        <NoSuchPage />
      ) : (
        <WithoutDefects key={path.value}>
          <Component params={found?.params ?? []} />
        </WithoutDefects>
      )}
      <Toasts />
      {isHelpOpen && <KeyboardHelp onClose={() => setHelpOpen(false)} />}
      {isTokenNeeded.value && <TokenDialog />}
    </>
  )
}

function NoSuchPage() {
  return (
    <main>
      <div class="empty">
        <h2>Page not found</h2>
        <p>
          There is no page at <code>{path.value}</code>. Try one of these:
        </p>
        <ul class="names">
          {SECTIONS.map(({ to, title }) => (
            <li key={to}>
              <Link to={to}>{title}</Link>
            </li>
          ))}
        </ul>
      </div>
    </main>
  )
}
