/** Asks for the token of an engine that has one. */

import { useState } from 'preact/hooks'
import { setToken } from '../api/token.ts'
import { Dialog } from '../parts/dialog.tsx'

export function TokenDialog() {
  const [token, setText] = useState('')
  const take = (event: Event): void => {
    event.preventDefault()
    setToken(token.trim())
    location.reload()
  }
  return (
    <Dialog title="Token required" onClose={() => setText('')}>
      <form onSubmit={take}>
        <label>
          Value of <code>CLOACA_HTTP_TOKEN</code>
          <input
            type="password"
            autocomplete="off"
            value={token}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <div class="actions">
          <button type="submit" class="primary" disabled={token.trim() === ''}>
            Continue
          </button>
        </div>
      </form>
    </Dialog>
  )
}
