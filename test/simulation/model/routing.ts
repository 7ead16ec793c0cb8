/** Receivers of the messages about an incident, by the routes of a program. */

import type { Program } from '../program.ts'

/** Returns the names of the receivers. `key`: kind and subject. */
export function receiversOf(program: Program, key: string): readonly string[] {
  const [kind = '', subject = ''] = key.split(' ')
  const { routes, receivers } = program.alerts
  const workflow = kind.startsWith('trigger-')
    ? [...program.triggers, ...program.crons].find(({ name }) => name === subject)?.workflow
    : subject
  const route = routes.find((each) => each.workflow === workflow || (each.kind !== undefined && each.kind === kind))
  const names = route === undefined ? ['default'] : route.receiver
  return receivers.map(({ name }) => name).filter((name) => names.includes(name))
}

export function hasReceiver(program: Program, key: string): boolean {
  return receiversOf(program, key).length > 0
}
