/**
 * Store contract: tests that every store must pass. `describeStoreContract` is called for each implementation.
 * The tests are in the files `store-contract-*.ts`, one per topic.
 */

import { afterEach, beforeEach, describe, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import type { ManualClock } from './manual-clock.ts'
import { describeActionContract } from './store-contract-actions.ts'
import { describeActivityContract } from './store-contract-activity.ts'
import { describeAlertContract } from './store-contract-alerts.ts'
import { describeApprovalContract } from './store-contract-approvals.ts'
import { describeAttemptContract } from './store-contract-attempts.ts'
import { describeBatchContract } from './store-contract-batches.ts'
import { describeChainContract } from './store-contract-chains.ts'
import { describeCronTriggerContract } from './store-contract-cron-triggers.ts'
import { describeCronContract } from './store-contract-crons.ts'
import { describeDeadlineContract } from './store-contract-deadlines.ts'
import { describeDeclaredContract } from './store-contract-declared.ts'
import { describeExecutionContract } from './store-contract-executions.ts'
import { describeFiringContract } from './store-contract-firings.ts'
import { describeGraphUpkeepContract } from './store-contract-graph-upkeep.ts'
import { describeGraphContract } from './store-contract-graphs.ts'
import { describeHeldBackContract } from './store-contract-held-back.ts'
import { describeHistoryContract } from './store-contract-history.ts'
import { describeIncidentCauseContract } from './store-contract-incident-causes.ts'
import { describeIncidentContract } from './store-contract-incidents.ts'
import { describeInstanceContract } from './store-contract-instances.ts'
import { describeLimitRaceContract } from './store-contract-limit-races.ts'
import { describeLimitValueContract } from './store-contract-limit-values.ts'
import { describeLimitContract } from './store-contract-limits.ts'
import { describeLogContract } from './store-contract-logs.ts'
import { describeLostEngineContract } from './store-contract-lost-engines.ts'
import { describeOwnerContract } from './store-contract-owners.ts'
import { describePolicyContract } from './store-contract-policies.ts'
import { describeReactorContract } from './store-contract-reactors.ts'
import { describeRecentContract } from './store-contract-recent.ts'
import { describeRetryContract } from './store-contract-retries.ts'
import { describeScheduleTimeContract } from './store-contract-schedule-times.ts'
import { describeSearchContract } from './store-contract-search.ts'
import { describeSeveralLimitsContract } from './store-contract-several-limits.ts'
import { describeSharingContract } from './store-contract-sharing.ts'
import { describeSignalContract } from './store-contract-signals.ts'
import { describeSourceContract } from './store-contract-sources.ts'
import { describeStartKeyContract } from './store-contract-start-keys.ts'
import { describeStateContract } from './store-contract-states.ts'
import { describeSteeringContract } from './store-contract-steering.ts'
import { describeSubscriptionContract } from './store-contract-subscriptions.ts'
import { describeTickContract } from './store-contract-ticks.ts'
import { describeTriggerContract } from './store-contract-triggers.ts'
import { describeUpkeepContract } from './store-contract-upkeep.ts'
import { describeWaitingContract } from './store-contract-waiting.ts'
import { describeWaitContract } from './store-contract-waits.ts'
import { describeWorkflowLimitContract } from './store-contract-workflow-limits.ts'
import { describeWorkflowContract } from './store-contract-workflows.ts'

/** Database of one test, with its store objects. */
export interface StoreSite {
  readonly clock: ManualClock
  /** Opens a store object. All of a site use the same database unless `cannotShare` of the factory is set. */
  open(): Promise<Store>
  /** Closes the open store objects and removes the database. */
  cleanUp(): Promise<void>
}

export interface StoreFactory {
  /** Reason why two store objects cannot share a database, or null if they can. */
  readonly cannotShare: string | null
  create(): Promise<StoreSite>
}

export interface ContractContext {
  /** Store of the running test, with an empty database. */
  readonly store: Store
  readonly clock: ManualClock
  /** Opens another store object on the same database. */
  openAnother(): Promise<Store>
  /** Defines a test that needs two store objects on one database, or skips it. */
  readonly sharedTest: (title: string, body: () => Promise<void>) => void
}

export function describeStoreContract(name: string, factory: StoreFactory): void {
  describe(`the store contract: ${name}`, () => {
    let site: StoreSite
    let store: Store

    beforeEach(async () => {
      site = await factory.create()
      store = await site.open()
    })
    afterEach(() => site.cleanUp())

    const context: ContractContext = {
      get store() {
        return store
      },
      get clock() {
        return site.clock
      },
      openAnother: () => site.open(),
      sharedTest: (title, body) => {
        test(title, async ({ skip }) => {
          if (factory.cannotShare !== null) skip(factory.cannotShare)
          await body()
        })
      },
    }
    describeTriggerContract(context)
    describeDeclaredContract(context)
    describeTickContract(context)
    describePolicyContract(context)
    describeInstanceContract(context)
    describeHistoryContract(context)
    describeRecentContract(context)
    describeActivityContract(context)
    describeSharingContract(context)
    describeExecutionContract(context)
    describeRetryContract(context)
    describeWorkflowContract(context)
    describeActionContract(context)
    describeAlertContract(context)
    describeIncidentContract(context)
    describeIncidentCauseContract(context)
    describeDeadlineContract(context)
    describeLostEngineContract(context)
    describeLimitContract(context)
    describeSeveralLimitsContract(context)
    describeLimitValueContract(context)
    describeLimitRaceContract(context)
    describeWorkflowLimitContract(context)
    describeLogContract(context)
    describeAttemptContract(context)
    describeStartKeyContract(context)
    describeSteeringContract(context)
    describeOwnerContract(context)
    describeCronContract(context)
    describeCronTriggerContract(context)
    describeBatchContract(context)
    describeScheduleTimeContract(context)
    describeWaitContract(context)
    describeChainContract(context)
    describeSignalContract(context)
    describeApprovalContract(context)
    describeWaitingContract(context)
    describeFiringContract(context)
    describeHeldBackContract(context)
    describeStateContract(context)
    describeUpkeepContract(context)
    describeSourceContract(context)
    describeReactorContract(context)
    describeGraphContract(context)
    describeSubscriptionContract(context)
    describeGraphUpkeepContract(context)
    describeSearchContract(context)
  })
}
