import { render } from 'preact';
import { App } from './app.js';
import { applyStoredTheme } from './ui/theme.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/tables.css';
import './styles/charts.css';
import './styles/story.css';
import './styles/playground.css';
import './styles/fleet.css';
import './styles/configuration.css';
import './styles/setup.css';
import './styles/access.css';
import './styles/texts.css';

applyStoredTheme();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
