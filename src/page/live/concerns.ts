/** The subjects of events. */

import type { ServerEvent } from './event-reader.ts'

/** Events of a trigger have its name; skips of several triggers come as one. */
export function concernsTrigger({ data }: ServerEvent, name: string): boolean {
  const { trigger, triggers } = data as { readonly trigger?: unknown; readonly triggers?: object }
  return trigger === name || (triggers !== undefined && Object.hasOwn(triggers, name))
}
