/** Navigation, how the connection is, and the switches of the whole page. */

import { useEffect, useRef } from 'preact/hooks'
import { type Connection, connection } from '../live/connection.ts'
import { nextTheme, theme } from '../parts/theme.ts'
import { switchZone, zone } from '../parts/zone.ts'
import { Link } from '../routing/link.tsx'
import { SECTIONS } from '../routing/screens.ts'

interface TopBarProps {
  /** The part of the navigation that the screen belongs to. */
  readonly section: string | undefined
  onHelp(): void
}

export function TopBar({ section, onHelp }: TopBarProps) {
  const nav = useRef<HTMLElement>(null)
  useEffect(() => {
    // Where the screens do not fit beside each other they are scrolled.
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [section])
  return (
    <header class="top">
      <Link to="/" class="brand">
        cloaca
      </Link>
      <nav ref={nav} aria-label="Screens">
        {SECTIONS.map(({ to, title }) => (
          <Link key={to} to={to} isCurrent={to === section}>
            {title}
          </Link>
        ))}
      </nav>
      <div class="switches">
        <ConnectionState state={connection.value} />
        <button type="button" class="quiet" title="Show times in UTC or in your time zone" onClick={switchZone}>
          {zone.value === 'utc' ? 'UTC' : 'Local'}
        </button>
        <button type="button" class="quiet" title="Use the colours of the system, light or dark" onClick={nextTheme}>
          {theme.value}
        </button>
        <button
          type="button"
          class="quiet"
          title="Keyboard shortcuts (?)"
          aria-label="Keyboard shortcuts"
          onClick={onHelp}
        >
          ?
        </button>
      </div>
    </header>
  )
}

const STATES: Readonly<Record<Connection, string>> = {
  connecting: 'connecting',
  live: 'live',
  polling: 'polling every 2 s',
  lost: 'disconnected',
}

function ConnectionState({ state }: { readonly state: Connection }) {
  return (
    <span class={`connection ${state}`} role="status">
      {STATES[state]}
    </span>
  )
}
