/** Light or dark: as the system has it, unless somebody chose. */
import { useState } from 'preact/hooks'

export type Theme = 'system' | 'light' | 'dark'
const key = 'fsmtp.theme'

const stored = (): Theme => {
  const value = localStorage.getItem(key)
  return value === 'light' || value === 'dark' ? value : 'system'
}

export const applyTheme = (theme: Theme = stored()): void => {
  if (theme === 'system') {
    delete document.documentElement.dataset.theme
    localStorage.removeItem(key)
  } else {
    document.documentElement.dataset.theme = theme
    localStorage.setItem(key, theme)
  }
}

const next: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' }

export const useTheme = (): readonly [Theme, () => void] => {
  const [theme, setTheme] = useState<Theme>(stored)
  const change = (): void => {
    applyTheme(next[theme])
    setTheme(next[theme])
  }
  return [theme, change]
}
