/**
 * Last step before scripts run in a restricted process: prevents loading more code, because native code is outside of
 * Node's permission model.
 *
 * Proved by `test/restricted/javascript.test.ts`.
 */

import process from 'node:process'

/** Parts of Node that reach into Node or the system, and are not needed after the start. */
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

/** Global network functions that check no host. */
const GLOBALS_TAKEN_AWAY = ['fetch', 'WebSocket', 'EventSource', 'BroadcastChannel', 'navigator'] as const

/** Rights that only the start needs, for addons and the worker that replaces one. */
const GIVEN_UP = ['addon', 'worker'] as const

interface Permission {
  has(scope: string): boolean
  drop(scope: string): void
}

/** Throws if Node's permission model is inactive, without which there is no restriction. */
export function sealProcess(): void {
  const { permission } = process as unknown as { readonly permission?: Permission }
  // Uncoded: the reason why an interpreter does not start
  if (permission === undefined) throw new Error('the permission model of Node is not active')
  for (const scope of GIVEN_UP) permission.drop(scope)
  for (const name of TAKEN_AWAY) Reflect.deleteProperty(process, name)
  for (const name of GLOBALS_TAKEN_AWAY) Reflect.deleteProperty(globalThis, name)
}
