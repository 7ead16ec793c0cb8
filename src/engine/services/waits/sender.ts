/** The sender of a signal, or the person who answers an approval, as the database stores them. */

import type { ActionSource } from '../../../model/action.ts'
import { nameArgument } from '../../../model/arguments.ts'

/** Sender of a signal, or person who answers an approval. */
export interface SenderOptions {
  /** Interface of the request. Default: `node`. */
  readonly source?: ActionSource
  /** Name of the system user, which only the command line passes. Never a value of a request. */
  readonly user?: string
}

/** Returns the interface, and on the command line the system user: `http`, `cli (alice)`. */
export function senderText({ source = 'node', user }: SenderOptions): string {
  return user === undefined ? source : `${source} (${nameArgument(user, 'user')})`
}
