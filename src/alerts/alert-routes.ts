/** Chooses the receivers of an alert by the routes of the user. Pure. */

import type { RoutedFacts } from '../engine/incidents/incident-policy.ts'
import { ALERT_KINDS, type AlertRoute, DEFAULT_RECEIVER } from '../model/alert.ts'
import { matchesGlob } from './glob.ts'

/** Returns the receivers of the first route that matches, or else the receiver `default`. */
export function receiversFor(routes: readonly AlertRoute[], about: RoutedFacts): ReadonlySet<string> {
  const route = routes.find((each) => matches(each, about))
  return new Set(route === undefined ? [DEFAULT_RECEIVER] : [route.receiver].flat())
}

/** Returns the first problem of the routes, with its remedy, or null. `receivers`: names of all receivers. */
export function routeProblem(routes: readonly AlertRoute[], receivers: readonly string[]): string | null {
  for (const { receiver, kind } of routes) {
    const unknown = [receiver].flat().find((name) => !receivers.includes(name))
    if (unknown !== undefined) return unknownReceiver(unknown, receivers)
    if (kind === undefined || ALERT_KINDS.some((each) => matchesGlob(kind, each))) continue
    const kinds = ALERT_KINDS.join(', ')
    return `A route of alerts has the kind "${kind}", which matches no kind of alert. Use one of: ${kinds}.`
  }
  return null
}

function unknownReceiver(name: string, receivers: readonly string[]): string {
  const known = receivers.length === 0 ? 'No receiver is configured' : `The receivers are: ${receivers.join(', ')}`
  const fix = name === DEFAULT_RECEIVER ? 'set alerts.url or alerts.command' : `add [alerts.receiver.${name}]`
  return `A route of alerts names the unknown receiver "${name}". ${known}. Correct the name, or ${fix}.`
}

function matches({ workflow, trigger, kind, tag = [] }: AlertRoute, about: RoutedFacts): boolean {
  const tags = Object.entries(about.tags).map(([name, value]) => `${name}=${value}`)
  return (
    matchesName(workflow, about.workflow) &&
    matchesName(trigger, about.trigger) &&
    matchesName(kind, about.kind) &&
    [tag].flat().every((wanted) => tags.some((each) => matchesGlob(wanted, each)))
  )
}

/** A condition does not match an alert without such a name. */
function matchesName(pattern: string | undefined, name: string | null): boolean {
  return pattern === undefined || (name !== null && matchesGlob(pattern, name))
}
