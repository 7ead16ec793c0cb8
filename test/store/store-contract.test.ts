/** Store contract, checked with the SQLite store in memory and in a file. */

import { describeStoreContract } from '../support/store-contract.ts'
import { fileStores, memoryStores } from '../support/store-sites.ts'

describeStoreContract('SQLite in memory', memoryStores)
describeStoreContract('SQLite on file', fileStores)
