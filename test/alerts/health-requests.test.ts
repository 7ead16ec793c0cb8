/** Requests to the URL of a dead man's switch: their interval, their failures, and engines that are not healthy. */

import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HealthRequests } from '../../src/alerts/health-requests.ts'
import { AlertReceiver } from '../support/alert-receiver.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SHOP = fileURLToPath(new URL('../cli/scripts/shop.py', import.meta.url))

let receiver: AlertReceiver
let url: string
let requests: readonly unknown[]

beforeEach(async () => {
  receiver = await AlertReceiver.start()
  requests = receiver.received
  url = `${receiver.url}/ping/T0P`
})
afterEach(() => receiver[Symbol.asyncDispose]())

function requesting(isHealthy: () => boolean = () => true) {
  const clock = new ManualClock()
  const warnings: string[] = []
  const ports = { clock, warn: (line: string) => warnings.push(line), isHealthy: async () => isHealthy() }
  const health = new HealthRequests({ url, allowsPrivateAddresses: false }, ports)
  return { clock, warnings, health }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise(setImmediate)
}

describe('alerts.heartbeat-url', () => {
  it('is requested at the start and every minute', async () => {
    const { clock, warnings, health } = requesting()

    for (let minute = 1; minute <= 3; minute += 1) {
      await until(() => requests.length === minute)
      await clock.advance(60_000)
    }
    await until(() => requests.length === 4)
    health.stop()

    expect(new Set(receiver.received.map(({ method, path }) => `${method} ${path}`))).toEqual(
      new Set(['GET /ping/T0P']),
    )
    expect(warnings).toEqual([])
    expect(clock.pendingTimers).toBe(0)
  })

  it('is not requested while the engine is not healthy, and not after it begins to stop', async () => {
    let isHealthy = false
    const { clock, health } = requesting(() => isHealthy)
    await clock.advance(600_000)
    const whenUnhealthy = requests.length

    isHealthy = true
    await clock.advance(60_000)
    await until(() => requests.length === 1)
    health.stop()
    await clock.advance(600_000)

    expect(whenUnhealthy).toBe(0)
    expect(requests).toHaveLength(1)
  })

  it.each([500, 302])(
    'is logged once without its path if it answers %d, and again after it has worked',
    async (code) => {
      receiver.status = code
      const { clock, warnings, health } = requesting()
      const minute = async () => {
        const before = requests.length
        await clock.advance(60_000)
        await until(() => requests.length > before)
      }

      await until(() => warnings.length === 1)
      await minute()
      receiver.status = 200
      await minute()
      await minute()
      receiver.status = code
      await minute()
      await until(() => warnings.length === 2)
      health.stop()

      expect(warnings[0]).toBe(
        `Cannot request alerts.heartbeat-url (${new URL(url).origin}): the server answered with status ${code}.`,
      )
      expect(warnings.join()).not.toContain('T0P')
    },
  )

  it('is requested by a runner that is ready, and not by one without a loaded script', async () => {
    const open = (path: string) => ObservedRunner.open({ alerts: { heartbeatUrl: `${receiver.url}/${path}` } })
    await using unready = await open('unready')
    await using ready = await open('ready')
    await ready.runner.load(SHOP)

    await unready.runner.start()
    await ready.runner.start()
    await until(() => requests.length > 0)
    await unready.runner.readiness()

    expect(receiver.received.map(({ path }) => path)).toEqual(['/ready'])
  })
})
