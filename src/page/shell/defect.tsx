/** Shown if a screen cannot be drawn because of a defect of the page. The rest of the page stays usable. */

import type { ComponentChildren } from 'preact'
import { useErrorBoundary } from 'preact/hooks'

export function DefectBoundary({ children }: { readonly children: ComponentChildren }) {
  const [error, forget] = useErrorBoundary()
  if (error === undefined) return <>{children}</>
  const message = error instanceof Error ? error.message : String(error)
  return (
    <main>
      <div class="empty" role="alert">
        <h2>Could not show this screen</h2>
        <p>
          Reload the page, because cloaca may have been updated while it was open. If the error remains, please report
          it: <code>{message}</code>
        </p>
        <div class="actions">
          <button type="button" onClick={forget}>
            Try again
          </button>
          <button type="button" class="primary" onClick={() => location.reload()}>
            Reload
          </button>
        </div>
      </div>
    </main>
  )
}
