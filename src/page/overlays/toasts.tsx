/** Notices of the results of actions. A notice of a failure stays until the visitor closes it. */

import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { asProblem } from '../api/problem.ts'
import { delay } from '../live/live-clock.ts'

interface Toast {
  readonly id: number
  readonly isProblem: boolean
  readonly title: string
  readonly detail: ComponentChildren
}

const SHOWN_MS = 6_000
const AT_MOST = 4

const toasts = signal<readonly Toast[]>([])
let lastId = 0

export function showToast(title: string, detail: ComponentChildren = null): void {
  const id = add({ isProblem: false, title, detail })
  void delay(SHOWN_MS).then(() => remove(id))
}

/** Shows a failure. `what`: `Could not poll "inbox"`. */
export function showProblem(what: string, thrown: unknown): void {
  add({ isProblem: true, title: what, detail: asProblem(thrown).message })
}

/** Runs an action of the visitor, and shows a notice if it fails. Returns true if it succeeds. */
export async function attemptAction(what: string, act: () => Promise<void>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (thrown) {
    showProblem(what, thrown)
    return false
  }
}

export function Toasts() {
  return (
    <div class="toasts" aria-live="polite">
      {toasts.value.map(({ id, isProblem, title, detail }) => (
        <div key={id} class={isProblem ? 'toast problem' : 'toast'} role={isProblem ? 'alert' : 'status'}>
          <div>
            <strong>{title}</strong>
            {detail !== null && <div>{detail}</div>}
          </div>
          <button type="button" class="quiet" aria-label="Close" onClick={() => remove(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  )
}

function add(toast: Omit<Toast, 'id'>): number {
  const id = ++lastId
  toasts.value = [...toasts.value, { id, ...toast }].slice(-AT_MOST)
  return id
}

function remove(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id)
}
