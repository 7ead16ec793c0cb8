/** Workflows of `waits.campaign.ts`. The input contains the number of an order. */

import { workflow } from 'cloaca'

const paid = { after: 'begin', signal: 'paid', key: '{order}' } as const

export const patient = workflow('patient')
  .task('begin', (context) => context)
  .waitForSignal('paid', paid)
  .task('done', { after: 'paid' }, (context) => context)

export const hurried = workflow('hurried')
  .task('begin', (context) => context)
  .waitForSignal('paid', { ...paid, timeout: '300ms', onTimeout: 'continue' })
  .task('done', { after: 'paid' }, (context) => context)

export const delayed = workflow('delayed')
  .task('begin', (context) => context)
  .delay('cool', { after: 'begin', for: '300ms' })
  .task('done', { after: 'cool' }, (context) => context)
