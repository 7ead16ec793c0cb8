/** Cache of TLS contexts in an interpreter, because a script may create a context for each request. */

import { expect, it } from 'vitest'
import { TlsSessions } from '../../src/interpreter/network/tls.ts'

function settings(ciphers: string, options: number): string {
  return JSON.stringify({
    authorities: [],
    defaultAuthorities: 'none',
    revocations: [],
    certificateChains: [],
    keys: [],
    minimumVersion: null,
    maximumVersion: null,
    ciphers,
    curve: null,
    dhParameters: null,
    options,
    isPartialChainTrusted: false,
  })
}

/** Returns TLS settings that differ for each number. */
const different = (number: number) => settings('ECDHE-RSA-AES128-GCM-SHA256', number * 0x10)

it('keeps at most 32 TLS contexts, the most recently used ones', () => {
  const sessions = new TlsSessions()
  const used = Number(sessions.context(different(0)))
  const idle = Number(sessions.context(different(1)))

  for (let round = 2; round < 200; round += 1) {
    sessions.context(different(round))
    sessions.find(used)
  }

  expect(sessions.size).toBe(32)
  expect(sessions.find(used)).toBeDefined()
  expect(sessions.find(idle)).toBeUndefined()
})

it('shares one context between equal settings, and creates an evicted context again', () => {
  const sessions = new TlsSessions()
  const first = sessions.context(different(0))

  const second = sessions.context(different(0))
  for (let round = 1; round < 50; round += 1) sessions.context(different(round))
  const again = Number(sessions.context(different(0)))

  expect(second).toBe(first)
  expect(again).not.toBe(first)
  expect(sessions.find(again)).toBeDefined()
  expect(sessions.size).toBe(32)
})
