/** Types of the settings of alerts: receivers and routes. Pure; used by `service-settings.ts` and by the Node API. */

import * as v from 'valibot'
import { type AlertReceiver, type AlertRoute, DEFAULT_RECEIVER } from '../model/alert.ts'
import type { OptionSchema } from '../options/checked.ts'
import { NON_EMPTY_TEXT, tableSchema } from '../options/schemas.ts'
import { COMMAND, HIDDEN_PATH, jsonInText, type ValueType, valueType, WEB_ADDRESS } from './value-types.ts'

const TARGET = 'a receiver with either url (and perhaps secret) or command'

const RECEIVER = v.pipe(
  v.strictObject({
    url: v.optional(WEB_ADDRESS.schema),
    secret: v.optional(NON_EMPTY_TEXT),
    command: v.optional(COMMAND.schema),
  }),
  v.check(({ url, command }) => (url === undefined) !== (command === undefined), TARGET),
  v.check(({ url, secret }) => secret === undefined || url !== undefined, TARGET),
)

const RESERVED = `names of receivers other than "${DEFAULT_RECEIVER}", which alerts.url and alerts.command define`

const RECEIVERS = v.pipe(
  tableSchema(RECEIVER as v.GenericSchema<unknown, AlertReceiver>, 'a table of receivers'),
  v.check((receivers) => !Object.hasOwn(receivers, DEFAULT_RECEIVER) && !Object.hasOwn(receivers, ''), RESERVED),
)

const ONE_OR_SEVERAL = 'a non-empty string, or a list of them'
const NAMES = v.union([NON_EMPTY_TEXT, v.pipe(v.array(NON_EMPTY_TEXT), v.minLength(1))], ONE_OR_SEVERAL)

const TAG = v.pipe(
  NAMES,
  v.check((tags) => [tags].flat().every((tag) => tag.includes('=')), 'a tag such as "team=data", or a list of tags'),
)

const ROUTES = v.array(
  v.strictObject({
    workflow: v.optional(NON_EMPTY_TEXT),
    trigger: v.optional(NON_EMPTY_TEXT),
    kind: v.optional(NON_EMPTY_TEXT),
    tag: v.optional(TAG),
    receiver: NAMES,
  }),
  'a list of routes',
)

/** Receivers by name. A variable contains the same as JSON. Secrets and paths of URLs are not shown. */
export const ALERT_RECEIVERS: ValueType<Readonly<Record<string, AlertReceiver>>> = valueType(
  RECEIVERS as OptionSchema<Readonly<Record<string, AlertReceiver>>>,
  {
    fromText: jsonInText,
    show: (receivers) =>
      Object.entries(receivers)
        .map(
          ([name, { url, command }]) => `${name}: ${url === undefined ? shownCommand(command) : WEB_ADDRESS.show(url)}`,
        )
        .join(', '),
  },
)

const URL_WITH_PASSWORD = /:\/\/[^\s/:@]*:[^\s/@]+@/

/** Whether an argument of a command is, or contains, a URL with a password. */
export function hasPassword(command: string | readonly string[]): boolean {
  return [command].flat().some((word) => URL_WITH_PASSWORD.test(word))
}

/** Whether a receiver has a secret, a URL with a path, which may be a password, or a command with a password. */
export function hasReceiverSecret(receivers: Readonly<Record<string, AlertReceiver>>): boolean {
  return Object.values(receivers).some(({ url, command, secret }) => {
    const hasPath = url !== undefined && WEB_ADDRESS.show(url).endsWith(HIDDEN_PATH)
    return secret !== undefined || hasPath || (command !== undefined && hasPassword(command))
  })
}

/** Routes in their order. A variable contains the same as JSON. */
export const ALERT_ROUTES: ValueType<readonly AlertRoute[]> = valueType(ROUTES as OptionSchema<readonly AlertRoute[]>, {
  fromText: jsonInText,
  show: (routes) => routes.map(shownRoute).join(', '),
})

function shownCommand(command: AlertReceiver['command']): string {
  return command === undefined ? '' : COMMAND.show(command)
}

function shownRoute({ receiver, ...conditions }: AlertRoute): string {
  const shown = Object.entries(conditions).map(([name, value]) => `${name} ${[value].flat().join(' and ')}`)
  return `${shown.join(', ') || 'all'} to ${[receiver].flat().join(' and ')}`
}
