/** The part `graphs` of the store. */

import type { GraphStore } from '../../../engine/ports.ts'
import { InternalError } from '../../../errors.ts'

/** Every call rejects: there are no tables for it yet. */
export function graphStore(): GraphStore {
  const refuse = () => Promise.reject(new InternalError('The store on PostgreSQL keeps no graphs yet.'))
  return new Proxy({} as GraphStore, { get: () => refuse })
}
