/** The SQLite store keeps the store contract, in memory and on file. */

import { describeStoreContract } from '../support/store-contract.ts'
import { fileStores, memoryStores } from '../support/store-sites.ts'

describeStoreContract('SQLite in memory', memoryStores)
describeStoreContract('SQLite on file', fileStores)
