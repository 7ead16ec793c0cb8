/** `/metrics`, for Prometheus. Reads only memory, so it also answers without a database. */

import type { Runner } from '../../runner/runner.ts'
import type { OtherRoute } from '../other-route.ts'
import { EventLoopDelay } from './event-loop.ts'
import { CONTENT_TYPE, exposition } from './exposition.ts'
import { families } from './metric-families.ts'

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
