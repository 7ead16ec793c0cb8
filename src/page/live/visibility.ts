/** Whether anybody can see the page. While the tab is hidden nothing is asked for, and no stream is held. */

import { signal } from '@preact/signals'

export const isVisible = signal(!document.hidden)

document.addEventListener('visibilitychange', () => {
  isVisible.value = !document.hidden
})
