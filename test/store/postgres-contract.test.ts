/** Store contract, checked with the PostgreSQL store on a real server. */

import { postgresStores } from '../support/postgres-sites.ts'
import { describeStoreContract } from '../support/store-contract.ts'

describeStoreContract('PostgreSQL', postgresStores())
