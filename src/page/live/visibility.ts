/** Whether the page is visible. While the tab is hidden, it sends no requests and has no stream. */

import { signal } from '@preact/signals'

export const isVisible = signal(!document.hidden)

document.addEventListener('visibilitychange', () => {
  isVisible.value = !document.hidden
})
