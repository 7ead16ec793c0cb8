/** Light or dark theme, or the system's. The browser stores the choice. */

import { effect, signal } from '@preact/signals'

const KEY = 'cloaca-theme'

const THEMES = ['Auto', 'Light', 'Dark'] as const
export type Theme = (typeof THEMES)[number]

export const theme = signal<Theme>(THEMES.find((each) => each === localStorage.getItem(KEY)) ?? 'Auto')

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'Auto'
  localStorage.setItem(KEY, theme.value)
}

effect(() => {
  document.documentElement.dataset.theme = theme.value
})
