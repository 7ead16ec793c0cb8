/** `/healthz`: the process answers. `/readyz`: it is able to work. */

import type { Readiness } from '../runner/readiness.ts'
import type { Runner } from '../runner/runner.ts'
import type { OtherRoute } from './other-route.ts'

const READY_WITHIN_MS = 2_000

export function healthRoutes(runner: Runner): readonly OtherRoute[] {
  let underWay: Promise<Readiness> | null = null
  return [
    { path: '/healthz', respond: () => json(200, { status: 'ok' }) },
    {
      path: '/readyz',
      async respond() {
        underWay ??= runner.readiness(READY_WITHIN_MS).finally(() => {
          underWay = null
        })
        const { isReady, ...reasons } = await underWay
        return json(isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', ...reasons })
      },
    },
  ]
}

function json(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
}
