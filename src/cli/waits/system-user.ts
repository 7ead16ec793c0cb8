/** The user of the system, whom the database stores as the sender of signals and the author of answers. */

import { userInfo } from 'node:os'

/** Returns nothing for a user whom the system does not know, as in a container that runs under a number. */
export function systemUser(): { readonly user?: string } {
  try {
    return { user: userInfo().username }
  } catch {
    // Ignored: the system has no name for the user
    return {}
  }
}
