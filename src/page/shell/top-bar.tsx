/** Navigation, search, state of the connection, and the switches of the whole page. On narrow screens, a menu. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { type ConnectionPhase, connection } from '../live/event-connection.ts'
import { nextTheme, theme } from '../parts/theme.ts'
import { switchZone, zone } from '../parts/zone.ts'
import { Link } from '../routing/link.tsx'
import { path } from '../routing/location.ts'
import { useNavEntries } from './nav-counts.ts'

interface TopBarProps {
  /** Section of the navigation that contains the screen. */
  readonly section: string | undefined
  onSearch(): void
  onHelp(): void
}

export function TopBar({ section, onSearch, onHelp }: TopBarProps) {
  const entries = useNavEntries(section)
  const { header, isOpen, setOpen } = useMenu()
  const urgent = entries.reduce((sum, { count }) => sum + count, 0)
  return (
    <header class={isOpen ? 'top open' : 'top'} ref={header}>
      <Link to="/" class="brand">
        cloaca
      </Link>
      <button
        type="button"
        class="menu-button"
        aria-expanded={isOpen}
        aria-controls="screens"
        onClick={() => setOpen(!isOpen)}
      >
        <span class="unseen">Screens: </span>
        {entries.find(({ to }) => to === section)?.title ?? 'Menu'}
        {urgent > 0 && <span class="nav-count">{urgent}</span>}
      </button>
      <nav id="screens" aria-label="Screens">
        {entries.map(({ to, title, count }) => (
          <Link key={to} to={to} isCurrent={to === section}>
            {title}
            {count > 0 && (
              <span class="nav-count">
                {count}
                <span class="unseen"> open</span>
              </span>
            )}
          </Link>
        ))}
      </nav>
      <button type="button" class="search-button" title="Search names and ids (/)" onClick={onSearch}>
        Search
      </button>
      <ConnectionState state={connection.value} />
      <div class="switches">
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

/** The menu closes when the visitor goes to a screen, clicks elsewhere, or presses Escape. */
function useMenu() {
  const header = useRef<HTMLElement>(null)
  const [isOpen, setOpen] = useState(false)
  useEffect(() => setOpen(false), [path.value])
  useEffect(() => {
    if (!isOpen) return
    const elsewhere = ({ target }: Event): void => {
      if (!header.current?.contains(target as Node)) setOpen(false)
    }
    const closeByKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      event.preventDefault()
      setOpen(false)
      header.current?.querySelector<HTMLElement>('.menu-button')?.focus()
    }
    addEventListener('pointerdown', elsewhere)
    addEventListener('keydown', closeByKey, true)
    return () => {
      removeEventListener('pointerdown', elsewhere)
      removeEventListener('keydown', closeByKey, true)
    }
  }, [isOpen])
  return { header, isOpen, setOpen }
}

const STATES: Readonly<Record<ConnectionPhase, string>> = {
  connecting: 'connecting',
  live: 'live',
  polling: 'polling every 2 s',
  lost: 'disconnected',
}

function ConnectionState({ state }: { readonly state: ConnectionPhase }) {
  return (
    <span class={`connection ${state}`} role="status">
      {STATES[state]}
    </span>
  )
}
