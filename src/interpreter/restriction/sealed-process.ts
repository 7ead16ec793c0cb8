/**
 * The last step before scripts run in a restricted process: what its own code has loaded is all that it ever loads. Native code is outside
 * of Node's permission model, so there is no way left to load more of it.
 *
 * Proved by `test/restricted/javascript.test.ts`.
 */

import process from 'node:process'

/** What reaches into Node or the system, and what nothing here uses once it has started. */
const TAKEN_AWAY = [
  'dlopen',
  'binding',
  '_linkedBinding',
  'getBuiltinModule',
  'execve',
  'chdir',
  'loadEnvFile',
  '_debugProcess',
  '_debugEnd',
  'setuid',
  'setgid',
  'seteuid',
  'setegid',
  'setgroups',
  'initgroups',
] as const

/** Of the global object: ways to the network that do not ask which host. */
const GLOBALS_TAKEN_AWAY = ['fetch', 'WebSocket', 'EventSource', 'BroadcastChannel', 'navigator'] as const

/** Rights that were needed to start: the addons are loaded, and the worker that stands in for one of them is there. */
const GIVEN_UP = ['addon', 'worker'] as const

interface Permission {
  has(scope: string): boolean
  drop(scope: string): void
}

/** Throws where Node's permission model is not in force: then nothing of the restriction is. */
export function sealProcess(): void {
  const { permission } = process as unknown as { readonly permission?: Permission }
  if (permission === undefined) throw new Error('the permission model of Node is not active')
  for (const scope of GIVEN_UP) permission.drop(scope)
  for (const name of TAKEN_AWAY) Reflect.deleteProperty(process, name)
  for (const name of GLOBALS_TAKEN_AWAY) Reflect.deleteProperty(globalThis, name)
}
