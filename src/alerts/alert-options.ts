/** Options for alerts, and the targets that they name. */

import { type AlertKind, type AlertReceiver, type AlertRoute, DEFAULT_RECEIVER } from '../model/alert.ts'
import type { AlertTarget } from './alert-target.ts'
import { type CommandPorts, command } from './command.ts'
import { webhook } from './webhook.ts'

/** Options for alerts. `url`, `secret` and `command` are those of the receiver `default`. */
export interface AlertOptions {
  /** URL that receives a JSON POST for each alert, `http://` or `https://`. Default: none. */
  readonly url?: string | null
  /** Secret that signs the requests according to the Standard Webhooks specification. Default: no signature. */
  readonly secret?: string | null
  /**
   * Command that receives each alert as JSON on stdin: a program with its arguments, or a line for the system's shell.
   * Default: none.
   */
  readonly command?: string | readonly string[] | null
  /** Further receivers by name. Default: none. */
  readonly receivers?: Readonly<Record<string, AlertReceiver>> | null
  /** Routes to receivers. The first match applies. Alerts without a match go to the receiver `default`. */
  readonly routes?: readonly AlertRoute[] | null
  /** Kinds of alerts to send. Default: all but `approval-requested`. */
  readonly on?: readonly AlertKind[]
  /** Number of consecutive failed polls of a trigger that cause an alert. Default: 3. */
  readonly failuresInRow?: number
  /**
   * Delay after the due time at which an alert is sent for an unfinished poll or a late schedule, in milliseconds.
   * Default: 60,000.
   */
  readonly lateByMs?: number
  /** Time after which an alert is repeated while its cause fails again, in milliseconds. Default: 4 hours. */
  readonly repeatMs?: number
  /** Time after a recovery in which a new failure causes no alert, in milliseconds. Default: 10 minutes. */
  readonly cooldownMs?: number
  /** Whether to send an alert when the cause has recovered. Default: true. */
  readonly recovered?: boolean
  /** Whether URLs may have link-local addresses or addresses of metadata services. Default: false. */
  readonly allowPrivateAddresses?: boolean
  /** URL that receives a GET request every minute while the engine is healthy. Default: none. */
  readonly heartbeatUrl?: string | null
  /** Address of the page, for links in alerts. Default: no links. */
  readonly publicUrl?: string | null
}

/** @internal */
export const DEFAULT_ALERT_LIMITS = { failuresInRow: 3, lateByMs: 60_000, repeatMs: 14_400_000, cooldownMs: 600_000 }

/** Returns the receivers by name. The receiver `default` exists if it has a URL or a command. */
function namedReceivers({ url, secret, command: words, receivers }: AlertOptions) {
  const byDefault = url || words ? [[DEFAULT_RECEIVER, { url, secret, command: words }] as const] : []
  return [...byDefault, ...Object.entries(receivers ?? {})]
}

/**
 * Names of all receivers.
 * @internal
 */
export function receiverNames(options: AlertOptions): readonly string[] {
  return namedReceivers(options).map(([name]) => name)
}

/**
 * Returns the URL and the command of each receiver as targets.
 * @internal
 */
export function alertTargets(options: AlertOptions, ports: CommandPorts): readonly AlertTarget[] {
  const { allowPrivateAddresses: allowsPrivateAddresses = false, publicUrl = null } = options
  return namedReceivers(options).flatMap(([receiver, { url, secret, command: words }]) => [
    ...(url
      ? [webhook({ receiver, url, secret: secret || null, publicUrl, allowsPrivateAddresses }, ports.clock)]
      : []),
    ...(words ? [command({ receiver, command: words, publicUrl }, ports)] : []),
  ])
}
