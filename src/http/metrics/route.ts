/** `/metrics`, for Prometheus. */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Runner } from '../../runner/runner.ts'
import type { OtherRoute } from '../app.ts'
import { metricsText } from './exposition.ts'
import { MetricsRecorder } from './recorder.ts'

const RESOLUTION_MS = 20

/** Counts from now on. */
export function metricsRoute(runner: Runner): OtherRoute {
  const recorder = new MetricsRecorder(runner)
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  runner.on('stopped', () => void delay.disable())
  return {
    path: '/metrics',
    async respond() {
      const text = await metricsText(runner, recorder, delay)
      return new Response(text, { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } })
    },
  }
}
