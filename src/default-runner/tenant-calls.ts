/** Answers and refusals of a script's `DatabaseAdmin`, by method, as documented. Used by `runners.ts`. */

import * as v from 'valibot'
import { toError } from '../errors.ts'
import { PythonRefusal } from '../host/script-call.ts'

/** Admin that reads a URL, and connects on request. */
export interface TenantAdmin {
  createTenant(tenant: {
    readonly schemaName: string
    readonly username: string
    readonly password: string
  }): Promise<{ readonly password: string; readonly connectionString: string }>
  removeTenant(schemaName: string, username: string): Promise<void>
}

const tenant = { url: v.string(), schema: v.string(), username: v.string() }
const createSchema = v.object({ ...tenant, password: v.string() })
const removeSchema = v.object(tenant)

/** Loads nothing before the first call. */
export type TenantCall = (payload: unknown) => Promise<unknown>

export function tenantCalls(adminOf: (url: string) => TenantAdmin): Readonly<Record<string, TenantCall>> {
  return {
    'tenants.create': async (payload) => {
      const { url, schema, username, password } = v.parse(createSchema, payload)
      return await orRefused('Failed to create tenant: ', async () => {
        const made = await adminOf(url).createTenant({ schemaName: schema, username, password })
        return { password: made.password, connection_string: made.connectionString }
      })
    },
    'tenants.remove': async (payload) => {
      const { url, schema, username } = v.parse(removeSchema, payload)
      await orRefused('Failed to remove tenant: ', () => adminOf(url).removeTenant(schema, username))
      return null
    },
  }
}

async function orRefused<Result>(failure: string, ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (thrown) {
    throw new PythonRefusal('RuntimeError', failure + toError(thrown).message)
  }
}
