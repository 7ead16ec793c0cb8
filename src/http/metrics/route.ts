/** `/metrics`, for Prometheus. Reads nothing but memory: it answers also while the database does not. */

import type { Runner } from '../../runner/runner.ts'
import type { OtherRoute } from '../app.ts'
import { EventLoopDelay } from './event-loop.ts'
import { CONTENT_TYPE, exposition } from './exposition.ts'
import { families } from './families.ts'

export function metricsRoute(runner: Runner): OtherRoute {
  const delay = new EventLoopDelay()
  runner.on('stopped', () => delay.stop())
  return {
    path: '/metrics',
    respond() {
      const text = exposition(families(runner.measure(), delay.histogram))
      return new Response(text, { headers: { 'content-type': CONTENT_TYPE } })
    },
  }
}
