/** Maps addresses to screens. `http/page-routes.ts` answers with the page only at these addresses. */

import type { ComponentType } from 'preact'
import type { NavCounts } from '../api/answer-types.ts'
import type { ScreenProps } from './screen-props.ts'

export interface Screen {
  readonly pattern: RegExp
  /** Loads the code of the screen, which is a chunk of its own. */
  load(): Promise<ComponentType<ScreenProps>>
  /** Section of the navigation. */
  readonly section: string
}

export interface Section {
  readonly to: string
  readonly title: string
  /** Count that the navigation shows next to the title, if it is not 0. */
  readonly counted?: keyof NavCounts
}

/** In the order of the navigation. */
export const SECTIONS: readonly Section[] = [
  { to: '/', title: 'Overview' },
  { to: '/triggers', title: 'Triggers' },
  { to: '/executions', title: 'Executions' },
  { to: '/approvals', title: 'Approvals', counted: 'openApprovals' },
  { to: '/workflows', title: 'Workflows' },
  { to: '/schedules', title: 'Schedules' },
  { to: '/reactors', title: 'Reactors' },
  { to: '/alerts', title: 'Alerts', counted: 'openIncidents' },
  { to: '/actions', title: 'Actions' },
  { to: '/system', title: 'System' },
]

const SCREENS: readonly Screen[] = [
  {
    pattern: /^\/$/,
    section: '/',
    load: async () => (await import('../overview/overview-screen.tsx')).OverviewScreen,
  },
  {
    pattern: /^\/triggers$/,
    section: '/triggers',
    load: async () => (await import('../triggers/triggers-screen.tsx')).TriggersScreen,
  },
  {
    pattern: /^\/triggers\/([^/]+)$/,
    section: '/triggers',
    load: async () => (await import('../triggers/trigger-screen.tsx')).TriggerScreen,
  },
  {
    pattern: /^\/executions$/,
    section: '/executions',
    load: async () => (await import('../executions/executions-screen.tsx')).ExecutionsScreen,
  },
  {
    pattern: /^\/executions\/([^/]+)$/,
    section: '/executions',
    load: async () => (await import('../execution/execution-screen.tsx')).ExecutionScreen,
  },
  {
    pattern: /^\/approvals$/,
    section: '/approvals',
    load: async () => (await import('../approvals/approvals-screen.tsx')).ApprovalsScreen,
  },
  {
    pattern: /^\/approvals\/([^/]+)$/,
    section: '/approvals',
    load: async () => (await import('../approvals/approval-screen.tsx')).ApprovalScreen,
  },
  {
    pattern: /^\/workflows$/,
    section: '/workflows',
    load: async () => (await import('../workflows/workflows-screen.tsx')).WorkflowsScreen,
  },
  {
    pattern: /^\/workflows\/([^/]+)$/,
    section: '/workflows',
    load: async () => (await import('../workflows/workflow-screen.tsx')).WorkflowScreen,
  },
  {
    pattern: /^\/schedules$/,
    section: '/schedules',
    load: async () => (await import('../schedules/schedules-screen.tsx')).SchedulesScreen,
  },
  {
    pattern: /^\/schedules\/([^/]+)$/,
    section: '/schedules',
    load: async () => (await import('../schedules/schedule-screen.tsx')).ScheduleScreen,
  },
  {
    pattern: /^\/reactors$/,
    section: '/reactors',
    load: async () => (await import('../reactors/reactors-screen.tsx')).ReactorsScreen,
  },
  {
    pattern: /^\/reactors\/([^/]+)$/,
    section: '/reactors',
    load: async () => (await import('../reactors/reactor-screen.tsx')).ReactorScreen,
  },
  {
    pattern: /^\/sources\/([^/]+)$/,
    section: '/reactors',
    load: async () => (await import('../reactors/source-screen.tsx')).SourceScreen,
  },
  {
    pattern: /^\/graphs\/([^/]+)$/,
    section: '/reactors',
    load: async () => (await import('../reactors/graph-screen.tsx')).GraphScreen,
  },
  {
    pattern: /^\/alerts$/,
    section: '/alerts',
    load: async () => (await import('../alerts/alerts-screen.tsx')).AlertsScreen,
  },
  {
    pattern: /^\/actions$/,
    section: '/actions',
    load: async () => (await import('../actions/actions-screen.tsx')).ActionsScreen,
  },
  {
    pattern: /^\/system$/,
    section: '/system',
    load: async () => (await import('../system/system-screen.tsx')).SystemScreen,
  },
]

export interface FoundScreen {
  readonly screen: Screen
  readonly params: readonly string[]
}

/** Returns null for an unknown address. A slash at the end is ignored. */
export function screenAt(address: string): FoundScreen | null {
  const path = address.length > 1 ? address.replace(/\/$/, '') : address
  for (const screen of SCREENS) {
    const match = screen.pattern.exec(path)
    if (match !== null) return { screen, params: match.slice(1).map(decoded) }
  }
  return null
}

function decoded(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? '')
  } catch {
    return part ?? ''
  }
}
