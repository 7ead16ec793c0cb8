/** Shown at an address without a screen: the nearest screen, and a search for the last part of the address. */

import { Link } from '../routing/link.tsx'
import { nearestScreen } from '../routing/nearest-screen.ts'
import { SECTIONS } from '../routing/screens.ts'

interface NotFoundProps {
  readonly path: string
  onSearch(text: string): void
}

export function NotFound({ path, onSearch }: NotFoundProps) {
  const nearest = nearestScreen(path, SECTIONS)
  const last =
    readable(path)
      .split('/')
      .filter((part) => part !== '')
      .at(-1) ?? ''
  return (
    <main>
      <div class="empty">
        <h1>Page not found</h1>
        <p>
          There is no page at <code>{readable(path)}</code>.
          {nearest !== null && (
            <>
              {' '}
              Did you mean <Link to={nearest.to}>{nearest.title}</Link>?
            </>
          )}
        </p>
        {last !== '' && (
          <button type="button" class="primary" onClick={() => onSearch(last)}>
            Search for “{last}”
          </button>
        )}
      </div>
    </main>
  )
}

function readable(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    // Ignored: the address has an invalid escape sequence, and is shown as it was typed.
    return path
  }
}
