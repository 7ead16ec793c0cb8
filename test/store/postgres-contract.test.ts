/** The PostgreSQL store keeps the store contract, on a real server. */

import { postgresStores } from '../support/postgres-sites.ts'
import { describeStoreContract } from '../support/store-contract.ts'

describeStoreContract('PostgreSQL', postgresStores())
