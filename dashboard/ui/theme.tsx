import { useEffect, useState } from 'preact/hooks';
import { Choice } from './parts.js';

type Theme = 'auto' | 'light' | 'dark';
const KEY = 'weir.theme';

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    return 'auto';
  }
}

/** Before anything is drawn: nothing flashes in the colours that were not chosen. */
export function applyStoredTheme(): void {
  apply(stored());
}

function apply(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Light, dark, or as the system has it. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(stored);
  useEffect(() => {
    apply(theme);
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // A browser that keeps nothing still shows what was chosen.
    }
  }, [theme]);
  return (
    <Choice
      legend="Colours"
      name="theme"
      value={theme}
      onChange={setTheme}
      options={[
        ['auto', 'Auto'],
        ['light', 'Light'],
        ['dark', 'Dark'],
      ]}
    />
  );
}
