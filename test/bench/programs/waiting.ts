/** Workflows with nodes that wait, and one without them. The last task returns the time at which it began. */

import { workflow } from 'cloaca'

const begun = () => ({ begun: performance.timeOrigin + performance.now() })

export const signalled = workflow('signalled_typescript')
  .waitForSignal('go', { signal: 'go', key: '{n}' })
  .task('next', { after: 'go' }, begun)

export const delayed = workflow('delayed_typescript')
  .delay('pause', { for: '500ms' })
  .task('next', { after: 'pause' }, begun)

export const month = workflow('month').delay('pause', { for: '30d' })

export const plain = workflow('plain').task('only', () => ({}))
