import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { findSource, type Source } from './obtainToken.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/calls.css';
import './styles/transcript.css';
import './styles/suggestions.css';
import './styles/notices.css';
import './styles/dialogs.css';
import './styles/wall.css';

const root = document.getElementById('desk');
if (!root) throw new Error('index.html has no #desk');
const desk = createRoot(root);
const show = (source?: Source): void =>
  desk.render(
    <StrictMode>
      <App
        search={window.location.search}
        path={window.location.pathname}
        {...(source ? { source } : {})}
      />
    </StrictMode>,
  );
// Who cannot say where tokens come from now may give one when it is asked for.
findSource().then(show, () => show());
